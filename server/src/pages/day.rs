//! A home's readings as charts: a day, a week or a month on its page, the last half hour on a card.
//!
//! All lanes share one clock, each sensor has a lane of its own; what is missing is hatched, and listed below with
//! its reason. The same is there as a table for who does not see the chart. Not here: how marks are drawn
//! (`chart`), where readings come from (`desk::protection`).

pub mod lanes;
pub mod missing;
pub mod span;
pub mod table;

use care::policy::Rules;
use maud::{Markup, html};

use self::lanes::lanes;
pub use self::span::Span;
use crate::desk::protection::Day;
use crate::desk::view::{kind_of, kind_word};
use crate::pages::chart::{self, Lane, Press, mark};
use crate::pages::when::{self, Wall};
use crate::records::desk::DeskRow;
use crate::words::Lang;

/// Width of the chart: what a desk of 1366 px leaves beside a scroll bar.
const WIDE: f64 = 1222.0;
/// Room for names and scales at the left.
const LEFT: f64 = 124.0;
/// Longest line of a name.
const NAME: f64 = 84.0;
/// Right edge of the time axis; present values stand beyond.
const RIGHT: f64 = WIDE - 146.0;
/// Longest line of what stands beyond it.
const AGE: f64 = 134.0;
/// Height of a line of text.
const LINE: f64 = 18.0;
/// Where lanes begin on a card.
const MINI_LEFT: f64 = 80.0;
/// Most lanes of a card.
const MINI_LANES: usize = 6;

/// What a chart needs beside its readings.
#[derive(Clone, Copy)]
pub struct Glass<'a> {
    /// In which language.
    pub lang: Lang,
    /// Now.
    pub wall: Wall<'a>,
    /// What was measured.
    pub day: &'a Day,
    /// How this home is judged.
    pub rules: &'a Rules,
}

impl Glass<'_> {
    fn frame(&self, left: f64, right: f64) -> chart::Frame {
        chart::Frame { from_ms: self.day.from_ms, to_ms: self.day.to_ms, left, right }
    }
}

/// The sheet: chart, what is missing, and the same as a table. `id`: the home's, for its other spans.
pub fn sheet(glass: Glass<'_>, span: Span, id: &str, events: &[DeskRow]) -> Markup {
    let lang = glass.lang;
    let t = |key: &'static str| lang.t(key);
    let lanes = lanes(glass);
    let presses: Vec<&DeskRow> = events
        .iter()
        .filter(|row| row.severity == 3 && row.raised_wall >= glass.day.from_ms)
        .collect();
    html! {
        section class="sheet" aria-labelledby="h24" id="readings" {
            header {
                h2 id="h24" { (t(span.title())) }
                (spans(lang, span, id))
                div class="legend" {
                    span { svg class="chart" width="28" height="12" aria-hidden="true" { path class="dots" d="M0 6H28" {} } (t("home.legend_dots")) }
                    span { svg class="chart" width="28" height="14" aria-hidden="true" { rect class="gap" x=".5" y=".5" width="27" height="13" {} } (t("home.legend_gap")) }
                    @if lanes.iter().any(|lane| lane.scale.limits != (None, None)) {
                        span { svg class="chart" width="28" height="12" aria-hidden="true" { path class="limit" d="M0 3H28" {} path class="over" d="M0 9H28" {} } (t("home.legend_limit")) }
                    }
                }
            }
            @if glass.day.missing { p role="status" { (t("home.series_missing")) } }
            div class="scroll" tabindex="0" role="region" aria-labelledby="h24" { (whole(glass, span, &lanes, &presses)) }
            (missing::list(glass, &lanes))
            (table::hidden(glass, span, &lanes, &presses))
        }
    }
}

fn spans(lang: Lang, shown: Span, id: &str) -> Markup {
    html! {
        nav class="spans" aria-label=(lang.t("home.spans")) {
            @for span in Span::ALL {
                @let here = span == shown;
                a href={ "/homes/" (id) "?span=" (span.word()) "#readings" } aria-current=[here.then_some("true")] {
                    (lang.t(span.short()))
                }
            }
            a href={ "/homes/" (id) "/readings.csv?span=" (shown.word()) } download { (lang.t("home.csv")) }
        }
    }
}

/// Height of a lane with its name and its values.
fn tall(lane: &Lane) -> f64 {
    let names = lines(lane.label.len() + lane.under.len());
    lanes::height(lane.shape).max(names).max(4.0 + lines(1 + lane.age.len()))
}

/// Height of so many lines of text.
fn lines(many: usize) -> f64 {
    LINE * f64::from(u8::try_from(many).unwrap_or(u8::MAX))
}

