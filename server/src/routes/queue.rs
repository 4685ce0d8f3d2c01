//! `/api/queue`, `/api/presence`: what is open now, and who is there to see it.
//!
//! Not here: the order (`care`), what comes later (`stream`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::ApiResult;
use crate::app::App;
use crate::auth::As;
use crate::auth::role::AtDesk;
use crate::desk::queue;
use crate::desk::view::AlertView;
use crate::routes::Body;

/// Everything that is not closed, in the order of the queue law.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queue {
    /// Where the stream goes on: `/api/stream?after=`.
    cursor: i64,
    /// Server's wall clock, ms since 1970.
    now_ms: i64,
    /// Consoles on duty.
    on_duty: usize,
    alerts: Vec<AlertView>,
}

/// A console's word that it lives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// Whether its speaker works.
    sound: bool,
}

/// The queue as it is.
#[utoipa::path(get, path = "/api/queue",
    responses((status = 200, body = Queue), (status = 401), (status = 403)))]
pub async fn show(State(app): State<Arc<App>>, _: As<AtDesk>) -> ApiResult<Json<Queue>> {
    let (cursor, alerts) = queue::snapshot(&app).await?;
    let now = app.clock.now();
    let on_duty = app.presence.count(now.mono);
    Ok(Json(Queue { cursor, now_ms: now.wall_ms, on_duty, alerts }))
}

/// A console says that it lives, every five seconds.
#[utoipa::path(post, path = "/api/presence", request_body = Presence,
    responses((status = 204), (status = 401), (status = 403)))]
pub async fn presence(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Body(body): Body<Presence>,
) -> StatusCode {
    app.presence.here(app.clock.now().mono, &me.id, body.sound);
    StatusCode::NO_CONTENT
}
