//! What two judgements of one past have in common and what only one of them says.
//!
//! Two alarms are the same if they are about the same thing of the same device that happened at the same moment; then
//! they may still come sooner or later, or be more or less grave. Not here: how a past is judged (`replay`).

use std::collections::HashMap;

use proto::id::DeviceId;
use proto::unit::{Millis, Mono};
use serde::Serialize;

use crate::clock::Now;
use crate::live::evidence::{list as evidence_list, wall_of};
use crate::rehearsal::replay::{Alarm, CLOSED_AFTER, Judged};

/// Most alarms of one list in an answer; the counts tell of all.
const LISTED: usize = 200;

/// What changed rules would have changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Days of the home's own past that were judged; less than asked for if less is kept.
    pub days: f64,
    /// As the home is judged today.
    pub present: Sum,
    /// As it would be judged.
    pub changed: Sum,
    /// How many alarms only the changed rules raise.
    pub gained: usize,
    /// How many alarms only the present rules raise.
    pub lost: usize,
    /// How many come at another time or with another severity.
    pub moved: usize,
    /// The alarms gained, at most 200, oldest first.
    pub gained_alarms: Vec<Told>,
    /// The alarms lost, at most 200, oldest first.
    pub lost_alarms: Vec<Told>,
    /// The alarms moved, at most 200, oldest first, as the changed rules raise them.
    pub moved_alarms: Vec<Moved>,
    /// An alarm counts as closed after so many minutes, as nobody was there to close it.
    pub closed_after_min: u64,
    /// Whether the past was too long to be judged to its end.
    pub cut: bool,
}

/// What one set of rules would have said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Alarms in all.
    pub alarms: usize,
    /// Of them emergencies, at first or by time.
    pub emergencies: usize,
    /// How often the home would have been asked first.
    pub asked: u32,
    /// How often somebody would have answered, and nobody been troubled.
    pub answered: u32,
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// What it is about, as a word of `care::Kind`.
    pub kind: &'static str,
    /// `emergency`, `important`, `general` or `fault`, at first.
    pub severity: &'static str,
    /// The gravest that it became.
    pub worst: &'static str,
    /// Whose, if one device's.
    pub device: Option<String>,
    /// When what it is about happened, wall clock, ms since 1970.
    pub at_ms: i64,
    /// When it would have been raised, wall clock, ms since 1970.
    pub raised_ms: i64,
    /// Reasons for and against.
    pub evidence: Vec<serde_json::Value>,
}

/// One alarm that both raise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// The alarm as changed.
    #[serde(flatten)]
    pub alarm: Told,
    /// How much later it comes, ms; negative = sooner.
    pub later_ms: i64,
    /// How grave it was at first before.
    pub was: &'static str,
}

/// Compares what two sets of rules make of one past of this length.
pub fn compare(now: Now, past: Millis, before: &Judged, after: &Judged) -> Comparison {
    let mut known: HashMap<_, Vec<&Alarm>> = HashMap::new();
    for alarm in before.alarms.iter().rev() {
        known.entry(name(alarm)).or_default().push(alarm);
    }
    let (mut gained, mut moved) = (Vec::new(), Vec::new());
    for alarm in &after.alarms {
        match known.get_mut(&name(alarm)).and_then(Vec::pop) {
            None => gained.push(alarm),
            Some(old) if old.raised == alarm.raised && old.severity == alarm.severity => {}
            Some(old) => moved.push((alarm, old)),
        }
    }
    let mut lost: Vec<&Alarm> = known.into_values().flatten().collect();
    lost.sort_by_key(|alarm| (alarm.raised, name(alarm)));
    Comparison {
        days: tenths_of_days(past),
        present: sum(before),
        changed: sum(after),
        gained: gained.len(),
        lost: lost.len(),
        moved: moved.len(),
        gained_alarms: gained.iter().take(LISTED).map(|alarm| told(now, alarm)).collect(),
        lost_alarms: lost.iter().take(LISTED).map(|alarm| told(now, alarm)).collect(),
        moved_alarms: moved
            .iter()
            .take(LISTED)
            .map(|(alarm, old)| shift(now, alarm, old))
            .collect(),
        closed_after_min: CLOSED_AFTER.get() / 60_000,
        cut: before.cut || after.cut,
    }
}

fn name(alarm: &Alarm) -> (care::Kind, Option<DeviceId>, Mono) {
    (alarm.kind, alarm.device, alarm.at)
}

#[expect(clippy::cast_precision_loss, reason = "tenths of days stay far below 2^52")]
fn tenths_of_days(span: Millis) -> f64 {
    (span.get() / (144 * 60_000)) as f64 / 10.0
}

fn sum(judged: &Judged) -> Sum {
    let grave = |alarm: &&Alarm| alarm.worst == care::Severity::Emergency;
    Sum {
        alarms: judged.alarms.len(),
        emergencies: judged.alarms.iter().filter(grave).count(),
        asked: judged.asked,
        answered: judged.answered,
    }
}

fn told(now: Now, alarm: &Alarm) -> Told {
    Told {
        kind: alarm.kind.word(),
        severity: alarm.severity.word(),
        worst: alarm.worst.word(),
        device: alarm.device.map(|device| device.to_string()),
        at_ms: wall_of(now, alarm.at),
        raised_ms: wall_of(now, alarm.raised),
        evidence: evidence_list(now, &alarm.evidence),
    }
}

fn shift(now: Now, alarm: &Alarm, old: &Alarm) -> Moved {
    let later_ms = wall_of(now, alarm.raised) - wall_of(now, old.raised);
    Moved { alarm: told(now, alarm), later_ms, was: old.severity.word() }
}
