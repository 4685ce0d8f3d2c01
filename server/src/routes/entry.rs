//! `POST /login`, `POST /setup`: the forms as a browser sends them by itself, when the page's script does not run.
//!
//! A log-in must not hang on a script, and a password must never stand in an address. What is refused is said on the
//! same page. Not here: the same for scripts and programs (`session`).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::pages::{login as page, setup as setup_page};
use crate::routes::Filled;
use crate::routes::session::{self, Login, Setup};
use crate::session::Source;
use centre::lang::Lang;

/// The fields of the log-in.
#[derive(Debug, Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    second: String,
    #[serde(default)]
    lang: String,
}

/// The fields of the set-up.
#[derive(Debug, Deserialize)]
pub struct SetupForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    display: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    lang: String,
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// `POST /login`
pub async fn login(
    State(app): State<Arc<App>>,
    Source(source): Source,
    Filled(form): Filled<LoginForm>,
) -> Response {
    let lang = Lang::of_tag(&form.lang);
    let (by_code, name) = (!form.code.is_empty(), form.name.clone());
    let asked = Login {
        name: given(form.name),
        password: given(form.password),
        code: given(form.code),
        second: given(form.second),
        lang: Some(lang.tag().to_owned()),
    };
    match session::come_in(&app, source, asked).await {
        Ok((cookie, _)) => {
            (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie.as_str()), (LOCATION, "/console")])
                .into_response()
        }
        Err(error) => {
            let told = page::Told {
                by_code,
                name: &name,
                say: &error.sentence(lang),
                second: error.code().starts_with("second"),
            };
            (error.status(), page::page(lang, app.wall(), &told)).into_response()
        }
    }
}

/// `POST /setup`
pub async fn setup(State(app): State<Arc<App>>, Filled(form): Filled<SetupForm>) -> Response {
    let lang = Lang::of_tag(&form.lang);
    let (name, display) = (form.name.clone(), form.display.clone());
    let SetupForm { token, password, .. } = form;
    let asked = Setup { token, name: form.name, password, display: form.display };
    match session::first(&app, asked).await {
        Ok(()) => {
            let to = format!("/login?lang={}", lang.tag());
            (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
        }
        Err(error) => {
            let told =
                setup_page::Told { name: &name, display: &display, say: &error.sentence(lang) };
            (error.status(), setup_page::page(lang, app.wall(), &told)).into_response()
        }
    }
}
