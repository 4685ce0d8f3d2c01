//! Times and ages as people read them: 24 h clock, dates without a year in tables, coarse ages.
//!
//! Every time of day is told in one zone, the configured one of the homes, whatever zone the machine or
//! the reader's computer is in; a page asks [`Wall`] and nobody else. Ages and spans need no zone. Not
//! here: durations on the live console, which its scripts count.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use maud::{Markup, html};

use crate::words::Lang;

/// The time zone of the homes.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of an IANA name; UTC if this machine does not know it, which the configuration's check refuses.
    pub fn named(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// Its IANA name, for the clocks that scripts count on.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

/// Now, as it is told to people: the server's wall clock, read in the zone of the homes.
#[derive(Debug, Clone, Copy)]
pub struct Wall<'a> {
    /// Milliseconds since 1970.
    pub now_ms: i64,
    /// Where the homes are.
    pub zone: &'a Zone,
}

impl Wall<'_> {
    fn zoned(self, wall_ms: i64) -> Option<Zoned> {
        let at = Timestamp::from_millisecond(wall_ms).ok()?;
        Some(at.to_zoned(self.zone.0.clone()))
    }

    fn at(self, wall_ms: i64, shape: &str) -> String {
        self.zoned(wall_ms).map(|at| at.strftime(shape).to_string()).unwrap_or_default()
    }

    /// `14:46:09`
    pub fn clock(self, wall_ms: i64) -> String {
        self.at(wall_ms, "%H:%M:%S")
    }

    /// `14:46:01.204`
    pub fn log(self, wall_ms: i64) -> String {
        self.at(wall_ms, "%H:%M:%S%.3f")
    }

    /// `14:46`
    pub fn minute(self, wall_ms: i64) -> String {
        self.at(wall_ms, "%H:%M")
    }

    /// `11-22`
    pub fn day(self, wall_ms: i64) -> String {
        self.at(wall_ms, "%m-%d")
    }

    /// `11-22 14:46`
    pub fn table(self, wall_ms: i64) -> String {
        self.at(wall_ms, "%m-%d %H:%M")
    }

    /// `2026-11-22 14:46:09`: for a file that is read without its page.
    pub fn full(self, wall_ms: i64) -> String {
        self.at(wall_ms, "%Y-%m-%d %H:%M:%S")
    }

    /// `2026`
    pub fn year(self, wall_ms: i64) -> i64 {
        self.zoned(wall_ms).map_or(0, |at| i64::from(at.year()))
    }

    /// Minutes after midnight.
    pub fn minute_of_day(self, wall_ms: i64) -> i64 {
        self.zoned(wall_ms).map_or(0, |at| i64::from(at.hour()) * 60 + i64::from(at.minute()))
    }

    /// The day of a time.
    pub fn date(self, wall_ms: i64) -> Date {
        self.zoned(wall_ms).map(|at| at.date()).unwrap_or_default()
    }

    /// When a day begins.
    pub fn midnight(self, day: Date) -> i64 {
        day.to_zoned(self.zone.0.clone()).map_or(0, |at| at.timestamp().as_millisecond())
    }

    /// How long ago it was.
    pub fn ago(self, wall_ms: i64, lang: Lang) -> String {
        ago(self.now_ms - wall_ms, lang)
    }

    /// The clock of a page; its script counts on from the server's time, in this zone.
    pub fn face(self) -> Markup {
        html! {
            span class="clock" id="clock" data-now-ms=(self.now_ms) data-zone=(self.zone.name())
                data-offset-s=(self.zoned(self.now_ms).map_or(0, |at| at.offset().seconds())) {
                (self.clock(self.now_ms))
            }
        }
    }
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

/// The same, which the page's script counts on: an age on a page that stays open does not stand still.
pub fn ageing(ms: i64, lang: Lang) -> Markup {
    html! { span data-age-s=(ms.max(0) / 1000) { (ago(ms, lang)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_homes_and_not_of_the_machine() {
        let ms = 1_795_998_369_204; // 2026-11-30 00:26:09.204 UTC
        for (name, clock, day, minute, offset) in [
            ("Asia/Shanghai", "08:26:09", "11-30", 506, 28_800),
            ("America/New_York", "19:26:09", "11-29", 1166, -18_000),
            ("UTC", "00:26:09", "11-30", 26, 0),
        ] {
            let zone = Zone::named(name);
            let wall = Wall { now_ms: ms, zone: &zone };
            assert_eq!(wall.clock(ms), clock, "{name}");
            assert_eq!(wall.day(ms), day, "{name}");
            assert_eq!(wall.minute_of_day(ms), minute, "{name}");
            let face = wall.face().into_string();
            assert!(face.contains(&format!("data-zone=\"{name}\"")), "{face}");
            assert!(face.contains(&format!("data-offset-s=\"{offset}\"")), "{face}");
        }
    }

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
