//! Programs and their tokens, for administrators: which there are, until when; a new one, shown once; and the end of one.
//!
//! Forms only, no script needed. Who is asked to end a token is asked twice. Not here: what a token opens (`auth::role`).

use maud::{Markup, html};

use crate::pages::top::{Here, top};
use crate::pages::when;
use crate::pages::{Frame, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::auth::program::{DAY_MS, DAYS_MAX, shown_as};
use centre::auth::role::Scope;
use centre::lang::Lang;
use centre::zone::Wall;
use records::program::ProgramRow;

/// A token that ends so soon needs doing.
const SOON_MS: i64 = 14 * DAY_MS;
/// Lives that are offered, days; the second is what is offered first.
const LIVES: [u16; 4] = [30, 90, 180, DAYS_MAX];

/// A token as administrators see one.
#[derive(Debug)]
pub struct Line {
    /// Its row.
    pub row: ProgramRow,
    /// Whether it opens anything now.
    pub good: bool,
    /// Name of who made it.
    pub made_by: String,
    /// Name of who ended it, if somebody did.
    pub ended_by: Option<String>,
}

/// What was done or went wrong just now, and what the form held.
#[derive(Debug, Default)]
pub struct Told {
    /// A sentence about what went wrong.
    pub say: Option<String>,
    /// Name and text of a token that was made; shown here and never again.
    pub made: Option<(String, String)>,
    /// The name that was typed.
    pub name: String,
    /// The scopes that were chosen.
    pub scope: Vec<Scope>,
    /// The life that was chosen.
    pub days: Option<u16>,
}

/// The page.
pub fn page(me: &Staff, wall: Wall<'_>, lines: &[Line], told: &Told) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let title = format!("{} · {}", t("tokens.title"), t("app.name"));
    let content = html! {
        div class="home" {
            (top(me, wall, Here::Tokens))
            main {
                @if let Some((name, text)) = &told.made { (once(me.lang, name, text)) }
                (head(me.lang, wall, lines))
                (list(me.lang, wall, lines))
                (form(me.lang, told))
            }
        }
    };
    let frame = Frame {
        title: &title,
        lang: me.lang,
        theme: &me.theme,
        css: &["desk.css", "home.css"],
        script: "page.js",
    };
    frame.around(&desk::body(me, "office", &title, &content))
}

/// The only sight of a token.
fn once(lang: Lang, name: &str, text: &str) -> Markup {
    html! {
        section class="sheet once" aria-labelledby="tm" role="status" {
            header { h2 id="tm" { (lang.fill("tokens.made", &[("name", &shown_as(name))])) } }
            p { b { (lang.t("tokens.once")) } }
            p { code id="token" tabindex="0" { (text) } }
            p class="quiet" { (lang.t("tokens.how")) }
        }
    }
}

fn soon(wall: Wall<'_>, line: &Line) -> bool {
    line.good && line.row.until_wall - wall.now_ms < SOON_MS
}

/// How many there are, or what needs doing first.
fn head(lang: Lang, wall: Wall<'_>, lines: &[Line]) -> Markup {
    let (good, ending) = (
        lines.iter().filter(|line| line.good).count().to_string(),
        lines.iter().filter(|line| soon(wall, line)).count(),
    );
    let count = lang.fill("tokens.count", &[("n", &good)]);
    html! {
        section class="sheet state" aria-labelledby="th" {
            div {
                @if ending > 0 { p class="second" { (count) } }
                h1 id="th" {
                    @if ending > 0 {
                        svg class="icon solid" data-p="2" aria-hidden="true" { use href="#p2" {} }
                        (lang.fill("tokens.soon_count", &[("n", &ending.to_string())]))
                    } @else { (count) }
                }
                p class="line" { (lang.t("tokens.about")) }
            }
        }
    }
}

fn list(lang: Lang, wall: Wall<'_>, lines: &[Line]) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        section class="sheet" aria-labelledby="tk" {
            header { h2 id="tk" { (t("tokens.title")) } }
            @if lines.is_empty() { p class="quiet" { (t("tokens.none")) } }
            @else { div class="scroll" tabindex="0" role="group" aria-labelledby="tk" { table class="data" {
                thead { tr {
                    th { (t("tokens.name")) } th { (t("tokens.may")) } th { (t("tokens.made_by")) } th { (t("tokens.until")) }
                    th { (t("tokens.used")) } th { (t("tokens.state")) } th { span class="hidden" { (t("tokens.end")) } }
                } }
                tbody { @for line in lines { (token(lang, wall, line)) } }
            } } }
        }
    }
}

