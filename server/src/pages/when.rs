//! Ages and spans as people read them, and the clock that a page shows: coarse units, none in small change.
//!
//! Not here: times of day (`zone`), durations on the live console, which its scripts count.

use maud::{Markup, html};

use crate::words::Words;
use centre::lang::Lang;
use centre::zone::Wall;

/// The clock of a page; its script counts on from the server's time, in the zone of the homes.
pub fn face(wall: Wall<'_>) -> Markup {
    html! {
        span class="clock" id="clock" data-now-ms=(wall.now_ms) data-zone=(wall.zone.name())
            data-offset-s=(wall.offset_s()) {
            (wall.clock(wall.now_ms))
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
    use centre::zone::Zone;

    #[test]
    fn the_clock_of_a_page_says_its_zone_and_how_far_that_is_from_utc() {
        let zone = Zone::named("America/New_York");
        let wall = Wall { now_ms: 1_795_998_369_204, zone: &zone };
        let face = face(wall).into_string();
        assert!(face.contains("data-zone=\"America/New_York\""), "{face}");
        assert!(face.contains("data-offset-s=\"-18000\""), "{face}");
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