/// Where the first of so many lines stands: they are level with the middle of their lane, or end at its floor.
fn first_line(lane: &Lane, floor: f64, many: usize) -> f64 {
    let middle = floor - lanes::height(lane.shape) / 2.0;
    let centred = middle - lines(many) / 2.0;
    centred.min(floor - lines(many)) + 13.0
}

fn whole(glass: Glass<'_>, span: Span, lanes: &[Lane], presses: &[&DeskRow]) -> Markup {
    let (lang, frame) = (glass.lang, glass.frame(LEFT, RIGHT));
    let mut floor = 4.0;
    let mut placed = Vec::new();
    for lane in lanes {
        floor += tall(lane) + 18.0;
        placed.push((lane, floor));
    }
    let bottom = floor + 44.0;
    let marks: Vec<Press> = presses
        .iter()
        .map(|row| Press { at_ms: row.raised_wall, text: press_text(glass, span, row) })
        .collect();
    let high = bottom + 34.0;
    html! {
        svg class="chart names" width=(LEFT) height=(high) aria-hidden="true" { (names(lang, frame, &placed, bottom)) }
        svg class="chart" width=(WIDE) height=(high) viewBox=(format!("0 0 {WIDE} {high}")) role="img" aria-labelledby="c24" {
            title id="c24" { (lang.t(span.title())) (lang.t("home.as_table")) }
            (chart::axis(frame, glass.wall, 4.0, bottom))
            (names(lang, frame, &placed, bottom))
            @for (lane, floor) in &placed {
                (chart::lane(frame, lane, *floor, lanes::height(lane.shape), &|gap| missing::reason(lang, gap)))
                (value(lane, *floor))
            }
            (chart::presses(frame, &marks, bottom))
            text class="dim" x=(RIGHT + 12.0) y=(bottom - 10.0) {
                @match marks.last() { Some(_) => { (lang.fill("home.times", &[("n", &marks.len().to_string())])) } None => { (lang.t("home.none")) } }
            }
        }
    }
}

/// The lanes' names and scales. They are drawn once more at the left edge, where they stay when the chart is wider
/// than the glass.
fn names(lang: Lang, frame: chart::Frame, placed: &[(&Lane, f64)], bottom: f64) -> Markup {
    html! {
        @for (lane, floor) in placed {
            @let top = first_line(lane, *floor, lane.label.len() + lane.under.len());
            @for (n, line) in (0_u8..).zip(lane.label.iter().chain(&lane.under)) {
                @let strong = usize::from(n) < lane.label.len();
                text class=(if strong { "strong" } else { "dim" }) x="0" y=(top + LINE * f64::from(n)) { (line) }
            }
            @if lanes::has_scale(lane.shape) { (mark::scale(frame, &lane.scale, *floor, lanes::height(lane.shape))) }
        }
        text class="strong" x="0" y=(bottom - 10.0) { (lang.t("home.press")) }
    }
}

/// What holds now, and under it how old that is.
fn value(lane: &Lane, floor: f64) -> Markup {
    let (x, top) = (RIGHT + 12.0, first_line(lane, floor, 1 + lane.age.len()) + 1.0);
    let wide = chart::label::width(&lane.now) * 16.0 / 14.0 + 14.0;
    html! {
        @if lane.unknown { rect class="gap" x=(x - 6.5) y=(top - 17.5) width=(wide) height="23" rx="3" {} }
        text class="now why" x=(x) y=(top) { (lane.now) }
        @for (n, line) in (1_u8..).zip(&lane.age) {
            text class="dim" x=(x) y=(top + 1.0 + LINE * f64::from(n)) data-age-s=[lane.age_ms.map(|ms| ms / 1000)] { (line) }
        }
    }
}

fn press_text(glass: Glass<'_>, span: Span, row: &DeskRow) -> String {
    let lang = glass.lang;
    let key = format!("kind.{}", kind_word(kind_of(row.kind)));
    let kind = lang.t(&key);
    let end = if row.state == 3 { lang.t("home.ended") } else { lang.t("home.open_now") };
    let at = match span {
        Span::Day => glass.wall.minute(row.raised_wall),
        Span::Week | Span::Month => glass.wall.table(row.raised_wall),
    };
    format!("{at} {kind}{}{end}", lang.t("js.gap"))
}

