//! `/api/tokens`: the administrator makes, lists and ends the tokens of programs.
//!
//! A token is shown in the answer that makes it and never again. A program comes to none of these doors. Not here: what
//! a token looks like (`auth::program`), what a scope opens (`auth::role`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages::tokens::Line;
use crate::routes::Body;
use crate::routes::session::name_of;
use crate::session::As;
use crate::shapes::people;
use centre::auth::Staff;
use centre::auth::program::{self, DAY_MS, DAYS_MAX, is_good};
use centre::auth::role::{Administering, Scope};
use centre::clock::row_name;
use records::column::stored;
use records::program::{self as rows, ProgramRow};
use records::staff;

/// A new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What stands wherever a person's name would; one good token a name.
    name: String,
    /// What it may do.
    #[schema(min_items = 1, value_type = Vec<people::Scope>)]
    scope: Vec<Scope>,
    /// For how many days it is good.
    #[schema(minimum = 1, maximum = 366)]
    days: u16,
}

/// A token that was made; it is never shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewlyMade {
    id: String,
    token: String,
    /// When it ends, ms since 1970.
    until_ms: i64,
}

/// A token as administrators see one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    id: String,
    name: String,
    #[schema(value_type = Vec<people::Scope>)]
    scope: Vec<Scope>,
    /// Whether it opens anything now.
    good: bool,
    /// Name of who made it.
    made_by: String,
    made_ms: i64,
    until_ms: i64,
    /// When it was last used, to the minute.
    used_ms: Option<i64>,
    /// Name of who ended it, if somebody did.
    revoked_by: Option<String>,
    revoked_ms: Option<i64>,
}

/// Tokens, also those that have ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    tokens: Vec<Token>,
}

/// What a token that was just made is to whoever asked for it.
pub(super) struct Fresh {
    pub(super) id: String,
    pub(super) name: String,
    /// All of it, to be shown once.
    pub(super) whole: String,
    pub(super) until_ms: i64,
}

/// Makes a token.
pub(super) async fn make(
    app: &App,
    me: &Staff,
    name: &str,
    scope: &[Scope],
    days: u16,
) -> ApiResult<Fresh> {
    let name = name_of(name)?;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::input(format!("days: 1–{DAYS_MAX}")));
    }
    if scope.is_empty() {
        return Err(ApiError::input("scope"));
    }
    let made = program::make()?;
    let (now, life) = (app.clock.now(), i64::from(days) * DAY_MS);
    let row = ProgramRow {
        id: made.id,
        staff: row_name(),
        name,
        hash: made.hash,
        scope: Scope::write_all(scope),
        made_by: me.id.clone(),
        made_wall: now.wall_ms,
        until_mono: stored(now.mono) + life,
        until_wall: now.wall_ms + life,
        used_wall: None,
        revoked_by: None,
        revoked_wall: None,
    };
    program::enter(&app.access, &row).await?;
    tracing::warn!(token = row.id, by = %me.id, scope = row.scope, days, "a token was made");
    Ok(Fresh { id: row.id, name: row.name, whole: made.whole, until_ms: row.until_wall })
}

/// All tokens, the newest first, with the names of who made and ended them.
pub(super) async fn lines(app: &App) -> ApiResult<Vec<Line>> {
    let mut c = app.records.reader().await?;
    let people = staff::all(&mut c).await?.into_iter().map(|row| (row.id, row.display));
    let people: HashMap<String, String> = people.collect();
    let (rows, now) = (rows::all(&mut c).await?, app.clock.now());
    drop(c);
    let name = |id: &String| people.get(id).cloned().unwrap_or_default();
    let line = |row: ProgramRow| Line {
        good: is_good(&row, now),
        made_by: name(&row.made_by),
        ended_by: row.revoked_by.as_ref().map(name),
        row,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Makes a token; it is shown once.
#[utoipa::path(post, path = "/api/tokens", request_body = NewToken,
    responses((status = 201, body = NewlyMade), (status = 409)))]
pub async fn create(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    Body(body): Body<NewToken>,
) -> ApiResult<(StatusCode, Json<NewlyMade>)> {
    let made = make(&app, &me, &body.name, &body.scope, body.days).await?;
    let answer = NewlyMade { id: made.id, token: made.whole, until_ms: made.until_ms };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Lists tokens, without what opens anything.
#[utoipa::path(get, path = "/api/tokens", responses((status = 200, body = Tokens)))]
pub async fn list(State(app): State<Arc<App>>, _: As<Administering>) -> ApiResult<Json<Tokens>> {
    let token = |Line { row, good, made_by, ended_by }: Line| Token {
        good,
        scope: Scope::read_all(&row.scope),
        made_by,
        revoked_by: ended_by,
        id: row.id,
        name: row.name,
        made_ms: row.made_wall,
        until_ms: row.until_wall,
        used_ms: row.used_wall,
        revoked_ms: row.revoked_wall,
    };
    Ok(Json(Tokens { tokens: lines(&app).await?.into_iter().map(token).collect() }))
}

/// Ends a token: its next request is refused, and its streams end at once.
#[utoipa::path(delete, path = "/api/tokens/{id}", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    program::revoke(&app.access, &id, &me).await?;
    tracing::warn!(token = id, by = %me.id, "a token was ended");
    Ok(StatusCode::NO_CONTENT)
}
