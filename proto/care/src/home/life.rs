//! What counts as life: who is believed, and all who wait for a sign of it.
//!
//! A sign is believed as far as its sensor's sheet goes: what never pauses, what does not change, and what its own
//! device denies keeps nobody alive, answers no question and lets nobody up from a fall. Not here: what a frame says
//! (`hear`), and how belief is counted ([`crate::run`], [`crate::detect::rates`]).

use proto::id::DeviceId;
use proto::unit::Mono;
use proto::up::{Quantity, Reading, Role};

use heapless::Vec;

use crate::detect::idle;
use crate::detect::idle::Belief;
use crate::detect::rates::Measured;
use crate::detect::stillness::Sign;
use crate::detect::wander::Turn;
use crate::finding::{Evidence, Kind};
use crate::home::Home;
use crate::policy::life::{BED_EMPTY_KG, PRESENCE};
use crate::policy::{ALWAYS_ON, OUT_OF_BED_SHARE};
use crate::reading::number;
use crate::roster::{Mark, Member};
use crate::triage::Triage;
use proto::unit::NoData;

impl Home {
    /// Something was told that takes a living person, at `at`: how far it is believed.
    pub(super) fn believes(
        &mut self,
        device: DeviceId,
        sign: Sign,
        at: Mono,
        triage: &mut Triage<'_>,
    ) -> Belief {
        let was = self.roster.get(device).is_some_and(|member| member.is(Mark::Doubted));
        let belief = match idle::told(&mut self.roster, (device, at), &self.company, triage) {
            // One that goes by itself would let everybody out.
            Some(Belief::Vouched) if sign == Sign::Door => Belief::None,
            Some(belief) => belief,
            // Who is on no roster, such as a gateway that speaks for a home, is one more source, and vouches for none.
            None if self.strangers.tells(at, PRESENCE, 0).believed => return Belief::Life,
            None => Belief::None,
        };
        if belief == Belief::None {
            self.stillness.doubt();
            self.presence(device, at, triage);
            if sign == Sign::Door && !was {
                triage.firm = true;
                self.stillness.stays();
            }
        } else {
            self.company.joins(device, at);
        }
        belief
    }

    /// Presence that is told for too long to be a sign of life is what a watched room is watched for.
    fn presence(&mut self, device: DeviceId, at: Mono, triage: &mut Triage<'_>) {
        let run = self.roster.get(device).map(Member::run).unwrap_or_default();
        if run.lasts() < ALWAYS_ON {
            let rules = self.rules.unwrap_or_default();
            if rules.dwell.is_some_and(|room| room.sensor == device) {
                self.dwell.sign(device, at, &rules, triage);
            }
        }
    }

    /// A number of a bed came: whether it is measured on a person.
    pub(super) fn measures(&mut self, told: Measured, at: Mono, triage: &mut Triage<'_>) -> bool {
        if told.quantity == Quantity::Restless && told.number <= 0.0 {
            self.rates.rests(told.sensor, told.quantity, at, triage);
            return false;
        }
        let sees = |m: &Member| {
            matches!(m.role, Role::Motion | Role::Door) && m.speaks() && !m.is(Mark::Doubted)
        };
        let seeing = self.roster.watched().any(sees);
        self.rates.believes(told, at, seeing.then(|| self.company.last()), triage)
    }

    /// Whether a bed is empty by its sensor's own word: this reading's, else its last.
    pub(super) fn is_empty(&self, sensor: DeviceId, reading: &Reading) -> bool {
        let said = |quantity: Quantity| {
            let value = reading.values.iter().find(|value| value.quantity == quantity)?;
            Some(number(value, reading.period_s))
        };
        let empty = match said(Quantity::InBed) {
            Some(Ok(share)) => share <= OUT_OF_BED_SHARE,
            Some(Err(NoData::NotPresent)) => true,
            Some(Err(_)) | None => self.beds.is_empty(sensor),
        };
        let light = said(Quantity::Load).is_some_and(|load| load.is_ok_and(|kg| kg < BED_EMPTY_KG));
        empty || light
    }

    /// Whose number it is: the speaker's, or that of the only sensor of its kind if a summary of the home says it.
    pub(super) fn whose(&self, speaker: DeviceId, quantity: Quantity) -> DeviceId {
        let own = |m: &Member| m.device == speaker;
        let role = match quantity {
            Quantity::InBed
            | Quantity::Heart
            | Quantity::Breath
            | Quantity::Restless
            | Quantity::Load => Role::BedMat,
            Quantity::Motion => Role::Motion,
            Quantity::Door => Role::Door,
            Quantity::Temperature | Quantity::Humidity | Quantity::Signal | Quantity::Battery => {
                return speaker;
            }
        };
        let mut all = self.roster.watched().filter(|m| m.role == role);
        match (self.roster.watched().any(own), all.next(), all.next()) {
            (false, Some(only), None) => only.device,
            (false, ..) | (true, ..) => speaker,
        }
    }

