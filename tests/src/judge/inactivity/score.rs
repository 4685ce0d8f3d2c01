//! What is counted: false alarms of real days, and hours until a home without life is noticed.
//!
//! Not here: how a home is played (`replay`).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::judge::inactivity::homes::{DAY_S, Homes, Place, Recording};
use crate::judge::inactivity::replay::Run;

/// A door this many seconds before a silence is how somebody left.
const LEFT_S: u64 = 120;
/// A silence shorter than this is no absence, in seconds.
const AWAY_S: u64 = 30 * 60;

/// One home as judged.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Age group and sex.
    pub age: String,
    /// As the set has it.
    pub sex: String,
    /// Days recorded, without outages of the whole set.
    pub days: f64,
    /// Alarms on real days.
    pub alarms: usize,
    /// The same if the devices had gone on saying that they live in the outages of the set.
    pub strict: usize,
    /// Hours to each cut's alarm, and whether somebody was at home.
    pub cuts: Vec<(f64, bool)>,
    /// Nanoseconds a step, and bytes of state.
    pub ns: f64,
    /// Bytes.
    pub bytes: usize,
}

impl Scored {
    /// Scores a run; `strict` is the run in which outages count as watched.
    #[expect(clippy::cast_precision_loss, reason = "seconds and steps of a run fit 52 bits")]
    pub fn of(set: &Homes, recording: &Recording, run: &Run, strict: &Run) -> Self {
        let (first, last) = recording.span();
        let lost =
            set.outages.iter().map(|(from, to)| (*to).min(last).saturating_sub((*from).max(first)));
        let watched = (last - first).saturating_sub(lost.sum());
        let cuts = run.cuts.iter().map(|cut| (hours(cut.delay), !is_away(recording, cut.at)));
        Self {
            age: recording.age.clone(),
            sex: recording.sex.clone(),
            days: watched as f64 / DAY_S as f64,
            alarms: run.alarms.len(),
            strict: strict.alarms.len(),
            cuts: cuts.collect(),
            ns: 1000.0 * run.took_us as f64 / run.steps.max(1) as f64,
            bytes: run.bytes,
        }
    }
}

/// Whether the silence around a second began with a door that leads out, or is longer than a day.
fn is_away(recording: &Recording, at: u64) -> bool {
    let after = recording.signs.partition_point(|sign| sign.0 <= at);
    let Some((last, _)) = after.checked_sub(1).and_then(|i| recording.signs.get(i)) else {
        return false;
    };
    let silence = recording.signs.get(after).map_or(0, |next| next.0 - last);
    let door = left_by_door(recording, after - 1);
    silence > DAY_S || (door && silence >= AWAY_S)
}

/// Whether a door that leads out went shortly before or with this sign.
pub fn left_by_door(recording: &Recording, sign: usize) -> bool {
    let Some((last, _)) = recording.signs.get(sign) else { return false };
    recording.signs[..=sign]
        .iter()
        .rev()
        .take_while(|sign| sign.0 + LEFT_S >= *last)
        .any(|sign| recording.sensors.get(sign.1) == Some(&Place::Door))
}

#[expect(clippy::cast_precision_loss, reason = "a day has few seconds")]
fn hours(seconds: u64) -> f64 {
    seconds as f64 / 3600.0
}

/// Means over several homes.
struct Sum {
    homes: usize,
    days: f64,
    alarms: usize,
    strict: usize,
    all: Vec<f64>,
    inside: Vec<f64>,
    ns: f64,
    bytes: usize,
}

impl Sum {
    fn of<'a>(homes: impl Iterator<Item = &'a Scored>) -> Self {
        let (all, inside) = (Vec::new(), Vec::new());
        let mut sum =
            Self { homes: 0, days: 0.0, alarms: 0, strict: 0, all, inside, ns: 0.0, bytes: 0 };
        for home in homes {
            sum.homes += 1;
            sum.days += home.days;
            sum.alarms += home.alarms;
            sum.strict += home.strict;
            sum.all.extend(home.cuts.iter().map(|cut| cut.0));
            sum.inside.extend(home.cuts.iter().filter(|cut| cut.1).map(|cut| cut.0));
            sum.ns = sum.ns.max(home.ns);
            sum.bytes = sum.bytes.max(home.bytes);
        }
        sum.all.sort_by(f64::total_cmp);
        sum.inside.sort_by(f64::total_cmp);
        sum
    }

    fn a_day(&self, alarms: usize) -> f64 {
        round(count(alarms) / self.days.max(1.0))
    }
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

fn round(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

fn mean(sorted: &[f64]) -> f64 {
    round(sorted.iter().sum::<f64>() / count(sorted.len()).max(1.0))
}

fn at(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    round(sorted.get(rank).copied().unwrap_or(0.0))
}

/// The heading of [`rows`].
pub const HEADING: &str = "setting  who                homes   days  alarms  a day  (+outages)  cuts  mean h  median  p90 h  at home: mean h  median  p90 h  ns/step  bytes\n";

/// A row for everybody, then one for each age group and sex.
pub fn rows(setting: &str, scored: &[Scored]) -> String {
    let mut table = String::new();
    row(&mut table, setting, "all", &Sum::of(scored.iter()));
    let mut ages: Vec<&str> = scored.iter().map(|home| home.age.as_str()).collect();
    let mut sexes: Vec<&str> = scored.iter().map(|home| home.sex.as_str()).collect();
    for groups in [&mut ages, &mut sexes] {
        groups.sort_unstable();
        groups.dedup();
    }
    for age in ages {
        let group = Sum::of(scored.iter().filter(|home| home.age == age));
        row(&mut table, setting, &format!("age {age}"), &group);
    }
    for sex in sexes {
        let group = Sum::of(scored.iter().filter(|home| home.sex == sex));
        row(&mut table, setting, sex, &group);
    }
    table
}

fn row(table: &mut String, setting: &str, who: &str, sum: &Sum) {
    let (all, inside) = (&sum.all, &sum.inside);
    // A String takes every write.
    let _ = writeln!(
        table,
        "{setting:<8} {who:<18} {:>5} {:>6.0} {:>7} {:>6.3} {:>11.3} {:>5} {:>7.2} {:>7.2} {:>6.2} {:>16.2} {:>7.2} {:>6.2} {:>8.0} {:>6}",
        sum.homes,
        sum.days,
        sum.alarms,
        sum.a_day(sum.alarms),
        sum.a_day(sum.strict),
        all.len(),
        mean(all),
        at(all, 50),
        at(all, 90),
        mean(inside),
        at(inside, 50),
        at(inside, 90),
        sum.ns,
        sum.bytes
    );
}

/// The same numbers for machines.
pub fn numbers(set: &str, setting: &str, scored: &[Scored]) -> Value {
    let sum = Sum::of(scored.iter());
    json!({
        "name": set,
        "setting": setting,
        "homes": sum.homes,
        "home_days": round(sum.days),
        "false_alarms": sum.alarms,
        "false_per_home_day": sum.a_day(sum.alarms),
        "false_per_home_day_with_outages": sum.a_day(sum.strict),
        "cuts": sum.all.len(),
        "mean_detection_h": mean(&sum.all),
        "median_detection_h": at(&sum.all, 50),
        "p90_detection_h": at(&sum.all, 90),
        "at_home_mean_detection_h": mean(&sum.inside),
        "ns_per_step": round(sum.ns),
        "state_bytes": sum.bytes,
    })
}
