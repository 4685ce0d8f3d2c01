//! One's own account: the password, and the second factor of those who run the place. Forms only, no script needed.
//!
//! Not here: what a change means (`routes::me`).

use maud::{Markup, PreEscaped, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::pages::login::foot;
use crate::pages::top::{Here, top};
use crate::pages::{Frame, desk};
use crate::words::Words;
use centre::auth::Staff;
use centre::auth::role::{AtDesk, Duty};
use centre::zone::Wall;

/// What was done or went wrong just now.
#[derive(Debug, Default)]
pub struct Told {
    /// A sentence.
    pub say: Option<String>,
    /// A new secret for the telephone's app, and its address for the camera.
    pub secret: Option<(String, String)>,
}

/// The page. `second`: whether log-in asks for the second factor; none for those who have no use for it.
pub fn page(me: &Staff, wall: Wall<'_>, second: Option<bool>, told: &Told) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let title = format!("{} · {}", t("me.title"), t("app.name"));
    let field = |id: &'static str, name: &'static str, label: &'static str, kind: &'static str| {
        html! {
            div class="field" {
                label for=(id) { (label) }
                input id=(id) name=(name) type="password" autocomplete=(kind);
            }
        }
    };
    let main = html! {
        main {
            header class="brand" { h1 { (t("me.title")) } p { (me.display) } }
            form class="form" method="post" action="/me/password" aria-label=(t("me.change")) {
                p class="say" role="alert" { (told.say.as_deref().unwrap_or("")) }
                (field("o", "old", t("me.old"), "current-password"))
                (field("n", "new", t("me.new"), "new-password"))
                span class="quiet" { (t("setup.rule")) }
                button class="button next" { (t("me.change")) }
                a class="button" href="/console" { (t("app.back_home")) }
            }
            @if let Some(on) = second { (second_form(me, on, told)) }
        }
    };
    // Who is at the desk hears a press here as on every page of it.
    let body = if AtDesk::allows(me.role) {
        let content = html! { (top(me, wall, Here::Apart)) div class="login" { (main) } };
        desk::body(me, "office", &title, &content)
    } else {
        html! { body class="login" { (main) (foot(me.lang, wall, "")) } }
    };
    let frame = Frame {
        title: &title,
        lang: me.lang,
        theme: &me.theme,
        css: &["login.css", "desk.css"],
        script: "page.js",
    };
    frame.around(&body)
}

fn second_form(me: &Staff, on: bool, told: &Told) -> Markup {
    let t = |key: &'static str| me.lang.t(key);
    let act = match (&told.secret, on) {
        (Some(_), _) => "confirm",
        (None, true) => "off",
        (None, false) => "begin",
    };
    let word = match act {
        "confirm" => t("me.confirm"),
        "off" => t("me.off"),
        _ => t("me.begin"),
    };
    html! {
        form class="form" method="post" action="/me/second" aria-label=(t("me.second")) {
            h2 { (t("me.second")) (t("js.gap")) @if on { (t("me.second_on")) } @else { (t("me.second_off")) } }
            p class="quiet" { (t("me.second_why")) }
            input type="hidden" name="act" value=(act);
            @if let Some((secret, uri)) = &told.secret {
                p { (t("me.scan")) }
                (picture(uri))
                code { (secret) }
            }
            @if act != "begin" {
                div class="field" {
                    label for="d" { (t("me.digits")) }
                    input id="d" name="digits" inputmode="numeric" autocomplete="one-time-code" required;
                }
            }
            button class="button" { (word) }
        }
    }
}

/// The address as a QR code; nothing if it is too long for one.
fn picture(uri: &str) -> Markup {
    let drawn = QrCode::with_error_correction_level(uri.as_bytes(), EcLevel::M).map(|code| {
        code.render::<svg::Color<'_>>().min_dimensions(220, 220).max_dimensions(260, 260).build()
    });
    let text = drawn.unwrap_or_default();
    html! { (PreEscaped(text.find("<svg").map_or("", |at| &text[at..]))) }
}