fn token(lang: Lang, wall: Wall<'_>, line: &Line) -> Markup {
    let (row, left) = (&line.row, line.row.until_wall - wall.now_ms);
    let soon = soon(wall, line);
    let scopes = Scope::read_all(&row.scope);
    let day = |at: i64| wall.date(at).to_string();
    html! {
        tr data-state=(if soon { "due" } else { "fine" }) {
            td { bdi { (shown_as(&row.name)) } " " span class="second" { (row.id) } }
            td { @for scope in scopes { span class="chip" { (scope_word(lang, scope)) } " " } }
            td { bdi { (line.made_by) } " " span class="second" { (day(row.made_wall)) } }
            td {
                (day(row.until_wall))
                @if line.good {
                    " " span class="second" { (lang.fill("tokens.left", &[("n", &(left + DAY_MS - 1).div_euclid(DAY_MS).to_string())])) }
                }
            }
            td { @match row.used_wall {
                Some(at) => { (wall.table(at)) " " span class="second" { (when::ago(wall.now_ms - at, lang)) } }
                None => { span class="quiet" { (lang.t("tokens.unused")) } }
            } }
            td { (state(lang, wall, line, soon)) }
            td class="end" { @if line.good { (end(lang, row)) } }
        }
    }
}

fn state(lang: Lang, wall: Wall<'_>, line: &Line, soon: bool) -> Markup {
    html! {
        @if soon { span class="chip" data-state="due" { (lang.t("tokens.soon")) } }
        @else if line.good { span class="chip" { (lang.t("tokens.good")) } }
        @else if let Some(who) = &line.ended_by {
            span class="chip" data-state="unknown" { (lang.t("tokens.ended")) } " "
            span class="second" { bdi { (who) } " " @if let Some(at) = line.row.revoked_wall { (wall.table(at)) } }
        }
        @else { span class="chip" data-state="unknown" { (lang.t("tokens.over")) } }
    }
}

fn end(lang: Lang, row: &ProgramRow) -> Markup {
    html! {
        details {
            summary { (lang.t("tokens.end")) }
            form action={ "/tokens/" (row.id) "/end" } method="post" {
                button class="button" { (lang.fill("tokens.end_it", &[("name", &shown_as(&row.name))])) }
            }
        }
    }
}

fn scope_word(lang: Lang, scope: Scope) -> &'static str {
    lang.t(&format!("scope.{}", scope.word()))
}

fn form(lang: Lang, told: &Told) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let chosen = told.days.unwrap_or(LIVES[1]);
    html! {
        section class="sheet" aria-labelledby="tn" {
            header { h2 id="tn" { (t("tokens.new")) } }
            @if let Some(say) = &told.say { p class="lack" role="alert" { (crate::pages::mark("p2")) (say) } }
            form class="rehearse" action="/tokens" method="post" autocomplete="off" {
                label {
                    span { (t("tokens.name")) }
                    input name="name" required maxlength="40" value=(told.name);
                }
                fieldset class="choices" {
                    legend { (t("tokens.may")) }
                    @for scope in Scope::ALL {
                        label {
                            input type="checkbox" name=(scope.word()) value="on" checked[told.scope.contains(&scope)];
                            " " (scope_word(lang, scope))
                        }
                    }
                }
                label {
                    span { (t("tokens.life")) }
                    select name="days" {
                        @for days in LIVES {
                            option value=(days) selected[days == chosen] { (lang.fill("tokens.days", &[("n", &days.to_string())])) }
                        }
                    }
                }
                button class="button next" { (t("tokens.make")) }
            }
        }
    }
}
