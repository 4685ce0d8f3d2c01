//! What a person reads where a page cannot be shown: one sentence, and the way back.
//!
//! Programs get the same refusal as JSON. Not here: when something is refused (`api_error`).

use maud::{Markup, html};

use crate::pages::Frame;
use crate::words::Lang;

/// The page.
pub fn page(lang: Lang, sentence: &str) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let title = format!("{sentence} · {}", t("app.name"));
    let body = html! {
        body class="login" data-now-ms="0" {
            main class="one" {
                header class="brand" { h1 { (t("app.name")) } }
                div class="form" {
                    p { (sentence) }
                    a class="button next" href="/" { (t("app.back_home")) }
                    form action="/logout" method="post" { button class="button" { (t("app.logout")) } }
                }
            }
        }
    };
    let frame = Frame { title: &title, lang, theme: "day", css: &["login.css"], script: "page.js" };
    frame.around(&body)
}
