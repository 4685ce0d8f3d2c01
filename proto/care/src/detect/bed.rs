//! The bed: in or out, and a person who is out of it at night and does not come back.
//!
//! - An *episode* is one time out of bed. It is dated by the sensor's declared delay: who was told to be out
//!   may have left that much earlier. One episode is told once; coming back only annotates.
//! - At night the limit is short, and both leaving and the limit must lie in the night: who gets up for
//!   good in the morning is not missed. At any hour, and when the hour is unknown, a long limit holds.
//! - A bed that was left in the evening and is still empty counts from when the night begins, unless somebody is seen.
//! - At night also a shorter limit holds in which nobody is seen anywhere, if a motion sensor would see who is up.
//!
//! Not here: restlessness and breathing, and falls beside the bed.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use crate::detect::{DAY_MIN, LocalTime};
use crate::finding::ago;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::{IN_BED_SHARE, OUT_OF_BED_SHARE, Rules};
use crate::roster::{Member, Roster};
use crate::triage::{Triage, Word};

/// Most beds that are watched in one home.
const BEDS_MAX: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum Place {
    /// Somebody lies in it.
    #[n(0)]
    In,
    /// It was left after somebody lay in it.
    #[n(1)]
    Left,
    /// It is empty, and nobody was ever seen in it.
    #[n(2)]
    Empty,
}

/// One bed, known by its sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Bed {
    #[n(0)]
    sensor: DeviceId,
    #[n(1)]
    place: Place,
    /// Since when, at the earliest.
    #[n(2)]
    since: Mono,
    /// The last word about it; an older one changes nothing.
    #[n(3)]
    told: Mono,
    /// Whether this episode has been told at night and at the long limit.
    #[n(4)]
    night: bool,
    #[n(5)]
    long: bool,
    /// Whether the sensor speaks for itself, else a summary of the home.
    #[n(6)]
    own: bool,
    /// Who is out was asked and answered then: the night's limit runs anew from here.
    #[n(7)]
    answered: Option<Mono>,
    /// When somebody was last seen elsewhere since.
    #[n(8)]
    seen: Option<Mono>,
    /// Whether this episode has been told because nobody is seen.
    #[cbor(n(9), default)]
    quiet: bool,
}

/// What is known of the beds of a home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Beds {
    #[cbor(n(0), with = "crate::list", default)]
    beds: Vec<Bed, BEDS_MAX>,
}

impl Beds {
    /// The sensor says that somebody came or left, so late at most. Says whether that is news.
    pub(crate) fn moved(
        &mut self,
        sensor: DeviceId,
        lies: bool,
        (at, delay): (Mono, Millis),
        triage: &mut Triage<'_>,
    ) -> bool {
        let early = Mono::from_millis(at.millis().saturating_sub(delay.get()));
        self.see(sensor, true, lies, at, early, triage)
    }

    /// A summary says for which share of its span somebody lay there, in per cent.
    pub(crate) fn share(
        &mut self,
        sensor: DeviceId,
        own: bool,
        share: f32,
        at: Mono,
        span: Millis,
        triage: &mut Triage<'_>,
    ) -> bool {
        let early = Mono::from_millis(at.millis().saturating_sub(span.get()));
        if share >= IN_BED_SHARE {
            self.see(sensor, own, true, at, early, triage)
        } else if share <= OUT_OF_BED_SHARE {
            self.see(sensor, own, false, at, early, triage)
        } else {
            false
        }
    }

    fn see(
        &mut self,
        sensor: DeviceId,
        own: bool,
        lies: bool,
        at: Mono,
        early: Mono,
        triage: &mut Triage<'_>,
    ) -> bool {
        let Some(bed) = self.bed(sensor, own, at) else { return false };
        if at < bed.told {
            return false;
        }
        bed.told = at;
        let place = match (lies, bed.place) {
            (true, _) => Place::In,
            (false, Place::Empty) => Place::Empty,
            (false, Place::In | Place::Left) => Place::Left,
        };
        if place == bed.place {
            return false;
        }
        triage.firm = true;
        (bed.place, bed.since, bed.seen) = (place, early.max(bed.since), None);
        if lies {
            (bed.night, bed.long, bed.quiet, bed.answered) = (false, false, false, None);
            triage.ease(Kind::Bed, Some(bed.sensor));
        }
        true
    }

