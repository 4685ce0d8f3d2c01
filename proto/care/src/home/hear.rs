//! What a frame of a home says to each detector: the only place that knows both.
//!
//! Presses and falls are heard whoever says them; everything else counts only if its end tag verifies. Not
//! here: what follows from it.

use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up};

use crate::detect::stillness::Sign;
use crate::detect::{fault, silence};
use crate::finding::{Kind, Trust};
use crate::home::Home;
use crate::policy::DEVICE_SILENT;
use crate::reading::{number, sheet};
use crate::triage::Triage;

impl Home {
    /// Takes a frame that was said at `at`.
    pub(super) fn hear(
        &mut self,
        id: PressId,
        at: Mono,
        trust: Trust,
        up: &Up,
        triage: &mut Triage<'_>,
    ) {
        if let Up::Event(event) = up
            && let Some(kind) = call(event.kind)
        {
            self.help.activation(id, at, kind, trust, triage);
        }
        if trust != Trust::Verified {
            return;
        }
        let device = id.device;
        self.alive(device, at, triage);
        match up {
            Up::Event(event) => self.event(device, event, at, triage),
            Up::Reading(reading) => self.reading(device, reading, at, triage),
            Up::Health(health) => self.health(device, health, at, triage),
            Up::Loss(loss) => fault::loss(device, loss.count, at, triage),
            // That it was heard is all that matters of it here.
            Up::Update(_) => {}
        }
    }

    fn alive(&mut self, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
        let Some(member) = self.roster.get_mut(device) else { return };
        silence::heard(member, at, triage);
        if sheet(member.role).sees_life {
            let patience = member.patience();
            self.stillness.watch(at, patience, self.clock, triage);
        }
    }

    fn event(&mut self, device: DeviceId, event: &Event, at: Mono, triage: &mut Triage<'_>) {
        let sign = match event.kind {
            EventKind::BedIn | EventKind::BedOut => {
                let lies = event.kind == EventKind::BedIn;
                self.beds.moved(device, lies, at, triage).then_some(Sign::Inside)
            }
            EventKind::DoorOpen | EventKind::DoorClosed => Some(Sign::Door),
            EventKind::Cancel => {
                self.help.cancelled(device, at, triage);
                Some(Sign::Inside)
            }
            EventKind::FallRecovered => {
                self.help.recovered(device, at, triage);
                Some(Sign::Inside)
            }
            EventKind::Press | EventKind::Pull => {
                (!self.help.chatters(device)).then_some(Sign::Inside)
            }
            EventKind::Motion => Some(Sign::Inside),
            EventKind::FallSuspected | EventKind::FallConfirmed => None,
            EventKind::Tamper
            | EventKind::BatteryLow
            | EventKind::Stuck
            | EventKind::PowerLost
            | EventKind::PowerBack => {
                fault::event(device, event.kind, at, triage);
                None
            }
        };
        if let Some(sign) = sign {
            self.stillness.sign(sign, at, self.clock, triage);
        }
    }

    fn reading(&mut self, device: DeviceId, reading: &Reading, at: Mono, triage: &mut Triage<'_>) {
        let own = self.roster.get(device).is_some_and(|member| member.role != Role::Gateway);
        let span = Millis::secs(reading.period_s.into());
        for value in &reading.values {
            let Ok(number) = number(value, reading.period_s) else { continue };
            let age = Millis::secs(value.age_s.into());
            let then = Mono::from_millis(at.millis().saturating_sub(age.get()));
            if !own && matches!(value.quantity, Quantity::Motion | Quantity::InBed) {
                // A summary has such a value only if the sensor behind it speaks.
                self.stillness.watch(then, span.plus(DEVICE_SILENT), self.clock, triage);
            }
            let sign = match value.quantity {
                Quantity::InBed => {
                    self.beds.share(device, own, number, then, span, triage).then_some(Sign::Inside)
                }
                Quantity::Motion | Quantity::Restless => (number > 0.0).then_some(Sign::Inside),
                Quantity::Heart | Quantity::Breath => Some(Sign::Inside),
                Quantity::Door => (number > 0.0).then_some(Sign::Door),
                Quantity::Load
                | Quantity::Temperature
                | Quantity::Humidity
                | Quantity::Signal
                | Quantity::Battery => None,
            };
            if let Some(sign) = sign {
                self.stillness.sign(sign, then, self.clock, triage);
            }
        }
    }

    fn health(&mut self, device: DeviceId, health: &Health, at: Mono, triage: &mut Triage<'_>) {
        if let Some(member) = self.roster.get_mut(device) {
            triage.firm |= member.learn(health);
        }
        if let Some(battery) = health.battery {
            fault::battery(device, battery, at, triage);
        }
    }
}

/// What a person calls for by this, if anything.
const fn call(kind: EventKind) -> Option<Kind> {
    match kind {
        EventKind::Press | EventKind::Pull => Some(Kind::Help),
        EventKind::FallSuspected | EventKind::FallConfirmed => Some(Kind::Fall),
        EventKind::Cancel
        | EventKind::FallRecovered
        | EventKind::BedIn
        | EventKind::BedOut
        | EventKind::Motion
        | EventKind::DoorOpen
        | EventKind::DoorClosed
        | EventKind::Tamper
        | EventKind::BatteryLow
        | EventKind::Stuck
        | EventKind::PowerLost
        | EventKind::PowerBack => None,
    }
}
