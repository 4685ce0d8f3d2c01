//! What somebody has opened without an alert in hand, as supervisors at their desks hear of it: at once, on the stream.
//!
//! The whole of what nobody has seen yet is told each time, so that whoever comes later hears the same. Nobody is told of
//! what they opened themselves. Not here: the opening (`desk::rights`), the page (`oversight`).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use records::Reader;
use serde::Serialize;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::session::As;
use centre::auth::Staff;
use centre::auth::role::{Duty, Releasing};
use centre::live::view::home_text;
use records::{home, look};

/// Most that are told at once; the page has them all.
const TOLD: usize = 20;

/// One thing that was opened.
#[derive(Debug, Serialize)]
struct Opened {
    id: String,
    display: String,
    number: String,
    home: String,
    label: String,
    reason: String,
    at_ms: i64,
}

/// All that nobody has seen.
#[derive(Debug, Serialize)]
struct Unseen {
    open: Vec<Opened>,
    more: bool,
}

/// Whether this reader of the stream is told of such things.
pub(super) fn hears(me: &Staff) -> bool {
    Releasing::allows(me.role)
}

/// What nobody has seen and somebody else has opened, as an event of the stream, and whether there is any.
pub(super) async fn event(c: &mut Reader, me: &Staff) -> Result<(Bytes, bool), records::Error> {
    let most = i64::try_from(TOLD + 1).unwrap_or(i64::MAX);
    let mut rows = look::unseen_of_others(&mut *c, &me.id, most).await?;
    let more = rows.len() > TOLD;
    rows.truncate(TOLD);
    let mut open = Vec::with_capacity(rows.len());
    for row in rows {
        let name = home::name(&mut *c, row.home).await?;
        open.push(Opened {
            id: row.id,
            display: row.display,
            number: row.number,
            home: home_text(row.home),
            label: name.map_or_else(|| home_text(row.home), |name| name.label),
            reason: row.reason,
            at_ms: row.wall,
        });
    }
    let any = !open.is_empty();
    let told = serde_json::to_string(&Unseen { open, more }).unwrap_or_default();
    Ok((format!("event: glass\ndata: {told}\n\n").into(), any))
}

/// Notes that a supervisor has seen it; every desk hears of that too. Says whether there was something to be seen.
pub(super) async fn note(app: &App, me: &Staff, id: &str) -> ApiResult<bool> {
    let mut writer = app.records.begin().await?;
    let done = look::seen(&mut writer, id, &me.id, app.clock.now().wall_ms).await?;
    writer.commit().await?;
    app.live.opened();
    Ok(done)
}

/// A supervisor has seen what somebody else has opened without an alert in hand.
#[utoipa::path(post, path = "/api/glass/{id}/seen", params(("id" = String, Path)),
    responses((status = 204), (status = 404)))]
pub async fn seen(
    State(app): State<Arc<App>>,
    As(me, ..): As<Releasing>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    match note(&app, &me, &id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::unknown("glass")),
    }
}
