//! Where whoever does not work at the desk lands: what they are here for, and the way out.
//!
//! Not here: what they may do (`auth::role`).

use maud::{Markup, html};

use crate::pages::Frame;
use crate::pages::when;
use crate::words::Words;
use centre::auth::Staff;
use centre::zone::Wall;

/// The page.
pub fn page(me: &Staff, wall: Wall<'_>) -> Markup {
    let lang = me.lang;
    let t = |key: &'static str| lang.t(key);
    let role = me.role.word();
    let title = format!("{} · {}", lang.t(&format!("role.{role}")), t("app.name"));
    let body = html! {
        body data-now-ms=(wall.now_ms) {
            div class="home" {
                header class="top" {
                    b { (t("app.name")) }
                    span class="push" {} (when::face(wall))
                    span class="second" { bdi { (me.display) } " " (lang.t(&format!("role.{role}"))) }
                }
                main {
                    section class="sheet state" aria-labelledby="st" {
                        div {
                            h1 id="st" { (lang.fill("start.hello", &[("name", &me.display)])) }
                            p class="line" { (lang.t(&format!("start.{role}"))) }
                            p class="line" { (lang.t(&format!("start.{role}_not"))) }
                        }
                        form action="/logout" method="post" { button class="button next" { (t("app.logout")) } }
                    }
                }
            }
        }
    };
    let frame =
        Frame { title: &title, lang, theme: &me.theme, css: &["home.css"], script: "page.js" };
    frame.around(&body)
}
