//! The log-in page: one form, nothing to remember twice. Its click also opens the sound.
//!
//! It works without its script: the form posts by itself, so that no credential ever stands in an address. Not here:
//! what a log-in means (`auth`), the first administrator (`setup`).

use maud::{Markup, html};

use crate::pages::Frame;
use crate::pages::when;
use crate::words::Words;
use centre::lang::Lang;
use centre::zone::Wall;

/// What is on the page already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// A one-time code is to be typed.
    pub by_code: bool,
    /// The name as typed before.
    pub name: &'a str,
    /// What was wrong.
    pub say: &'a str,
    /// The digits of a second factor are asked for.
    pub second: bool,
}

/// The page.
pub fn page(lang: Lang, wall: Wall<'_>, told: &Told<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    let title = format!("{} · {}", t("login.title"), t("app.name"));
    let body = html! {
        body class="login" {
            main {
                header class="brand" { h1 { (t("app.name")) } p { (t("app.room")) } }
                @if told.by_code { (code_form(lang, told)) } @else { (name_form(lang, told)) }
                section class="next-steps" aria-labelledby="ns" {
                    h2 id="ns" { (t("login.next")) }
                    ol {
                        li { b { "1" } p { (t("login.hear")) } span { (t("login.hear_more")) } }
                        li { b { "2" } p { (t("login.hand")) } span { (t("login.hand_more")) } }
                        li { b { "3" } p { (t("login.in")) } span { (t("login.in_more")) } }
                    }
                }
            }
            (foot(lang, wall, t("login.help")))
        }
    };
    let frame =
        Frame { title: &title, lang, theme: "day", css: &["login.css"], script: "login.js" };
    frame.around(&body)
}

fn name_form(lang: Lang, told: &Told<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        form class="form" method="post" action="/login" aria-label=(t("login.title")) data-to="/api/login" data-then="/console" {
            input type="hidden" name="lang" value=(lang.tag());
            div class="field" {
                label for="u" { (t("login.name")) }
                input id="u" name="name" value=(told.name) autocomplete="username" autofocus required;
            }
            (secret(lang, "password", t("login.password"), "current-password"))
            (second(lang, told))
            p class="say" id="say" role="alert" { (told.say) }
            button class="button next" { (t("login.enter")) }
            p class="or" { (t("login.or")) }
            a class="button" href={ "/login?code=1&lang=" (lang.tag()) } { (t("login.code_enter")) }
        }
    }
}

fn code_form(lang: Lang, told: &Told<'_>) -> Markup {
    let t = |key: &'static str| lang.t(key);
    html! {
        form class="form" method="post" action="/login" aria-label=(t("login.title")) data-to="/api/login" data-then="/console" {
            input type="hidden" name="lang" value=(lang.tag());
            div class="field" {
                label for="c" { (t("login.code")) }
                input id="c" name="code" autocomplete="one-time-code" autofocus required;
            }
            (second(lang, told))
            p class="say" id="say" role="alert" { (told.say) }
            button class="button next" { (t("login.enter")) }
            p class="or" { (t("login.or")) }
            a class="button" href={ "/login?lang=" (lang.tag()) } { (t("login.name_enter")) }
        }
    }
}

/// The digits of a second factor; shown when they are asked for.
fn second(lang: Lang, told: &Told<'_>) -> Markup {
    html! {
        div class="field" id="second" hidden[!told.second] {
            label for="d" { (lang.t("me.digits")) }
            input id="d" name="second" inputmode="numeric" autocomplete="one-time-code";
        }
    }
}

/// A password field with its "show" button.
pub(super) fn secret(lang: Lang, name: &str, label: &str, kind: &str) -> Markup {
    html! {
        div class="field" {
            label for="p" { (label) }
            div class="box" {
                input id="p" name=(name) type="password" autocomplete=(kind) required;
                button class="button" type="button" data-show="p" aria-pressed="false" hidden { (lang.t("login.show")) }
            }
            span class="quiet" { (lang.t("login.hint")) }
        }
    }
}

/// The foot: the server's clock, help, the other language.
pub(super) fn foot(lang: Lang, wall: Wall<'_>, help: &str) -> Markup {
    html! {
        footer {
            span {
                (when::face(wall))
                span id="server" {}
            }
            span {
                span { (help) }
                span {
                    @match lang {
                        Lang::Zh => { b { (lang.t("app.chinese")) } "　" a href="?lang=en" lang="en" { (lang.t("app.english")) } }
                        Lang::En => { a href="?lang=zh-CN" lang="zh-CN" { (lang.t("app.chinese")) } "　" b { (lang.t("app.english")) } }
                    }
                }
            }
        }
    }
}
