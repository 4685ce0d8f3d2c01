//! The time zone of the homes, and times of day as they are told in it.
//!
//! Every time of day is told in one zone, the configured one of the homes, whatever zone the machine or the reader's
//! computer is in; whoever tells one asks [`Wall`] and nobody else. Not here: reading a clock (`clock`), ages and what a
//! page draws of them (`pages::when`).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

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

    /// Minutes after midnight there.
    pub fn minute_of_day(&self, wall_ms: i64) -> u16 {
        let at = Timestamp::from_millisecond(wall_ms).unwrap_or_default();
        let at = at.to_zoned(self.0.clone());
        u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
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

    /// How far the zone is from UTC now, seconds.
    pub fn offset_s(self) -> i32 {
        self.zoned(self.now_ms).map_or(0, |at| at.offset().seconds())
    }
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
            assert_eq!(u16::try_from(minute).ok(), Some(zone.minute_of_day(ms)), "{name}");
            assert_eq!((zone.name(), wall.offset_s()), (name, offset));
        }
    }
}
