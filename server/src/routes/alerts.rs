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
use crate::routes::Body;
use crate::session::As;
use crate::shapes;
use centre::auth::role::{AtDesk, ReadingQueue, WorkingAlerts};
use centre::desk::Desk;
use centre::desk::action::{self, Action};
use centre::desk::{card, claim, hand};
use centre::live::view::AlertView;
use centre::typed;

/// A claim that was won.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claimed {
    /// To be sent with every later write.
    fence: u64,
    /// How long the claim holds without renewal.
    lease_ms: u64,
    /// The latest change of the alert, as `alert` shows it.
    cursor: i64,
    /// The alert as it is now.
    #[schema(value_type = shapes::alert::AlertView)]
    alert: AlertView,
}

impl From<claim::Claim> for Claimed {
    fn from(claim: claim::Claim) -> Self {
        let (fence, alert) = (claim.fence, claim.view);
        Self { fence, lease_ms: LEASE.get(), cursor: alert.cursor, alert }
    }
}

/// The fence of a claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fenced {
    fence: u64,
    /// The alert's cursor as its holder was last shown it: presses that joined up to there hear `seen`.
    cursor: Option<u64>,
}

/// Something that was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    fence: u64,
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
    fence: u64,
    /// The alert's cursor as its author was last shown it.
    cursor: u64,
    reason: String,
    /// 1 to 15.
    minutes: u64,
}

/// How it ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The claim that is held; without it a supervisor or an administrator ends the alert by right.
    fence: Option<u64>,
    /// The alert's cursor as its author was last shown it.
    cursor: u64,
    /// 0 to 9.
    outcome: u8,
    /// Needed with 0.
    text: Option<String>,
}

fn short(text: Option<String>) -> ApiResult<Option<String>> {
    text.map(|text| typed::lines(&text).ok_or_else(|| ApiError::input("text"))).transpose()
}

/// The card of an alert: view, the newest activations, actions and lines of the timeline, resident; `left_out` says
/// how many of each list are kept and not in the answer.
#[utoipa::path(get, path = "/api/alerts/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404)))]
pub async fn show(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<ReadingQueue>,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let card = card::open(&desk, &id, &me).await.map_err(|e| ApiError::desk(e, &desk))?;
    Ok(Json(card.json()))
}

/// A console has painted the row. One that would not ring is nobody's: what it shows is not seen by it.
#[utoipa::path(post, path = "/api/alerts/{id}/visible", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)))]
pub async fn visible(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    if app.presence.is_deaf(app.clock.mono(), &me.id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let desk = &app.desk;
    claim::visible(desk, &id).await.map_err(|e| ApiError::desk(e, desk))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Holds the alert, if nobody else does.
#[utoipa::path(post, path = "/api/alerts/{id}/claim", params(("id" = String, Path)),
    responses((status = 200, body = Claimed), (status = 401), (status = 403), (status = 404),
    (status = 409)))]
pub async fn claim(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<WorkingAlerts>,
    Path(id): Path<String>,
) -> ApiResult<Json<Claimed>> {
    let claim = claim::claim(&desk, &id, &hand::of(&me, None, None)).await;
    Ok(Json(claim.map_err(|e| ApiError::desk(e, &desk))?.into()))
}

/// Takes the alert from whoever has it: supervisors and administrators. Whoever had it is told.
#[utoipa::path(post, path = "/api/alerts/{id}/take", params(("id" = String, Path)),
    responses((status = 200, body = Claimed), (status = 401), (status = 403), (status = 404),
    (status = 409)))]
pub async fn take(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<Json<Claimed>> {
    let claim = claim::take(&desk, &id, &hand::of(&me, None, None)).await;
    Ok(Json(claim.map_err(|e| ApiError::desk(e, &desk))?.into()))
}

/// Keeps the claim.
#[utoipa::path(post, path = "/api/alerts/{id}/renew", params(("id" = String, Path)),
    request_body = Fenced, responses((status = 204), (status = 401), (status = 403), (status = 404),
    (status = 409), (status = 422)))]
pub async fn renew(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<WorkingAlerts>,
    Path(id): Path<String>,
    Body(body): Body<Fenced>,
) -> ApiResult<StatusCode> {
    let hand = hand::of(&me, Some(body.fence), body.cursor);
    claim::renew(&desk, &id, &hand).await.map_err(|e| ApiError::desk(e, &desk))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Records what was done.
#[utoipa::path(post, path = "/api/alerts/{id}/actions", params(("id" = String, Path)),
    request_body = NewAction,
    responses((status = 201), (status = 401), (status = 403), (status = 404),
    (status = 409), (status = 422)))]
pub async fn act(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<WorkingAlerts>,
    Path(id): Path<String>,
    Body(body): Body<NewAction>,
) -> ApiResult<StatusCode> {
    let action = Action::new(&body.kind, body.result.as_deref(), short(body.text)?)
        .ok_or_else(ApiError::action)?;
    let hand = hand::of(&me, Some(body.fence), None);
    action::act(&desk, &id, &hand, action).await.map_err(|e| ApiError::desk(e, &desk))?;
    Ok(StatusCode::CREATED)
}

/// Puts the alert aside.
#[utoipa::path(post, path = "/api/alerts/{id}/suspend", params(("id" = String, Path)),
    request_body = Suspend,
    responses((status = 204), (status = 401), (status = 403), (status = 404),
    (status = 409), (status = 422)))]
pub async fn suspend(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<WorkingAlerts>,
    Path(id): Path<String>,
    Body(body): Body<Suspend>,
) -> ApiResult<StatusCode> {
    let reason = short(Some(body.reason))?.filter(|r| !r.trim().is_empty());
    let reason = reason.ok_or_else(|| ApiError::input("reason"))?;
    let aside = (reason, body.minutes);
    let hand = hand::of(&me, Some(body.fence), Some(body.cursor));
    action::suspend(&desk, &id, &hand, aside).await.map_err(|e| ApiError::desk(e, &desk))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the alert.
#[utoipa::path(post, path = "/api/alerts/{id}/close", params(("id" = String, Path)),
    request_body = Close,
    responses((status = 204), (status = 401), (status = 403), (status = 404),
    (status = 409), (status = 422)))]
pub async fn close(
    State(desk): State<Arc<Desk>>,
    As(me, ..): As<WorkingAlerts>,
    Path(id): Path<String>,
    Body(body): Body<Close>,
) -> ApiResult<StatusCode> {
    let outcome = Outcome::from_code(body.outcome).ok_or_else(|| ApiError::input("outcome"))?;
    let ending = (outcome, short(body.text)?);
    let hand = hand::of(&me, body.fence, Some(body.cursor));
    action::close(&desk, &id, &hand, ending).await.map_err(|e| ApiError::desk(e, &desk))?;
    Ok(StatusCode::NO_CONTENT)
}
