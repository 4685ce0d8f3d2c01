//! What a person reads where a page cannot be shown: one sentence, and the way back.
//!
//! Who works at the desk hears a press here as on every page of it. Programs get the same refusal as JSON.
//! Not here: when something is refused (`api_error`).

use maud::{Markup, html};

use crate::auth::Staff;
use crate::pages::home::top;
use crate::pages::when::Wall;
use crate::pages::{Frame, desk};
use crate::words::Lang;

/// The page; for whoever works at the desk with its live part.
pub fn page(lang: Lang, sentence: &str, at_desk: Option<(&Staff, Wall<'_>)>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let title = format!("{sentence} · {}", t("app.name"));
    let main = html! {
        main class="one" {
            header class="brand" { h1 { (t("app.name")) } }
            div class="form" {
                p { (sentence) }
                a class="button next" href="/" { (t("app.back_home")) }
                form action="/logout" method="post" { button class="button" { (t("app.logout")) } }
            }
        }
    };
    let (body, theme) = match at_desk {
        Some((me, wall)) => {
            let content = html! { (top(me, wall)) div class="login" { (main) } };
            (desk::body(me, "office", &title, &content), me.theme.as_str())
        }
        None => (html! { body class="login" data-now-ms="0" { (main) } }, "day"),
    };
    let css = &["login.css", "desk.css"];
    Frame { title: &title, lang, theme, css, script: "page.js" }.around(&body)
}
