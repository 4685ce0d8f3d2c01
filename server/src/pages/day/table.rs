//! The chart as a table, for who hears the page: a row for each hour, or longer where the chart is longer.
//!
//! It says what the chart shows: how long in bed, between which rates, how often, and how much is missing and why.
//! Not here: every single value, which the file for spreadsheets has (`routes::readings`).

use std::cmp::{max, min};

use maud::{Markup, html};
use proto::unit::NoData;

use super::{Glass, Span, lanes, missing, press_text};
use crate::pages::chart::{HALF, Lane, Sample, Shape};
use crate::pages::when;
use crate::words::Words;
use records::desk::DeskRow;

/// The table, unseen and read aloud.
pub fn hidden(glass: Glass<'_>, span: Span, lanes: &[Lane], presses: &[&DeskRow]) -> Markup {
    let lang = glass.lang;
    html! {
        div class="hidden" {
            table {
                caption { (lang.t(span.title())) }
                thead { tr {
                    th scope="col" { (lang.t("home.time")) }
                    @for lane in lanes { th scope="col" { (lane.name) } }
                    th scope="col" { (lang.t("home.press")) }
                } }
                tbody {
                    @for row in rows(glass, span) { (line(glass, span, row, lanes, presses)) }
                }
                tfoot { tr {
                    th scope="row" { (lang.t("home.now")) }
                    @for lane in lanes { td { (lane.now) (lang.t("js.gap")) (lane.age.join(" ")) } }
                    td {}
                } }
            }
        }
    }
}

/// From and until of each row.
fn rows(glass: Glass<'_>, span: Span) -> Vec<(i64, i64)> {
    let (from, to, step) = (glass.day.from_ms, glass.day.to_ms, span.row_ms());
    (0..(to - from).div_euclid(step)).map(|n| (from + n * step, from + (n + 1) * step)).collect()
}

fn line(
    glass: Glass<'_>,
    span: Span,
    (from, to): (i64, i64),
    lanes: &[Lane],
    presses: &[&DeskRow],
) -> Markup {
    let (lang, wall) = (glass.lang, glass.wall);
    let places = [("from", wall.table(from)), ("to", wall.table(to))];
    let places = places.each_ref().map(|(name, text)| (*name, text.as_str()));
    let mine = presses.iter().filter(|row| (from..to).contains(&row.raised_wall));
    let told: Vec<String> = mine.map(|row| press_text(glass, span, row)).collect();
    html! {
        tr {
            th scope="row" { (lang.fill("home.gap_line", &places)) }
            @for lane in lanes { td { (cell(glass, lane, from, to)) } }
            td { (told.join(lang.t("home.list_and"))) }
        }
    }
}

/// What one lane tells of one row, in words.
pub fn cell(glass: Glass<'_>, lane: &Lane, from: i64, to: i64) -> String {
    let lang = glass.lang;
    let inside: Vec<&Sample> =
        lane.samples.iter().filter(|s| s.from_ms < to && s.to_ms > from).collect();
    let mut words = Vec::new();
    let told = inside.iter().any(|s| s.value.is_ok());
    match lane.shape {
        _ if !told => {
            if inside.iter().any(|s| s.value == Err(NoData::NotPresent)) {
                words.push(lang.t("home.not_in_bed").to_owned());
            }
        }
        Shape::Band => words.push(in_bed(glass, &inside, from, to)),
        Shape::Line => words.push(rates(glass, lane, &inside)),
        Shape::Bars | Shape::Ticks => {
            let count: f32 =
                inside.iter().filter_map(|s| Some(lanes::total(s, s.value.ok()?))).sum();
            words.push(lang.fill("home.times", &[("n", &format!("{count:.0}"))]));
        }
    }
    for gap in lane.gaps.iter().filter(|gap| gap.from_ms < to && gap.to_ms > from) {
        let ms = min(gap.to_ms, to) - max(gap.from_ms, from);
        let (age, why) = (when::stretch(ms, lang), missing::reason(lang, gap));
        words.push(lang.fill("home.cell_gap", &[("age", &age), ("why", &why)]));
    }
    words.join(lang.t("home.list_and"))
}

fn in_bed(glass: Glass<'_>, inside: &[&Sample], from: i64, to: i64) -> String {
    let lang = glass.lang;
    let lain = inside.iter().filter(|s| s.value.is_ok_and(|v| v >= HALF));
    let ms: i64 = lain.map(|s| min(s.to_ms, to) - max(s.from_ms, from)).sum();
    match ms {
        0 => lang.t("home.not_in_bed").to_owned(),
        ms => lang.fill("home.cell_in_bed", &[("age", &when::stretch(ms, lang))]),
    }
}

fn rates(glass: Glass<'_>, lane: &Lane, inside: &[&Sample]) -> String {
    let read = || inside.iter().filter(|s| s.value.is_ok());
    let low = read().map(|s| s.low).fold(f32::MAX, f32::min);
    let high = read().map(|s| s.high).fold(f32::MIN, f32::max);
    let places = [("low", format!("{low:.0}")), ("high", format!("{high:.0}"))];
    let places = places.each_ref().map(|(name, text)| (*name, text.as_str()));
    let key = match lane.scale.outside(low, high) {
        Some(_) => "home.cell_rate_outside",
        None => "home.cell_rate",
    };
    glass.lang.fill(key, &places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::day::tests::Home;
    use centre::lang::Lang;

    #[test]
    fn who_hears_the_page_hears_each_hour_with_its_rates_and_gaps() {
        let mut home = Home::new();
        for m in (0..1440).filter(|m| !(70..90).contains(m)) {
            home.told(m, if m < 60 { 14.0 } else { 18.0 });
        }
        let lanes = home.lanes(Lang::En);
        let page = hidden(home.glass(Lang::En), Span::Day, &lanes, &[]).into_string();
        assert_eq!(page.matches("<tr>").count(), 24 + 2);
        assert!(page.contains("<th scope=\"col\">Breathing</th>"), "{page}");
        assert!(page.contains("<td>14 to 14"), "{page}");
        assert!(page.contains("missing 20 min"), "{page}");
    }
}
