//! The fault desk: what is wrong with equipment, a line a cause, with the homes that it touches and when it is due.
//!
//! What is late stands first. A line leads to its alert on the console. Not here: what is one cause (`live::fold`),
//! calls of people, which the queue has.

use maud::{Markup, html};

use crate::pages::top::{Here, top};
use crate::pages::{Frame, desk, when};
use crate::words::Words;
use centre::auth::Staff;
use centre::lang::Lang;
use centre::live::fold::{Due, Matter, due};
use centre::zone::Wall;

/// Homes that a line names; the others are counted.
const NAMED: usize = 4;

/// The page.
pub fn page(me: &Staff, wall: Wall<'_>, matters: &[Matter]) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let title = format!("{} · {}", t("faults.title"), t("app.name"));
    let late = matters.iter().filter(|matter| due(matter.age_ms).workaround < 0).count();
    let content = html! {
            div class="home" {
                (top(me, wall, Here::Faults))
                main {
                    section class="sheet" aria-labelledby="fd" data-now="faults" {
                        header {
                            h1 id="fd" { b { (me.lang.fill("faults.count", &[("n", &matters.len().to_string())])) } }
                            span class="quiet" { (me.lang.fill("faults.late", &[("n", &late.to_string())])) }
                        }
                        @if matters.is_empty() { p class="quiet" { (t("faults.none")) } }
                        @else { table class="data" {
                            thead { tr {
                                th { (t("faults.what")) } th { (t("faults.where")) } th { (t("faults.homes")) }
                                th { (t("faults.since")) } th { (t("faults.workaround")) } th { (t("faults.fix")) } th { (t("faults.who")) }
                            } }
                            tbody { @for matter in matters { (line(me.lang, matter, wall)) } }
                        } }
                    }
                }
            }
    };
    let (css, script) = (&["desk.css", "home.css"], "page.js");
    let frame = Frame { title: &title, lang: me.lang, theme: &me.theme, css, script };
    frame.around(&desk::body(me, "office", &title, &content))
}

fn line(lang: Lang, matter: &Matter, wall: Wall<'_>) -> Markup {
    let Some(head) = matter.head() else { return html! {} };
    let Due { workaround, fix } = due(matter.age_ms);
    let homes = matter.homes();
    let what = lang.t(&format!("kind.{}", head.kind));
    let first = head.evidence.get(0).and_then(|reason| reason.get("what")?.as_str());
    let why = first.map(|word| lang.t(&format!("seen.{word}"))).unwrap_or_default();
    html! {
        tr data-state=(if workaround < 0 { "due" } else { "fine" }) {
            td { a href={ "/console#" (head.id) } { (what) } @if !why.is_empty() { " " span class="second" { (why) } } }
            td { (place(lang, head)) }
            td {
                @if !homes.is_empty() { b { (lang.fill("faults.n_homes", &[("n", &matter.count().to_string())])) } " " }
                span class="second" { (homes.iter().take(NAMED).cloned().collect::<Vec<_>>().join(lang.t("protect.and"))) @if matter.count() > NAMED { " …" } }
            }
            td { (wall.table(matter.since_ms)) " " span class="second" { (when::ageing(matter.age_ms, lang)) } }
            td { (left(lang, wall, workaround)) }
            td { (left(lang, wall, fix)) }
            td { @match &head.owner { Some(holder) => { (holder.display) } None => { (lang.t("js.unclaimed")) } } }
        }
    }
}

/// Box, place and device of an alert in one text.
pub(super) fn place(lang: Lang, view: &centre::live::view::AlertView) -> String {
    let gateway = view.gateway.as_deref().map(|id| {
        format!("{} {} {id}", lang.t("thing.gateway"), view.gateway_label).replace("  ", " ")
    });
    let device = view.device.as_deref().map(|id| format!("{} {id}", view.device_label));
    let parts = [gateway, device].into_iter().flatten().map(|part| part.trim().to_owned());
    parts.collect::<Vec<_>>().join(lang.t("protect.and"))
}

/// When something is due and how long that still is, or how long it is late.
pub(super) fn left(lang: Lang, wall: Wall<'_>, ms: i64) -> Markup {
    let at = wall.table(wall.now_ms + ms);
    let key = if ms < 0 { "faults.overdue" } else { "faults.left" };
    let span = lang.fill(key, &[("span", &when::stretch(ms.abs(), lang))]);
    html! { (at) " " @if ms < 0 { b { (span) } } @else { span class="second" { (span) } } }
}
