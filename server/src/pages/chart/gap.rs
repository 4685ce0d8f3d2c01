//! What is missing from a lane: exactly where, and why.
//!
//! A gap begins where the last thing that was told ends and ends where the next begins. That nobody is in bed is
//! no gap. Not here: how gaps are drawn (`chart`) or listed (`day::missing`).

use proto::unit::NoData;

use super::{MINUTE_MS, Sample};

/// A sensor that speaks each minute is missed after two that it left out: as long as its silence is no fault yet,
/// ms. Source: two periods of a summary and some.
pub const SILENT_MS: i64 = 3 * MINUTE_MS;

/// A stretch without readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// From.
    pub from_ms: i64,
    /// Until.
    pub to_ms: i64,
    /// What its readings say of why there is no value, in the order in which they said it. Nothing: nothing was told.
    pub reasons: Vec<NoData>,
    /// Whether part of it was not told at all.
    pub silent: bool,
}

/// Whether a sample says something of the person or the room, if only that nobody is there.
pub const fn tells(value: Result<f32, NoData>) -> bool {
    matches!(value, Ok(_) | Err(NoData::NotPresent))
}

/// The stretches of `from..to` in which nothing was told for longer than `limit` allows. `alive`: moments at which
/// the sensor said at least that it lives, in order, for one that speaks only of what happens.
pub fn gaps(samples: &[Sample], alive: &[i64], from_ms: i64, to_ms: i64, limit: i64) -> Vec<Gap> {
    let told = samples.iter().filter(|s| tells(s.value)).map(|s| (s.from_ms, s.to_ms));
    let mut told: Vec<(i64, i64)> = told.chain(alive.iter().map(|at| (*at, *at))).collect();
    told.sort_unstable();
    let (mut out, mut last) = (Vec::new(), from_ms);
    for (from, to) in told {
        // Between two readings of a minute each, a limit of three leaves out two.
        if from - last > limit - MINUTE_MS {
            out.push(gap(samples, last, from));
        }
        last = last.max(to);
    }
    if to_ms - last > limit {
        out.push(gap(samples, last, to_ms));
    }
    out
}

fn gap(samples: &[Sample], from_ms: i64, to_ms: i64) -> Gap {
    let inside = samples.iter().filter(|s| s.from_ms < to_ms && s.to_ms > from_ms);
    let (mut reasons, mut last, mut silent) = (Vec::new(), from_ms, false);
    for sample in inside {
        if let Err(reason) = sample.value
            && reason != NoData::NotPresent
            && !reasons.contains(&reason)
        {
            reasons.push(reason);
        }
        silent |= sample.from_ms - last > SILENT_MS;
        last = last.max(sample.to_ms);
    }
    silent |= to_ms - last > SILENT_MS || reasons.is_empty();
    Gap { from_ms, to_ms, reasons, silent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64, value: Result<f32, NoData>) -> Sample {
        let (from_ms, to_ms) = ((minute - 1) * MINUTE_MS, minute * MINUTE_MS);
        Sample { from_ms, to_ms, value, low: 0.0, high: 0.0, count: 1 }
    }

    fn found(samples: &[Sample], to: i64) -> Vec<(i64, i64)> {
        let gaps = gaps(samples, &[], 0, to * MINUTE_MS, SILENT_MS);
        gaps.iter().map(|g| (g.from_ms / MINUTE_MS, g.to_ms / MINUTE_MS)).collect()
    }

    #[test]
    fn a_gap_covers_exactly_the_missing_time() {
        let samples =
            [at(1, Ok(1.0)), at(2, Ok(1.0)), at(3, Err(NoData::Timeout)), at(30, Ok(1.0))];
        assert_eq!(found(&samples, 32), [(2, 29)]);
        let absent = [at(1, Ok(1.0)), at(2, Err(NoData::NotPresent)), at(4, Ok(1.0))];
        assert!(found(&absent, 5).is_empty(), "absence is not a gap");
        assert_eq!(found(&[], 9), [(0, 9)], "no word at all is one gap");
    }

    #[test]
    fn a_gap_has_all_its_reasons() {
        let samples = [
            at(1, Ok(1.0)),
            at(2, Err(NoData::Fault)),
            at(3, Err(NoData::Fault)),
            at(4, Err(NoData::Stale)),
            at(30, Ok(1.0)),
        ];
        let gaps = gaps(&samples, &[], 0, 30 * MINUTE_MS, SILENT_MS);
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].reasons, [NoData::Fault, NoData::Stale]);
        assert!(gaps[0].silent, "most of it was not told at all");
        let whole: Vec<Sample> = (1..=9).map(|m| at(m, Err(NoData::Off))).collect();
        assert!(!super::gaps(&whole, &[], 0, 9 * MINUTE_MS, SILENT_MS)[0].silent);
    }

    #[test]
    fn a_sensor_that_speaks_of_what_happens_is_missed_only_when_it_is_silent() {
        let moved = [at(5, Ok(3.0))];
        let (hour, limit) = (60 * MINUTE_MS, 122 * MINUTE_MS);
        let alive: Vec<i64> = (0..10).map(|n| n * hour).collect();
        assert!(gaps(&moved, &alive, 0, 9 * hour, limit).is_empty());
        let missed = gaps(&moved, &alive[..4], 0, 9 * hour, limit);
        assert_eq!((missed[0].from_ms, missed[0].to_ms), (3 * hour, 9 * hour));
    }
}
