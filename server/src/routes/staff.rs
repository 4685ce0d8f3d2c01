//! `/api/staff`: the administrator enters colleagues, gives one-time codes, shuts somebody out and lets them in again.
//!
//! Nobody chooses a colleague's password: whoever has none logs in with a code.
//! Not here: the first administrator (`session`), one's own entry (`me`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::routes::session::name_of;
use crate::session::As;
use crate::shapes::people;
use centre::auth::role::{Administering, Role};
use centre::auth::{CODE_LASTS, password, token};
use centre::clock::row_name;
use records::Work;
use records::column::stored;
use records::second;
use records::staff::{self, StaffRow};

/// A new colleague.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    name: String,
    display: String,
    #[schema(value_type = people::Role)]
    role: Role,
    password: Option<String>,
}

/// A colleague's id, and a one-time code where there is no password.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entered {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// A colleague as administrators see one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Colleague {
    id: String,
    name: String,
    display: String,
    #[schema(value_type = people::Role)]
    role: Role,
    /// May not come in.
    disabled: bool,
    /// Has chosen a password.
    password: bool,
    /// Log-in asks for a second factor.
    second: bool,
}

/// Everybody.
#[derive(Debug, Serialize, ToSchema)]
pub struct Colleagues {
    staff: Vec<Colleague>,
}

/// A one-time code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Code {
    code: String,
}

async fn give_code(app: &App, id: &str) -> ApiResult<String> {
    let code = token::code()?;
    let mut writer = app.records.begin_for(Work::Edit).await?;
    let until = stored(app.clock.now().mono.after(CODE_LASTS));
    staff::put_code(&mut writer, id, &token::code_hash(&code), until).await?;
    writer.commit().await?;
    Ok(code)
}

/// Lists everybody, also who is shut out.
#[utoipa::path(get, path = "/api/staff",
    responses((status = 200, body = Colleagues), (status = 401), (status = 403)))]
pub async fn list(
    State(app): State<Arc<App>>,
    _: As<Administering>,
) -> ApiResult<Json<Colleagues>> {
    let mut c = app.records.reader().await?;
    let guarded = second::active(&mut c).await?;
    let of = |row: StaffRow| {
        Some(Colleague {
            role: Role::read(&row.role).filter(|role| *role != Role::Program)?,
            second: guarded.contains(&row.id),
            password: row.password.is_some(),
            disabled: row.disabled,
            id: row.id,
            name: row.name,
            display: row.display,
        })
    };
    Ok(Json(Colleagues { staff: staff::all(&mut c).await?.into_iter().filter_map(of).collect() }))
}

/// Enters a colleague.
#[utoipa::path(post, path = "/api/staff", request_body = NewStaff,
    responses((status = 200, body = Entered), (status = 401), (status = 403), (status = 409)))]
pub async fn create(
    State(app): State<Arc<App>>,
    _: As<Administering>,
    Body(body): Body<NewStaff>,
) -> ApiResult<Json<Entered>> {
    let (name, display) = (name_of(&body.name)?, name_of(&body.display)?);
    let id = row_name();
    let hash = match body.password {
        Some(secret) if !password::acceptable(&secret, &name) => return Err(ApiError::password()),
        Some(secret) => Some(app.auth.stored(&id, secret).await?),
        None => None,
    };
    let role = body.role.word().to_owned();
    let row = StaffRow { id, name, display, role, password: hash, disabled: false };
    let mut writer = app.records.begin_for(Work::Edit).await?;
    if staff::by_name(&mut writer, &row.name).await?.is_some() {
        return Err(ApiError::name_taken());
    }
    staff::insert(&mut writer, &row, app.clock.now().wall_ms).await?;
    writer.commit().await?;
    app.names.learn_staff([(row.id.clone(), row.display.clone())]);
    let code = match row.password {
        Some(_) => None,
        None => Some(give_code(&app, &row.id).await?),
    };
    Ok(Json(Entered { id: row.id, code }))
}

/// Gives a colleague a new one-time code.
#[utoipa::path(post, path = "/api/staff/{id}/code", params(("id" = String, Path)),
    responses((status = 200, body = Code), (status = 401), (status = 403), (status = 404)))]
pub async fn code(
    State(app): State<Arc<App>>,
    _: As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<Json<Code>> {
    let row = staff::by_id(&mut *app.records.reader().await?, &id).await?;
    let row = row.filter(|r| !r.disabled).ok_or_else(|| ApiError::unknown("staff"))?;
    Ok(Json(Code { code: give_code(&app, &row.id).await? }))
}

/// Shuts a colleague out: no log-in, and every session and stream ends within seconds.
#[utoipa::path(delete, path = "/api/staff/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn disable(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    if me.id == id {
        return Err(ApiError::forbidden());
    }
    let mut writer = app.records.begin_for(Work::Edit).await?;
    let found = staff::disable(&mut writer, &id).await?;
    writer.commit().await?;
    app.presence.gone(&id);
    app.auth.ended();
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::unknown("staff")) }
}

/// Lets a colleague in again who was shut out or has forgotten the password; they come in with a new one-time code.
#[utoipa::path(post, path = "/api/staff/{id}/admit", params(("id" = String, Path)),
    responses((status = 200, body = Code), (status = 401), (status = 403), (status = 404)))]
pub async fn admit(
    State(app): State<Arc<App>>,
    _: As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<Json<Code>> {
    let mut writer = app.records.begin_for(Work::Edit).await?;
    let row = staff::by_id(&mut writer, &id).await?.ok_or_else(|| ApiError::unknown("staff"))?;
    staff::restore(&mut writer, &row.id, &row.role).await?;
    writer.commit().await?;
    app.presence.gone(&row.id);
    app.auth.ended();
    Ok(Json(Code { code: give_code(&app, &row.id).await? }))
}

/// Switches off the second factor of a colleague who has lost the telephone.
#[utoipa::path(delete, path = "/api/staff/{id}/second", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn no_second(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    // One's own is switched off by its digits only: a screen left alone must not do it.
    if me.id == id {
        return Err(ApiError::forbidden());
    }
    let mut writer = app.records.begin_for(Work::Edit).await?;
    let found = second::off(&mut writer, &id).await?;
    writer.commit().await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::unknown("staff")) }
}
