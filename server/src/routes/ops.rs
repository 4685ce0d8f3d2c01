//! `/health`, `/alive`, `/metrics`: for whoever runs the server.
//!
//! None names a person, a home or a device. Whoever restarts the server asks whether it is *alive*; *healthy* is false
//! while a promise is broken, which a restart would not mend. Not here: what is counted (`health`), its text (`metrics`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;
use crate::routes::watch::{Lack, lacks};
use crate::words;
use centre::lang::Lang;
use centre::promises;

/// One thing that is out of order.
#[derive(Serialize)]
pub struct Said {
    /// What, as a word that stays the same.
    pub code: &'static str,
    /// The same for people.
    pub text: &'static str,
    /// Whether a promise is broken by it.
    pub broken: bool,
}

/// The roll-call, and what is out of order in words.
#[derive(Serialize)]
pub struct HealthAnswer {
    #[serde(flatten)]
    state: promises::State,
    /// What is out of order with sentences.
    says: Vec<Said>,
    /// What is wrong with the watch room itself: who is on duty, and whether the way out of the house is proved.
    watch: Vec<Lack>,
}

/// `GET /health`: 200 while no promise is broken, else 503 with what is.
pub async fn health(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> (StatusCode, Json<HealthAnswer>) {
    let lang = crate::session::asked(&headers);
    let state = promises::state(&app.promises);
    let says = says(&state, lang);
    let healthy = state.roll.healthy;
    let watch = lacks(&app, lang);
    (status(healthy), Json(HealthAnswer { state, says, watch }))
}

/// `GET /alive`: 200 while this process is of use, else 503: start it again.
pub async fn alive(State(app): State<Arc<App>>) -> (StatusCode, Json<serde_json::Value>) {
    let alive = app.crew.alive(&app.crew.turnouts());
    (status(alive), Json(serde_json::json!({ "alive": alive })))
}

/// `GET /metrics`: figures in Prometheus text.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = super::metrics::text(&app);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn says(state: &promises::State, lang: Lang) -> Vec<Said> {
    let say = |code: &&'static str| {
        let broken = state.broken.contains(code);
        Said { code, text: words::fault(lang, code), broken }
    };
    state.faults.iter().map(say).collect()
}

fn status(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
