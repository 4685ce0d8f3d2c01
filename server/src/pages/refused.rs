//! What a person reads where a page cannot be shown: one sentence, what to do next, and the way back.
//!
//! Who works at the desk hears a press here as on every page of it. Programs get the same refusal as JSON.
//! Not here: when something is refused (`api_error`).

use maud::{Markup, html};

use crate::pages::top::{Here, top};
use crate::pages::{Frame, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::lang::Lang;
use centre::zone::Wall;

/// The page; for whoever works at the desk with its live part. `back`: where they came from.
pub fn page(
    lang: Lang,
    (sentence, next): (&str, &str),
    at_desk: Option<(&Staff, Wall<'_>)>,
    back: Option<&str>,
) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let title = format!("{sentence} · {}", t("app.name"));
    let main = html! {
        main class="one" {
            header class="brand" { h1 { (sentence) } }
            div class="form" {
                @if !next.is_empty() { p { (next) } }
                @if let Some(back) = back { a class="button next" href=(back) { (t("app.back_there")) } }
                a class=(if back.is_some() { "button" } else { "button next" }) href="/" { (t("app.back_home")) }
                form action="/logout" method="post" { button class="button" { (t("app.logout")) } }
            }
        }
    };
    let (body, theme) = match at_desk {
        Some((me, wall)) => {
            let content = html! { (top(me, wall, Here::Apart)) div class="login" { (main) } };
            (desk::body(me, "office", &title, &content), me.theme.as_str())
        }
        None => (html! { body class="login" data-now-ms="0" { (main) } }, "day"),
    };
    let css = &["login.css", "desk.css"];
    Frame { title: &title, lang, theme, css, script: "page.js" }.around(&body)
}
