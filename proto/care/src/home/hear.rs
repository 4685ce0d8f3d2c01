//! What a frame of a home says to each detector: the only place that knows both.
//!
//! Presses and falls are heard whoever says them; everything else counts only if its end tag verifies. Not
//! here: what follows from it.

use heapless::Vec;
use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono, NoData};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up};

use crate::detect::help::Call;
use crate::detect::stillness::Sign;
use crate::detect::{fault, idle, silence};
use crate::finding::{Evidence, Kind, Trust};
use crate::home::Home;
use crate::policy::{DEVICE_SILENT, MAT_DELAY};
use crate::reading::{is_told, number, sheet};
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
            let beside = self.beside(triage.now);
            self.help.activation(id, at, (kind, trust), &beside, triage);
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
            self.stillness.watch(at, patience, triage);
        }
    }

    fn event(&mut self, device: DeviceId, event: &Event, at: Mono, triage: &mut Triage<'_>) {
        let sign = match event.kind {
            EventKind::BedIn | EventKind::BedOut => {
                let lies = event.kind == EventKind::BedIn;
                // Who is not on the roster yet is taken for a mat; what cannot tell, by its sheet, is not heard.
                let told = self.roster.get(device).map(|member| sheet(member.role).bed_delay);
                let delay = told.unwrap_or(Some(MAT_DELAY));
                delay
                    .is_some_and(|delay| self.beds.moved(device, lies, (at, delay), triage))
                    .then_some(Sign::Inside)
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
            EventKind::FallSuspected
            | EventKind::FallConfirmed
            // What a box says of itself is no home's affair.
            | EventKind::SounderFailed
            | EventKind::SounderWorks => None,
            EventKind::Tamper | EventKind::BatteryLow | EventKind::Stuck => {
                fault::event(device, event.kind, at, triage);
                None
            }
            EventKind::PowerLost | EventKind::PowerBack => {
                let lost = event.kind == EventKind::PowerLost;
                fault::mains(&mut self.roster, (device, lost), at, triage);
                None
            }
        };
        if let Some(sign) = sign {
            self.lives(device, sign, at, triage);
            let upright = call(event.kind).is_none() && event.kind != EventKind::Cancel;
            self.lived(device, sign, at, upright, triage);
        }
    }

    fn reading(&mut self, device: DeviceId, reading: &Reading, at: Mono, triage: &mut Triage<'_>) {
        let own = self.roster.get(device).is_some_and(|member| member.role != Role::Gateway);
        let span = Millis::secs(reading.period_s.into());
        for value in &reading.values {
            let age = Millis::secs(value.age_s.into());
            let then = Mono::from_millis(at.millis().saturating_sub(age.get()));
            let number = match number(value, reading.period_s) {
                Ok(number) => number,
                Err(NoData::NotPresent) if value.quantity == Quantity::Motion => {
                    // A pendant that nothing moves says that nobody is there.
                    idle::rests(&mut self.roster, device, then, triage);
                    continue;
                }
                Err(_) => continue,
            };
            if !own && matches!(value.quantity, Quantity::Motion | Quantity::InBed) {
                // A summary has such a value only if the sensor behind it speaks.
                self.stillness.watch(then, span.plus(DEVICE_SILENT), triage);
            }
            let sign = match value.quantity {
                Quantity::InBed => {
                    self.beds.share(device, own, number, then, span, triage).then_some(Sign::Inside)
                }
                Quantity::Motion => (number > 0.0).then_some(Sign::Inside),
                Quantity::Restless => {
                    let rules = self.rules.unwrap_or_default();
                    let when = (then, span);
                    self.restless.share((device, own), number, when, &rules, self.clock);
                    (number > 0.0).then_some(Sign::Inside)
                }
                Quantity::Heart | Quantity::Breath => {
                    if is_told(value.quantity, number) {
                        let rules = self.rules.unwrap_or_default();
                        let rate = (value.quantity, number);
                        self.vitals.rate(device, rate, then, &rules, triage);
                    }
                    Some(Sign::Inside)
                }
                Quantity::Door => (number > 0.0).then_some(Sign::Door),
                Quantity::Load
                | Quantity::Temperature
                | Quantity::Humidity
                | Quantity::Signal
                | Quantity::Battery => None,
            };
            if let Some(sign) = sign {
                self.lives(device, sign, then, triage);
            }
            match (value.quantity, sign) {
                // What a span tells may lie at its beginning.
                (Quantity::Motion | Quantity::Door, Some(sign)) => {
                    let early = then.millis().saturating_sub(span.get());
                    self.lived(device, sign, Mono::from_millis(early), true, triage);
                }
                (Quantity::Motion, None) => idle::rests(&mut self.roster, device, then, triage),
                _ => {}
            }
        }
    }

    /// Somebody has done something, at the earliest at `at`: questions are answered, falls may be recovered from, the
    /// long-lie clock starts anew if it takes a person who is up.
    fn lived(
        &mut self,
        device: DeviceId,
        sign: Sign,
        at: Mono,
        upright: bool,
        triage: &mut Triage<'_>,
    ) {
        if upright {
            self.upright = self.upright.max(Some(at));
            triage.upright = self.upright;
            let rules = self.rules.unwrap_or_default();
            let night = self.clock.map(|clock| rules.is_night(clock.minute_of_day(at)));
            idle::news(&mut self.roster, (device, at), night, &mut self.hour, triage);
        }
        // A door alone may be a visitor's.
        if sign == Sign::Door {
            return;
        }
        while let Some((kind, device)) = triage.answer(at) {
            self.answered(kind, device, at);
        }
        triage.moved(at);
    }

    /// The home has answered: the detector counts anew instead of waiting for a close that never comes.
    fn answered(&mut self, kind: Kind, device: Option<DeviceId>, at: Mono) {
        match (kind, device) {
            (Kind::Bed, Some(bed)) => self.beds.answered(bed, at),
            (Kind::Stillness, _) => self.stillness.looked(),
            (
                Kind::Help
                | Kind::Fall
                | Kind::Unverified
                | Kind::Unreadable
                | Kind::Bed
                | Kind::Silence
                | Kind::GatewaySilence
                | Kind::Fault
                | Kind::Vitals
                | Kind::Restless
                | Kind::IdentityTwice
                | Kind::NoWay
                | Kind::Upkeep,
                _,
            ) => {}
        }
    }

    /// What was seen beside a fall, for and against: the bed, the last movement.
    fn beside(&self, now: Mono) -> Vec<Evidence, 3> {
        let mut beside = Vec::new();
        let moved = self.stillness.context(now)[0];
        beside.extend([self.beds.context(now), moved].into_iter().flatten());
        beside
    }

    /// A sign of life, to all who wait for one.
    fn lives(&mut self, device: DeviceId, sign: Sign, at: Mono, triage: &mut Triage<'_>) {
        let rules = self.rules.unwrap_or_default();
        self.stillness.sign(sign, at, &rules, self.clock, triage);
        self.dwell.sign(device, at, &rules, triage);
        self.beds.seen(device, at);
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
const fn call(kind: EventKind) -> Option<Call> {
    match kind {
        EventKind::Press | EventKind::Pull => Some(Call::Help),
        EventKind::FallSuspected => Some(Call::Suspicion),
        EventKind::FallConfirmed => Some(Call::Fall),
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
        | EventKind::PowerBack
        | EventKind::SounderFailed
        | EventKind::SounderWorks => None,
    }
}
