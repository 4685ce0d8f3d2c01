//! `/me`, `/api/me/…`: everybody's own account: the password, and the second factor of those who run the place.
//!
//! A new password ends all other sessions of its owner. Not here: what administrators do with others' (`staff`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages::me::{self as drawn, Told};
use crate::routes::{Body, Filled};
use crate::session::As;
use crate::session::Source;
use crate::words::Words;
use centre::auth::entry::{fits, use_second};
use centre::auth::role::{Duty, Leading, Present};
use centre::auth::tries::Turn;
use centre::auth::{Staff, password as rule, second};
use records::second as rows;
use records::staff;

/// One's own new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The present one; whoever has none leaves it out.
    #[serde(default)]
    old: String,
    new: String,
}

/// Digits of a second factor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Digits {
    digits: String,
}

/// A secret for the telephone's app; told once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Begun {
    secret: String,
    uri: String,
}

/// What the page's form about the second factor asks.
#[derive(Debug, Deserialize)]
pub struct SecondForm {
    act: String,
    #[serde(default)]
    digits: String,
}

async fn change(app: &App, me: &Staff, source: Source, asked: NewPassword) -> ApiResult<()> {
    let row = staff::by_id(&mut *app.records.reader().await?, &me.id).await?;
    let row = row.ok_or_else(ApiError::not_logged_in)?;
    if row.password.is_some() {
        let turn = app.auth.tries().begin(app.clock.now().mono, &me.name, source.0);
        if asked.old.len() > rule::LONGEST || !fits(&app.auth, Some(&row), asked.old, turn).await {
            return Err(match turn {
                Turn::Free => ApiError::old_password(),
                Turn::Over(wait) | Turn::Unseen(wait) => ApiError::wait(wait.get()),
            });
        }
        app.auth.tries().passed(&me.name, source.0);
    }
    if !rule::acceptable(&asked.new, &me.name) {
        return Err(ApiError::password());
    }
    let hash = app.auth.stored(&me.id, asked.new).await?;
    let mut writer = app.records.begin().await?;
    staff::set_password(&mut writer, &me.id, &hash, &me.session).await?;
    writer.commit().await?;
    app.auth.ended();
    Ok(())
}

async fn begin(app: &App, me: &Staff) -> ApiResult<Begun> {
    let made = second::make(&app.config.data, &me.id, &me.name)
        .map_err(|error| ApiError::internal(error.as_ref()))?;
    let mut writer = app.records.begin().await?;
    let offered = rows::offer(&mut writer, &me.id, &made.sealed).await?;
    writer.commit().await?;
    match offered {
        true => Ok(Begun { secret: made.base32, uri: made.uri }),
        false => Err(ApiError::second_state()),
    }
}

async fn confirm(app: &App, me: &Staff, source: Source, digits: &str) -> ApiResult<()> {
    let row = rows::of(&mut *app.records.reader().await?, &me.id).await?;
    let row = row.filter(|row| !row.active).ok_or_else(ApiError::second_state)?;
    Ok(use_second(&app.access, source.0, &me.id, &row.sealed, digits).await?)
}

async fn end(app: &App, me: &Staff, source: Source, digits: &str) -> ApiResult<()> {
    let row = rows::of(&mut *app.records.reader().await?, &me.id).await?;
    let row = row.filter(|row| row.active).ok_or_else(ApiError::second_state)?;
    use_second(&app.access, source.0, &me.id, &row.sealed, digits).await?;
    let mut writer = app.records.begin().await?;
    rows::off(&mut writer, &me.id).await?;
    Ok(writer.commit().await?)
}

/// Changes one's own password; sessions elsewhere end.
#[utoipa::path(post, path = "/api/me/password", request_body = NewPassword,
    responses((status = 204), (status = 401), (status = 422), (status = 429)))]
pub async fn password(
    State(app): State<Arc<App>>,
    As(me, ..): As<Present>,
    source: Source,
    Body(asked): Body<NewPassword>,
) -> ApiResult<StatusCode> {
    change(&app, &me, source, asked).await.map(|()| StatusCode::NO_CONTENT)
}

/// Begins a second factor: log-in asks for it once its first digits were right.
#[utoipa::path(post, path = "/api/me/second",
    responses((status = 200, body = Begun), (status = 401), (status = 403), (status = 409)))]
pub async fn begin_second(
    State(app): State<Arc<App>>,
    As(me, ..): As<Leading>,
) -> ApiResult<Json<Begun>> {
    begin(&app, &me).await.map(Json)
}

/// Switches the second factor on.
#[utoipa::path(post, path = "/api/me/second/confirm", request_body = Digits,
    responses((status = 204), (status = 401), (status = 403), (status = 409), (status = 429)))]
pub async fn confirm_second(
    State(app): State<Arc<App>>,
    As(me, ..): As<Leading>,
    source: Source,
    Body(asked): Body<Digits>,
) -> ApiResult<StatusCode> {
    confirm(&app, &me, source, &asked.digits).await.map(|()| StatusCode::NO_CONTENT)
}

/// Switches the second factor off.
#[utoipa::path(delete, path = "/api/me/second", request_body = Digits,
    responses((status = 204), (status = 401), (status = 409), (status = 429)))]
pub async fn end_second(
    State(app): State<Arc<App>>,
    As(me, ..): As<Present>,
    source: Source,
    Body(asked): Body<Digits>,
) -> ApiResult<StatusCode> {
    end(&app, &me, source, &asked.digits).await.map(|()| StatusCode::NO_CONTENT)
}

async fn shown(app: &App, me: &Staff, done: ApiResult<Told>) -> Response {
    let guarded =
        async { Ok::<_, ApiError>(rows::of(&mut *app.records.reader().await?, &me.id).await?) };
    let guarded = match guarded.await {
        Ok(row) => row.is_some_and(|row| row.active),
        Err(error) => return error.into_response(),
    };
    let (status, told) = match done {
        Ok(told) => (StatusCode::OK, told),
        Err(error) => {
            (error.status(), Told { say: Some(error.sentence(me.lang)), ..Told::default() })
        }
    };
    let second = Leading::allows(me.role).then_some(guarded);
    (status, drawn::page(me, app.wall(), second, &told)).into_response()
}

/// `GET /me`
pub async fn page(State(app): State<Arc<App>>, me: ApiResult<As<Present>>) -> Response {
    match me {
        Ok(As(me, ..)) => shown(&app, &me, Ok(Told::default())).await,
        Err(_) => Redirect::to("/login").into_response(),
    }
}

/// `POST /me/password`
pub async fn password_form(
    State(app): State<Arc<App>>,
    As(me, ..): As<Present>,
    source: Source,
    Filled(asked): Filled<NewPassword>,
) -> Response {
    let done = change(&app, &me, source, asked).await;
    let say = Some(me.lang.t("me.changed").to_owned());
    shown(&app, &me, done.map(|()| Told { say, ..Told::default() })).await
}

/// `POST /me/second`
pub async fn second_form(
    State(app): State<Arc<App>>,
    As(me, ..): As<Leading>,
    source: Source,
    Filled(asked): Filled<SecondForm>,
) -> Response {
    let done = match asked.act.as_str() {
        "begin" => begin(&app, &me)
            .await
            .map(|made| Told { say: None, secret: Some((made.secret, made.uri)) }),
        "confirm" => confirm(&app, &me, source, &asked.digits).await.map(|()| Told::default()),
        _ => end(&app, &me, source, &asked.digits).await.map(|()| Told::default()),
    };
    shown(&app, &me, done).await
}
