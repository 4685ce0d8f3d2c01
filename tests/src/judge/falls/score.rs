//! Sums over judged recordings: what share was right, by set, place, age and activity.
//!
//! Sensitivity = falls that were alarmed; specificity = activities that were not; both 0 to 1, every trial counts.
//! False alarms an hour are alarms in activities over the hours of activities. Not here: what an alarm is.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::folds::STATE_BYTES;
use super::recording::{Place, Recording};
use super::stream::Outcome;
use crate::judge::{Plan, Section};

/// A recording and what was said of it.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The recording.
    pub recording: &'a Recording,
    /// What the detector said.
    pub outcome: Outcome,
}

/// Sums of some recordings.
#[derive(Debug, Clone, Default)]
struct Sum {
    falls: u32,
    found: u32,
    confirmed: u32,
    activities: u32,
    quiet: u32,
    alarms: u32,
    hours: f64,
    delays_s: Vec<f64>,
}

impl Sum {
    fn of<'a>(judged: impl Iterator<Item = &'a Judged<'a>>) -> Self {
        let mut sum = Self::default();
        for Judged { recording, outcome } in judged {
            let alarmed = u32::from(outcome.alarms > 0);
            if recording.fall {
                sum.falls += 1;
                sum.found += alarmed;
                sum.confirmed += u32::from(outcome.confirmed > 0);
                sum.delays_s.extend(outcome.delay_s);
            } else {
                sum.activities += 1;
                sum.quiet += 1 - alarmed;
                sum.alarms += outcome.alarms;
                sum.hours += recording.hours();
            }
        }
        sum.delays_s.sort_by(f64::total_cmp);
        sum
    }

    /// Falls found; one where there are none.
    fn sensitivity(&self) -> f64 {
        share(self.found, self.falls)
    }

    /// Activities without alarm; one where there are none.
    fn specificity(&self) -> f64 {
        share(self.quiet, self.activities)
    }

    fn alarms_per_hour(&self) -> f64 {
        f64::from(self.alarms) / self.hours.max(f64::MIN_POSITIVE)
    }

    /// Middle delay; zero where nothing was found.
    fn delay_s(&self) -> f64 {
        self.delays_s.get(self.delays_s.len() / 2).copied().unwrap_or(0.0)
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// Recordings that are one line of the table: set, name of the line, places, prefix of its keys.
const LINES: [(&str, &str, &[Place], &str); 7] = [
    ("sisfall", "waist", &[Place::Waist], ""),
    ("weda_fall", "wrist", &[Place::Wrist], ""),
    ("umafall", "waist and chest", &[Place::Waist, Place::Chest], ""),
    ("umafall", "pocket", &[Place::Pocket], "pocket_"),
    ("umafall", "wrist", &[Place::Wrist], "wrist_"),
    ("smartfallmm", "hip", &[Place::Waist], ""),
    ("smartfallmm", "wrist", &[Place::Wrist], "wrist_"),
];

/// The table and the numbers.
pub fn section(judged: &[Judged<'_>], plan: Plan, ns_per_sample: f64) -> Section {
    let mut table = protocol(plan);
    let mut sets: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut codes = String::new();
    table += "| set | worn | falls | found | sensitivity | confirmed | activities | quiet | specificity | \
              false/h | older: activities | older: false | older: h | median delay s |\n";
    table += "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for (set, worn, places, prefix) in LINES {
        let these: Vec<&Judged<'_>> = judged
            .iter()
            .filter(|one| one.recording.set == set && places.contains(&one.recording.place))
            .collect();
        if these.is_empty() {
            continue;
        }
        let all = Sum::of(these.iter().copied());
        let old = Sum::of(these.iter().copied().filter(|one| one.recording.old));
        line(&mut table, (set, worn), &all, &old);
        numbers(sets.entry(set).or_default(), prefix, &all, &old);
        confusion(&mut codes, (set, worn), &these);
    }
    let _ = writeln!(table, "\nConfusion by activity (older people apart):\n\n{codes}");
    let _ = writeln!(
        table,
        "{ns_per_sample:.0} ns a sample on this machine; {STATE_BYTES} bytes of state a detector"
    );
    let mut all = Map::new();
    all.insert(
        "sets".into(),
        sets.into_iter()
            .map(|(name, mut set)| {
                set.insert("name".into(), name.into());
                Value::Object(set)
            })
            .collect(),
    );
    all.insert(
        "fall_detector".into(),
        json!({ "ns_per_sample": ns_per_sample, "state_bytes": STATE_BYTES }),
    );
    Section { table, numbers: all }
}

fn protocol(plan: Plan) -> String {
    let who = match plan.folds {
        1 => "the forest that ships, over everybody below the path".to_owned(),
        folds => format!(
            "{folds} parts of people dealt by seed {}; each judged by a forest of the others",
            plan.seed
        ),
    };
    format!(
        "Worn falls: {who}. A trial is alarmed if the detector says Suspected while the trial runs; \
         nothing is fed after its end. Every trial counts; sensors of one trial are trials of their own.\n\n"
    )
}

fn line(table: &mut String, (set, worn): (&str, &str), all: &Sum, old: &Sum) {
    let _ = writeln!(
        table,
        "| {set} | {worn} | {} | {} | {:.4} | {} | {} | {} | {:.4} | {:.2} | {} | {} | {:.2} | {:.2} |",
        all.falls,
        all.found,
        all.sensitivity(),
        all.confirmed,
        all.activities,
        all.quiet,
        all.specificity(),
        all.alarms_per_hour(),
        old.activities,
        old.alarms,
        old.hours,
        all.delay_s(),
    );
}

fn numbers(set: &mut Map<String, Value>, prefix: &str, all: &Sum, old: &Sum) {
    let mut put = |key: &str, value: Value| {
        set.insert(format!("{prefix}{key}"), value);
    };
    put("falls", all.falls.into());
    put("activities", all.activities.into());
    put("sensitivity", all.sensitivity().into());
    put("specificity", all.specificity().into());
    put("confirmed", all.confirmed.into());
    put("false_alarms", all.alarms.into());
    put("activity_hours", all.hours.into());
    put("false_alarms_per_hour", all.alarms_per_hour().into());
    put("delay_s_median", all.delay_s().into());
    put("delay_s_max", all.delays_s.last().copied().unwrap_or(0.0).into());
    put("older_falls", old.falls.into());
    put("older_activities", old.activities.into());
    put("older_sensitivity", old.sensitivity().into());
    put("older_specificity", old.specificity().into());
    put("older_false_alarms", old.alarms.into());
    put("older_activity_hours", old.hours.into());
}

/// One line a set and place: of each activity the trials that were alarmed.
fn confusion(text: &mut String, (set, worn): (&str, &str), these: &[&Judged<'_>]) {
    let mut codes: BTreeMap<(&str, bool), (u32, u32)> = BTreeMap::new();
    for Judged { recording, outcome } in these {
        let code = codes.entry((&recording.code, recording.old)).or_default();
        code.0 += u32::from(outcome.alarms > 0);
        code.1 += 1;
    }
    let _ = write!(text, "{set} {worn}, alarmed of trials:");
    for ((code, old), (alarmed, trials)) in codes {
        let old = if old { " (older)" } else { "" };
        let _ = write!(text, " {code}{old} {alarmed}/{trials};");
    }
    text.push('\n');
}