    /// Whether it is one of the home's sensors.
    pub(super) fn is_own(&self, device: DeviceId) -> bool {
        self.roster.watched().any(|member| member.device == device)
    }

    /// Whether a summary of the home would mix several beds in one number.
    pub(super) fn mixes_beds(&self, sensor: DeviceId) -> bool {
        !self.is_own(sensor) && self.roster.watched().any(|m| m.role == Role::BedMat)
    }

    /// Somebody has done something, at the earliest at `at`: questions are answered, falls may be recovered from, the
    /// long-lie clock starts anew if it takes a person who is up.
    pub(super) fn lived(
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
            idle::news(
                &mut self.roster,
                (device, at),
                night,
                (&mut self.hour, &self.company),
                triage,
            );
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
            (Kind::Wander, _) => self.wander.looked(),
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
                | Kind::Upkeep
                | Kind::Unsteady
                | Kind::Boots
                | Kind::Stuck,
                _,
            ) => {}
        }
    }

    /// What was seen beside a fall, for and against: the bed, the last movement.
    pub(super) fn beside(&self, now: Mono) -> Vec<Evidence, 3> {
        let mut beside = Vec::new();
        let moved = self.stillness.context(now)[0];
        beside.extend([self.beds.context(now), moved].into_iter().flatten());
        beside
    }

    /// A sign that is believed as far as said: what is only vouched for breaks a stillness, and nothing that hurries.
    pub(super) fn shows(
        &mut self,
        device: DeviceId,
        sign: Sign,
        (at, early, upright): (Mono, Mono, bool),
        triage: &mut Triage<'_>,
    ) {
        match self.believes(device, sign, at, triage) {
            Belief::Life => {
                self.lives(device, sign, at, triage);
                self.lived(device, sign, early, upright, triage);
                if sign == Sign::Inside && upright {
                    self.is_inside(device, early, triage);
                }
            }
            Belief::Vouched => self.breaks(device, sign, at, triage),
            Belief::None => {}
        }
    }

    /// Somebody was seen to move at the earliest at `early`: who went out may be back. A worn sensor moves outside too, and
    /// a bed says itself who lies in it.
    fn is_inside(&mut self, device: DeviceId, early: Mono, triage: &mut Triage<'_>) {
        let role = self.roster.get(device).map(|member| member.role);
        if matches!(role, Some(Role::Motion) | None) {
            let other = self.wander.since().is_some_and(|out| self.beds.left_around(out));
            self.wander.inside(early, other, triage);
        }
    }

    /// Somebody lay down: whoever was out is, if nobody else is up.
    pub(super) fn is_down(&mut self, at: Mono, triage: &mut Triage<'_>) {
        if self.beds.none_left() {
            self.wander.lies(at, triage);
        }
    }

    /// A door went, at the latest at `at`.
    pub(super) fn turns(
        &mut self,
        device: DeviceId,
        turn: Turn,
        at: Mono,
        triage: &mut Triage<'_>,
    ) {
        let rules = self.rules.unwrap_or_default();
        let begin = match turn {
            Turn::Within(span) => Mono::from_millis(at.millis().saturating_sub(span.get())),
            Turn::Open | Turn::Closed => at,
        };
        let limit = self.clock.and_then(|clock| rules.wander.limit(clock.minute_of_day(begin)));
        if self.roster.get(device).is_some_and(|member| member.is(Mark::Doubted)) {
            return;
        }
        let sees = |m: &Member| m.speaks() && matches!(m.role, Role::Motion | Role::BedMat);
        let seeing = self.roster.watched().any(sees);
        self.wander.door(device, turn, at, (limit, seeing), triage);
    }

    /// A sign of life, to all who wait for one.
    pub(super) fn lives(
        &mut self,
        device: DeviceId,
        sign: Sign,
        at: Mono,
        triage: &mut Triage<'_>,
    ) {
        self.breaks(device, sign, at, triage);
        self.beds.seen(device, at);
    }

    /// Somebody is where this was told: nobody is still, and whoever was in the watched room is there no more.
    fn breaks(&mut self, device: DeviceId, sign: Sign, at: Mono, triage: &mut Triage<'_>) {
        let rules = self.rules.unwrap_or_default();
        self.stillness.sign(sign, at, &rules, self.clock, triage);
        // What a summary of the home tells may be of the very room.
        if self.is_own(device) {
            self.dwell.sign(device, at, &rules, triage);
        }
    }
}
