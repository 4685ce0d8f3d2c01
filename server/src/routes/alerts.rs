//! `/api/alerts/{id}/…`: one alert, and everything its owner may do.
//!
//! Looking at a card is written down with who and why. Not here: the rules (`care::alert`), the
//! transactions (`desk`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use care::alert::Outcome;
use care::policy::LEASE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::auth::As;
use crate::auth::role::AtDesk;
use crate::desk::action::{self, Action};
use crate::desk::{card, claim};
use crate::routes::Body;

/// A claim that was won.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claimed {
    /// To be sent with every later write.
    fence: u64,
    /// How long the claim holds without renewal.
    lease_ms: u64,
}

/// The fence of a claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fenced {
    fence: i64,
}

/// Something that was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    fence: i64,
    /// `call_resident`, `call_120`, `call_family`, `send` or `note`.
    kind: String,
    /// Calls: `connected`, `no_answer`, `busy`, `wrong_number`; send: `station`, `neighbour`, `security`, `family`.
    result: Option<String>,
    text: Option<String>,
}

/// For how long and why an alert is put aside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspend {
    fence: i64,
    reason: String,
    /// 1 to 15.
    minutes: u64,
}

/// How it ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    fence: i64,
    /// 0 to 9.
    outcome: u8,
    /// Needed with 0.
    text: Option<String>,
}

/// Longest text that a person types into an alert, characters.
const TEXT_MAX: usize = 2000;

fn short(text: Option<String>) -> ApiResult<Option<String>> {
    let long = text.as_ref().is_some_and(|t| t.chars().count() > TEXT_MAX);
    if long { Err(ApiError::input("text")) } else { Ok(text) }
}

/// The card of an alert: view, activations, timeline, actions, resident.
#[utoipa::path(get, path = "/api/alerts/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404)))]
pub async fn show(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let card = card::open(&app, &id, &me).await.map_err(|e| e.told(&app))?;
    Ok(Json(card.json()))
}

/// A console has painted the row.
#[utoipa::path(post, path = "/api/alerts/{id}/visible", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)))]
pub async fn visible(
    State(app): State<Arc<App>>,
    _: As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    claim::visible(&app, &id).await.map_err(|e| e.told(&app))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the alert.
#[utoipa::path(post, path = "/api/alerts/{id}/claim", params(("id" = String, Path)),
    responses((status = 200, body = Claimed), (status = 401), (status = 404), (status = 409)))]
pub async fn claim(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<Json<Claimed>> {
    let fence = claim::claim(&app, &id, &me).await.map_err(|e| e.told(&app))?;
    Ok(Json(Claimed { fence: fence.get(), lease_ms: LEASE.get() }))
}

/// Keeps the claim.
#[utoipa::path(post, path = "/api/alerts/{id}/renew", params(("id" = String, Path)),
    request_body = Fenced, responses((status = 204), (status = 401), (status = 404), (status = 409)))]
pub async fn renew(
    State(app): State<Arc<App>>,
    _: As<AtDesk>,
    Path(id): Path<String>,
    Body(body): Body<Fenced>,
) -> ApiResult<StatusCode> {
    claim::renew(&app, &id, body.fence).await.map_err(|e| e.told(&app))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Records what was done.
#[utoipa::path(post, path = "/api/alerts/{id}/actions", params(("id" = String, Path)),
    request_body = NewAction,
    responses((status = 201), (status = 401), (status = 404), (status = 409), (status = 422)))]
pub async fn act(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
    Body(body): Body<NewAction>,
) -> ApiResult<StatusCode> {
    let action = Action::new(&body.kind, body.result.as_deref(), short(body.text)?)
        .ok_or_else(ApiError::action)?;
    action::act(&app, &id, &me, body.fence, action).await.map_err(|e| e.told(&app))?;
    Ok(StatusCode::CREATED)
}

/// Puts the alert aside.
#[utoipa::path(post, path = "/api/alerts/{id}/suspend", params(("id" = String, Path)),
    request_body = Suspend,
    responses((status = 204), (status = 401), (status = 404), (status = 409), (status = 422)))]
pub async fn suspend(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
    Body(body): Body<Suspend>,
) -> ApiResult<StatusCode> {
    let reason = short(Some(body.reason))?.filter(|r| !r.trim().is_empty());
    let reason = reason.ok_or_else(|| ApiError::input("reason"))?;
    let aside = (reason, body.minutes);
    action::suspend(&app, &id, &me, body.fence, aside).await.map_err(|e| e.told(&app))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the alert.
#[utoipa::path(post, path = "/api/alerts/{id}/close", params(("id" = String, Path)),
    request_body = Close,
    responses((status = 204), (status = 401), (status = 404), (status = 409), (status = 422)))]
pub async fn close(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
    Body(body): Body<Close>,
) -> ApiResult<StatusCode> {
    let outcome = Outcome::from_code(body.outcome).ok_or_else(|| ApiError::input("outcome"))?;
    let ending = (outcome, short(body.text)?);
    action::close(&app, &id, &me, body.fence, ending).await.map_err(|e| e.told(&app))?;
    Ok(StatusCode::NO_CONTENT)
}
