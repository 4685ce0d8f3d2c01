//! The day's chart, drawn without a server: what was measured stands in it, and nothing else.

use proto::id::DeviceId;
use proto::unit::NoData;
use proto::up::{Quantity, Role};

use super::*;
use crate::words::Words;
use centre::desk::protection::{Readings, Watched};
use centre::zone::Zone;
use records::device::DeviceRow;
use series::Sampled;

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
        let fitted = Vec::new();
        let day = Day { from_ms, to_ms, readings, devices, fitted, heard, missing: false };
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
        self.lacks(m, NoData::Fault);
    }

    pub(crate) fn lacks(&mut self, m: i64, why: NoData) {
        self.put(Quantity::Breath, 8, m, Err(why));
    }

    fn named(&mut self, device: i64, role: Role, label: &str) {
        let row = DeviceRow {
            id: device,
            role,
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
        let mut home = Home { day: home.day.clone(), rules: home.rules, zone: home.zone.clone() };
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

#[test]
fn nothing_is_missing_from_before_a_sensor_was_fitted() {
    let mut home = Home::new();
    for m in 1_200..1_440 {
        home.told(m, 14.0);
    }
    let missing = |home: &Home| -> i64 {
        home.lanes(Lang::En).iter().flat_map(|lane| &lane.gaps).map(|g| g.to_ms - g.from_ms).sum()
    };
    assert_eq!(missing(&home), 1_200 * 60_000, "nobody knows since when it is there");
    home.day.fitted.push((8, minute(1_100)));
    assert_eq!(missing(&home), 100 * 60_000);
    home.day.fitted[0].1 = minute(1_300);
    assert_eq!(missing(&home), 0, "it has come back to a home that it was in before");
}
