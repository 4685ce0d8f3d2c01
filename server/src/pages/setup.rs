//! The set-up page: the first administrator, with the token that the server said at its start.
//!
//! Not here: whether there is one already (`routes::pages`).

use maud::{Markup, html};

use crate::pages::Frame;
use crate::pages::login::{foot, secret};
use crate::words::Words;
use centre::lang::Lang;
use centre::zone::Wall;

/// What is on the page already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The name as typed before.
    pub name: &'a str,
    /// The display name as typed before.
    pub display: &'a str,
    /// What was wrong.
    pub say: &'a str,
}

/// The page.
pub fn page(lang: Lang, wall: Wall<'_>, told: &Told<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let title = format!("{} · {}", t("setup.title"), t("app.name"));
    let field = |id: &'static str, label: &'static str, auto: &'static str, value: &str| {
        html! {
            div class="field" {
                label for=(id) { (label) }
                input id=(id) name=(id) value=(value) autocomplete=(auto) required;
            }
        }
    };
    let body = html! {
        body class="login" {
            main {
                header class="brand" { h1 { (t("app.name")) } p { (t("setup.title")) } }
                form class="form" method="post" action="/setup" aria-label=(t("setup.title")) data-to="/api/setup" data-then={ "/login?lang=" (lang.tag()) } {
                    input type="hidden" name="lang" value=(lang.tag());
                    (field("token", t("setup.token"), "off", ""))
                    (field("name", t("login.name"), "username", told.name))
                    (field("display", t("setup.display"), "name", told.display))
                    (secret(lang, "password", t("login.password"), "new-password"))
                    p class="say" id="say" role="alert" { (told.say) }
                    button class="button next" { (t("setup.enter")) }
                }
                section class="next-steps" aria-labelledby="ns" {
                    h2 id="ns" { (t("setup.title")) }
                    ol {
                        li { b { "1" } p { (t("setup.token")) } span { (t("setup.intro")) } }
                        li { b { "2" } p { (t("login.password")) } span { (t("setup.rule")) } }
                    }
                }
            }
            (foot(lang, wall, ""))
        }
    };
    let frame =
        Frame { title: &title, lang, theme: "day", css: &["login.css"], script: "login.js" };
    frame.around(&body)
}
