//! Who is judged by which forest: people are dealt into parts, and each part is judged by the others.
//!
//! A person is in one part with all sensors, so that no forest has seen whom it judges. The sum of votes that
//! alarms is set by the votes of unseen people too, never by those of the part itself. Not here: streaming.

use std::collections::BTreeMap;

use care::fall::{DEPTH, Fall, Forest, Worn};

use super::recording::Recording;
use crate::judge::Plan;
use crate::judge::learn::boost::{Growth, VOTES};
use crate::judge::learn::{Seen, keep, learn, measure};
use crate::seed::Seed;

/// The forests that ship and those that are judged grow alike; an arm does more that looks like a fall.
const fn growth(worn: Worn) -> Growth {
    let trees = match worn {
        Worn::Body => 150,
        Worn::Wrist => 240,
    };
    let (depth, usual) = (DEPTH, true);
    Growth { trees, depth, rate: 0.1, calm: 3.0, leaf: 0.02, numbers: 45, rows_percent: 80, usual }
}

/// What a missed fall is worth in wrong alarms of as many activities: an arm gives more of them in a day.
const fn miss_worth(worn: Worn) -> f64 {
    match worn {
        Worn::Body => 0.5,
        Worn::Wrist => 0.23,
    }
}

/// Blur of a vote when the alarm is set: half a unit of log odds.
const BLUR: f64 = VOTES / 2.0;
/// Farthest sum of votes that is tried for the alarm, and the step between two.
const ALARM_MAX: i32 = 512;
const ALARM_STEP: usize = 4;

/// Recordings of one profile with all that was measured of them.
pub struct Profile<'a> {
    /// Where they were worn.
    pub worn: Worn,
    /// The recordings.
    pub recordings: Vec<&'a Recording>,
    owned: Vec<Recording>,
    seen: Vec<Seen>,
    parts: Vec<usize>,
}

/// The best vote of each recording.
type Votes = Vec<Option<i32>>;

impl<'a> Profile<'a> {
    /// Measures all recordings of one profile and deals their people.
    pub fn new(all: &'a [Recording], worn: Worn, plan: Plan) -> Self {
        let recordings: Vec<&Recording> =
            all.iter().filter(|recording| recording.place.worn() == worn).collect();
        let owned: Vec<Recording> = recordings.iter().map(|r| (*r).clone()).collect();
        let seen = owned.iter().enumerate().flat_map(|(n, r)| measure(r, n)).collect();
        let parts = deal(&recordings, plan);
        Self { worn, recordings, owned, seen, parts }
    }

    /// The forest for each recording: never one that has seen its person.
    pub fn unseen(&self, plan: Plan) -> Vec<Forest> {
        let grown = self.grow_parts(plan);
        let votes = self.votes(&grown);
        let forests: Vec<Forest> = grown
            .into_iter()
            .enumerate()
            .map(|(part, bytes)| keep(bytes, self.alarm(&votes, Some(part))))
            .collect();
        self.parts.iter().map(|part| forests[*part]).collect()
    }

    /// The forest of everybody, with the alarm set by votes of the unseen.
    pub fn whole(&self, plan: Plan) -> (Vec<u8>, i32) {
        let grown = self.grow_parts(plan);
        let alarm = self.alarm(&self.votes(&grown), None);
        (self.grow(None, plan), alarm)
    }

    /// How many people and recordings there are.
    pub fn people(&self) -> usize {
        let mut who: Vec<String> = self.recordings.iter().map(|r| r.who()).collect();
        who.sort();
        who.dedup();
        who.len()
    }

    /// A forest without each part, all at once.
    fn grow_parts(&self, plan: Plan) -> Vec<Vec<u8>> {
        std::thread::scope(|scope| {
            let parts = 0..plan.folds;
            let growing: Vec<_> =
                parts.map(|part| scope.spawn(move || self.grow(Some(part), plan))).collect();
            growing.into_iter().map(|grown| grown.join().unwrap_or_default()).collect()
        })
    }

    fn grow(&self, without: Option<usize>, plan: Plan) -> Vec<u8> {
        let others = |seen: &&Seen| Some(self.parts[seen.recording]) != without;
        let seen: Vec<Seen> = self.seen.iter().filter(others).copied().collect();
        learn(&seen, &self.owned, growth(self.worn), plan.seed)
    }

    /// Best vote of each recording, as recorded, by the forest of its part.
    fn votes(&self, grown: &[Vec<u8>]) -> Votes {
        let forests: Vec<Forest> = grown.iter().map(|bytes| keep(bytes.clone(), 0)).collect();
        let mut votes = vec![None; self.recordings.len()];
        for seen in self.seen.iter().filter(|seen| seen.variant == 0) {
            let forest = forests[self.parts[seen.recording]];
            let vote = Some(forest.votes(&seen.row.values));
            votes[seen.recording] = votes[seen.recording].max(vote);
        }
        votes
    }

    /// The sum of votes that errs least, each set's falls and activities counting alike. Votes count as blurred,
    /// so that a few recordings on the edge do not decide it.
    fn alarm(&self, votes: &Votes, without: Option<usize>) -> i32 {
        let mut sizes: BTreeMap<(&str, bool), f64> = BTreeMap::new();
        let mut marks: Vec<(i32, f64)> = Vec::new();
        let others = || {
            (0..votes.len()).filter(|n| Some(self.parts[*n]) != without).map(|n| {
                let recording = self.recordings[n];
                ((recording.set, recording.fall), votes[n])
            })
        };
        for (key, _) in others() {
            *sizes.entry(key).or_default() += 1.0;
        }
        for (key, vote) in others() {
            // What never gives a vote is missed or right at any limit.
            let Some(vote) = vote else { continue };
            let part = 1.0 / sizes.get(&key).copied().unwrap_or(1.0);
            marks.push((vote, if key.1 { miss_worth(self.worn) * part } else { -part }));
        }
        let cost = |alarm: &i32| -> f64 {
            let alarmed = |vote: i32| 1.0 / (1.0 + (f64::from(alarm - vote) / BLUR).exp());
            marks.iter().map(|(vote, worth)| -worth * alarmed(*vote)).sum()
        };
        let limits = (-ALARM_MAX..=ALARM_MAX).step_by(ALARM_STEP);
        limits.min_by(|one, other| cost(one).total_cmp(&cost(other))).unwrap_or(0)
    }
}

/// The part of each recording: people are shuffled, then dealt in turn.
fn deal(recordings: &[&Recording], plan: Plan) -> Vec<usize> {
    let mut people: Vec<String> = recordings.iter().map(|r| r.who()).collect();
    people.sort();
    people.dedup();
    let mut seed = Seed::new(plan.seed);
    for n in (1..people.len()).rev() {
        let limit = u64::try_from(n + 1).unwrap_or(1);
        people.swap(n, usize::try_from(seed.below(limit)).unwrap_or(0));
    }
    let part = |recording: &&Recording| {
        people.iter().position(|who| *who == recording.who()).unwrap_or(0) % plan.folds
    };
    recordings.iter().map(part).collect()
}

/// Bytes that one detector holds.
pub const STATE_BYTES: usize = size_of::<Fall>();
