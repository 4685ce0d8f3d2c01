//! `/api/watch`, `/api/ladder/trial`: whether the watch room itself can hear a call and tell the outside of it.
//!
//! Not here: one home's protection (`homes`), the rule (`care::protection`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::session::As;
use crate::words::Words;
use centre::auth::role::{ReadingQueue, Releasing};
use centre::desk::chain;
use centre::lang::Lang;
use centre::notify::proof;

/// One thing that is wrong with the watch room.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lack {
    /// What, as a word of `care::protection`.
    cause: &'static str,
    /// The same for people.
    text: &'static str,
}

/// The watch room as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Watch {
    /// Consoles on duty that can ring.
    on_duty: usize,
    /// What is wrong; nothing: a call reaches a person, and the outside if nobody takes it.
    lacks: Vec<Lack>,
}

/// How many receivers were sent a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trial {
    /// Receivers that the configuration names.
    receivers: usize,
}

/// What is wrong with the watch room, in words.
pub fn lacks(app: &App, lang: Lang) -> Vec<Lack> {
    let one = |cause| Lack { cause, text: lang.t(&format!("cause.{cause}")) };
    chain::watch(&app.chains).into_iter().map(one).collect()
}

/// Who would hear a call.
#[utoipa::path(get, path = "/api/watch",
    responses((status = 200, body = Watch), (status = 401), (status = 403)))]
pub async fn show(State(app): State<Arc<App>>, As(me, ..): As<ReadingQueue>) -> Json<Watch> {
    let on_duty = chain::room(&app.chains).1.consoles;
    Json(Watch { on_duty, lacks: lacks(&app, me.lang) })
}

/// Sends every receiver of the last step a notice about nothing; its receipt is the proof.
#[utoipa::path(post, path = "/api/ladder/trial",
    responses((status = 202, body = Trial), (status = 401), (status = 403)))]
pub async fn trial(
    State(app): State<Arc<App>>,
    _: As<Releasing>,
) -> ApiResult<(StatusCode, Json<Trial>)> {
    let receivers = proof::trial(&app.notices).await.map_err(|error| ApiError::internal(&error))?;
    Ok((StatusCode::ACCEPTED, Json(Trial { receivers })))
}