    /// The bed that a sensor speaks of. A summary of the home speaks of its only bed, or of none if there
    /// are several; the sensor itself takes that bed over.
    fn bed(&mut self, sensor: DeviceId, own: bool, at: Mono) -> Option<&mut Bed> {
        let known = self.beds.iter().position(|bed| bed.sensor == sensor);
        let place = match (known, self.beds.len(), own) {
            (Some(place), _, _) => Some(place),
            (None, 1, false) => Some(0),
            (None, 1, true) if !self.beds[0].own => {
                (self.beds[0].sensor, self.beds[0].own) = (sensor, true);
                Some(0)
            }
            (None, 0, false) | (None, _, true) => {
                let (since, told) = (at, Mono::default());
                let place = Place::Empty;
                let (night, long, quiet, answered, seen) = (false, false, false, None, None);
                let new =
                    Bed { sensor, place, since, told, night, long, own, answered, seen, quiet };
                self.beds.push(new).ok().map(|()| self.beds.len() - 1)
            }
            (None, _, false) => None,
        }?;
        self.beds.get_mut(place)
    }

    /// Somebody is up and has answered: who is not back then is asked about again after another limit.
    pub(crate) fn answered(&mut self, sensor: DeviceId, at: Mono) {
        if let Some(bed) = self.beds.iter_mut().find(|bed| bed.sensor == sensor) {
            (bed.answered, bed.night, bed.quiet) = (Some(at), false, false);
        }
    }

    /// Something was seen at `at` by another sensor than that of a bed that was left.
    pub(crate) fn seen(&mut self, by: DeviceId, at: Mono) {
        // Who lies in another bed is not who has left this one.
        if self.beds.iter().any(|bed| bed.sensor == by && bed.place == Place::In) {
            return;
        }
        let left = |bed: &&mut Bed| bed.place == Place::Left && bed.sensor != by;
        for bed in self.beds.iter_mut().filter(left) {
            bed.seen = bed.seen.max(Some(at));
        }
    }

    /// Whether a bed is empty by the last word of its sensor; one of which nothing is known is not.
    pub(crate) fn is_empty(&self, sensor: DeviceId) -> bool {
        self.beds.iter().any(|bed| bed.sensor == sensor && bed.place != Place::In)
    }

    /// Whether of two beds one was left before `at` and another after it: who is up may be either.
    pub(crate) fn left_around(&self, at: Mono) -> bool {
        let mut left = self.beds.iter().filter(|bed| bed.place == Place::Left);
        left.clone().any(|bed| bed.since < at) && left.any(|bed| bed.since >= at)
    }

    /// Whether nobody who lay in a bed is up.
    pub(crate) fn none_left(&self) -> bool {
        self.beds.iter().all(|bed| bed.place != Place::Left)
    }

    /// Whether somebody lies in each bed that is slept in, by the word of sensors that speak.
    pub(crate) fn all_taken(&self, roster: &Roster) -> bool {
        let taken =
            |bed: &Bed| bed.place == Place::In && roster.get(bed.sensor).is_none_or(Member::speaks);
        let mut slept = self.beds.iter().filter(|bed| bed.place != Place::Empty).peekable();
        slept.peek().is_some() && slept.all(taken)
    }

    /// What the beds say beside a fall: somebody lies in one, or the last that was left.
    pub(crate) fn context(&self, now: Mono) -> Option<Evidence> {
        let newest = |place: Place| {
            self.beds.iter().filter(|bed| bed.place == place).max_by_key(|bed| bed.since)
        };
        let lies = newest(Place::In).map(|bed| ago(Seen::InBed, false, bed.since, now));
        lies.or_else(|| newest(Place::Left).map(|bed| ago(Seen::LeftBed, true, bed.since, now)))
    }

    /// The sensor has left the home: nobody waits for its bed any more.
    pub(crate) fn release(&mut self, sensor: DeviceId) {
        self.beds.retain(|bed| bed.sensor != sensor);
    }

