//! Times and ages as people read them: 24 h clock, dates without a year in tables, coarse ages.
//!
//! The zone is the machine's: a watch room and its homes share one. Not here: durations on the live
//! console, which its scripts count.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::words::Lang;

fn at(wall_ms: i64, shape: &str) -> String {
    Timestamp::from_millisecond(wall_ms)
        .map(|at| at.to_zoned(TimeZone::system()).strftime(shape).to_string())
        .unwrap_or_default()
}

/// `14:46:09`
pub fn clock(wall_ms: i64) -> String {
    at(wall_ms, "%H:%M:%S")
}

/// `14:46:01.204`
pub fn log(wall_ms: i64) -> String {
    at(wall_ms, "%H:%M:%S%.3f")
}

/// `14:46`
pub fn minute(wall_ms: i64) -> String {
    at(wall_ms, "%H:%M")
}

/// `11-22`
pub fn day(wall_ms: i64) -> String {
    at(wall_ms, "%m-%d")
}

/// `11-22 14:46`
pub fn table(wall_ms: i64) -> String {
    at(wall_ms, "%m-%d %H:%M")
}

/// `2026`
pub fn year(wall_ms: i64) -> i64 {
    at(wall_ms, "%Y").parse().unwrap_or(0)
}

/// Minutes after midnight in the machine's zone.
pub fn minute_of_day(wall_ms: i64) -> i64 {
    at(wall_ms, "%H").parse::<i64>().unwrap_or(0) * 60 + at(wall_ms, "%M").parse().unwrap_or(0)
}

/// `3 分`: one coarse unit.
pub fn span(ms: i64, lang: Lang) -> String {
    let s = ms.max(0) / 1000;
    let (key, n) = match s {
        0..60 => ("age.seconds", s),
        60..3600 => ("age.minutes", s / 60),
        3600..172_800 => ("age.hours", s / 3600),
        _ => ("age.days", s / 86_400),
    };
    lang.fill(key, &[("n", &n.to_string())])
}

/// `03:38`, with hours only where there are some: a waiting time, as the console's timers write it.
pub fn stopwatch(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (s / 3600, s / 60 % 60, s % 60);
    if hours > 0 {
        return format!("{hours}:{minutes:02}:{seconds:02}");
    }
    format!("{minutes:02}:{seconds:02}")
}

/// `23 小时 56 分`: minutes and what is above them, for a stretch that ends at stated minutes.
pub fn stretch(ms: i64, lang: Lang) -> String {
    let minutes = ms.max(0) / 60_000;
    let part = |key: &str, n: i64| lang.fill(key, &[("n", &n.to_string())]);
    match (minutes / 60, minutes % 60) {
        (0, m) => part("age.minutes", m),
        (h, 0) => part("age.hours", h),
        (h, m) => format!("{} {}", part("age.hours", h), part("age.minutes", m)),
    }
}

/// `3 分前`
pub fn ago(ms: i64, lang: Lang) -> String {
    lang.fill("age.ago", &[("age", &span(ms, lang))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_not_counted_in_small_units() {
        assert_eq!(stopwatch(218_000), "03:38");
        assert_eq!(stopwatch(3_723_000), "1:02:03");
        assert_eq!(stretch(105 * 60_000, Lang::Zh), "1 小时 45 分");
        assert_eq!(stretch(24 * 3_600_000, Lang::En), "24 h");
        assert_eq!(stretch(29 * 60_000, Lang::En), "29 min");
    }

    #[test]
    fn an_age_has_one_unit() {
        for (ms, zh, en) in [
            (9_000, "9 秒前", "9 s ago"),
            (61_000, "1 分前", "1 min ago"),
            (7_200_000, "2 小时前", "2 h ago"),
            (400_000_000, "4 天前", "4 d ago"),
        ] {
            assert_eq!(ago(ms, Lang::Zh), zh);
            assert_eq!(ago(ms, Lang::En), en);
        }
    }
}