/// The last half hour as a small chart for the card, with the moment of the press.
pub fn half_hour(glass: Glass<'_>, raised_ms: i64) -> Markup {
    let (lang, day) = (glass.lang, glass.day);
    let frame = glass.frame(MINI_LEFT, 286.0);
    let all = lanes::for_a_card(glass);
    let lanes = &all[..all.len().min(MINI_LANES)];
    let newest = all.iter().filter_map(|lane| lane.samples.last()).map(|s| s.to_ms).max();
    let mut floor = -7.0;
    let mut placed = Vec::new();
    for lane in lanes {
        floor += 11.0 + LINE * f64::from(u8::try_from(lane.label.len()).unwrap_or(u8::MAX));
        placed.push((lane, floor));
    }
    let bottom = floor + 22.0;
    html! {
        section class="grow" {
            h2 class="label" {
                span { (lang.t("card.seen")) }
                span { @if let Some(at) = newest { (lang.t("card.updated")) " " (when::ageing(day.to_ms - at, lang)) } }
            }
            @if newest.is_none() { p class="quiet" { (lang.t("card.no_readings")) } } @else {
                svg class="chart" width="286" height=(bottom + 24.0) viewBox=(format!("0 0 286 {}", bottom + 24.0)) role="img" aria-label=(lang.t("card.seen")) {
                    (chart::axis(frame, glass.wall, 0.0, bottom))
                    @for (lane, floor) in &placed {
                        @for (n, line) in (0_u8..).zip(lane.label.iter().rev()) {
                            text class="dim" x="0" y=(floor - 5.0 - LINE * f64::from(n)) { (line) }
                        }
                        (chart::lane(frame, lane, *floor, 16.0, &|gap| missing::reason(lang, gap)))
                    }
                    (chart::presses(frame, &[Press { at_ms: raised_ms, text: String::new() }], bottom))
                }
                @if all.len() > lanes.len() {
                    p class="quiet" { (lang.fill("card.more_sensors", &[("n", &(all.len() - lanes.len()).to_string())])) }
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proto::id::DeviceId;
    use proto::unit::NoData;
    use proto::up::{Quantity, Role};

    use super::*;
    use crate::desk::protection::{Readings, Watched};
    use crate::pages::when::Zone;
    use crate::records::device::DeviceRow;
    use crate::series::Sampled;

    /// Where the day of these homes begins: 2026-11-29 10:00 UTC.
    const START: i64 = 1_795_946_400_000;

    /// The moment at which minute `m` of the day begins.
    pub(crate) fn minute(m: i64) -> i64 {
        START + m * 60_000
    }

    /// A home with a day of readings, to be drawn without a server.
    pub(crate) struct Home {
        zone: Zone,
        day: Day,
        pub(crate) rules: Rules,
    }

    impl Home {
        pub(crate) fn new() -> Self {
            let (from_ms, to_ms) = (START, minute(1440));
            let (readings, devices, heard) = (Vec::new(), Vec::new(), Vec::new());
            let day = Day { from_ms, to_ms, readings, devices, heard, missing: false };
            Self { zone: Zone::named("Asia/Shanghai"), day, rules: Rules::default() }
        }

        pub(crate) fn wall(&self) -> Wall<'_> {
            Wall { now_ms: self.day.to_ms, zone: &self.zone }
        }

        pub(crate) fn glass(&self, lang: Lang) -> Glass<'_> {
            Glass { lang, wall: self.wall(), day: &self.day, rules: &self.rules }
        }

        pub(crate) fn lanes(&self, lang: Lang) -> Vec<Lane> {
            lanes(self.glass(lang))
        }

        /// A reading of the minute `m`, which ends with it.
        fn put(&mut self, quantity: Quantity, device: u64, m: i64, value: Result<f32, NoData>) {
            let id = DeviceId::new(device).unwrap();
            let sample = Sampled::single(id, minute(m + 1), value);
            let all = &mut self.day.readings;
            match all.iter_mut().find(|r| (r.quantity, r.device) == (quantity, device)) {
                Some(readings) => readings.samples.push(sample),
                None => all.push(Readings { quantity, device, samples: vec![sample] }),
            }
        }

        pub(crate) fn told(&mut self, m: i64, breaths: f32) {
            self.put(Quantity::Breath, 8, m, Ok(breaths));
        }

        pub(crate) fn beats(&mut self, m: i64, beats: f32) {
            self.put(Quantity::Heart, 8, m, Ok(beats));
        }

        pub(crate) fn failed(&mut self, m: i64) {
            self.put(Quantity::Breath, 8, m, Err(NoData::Fault));
        }

        fn named(&mut self, device: i64, role: Role, label: &str) {
            let row = DeviceRow {
                id: device,
                role: role as i16,
                label: label.to_owned(),
                home: Some(5),
                gateway: None,
                epoch: 0,
                wrapped: Vec::new(),
                revoked: false,
            };
            let (heard_ms, battery, signal) = (None, None, None);
            self.day.devices.push(Watched { row, heard_ms, battery, signal });
        }

        fn page(&self, lang: Lang) -> String {
            sheet(self.glass(lang), Span::Day, "H", &[]).into_string()
        }
    }

    /// The numbers after `letter` in all paths of a class.
    fn paths<'a>(page: &'a str, class: &str) -> Vec<&'a str> {
        let start = format!("class=\"{class}\" d=\"");
        page.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn an_empty_bed_is_one_dotted_line_and_not_a_solid_one() {
        let mut home = Home::new();
        for m in 0..1440 {
            home.put(Quantity::Breath, 8, m, Err(NoData::NotPresent));
        }
        let page = home.page(Lang::Zh);
        // One in the legend, one in the lane.
        assert_eq!(paths(&page, "dots").len(), 2, "a run of minutes is one line");
        assert!(paths(&page, "line").iter().all(|d| d.is_empty()), "nothing was measured");
    }

    #[test]
    fn a_minute_is_as_wide_as_a_minute() {
        let mut home = Home::new();
        for m in 0..1440 {
            home.put(Quantity::Motion, 9, m, Ok(f32::from(u8::from(m == 700)) * 7.0));
        }
        let page = home.page(Lang::Zh);
        let bars = paths(&page, "bar");
        let (from, rest) = bars[0].trim_start_matches('M').split_once(' ').unwrap();
        let to = rest.split('H').nth(1).unwrap().split('V').next().unwrap();
        let wide = to.parse::<f64>().unwrap() - from.parse::<f64>().unwrap();
        let minute = (RIGHT - LEFT) / 1440.0;
        assert!((wide - minute).abs() < 0.02, "{wide} px, want {minute}");
        assert!(page.contains("1 分内 0 次"), "a count says in which time");
    }

    #[test]
    fn two_sensors_are_two_lines_with_their_names() {
        let mut home = Home::new();
        home.named(8, Role::BedMat, "王秀英的床");
        home.named(9, Role::BedMat, "李建国的床");
        for m in 0..1440 {
            home.put(Quantity::Breath, 8, m, Ok(12.0));
            home.put(Quantity::Breath, 9, m, Ok(20.0));
        }
        let page = home.page(Lang::Zh);
        let lines = paths(&page, "line");
        assert_eq!(lines.len(), 2);
        // Each stays at its own height: one pen, one level.
        for line in lines {
            assert_eq!(line.matches('M').count(), 1, "{line}");
            let levels: std::collections::BTreeSet<&str> =
                line.split('V').skip(1).filter_map(|p| p.split('H').next()).collect();
            assert!(levels.len() <= 1, "{levels:?}");
        }
        for name in ["王秀英的床", "李建国的床"] {
            assert!(page.contains(name), "{name}");
        }
    }

    #[test]
    fn nothing_is_drawn_between_two_readings_that_do_not_touch() {
        let mut home = Home::new();
        home.told(10, 12.0);
        home.told(12, 24.0);
        let page = home.page(Lang::Zh);
        let line = paths(&page, "line")[0];
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert!(!line.contains('L') && !line.contains('V'), "no slope: {line}");
    }

    #[test]
    fn thirty_six_breaths_stand_on_a_scale_above_the_limit_and_are_thick() {
        let mut home = Home::new();
        home.rules.breath_high = Some(30);
        for m in 0..1440 {
            home.told(m, if m == 600 { 36.0 } else { 15.0 });
        }
        let page = home.page(Lang::Zh);
        assert!(page.contains(">36</text>") && page.contains(">6</text>"), "the scale's ends");
        assert!(page.contains(">30</text>"), "the person's limit");
        assert_eq!(
            paths(&page, "over").iter().filter(|d| d.starts_with('M')).count(),
            2,
            "legend, lane"
        );
    }

    #[test]
    fn no_time_label_is_covered_by_the_names() {
        let home = Home::new();
        for minutes in 0..120 {
            let mut home =
                Home { day: home.day.clone(), rules: home.rules, zone: home.zone.clone() };
            home.day.from_ms += minutes * 60_000;
            home.day.to_ms += minutes * 60_000;
            let frame = home.glass(Lang::Zh).frame(LEFT, RIGHT);
            let page = chart::axis(frame, home.wall(), 0.0, 100.0).into_string();
            for label in page.split("class=\"dim\" x=\"").skip(1) {
                let x: f64 = label.split('"').next().unwrap().parse().unwrap();
                let begins = if label.contains("anchor=\"start\"") { x } else { x - 20.0 };
                assert!(begins >= LEFT, "{minutes}: a label begins at {begins}");
            }
        }
    }

    #[test]
    fn the_chart_fits_a_desk_of_1366_px_beside_a_scroll_bar() {
        // Paddings of page and sheet, and the widest scroll bar.
        const { assert!(WIDE <= 1366.0 - 17.0 - 2.0 * 28.0 - 2.0 * 28.0) };
        for key in ["home.not_in_bed", "home.in_bed", "home.calm", "home.unknown"] {
            for lang in [Lang::Zh, Lang::En] {
                let wide = chart::label::width(lang.t(key)) * 16.0 / 14.0;
                assert!(RIGHT + 12.0 + wide <= WIDE, "{key}: {wide}");
            }
        }
    }
}
