//! `/api/queue`, `/api/presence`: what is open now, and who is there to see it.
//!
//! Not here: the order (`care`), what comes later (`stream`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use proto::unit::Millis;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use crate::shapes;
use centre::auth::role::{AtDesk, ReadingQueue};
use centre::desk::presence::Sound;
use centre::desk::queue::{self, Snapshot};
use centre::live::view::AlertView;
use records::column::stored;

/// Everything that is not closed, in the order of the queue law.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queue {
    /// Where the stream goes on: `/api/stream?after=`.
    cursor: i64,
    /// Server's wall clock, ms since 1970.
    now_ms: i64,
    /// Server's own time, ms: ages are counted by it.
    mono_ms: i64,
    /// People on duty: somewhere a console of theirs would be heard.
    on_duty: usize,
    #[schema(value_type = Vec<shapes::alert::AlertView>)]
    alerts: Vec<AlertView>,
    /// Fences of the caller's own claims, by alert; nobody is told another's.
    fences: BTreeMap<String, i64>,
}

/// A console's word that it lives, and how it sounds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    sound: Sounds,
    /// Whether its page is behind another one. A hidden page that rings is a console all the same.
    #[serde(default)]
    #[expect(dead_code, reason = "said by every console; what counts is whether it rings")]
    hidden: bool,
    /// For how long it has been silenced by hand.
    #[serde(default)]
    muted_ms: u64,
    /// Which of a person's screens this is; any short word.
    #[serde(default)]
    tab: String,
}

/// How a speaker is; programs may say only whether it works.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum Sounds {
    Works(bool),
    Word(SoundWord),
}

/// How a speaker is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SoundWord {
    On,
    Muted,
    Blocked,
}

/// Longest name of a screen, characters.
const TAB_MAX: usize = 64;

/// The queue as it is.
#[utoipa::path(get, path = "/api/queue",
    responses((status = 200, body = Queue), (status = 401), (status = 403)))]
pub async fn show(
    State(app): State<Arc<App>>,
    As(me, ..): As<ReadingQueue>,
) -> ApiResult<Json<Queue>> {
    let Snapshot { cursor, alerts, fences } = queue::snapshot(&app.desk, &me.id).await?;
    let now = app.clock.now();
    let on_duty = app.presence.on_duty(now.mono);
    let (now_ms, mono_ms) = (now.wall_ms, stored(now.mono));
    Ok(Json(Queue { cursor, now_ms, mono_ms, on_duty, alerts, fences }))
}

/// A console says that it lives, every five seconds.
#[utoipa::path(post, path = "/api/presence", request_body = Presence,
    responses((status = 204), (status = 401), (status = 403), (status = 422)))]
pub async fn presence(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Body(body): Body<Presence>,
) -> ApiResult<StatusCode> {
    if body.tab.chars().count() > TAB_MAX {
        return Err(ApiError::input("tab"));
    }
    let sound = match body.sound {
        Sounds::Works(true) | Sounds::Word(SoundWord::On) => Sound::On,
        Sounds::Word(SoundWord::Muted) => Sound::Muted(Millis::new(body.muted_ms)),
        Sounds::Works(false) | Sounds::Word(SoundWord::Blocked) => Sound::Blocked,
    };
    app.presence.here(app.clock.now().mono, &me.id, &body.tab, sound);
    Ok(StatusCode::NO_CONTENT)
}