    /// Tells each bed that was left for too long. `seeing`: somebody who is up would be seen; `context`: what else was
    /// seen, for the card.
    pub(crate) fn check(
        &mut self,
        rules: &Rules,
        clock: Option<LocalTime>,
        seeing: bool,
        context: [Option<Evidence>; 2],
        triage: &mut Triage<'_>,
    ) {
        let now = triage.now;
        for bed in &mut self.beds {
            if triage.is_full() {
                return;
            }
            let over = |due: Option<Mono>| due.is_some_and(|due| due <= now);
            let (by_night, by_day) = (over(bed.night_due(rules, clock)), over(bed.long_due(rules)));
            let unseen = over(bed.quiet_due(rules, clock, seeing));
            if by_night || by_day || unseen {
                (bed.night, bed.long) = (bed.night || by_night, bed.long || by_day);
                bed.quiet |= unseen;
                bed.tell(context, triage);
            }
        }
    }

    pub(crate) fn next_deadline(
        &self,
        rules: &Rules,
        clock: Option<LocalTime>,
        seeing: bool,
    ) -> Option<Mono> {
        let due = |bed: &Bed| {
            let unseen = bed.quiet_due(rules, clock, seeing);
            [bed.night_due(rules, clock), bed.long_due(rules), unseen]
        };
        self.beds.iter().flat_map(due).flatten().min()
    }
}

impl Bed {
    fn tell(&self, context: [Option<Evidence>; 2], triage: &mut Triage<'_>) {
        let mut evidence: Vec<Evidence, 4> = Vec::new();
        let left = ago(Seen::LeftBed, true, self.since, triage.now);
        let nothing = self.quiet.then(|| ago(Seen::Nothing, true, self.last(), triage.now));
        evidence.extend([Some(left), nothing].into_iter().chain(context).flatten());
        let joins = triage.book.find(Kind::Bed, Some(self.sensor)).map(|i| i.number);
        let word = Word {
            kind: Kind::Bed,
            severity: if self.night || self.quiet {
                Severity::Important
            } else {
                Severity::General
            },
            activation: None,
            device: Some(self.sensor),
            at: self.since,
            evidence: &evidence,
        };
        triage.raise(joins, &word);
    }

    /// When the night's limit is over, if this episode began at night and it would still be night then.
    fn night_due(&self, rules: &Rules, clock: Option<LocalTime>) -> Option<Mono> {
        let clock = clock?;
        let left = clock.minute_of_day(self.since);
        if let Some(before) = rules.evening(left) {
            let limit = rules.bed_out(rules.night_from)?;
            let start = self.since.after(before);
            let due = start.max(self.last()).after(limit);
            let night = |at| rules.is_night(clock.minute_of_day(at));
            let waits = self.place == Place::Left && !self.night && night(due);
            // The night that the evening leads to, and no later one.
            let same = due.since(start) < Millis::minutes(DAY_MIN / 2);
            return (waits && same).then_some(due);
        }
        let limit = rules.bed_out(left)?;
        let from = self.since.max(self.answered.unwrap_or_default());
        self.by_night(from.after(limit), rules, clock).filter(|_| !self.night)
    }

    /// When nobody will have been seen for too long, if this episode began at night and it would still be night then.
    fn quiet_due(&self, rules: &Rules, clock: Option<LocalTime>, seeing: bool) -> Option<Mono> {
        let (limit, clock) = (rules.bed_quiet?, clock?);
        let waits = seeing && !self.quiet && !self.night;
        self.by_night(self.last().after(limit), rules, clock).filter(|_| waits)
    }

    /// When somebody was last known to be well: left the bed, was seen elsewhere, or answered.
    fn last(&self) -> Mono {
        self.since.max(self.seen.unwrap_or_default()).max(self.answered.unwrap_or_default())
    }

    /// A deadline of who left the bed by night, if it lies in the night too.
    fn by_night(&self, due: Mono, rules: &Rules, clock: LocalTime) -> Option<Mono> {
        let night = |at| rules.is_night(clock.minute_of_day(at));
        (self.place == Place::Left && night(self.since) && night(due)).then_some(due)
    }

    /// When the limit of any hour is over.
    fn long_due(&self, rules: &Rules) -> Option<Mono> {
        let waits = !self.long && self.place == Place::Left;
        rules.bed_out_long.filter(|_| waits).map(|limit| self.since.after(limit))
    }
}
