//! Breath, heart and restlessness as signs of life: what a bed measures, if it can be a person at all.
//!
//! - No sign: a number at its clip limit, one that has not changed for hours, one of a bed that says itself that it is
//!   empty, and what a bed alone says for days while nobody is seen by the sensors that would see them.
//! - One that for a day tells only such numbers of a kind is a fault, which ends with the first that counts.
//!
//! Not here: limits that somebody has set for a person ([`super::vitals`]).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Mono;
use proto::up::Quantity;

use crate::fault_bits::ALWAYS_ON as STUCK_ON;
use crate::finding::minutes;
use crate::finding::{Evidence, Seen};
use crate::policy::ALWAYS_ON;
use crate::policy::life::{BED_ALONE, CONSTANT, CONSTANT_WORDS};
use crate::reading::is_told;
use crate::triage::Triage;

/// Most beds of one home whose numbers are weighed; as many as are watched.
const BEDS_MAX: usize = 4;
/// Numbers nearer than this are the same.
const SAME: f32 = 0.01;

/// A number and how often it came without a change.
#[derive(Debug, Clone, Copy, PartialEq, Default, Encode, Decode)]
struct Number {
    #[n(0)]
    value: f32,
    #[n(1)]
    since: Mono,
    /// 0 = none is known.
    #[n(2)]
    count: u8,
    /// Since when none of its kind can be a person's.
    #[n(3)]
    vain: Option<Mono>,
}

/// What one bed measures.
#[derive(Debug, Clone, Copy, PartialEq, Encode, Decode)]
struct Bed {
    #[n(0)]
    sensor: DeviceId,
    #[n(1)]
    heart: Number,
    #[n(2)]
    breath: Number,
    #[n(3)]
    restless: Number,
}

/// What the beds of a home measure.
#[derive(Debug, Clone, PartialEq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Rates {
    #[cbor(n(0), with = "crate::list", default)]
    beds: Vec<Bed, BEDS_MAX>,
    /// From here the beds of the home may be believed alone: their first number, or when a person looked.
    #[n(1)]
    from: Option<Mono>,
}

/// One number of one bed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) sensor: DeviceId,
    pub(crate) quantity: Quantity,
    pub(crate) number: f32,
    /// Whether the sensor says that nobody lies there.
    pub(crate) empty: bool,
}

impl Rates {
    /// Whether this number is measured on a person. `company`: when life was last told by something else, if somebody
    /// elsewhere in the home would be seen.
    pub(crate) fn believes(
        &mut self,
        told: Measured,
        at: Mono,
        company: Option<Mono>,
        triage: &mut Triage<'_>,
    ) -> bool {
        let from = *self.from.get_or_insert(at);
        let Some(bed) = self.bed(told.sensor) else { return false };
        let Some(known) = bed.number(told.quantity) else { return false };
        let constant = known.is_constant(told.number, at);
        let fits = is_told(told.quantity, told.number);
        let person = fits && !constant && !told.empty;
        // Sensors say their lowest number of an empty bed, which is what it is.
        if !person && (fits || !told.empty) {
            known.vain.get_or_insert(at);
            bed.tell(told.quantity, at, triage);
        } else {
            bed.counts(told.quantity, at, triage);
        }
        person && company.is_none_or(|company| at.since(from.max(company)) < BED_ALONE)
    }

    /// A bed tells that it has no such number, or that it is nought: what comes next is a number of its own.
    pub(crate) fn rests(
        &mut self,
        sensor: DeviceId,
        quantity: Quantity,
        at: Mono,
        triage: &mut Triage<'_>,
    ) {
        let Some(bed) = self.beds.iter_mut().find(|bed| bed.sensor == sensor) else { return };
        if let Some(number) = bed.number(quantity) {
            number.count = 0;
        }
        bed.counts(quantity, at, triage);
    }

    /// A person has looked.
    pub(crate) fn looked(&mut self, at: Mono) {
        self.from = self.from.max(Some(at));
    }

    /// The sensor has left the home.
    pub(crate) fn release(&mut self, sensor: DeviceId) {
        self.beds.retain(|bed| bed.sensor != sensor);
    }

    fn bed(&mut self, sensor: DeviceId) -> Option<&mut Bed> {
        let known = self.beds.iter().position(|bed| bed.sensor == sensor);
        let place = known.or_else(|| {
            let none = Number::default();
            let new = Bed { sensor, heart: none, breath: none, restless: none };
            self.beds.push(new).ok().map(|()| self.beds.len() - 1)
        })?;
        self.beds.get_mut(place)
    }
}

impl Bed {
    fn number(&mut self, quantity: Quantity) -> Option<&mut Number> {
        match quantity {
            Quantity::Heart => Some(&mut self.heart),
            Quantity::Breath => Some(&mut self.breath),
            Quantity::Restless => Some(&mut self.restless),
            Quantity::InBed
            | Quantity::Load
            | Quantity::Motion
            | Quantity::Door
            | Quantity::Temperature
            | Quantity::Humidity
            | Quantity::Signal
            | Quantity::Battery => None,
        }
    }

    /// What it measures cannot be a person's; for a day, that is a fault.
    fn tell(&mut self, quantity: Quantity, at: Mono, triage: &mut Triage<'_>) {
        let Some(since) = self.number(quantity).and_then(|number| number.vain) else { return };
        if at.since(since) >= ALWAYS_ON && !triage.is_full() {
            let value = minutes(at.since(since));
            let evidence = Evidence { what: Seen::AlwaysOn, supports: true, at, value };
            triage.fault(self.sensor, STUCK_ON, at, evidence);
        }
    }

    /// What it measures may be a person's: the fault passes with the last of its kinds.
    fn counts(&mut self, quantity: Quantity, at: Mono, triage: &mut Triage<'_>) {
        let told = |since: Mono| at.since(since) >= ALWAYS_ON;
        let was = self.number(quantity).and_then(|number| number.vain.take());
        let all = [self.heart, self.breath, self.restless];
        let others = all.iter().any(|number| number.vain.is_some_and(told));
        if was.is_some_and(told) && !others {
            triage.sound(self.sensor, STUCK_ON);
        }
    }
}

impl Number {
    /// Takes the next one; says whether it has been the same for too long.
    fn is_constant(&mut self, value: f32, at: Mono) -> bool {
        if self.count == 0 || (self.value - value).abs() >= SAME {
            (self.value, self.since, self.count) = (value, at, 0);
        }
        self.count = self.count.saturating_add(1);
        self.count >= CONSTANT_WORDS && at.since(self.since) >= CONSTANT
    }
}
