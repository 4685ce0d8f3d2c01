//! What a frame of a home says to each detector: the only place that knows both.
//!
//! Presses and falls are heard whoever says them; everything else counts only if its end tag verifies. Not
//! here: what follows from it.

use proto::id::{DeviceId, PressId};
use proto::unit::{Millis, Mono, NoData};
use proto::up::{Event, EventKind, Health, Quantity, Reading, Role, Up};

use crate::detect::help::Call;
use crate::detect::idle::Belief;
use crate::detect::rates::Measured;
use crate::detect::stillness::Sign;
use crate::detect::wander::Turn;
use crate::detect::{fault, idle, silence};
use crate::finding::Trust;
use crate::home::Home;
use crate::policy::noise::AT_BOOT;
use crate::policy::{DEVICE_SILENT, IN_BED_SHARE, MAT_DELAY};
use crate::reading::{is_counted, number, sheet};
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
            && let Some(kind) = call(event)
        {
            let beside = self.beside(triage.now);
            self.help.activation(id, at, (kind, trust), &beside, triage);
        }
        if trust != Trust::Verified {
            return;
        }
        let device = id.device;
        // A gateway that speaks for a device has not heard it by that.
        if !matches!(up, Up::Reading(reading) if reading.home.is_some()) {
            self.alive(device, at, triage);
            self.starts(id, at, triage);
        }
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
        silence::heard(member, at, &mut self.wavers, triage);
        if sheet(member.role).sees_life {
            let patience = member.patience();
            self.stillness.watch(at, patience, triage);
        }
    }

    /// Every frame tells in which boot it was said.
    fn starts(&mut self, id: PressId, at: Mono, triage: &mut Triage<'_>) {
        if let Some(member) = self.roster.get_mut(id.device).filter(|m| m.role != Role::Gateway) {
            self.starts.heard(member, id.boot, at, triage);
        }
    }

    fn event(&mut self, device: DeviceId, event: &Event, at: Mono, triage: &mut Triage<'_>) {
        let sign = match event.kind {
            EventKind::BedIn | EventKind::BedOut => {
                let lies = event.kind == EventKind::BedIn;
                // Who is not on the roster yet is taken for a mat; what cannot tell, by its sheet, is not heard.
                let told = self.roster.get(device).map(|member| sheet(member.role).bed_delay);
                let delay = told.unwrap_or(Some(MAT_DELAY));
                let moved =
                    delay.is_some_and(|delay| self.beds.moved(device, lies, (at, delay), triage));
                if moved && lies {
                    self.is_down(at, triage);
                }
                moved.then_some(Sign::Inside)
            }
            EventKind::DoorOpen | EventKind::DoorClosed => {
                self.door(device, event, at, triage);
                Some(Sign::Door)
            }
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
            | EventKind::SounderWorks
            | EventKind::BusLost
            | EventKind::DiskFull
            | EventKind::DiskRoom => None,
            EventKind::Tamper | EventKind::BatteryLow | EventKind::Stuck => {
                fault::event(device, event.kind, at, &mut self.wavers, triage);
                if event.kind == EventKind::Stuck {
                    idle::sticks(&mut self.roster, device, at, triage);
                }
                None
            }
            EventKind::PowerLost | EventKind::PowerBack => {
                let lost = event.kind == EventKind::PowerLost;
                fault::mains(&mut self.roster, (device, lost), at, &mut self.wavers, triage);
                None
            }
        };
        if let Some(sign) = sign {
            let upright = call(event).is_none() && event.kind != EventKind::Cancel;
            self.shows(device, sign, (at, at, upright), triage);
        }
    }

    /// A door went, or its sensor has started and says how it stands.
    fn door(&mut self, device: DeviceId, event: &Event, at: Mono, triage: &mut Triage<'_>) {
        let opens = event.kind == EventKind::DoorOpen;
        let turn = if opens { Turn::Open } else { Turn::Closed };
        if event.uptime < AT_BOOT {
            self.wander.stands(turn, at);
        } else {
            self.turns(device, turn, at, triage);
        }
    }

    fn reading(&mut self, device: DeviceId, reading: &Reading, at: Mono, triage: &mut Triage<'_>) {
        let own = self.is_own(device);
        let span = Millis::secs(reading.period_s);
        for value in &reading.values {
            let age = Millis::secs(value.age_s);
            let then = Mono::from_millis(at.millis().saturating_sub(age.get()));
            let device = self.whose(device, value.quantity);
            let number = match number(value, reading.period_s) {
                Ok(number) => number,
                Err(reason) => {
                    self.missing(device, value.quantity, reason, then, triage);
                    continue;
                }
            };
            let summed = !own || reading.home.is_some();
            if summed && matches!(value.quantity, Quantity::Motion | Quantity::InBed) {
                // A summary has such a value only if the sensor behind it speaks.
                self.stillness.watch(then, span.plus(DEVICE_SILENT), triage);
            }
            match value.quantity {
                Quantity::InBed => self.lies(device, number, (then, span), triage),
                Quantity::Motion | Quantity::Door => {
                    let told = (value.quantity, number, reading.period_s);
                    self.passes(device, told, then, triage);
                }
                Quantity::Restless | Quantity::Heart | Quantity::Breath => {
                    let empty = self.is_empty(device, reading);
                    let quantity = value.quantity;
                    let told = Measured { sensor: device, quantity, number, empty };
                    self.rate(told, own, (then, span), triage);
                }
                Quantity::Load
                | Quantity::Temperature
                | Quantity::Humidity
                | Quantity::Signal
                | Quantity::Battery => {}
            }
        }
    }

    /// There is no number, for a reason.
    fn missing(
        &mut self,
        device: DeviceId,
        quantity: Quantity,
        reason: NoData,
        at: Mono,
        triage: &mut Triage<'_>,
    ) {
        match (quantity, reason) {
            // A pendant that nothing moves says that nobody is there.
            (Quantity::Motion, NoData::NotPresent) => {
                idle::rests(&mut self.roster, device, at, triage);
            }
            (_, NoData::NotPresent | NoData::Off) => self.rates.rests(device, quantity, at, triage),
            (
                _,
                NoData::Timeout
                | NoData::Fault
                | NoData::Stale
                | NoData::Clipped
                | NoData::Implausible,
            ) => {}
        }
    }

    /// For which share of a span somebody lay in a bed.
    fn lies(
        &mut self,
        device: DeviceId,
        share: f32,
        (at, span): (Mono, Millis),
        triage: &mut Triage<'_>,
    ) {
        if self.mixes_beds(device) {
            return;
        }
        let own = self.is_own(device);
        let turned = self.beds.share(device, own, share, at, span, triage);
        if turned && share >= IN_BED_SHARE {
            self.is_down(at, triage);
        }
        if turned && self.believes(device, Sign::Inside, at, triage) != Belief::None {
            self.lives(device, Sign::Inside, at, triage);
        }
    }

    /// How often something moved or a door went in a span.
    fn passes(
        &mut self,
        device: DeviceId,
        (quantity, number, period_s): (Quantity, f32, u64),
        at: Mono,
        triage: &mut Triage<'_>,
    ) {
        let sign = if quantity == Quantity::Door { Sign::Door } else { Sign::Inside };
        if number <= 0.0 {
            if quantity == Quantity::Motion {
                idle::rests(&mut self.roster, device, at, triage);
            }
            return;
        }
        if is_counted(number, period_s) {
            if sign == Sign::Door {
                self.turns(device, Turn::Within(Millis::secs(period_s)), at, triage);
            }
            // What a span tells may lie at its beginning.
            let early = at.millis().saturating_sub(Millis::secs(period_s).get());
            self.shows(device, sign, (at, Mono::from_millis(early), true), triage);
        }
    }

    /// What a bed measures of who lies there.
    fn rate(
        &mut self,
        told: Measured,
        own: bool,
        (at, span): (Mono, Millis),
        triage: &mut Triage<'_>,
    ) {
        let Measured { sensor, quantity, number, empty } = told;
        let rules = self.rules.unwrap_or_default();
        let mixed = self.mixes_beds(sensor);
        if quantity == Quantity::Restless && !empty && !mixed {
            let clock = self.clock;
            self.nights().share((sensor, own), number, (at, span), &rules, clock);
        }
        if !self.measures(told, at, triage) {
            return;
        }
        if quantity != Quantity::Restless && !mixed {
            self.vitals.rate(sensor, (quantity, number), at, &rules, triage);
        }
        self.lives(sensor, Sign::Inside, at, triage);
    }

    fn health(&mut self, device: DeviceId, health: &Health, at: Mono, triage: &mut Triage<'_>) {
        if let Some(member) = self.roster.get_mut(device) {
            triage.firm |= member.learn(health);
        }
        if let Some(battery) = health.battery.filter(|told| told.is_measured()) {
            fault::battery(device, battery, at, &mut self.wavers, triage);
        }
    }
}

/// What a person calls for by this, if anything.
fn call(event: &Event) -> Option<Call> {
    match event.kind {
        EventKind::Press | EventKind::Pull => Some(Call::of_contact(event)),
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
        | EventKind::SounderWorks
        | EventKind::BusLost
        | EventKind::DiskFull
        | EventKind::DiskRoom => None,
    }
}
