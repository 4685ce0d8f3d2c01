//! `/api/setup`, `/api/login`, `/api/logout`, `/api/shift`: coming, going, and how a shift is dressed.
//!
//! Not here: whom a credential lets in (`auth::entry`), the same as forms (`entry`), or their pages (`pages::login`).

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Form, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use crate::session::Source;
use crate::shapes::people;
use centre::auth::entry::{Shown, admit};
use centre::auth::role::{Present, Role};
use centre::auth::{password, token};
use centre::clock::row_name;
use centre::typed;
use records::column::stored;
use records::staff::{self, StaffRow};

/// Longest name and display name, characters.
const NAME_MAX: usize = 64;

/// The first administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    pub(super) token: String,
    pub(super) name: String,
    pub(super) password: String,
    pub(super) display: String,
}

/// Name and password, or a one-time code alone; with either the digits of a second factor where there is one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub(super) name: Option<String>,
    pub(super) password: Option<String>,
    pub(super) code: Option<String>,
    /// Six digits of the telephone's app.
    pub(super) second: Option<String>,
    /// Language of the shift: `zh-CN` or `en`.
    pub(super) lang: Option<String>,
}

/// How a shift is dressed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// `day` or `night`.
    theme: Option<String>,
    /// `zh-CN` or `en`.
    lang: Option<String>,
}

/// Who has logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedIn {
    staff: Me,
}

/// One's own entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    id: String,
    name: String,
    display: String,
    #[schema(value_type = people::Role)]
    role: Role,
}

/// A name as people type it: not empty, not too long, no control characters.
pub(crate) fn name_of(text: &str) -> ApiResult<String> {
    let fits = |name: &String| !name.is_empty() && name.chars().count() <= NAME_MAX;
    typed::line(text).filter(fits).ok_or_else(|| ApiError::input("name"))
}

/// Makes the first administrator, once.
#[utoipa::path(post, path = "/api/setup", request_body = Setup,
    responses((status = 204), (status = 403), (status = 409), (status = 422)))]
pub async fn setup(State(app): State<Arc<App>>, Body(body): Body<Setup>) -> ApiResult<StatusCode> {
    first(&app, body).await.map(|()| StatusCode::NO_CONTENT)
}

/// Enters the first administrator.
pub(super) async fn first(app: &App, body: Setup) -> ApiResult<()> {
    if staff::administrators(&mut *app.records.reader().await?).await? > 0 {
        return Err(ApiError::set_up());
    }
    let (name, display) = (name_of(&body.name)?, name_of(&body.display)?);
    if !password::acceptable(&body.password, &name) {
        return Err(ApiError::password());
    }
    if !app.auth.take_setup(&body.token) {
        return Err(ApiError::token());
    }
    let id = row_name();
    let hash = app.auth.stored(&id, body.password).await?;
    let row = StaffRow {
        id,
        name,
        display,
        role: Role::Admin.word().to_owned(),
        password: Some(hash),
        disabled: false,
    };
    let mut writer = app.records.begin().await?;
    if staff::administrators(&mut writer).await? > 0 {
        return Err(ApiError::set_up());
    }
    staff::insert(&mut writer, &row, app.clock.now().wall_ms).await?;
    writer.commit().await?;
    app.names.learn_staff([(row.id, row.display)]);
    Ok(())
}

/// Lets somebody in: the cookie of a new session, and who they are.
pub(super) async fn come_in(app: &App, source: IpAddr, login: Login) -> ApiResult<(String, Me)> {
    let shown = match (login.name, login.password, login.code) {
        (Some(name), Some(password), None) => Shown::Password(name, password),
        (None, None, Some(code)) => Shown::Code(code),
        _ => return Err(ApiError::login_fields()),
    };
    let row = admit(&app.access, source, shown, login.second.as_deref()).await?;
    let token = token::token()?;
    let lang = centre::lang::Lang::of_tag(login.lang.as_deref().unwrap_or("zh-CN")).tag();
    let mut writer = app.records.begin().await?;
    let now = stored(app.clock.now().mono);
    staff::begin(&mut writer, &token::hash(&token), &row.id, now, lang).await?;
    writer.commit().await?;
    let role = Role::read(&row.role).ok_or_else(ApiError::forbidden)?;
    let me = Me { id: row.id, name: row.name, display: row.display, role };
    Ok((token::cookie(&token, app.tls()), me))
}

/// Begins a session.
#[utoipa::path(post, path = "/api/login", request_body = Login,
    responses((status = 200, body = LoggedIn), (status = 401), (status = 422), (status = 429)))]
pub async fn login(
    State(app): State<Arc<App>>,
    Source(source): Source,
    Body(body): Body<Login>,
) -> ApiResult<Response> {
    let (cookie, staff) = come_in(&app, source, body).await?;
    Ok(([(SET_COOKIE, cookie)], Json(LoggedIn { staff })).into_response())
}

/// Ends this session.
#[utoipa::path(post, path = "/api/logout", responses((status = 204), (status = 401)))]
pub async fn logout(
    State(app): State<Arc<App>>,
    As(staff, ..): As<Present>,
) -> ApiResult<Response> {
    let mut writer = app.records.begin().await?;
    staff::end(&mut writer, &staff.session).await?;
    writer.commit().await?;
    app.presence.gone(&staff.id);
    app.auth.ended();
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, token::no_cookie(app.tls()))]).into_response())
}

/// `POST /logout`: the same by a form, which needs no script.
pub async fn leave(app: State<Arc<App>>, me: Result<As<Present>, ApiError>) -> ApiResult<Response> {
    let mut answer = match me {
        Ok(me) => logout(app, me).await?,
        Err(_) => StatusCode::SEE_OTHER.into_response(),
    };
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, HeaderValue::from_static("/login"));
    Ok(answer)
}

/// `POST /shift`: the same as [`shift`] by a form, which needs no script.
pub async fn dress(
    app: State<Arc<App>>,
    me: As<Present>,
    Form(form): Form<Shift>,
) -> ApiResult<Redirect> {
    shift(app, me, Body(form)).await?;
    Ok(Redirect::to("/console"))
}

/// Sets theme and language of this session.
#[utoipa::path(post, path = "/api/shift", request_body = Shift,
    responses((status = 204), (status = 401), (status = 422)))]
pub async fn shift(
    State(app): State<Arc<App>>,
    As(me, ..): As<Present>,
    Body(body): Body<Shift>,
) -> ApiResult<StatusCode> {
    let theme = body.theme.unwrap_or(me.theme);
    let lang = body.lang.unwrap_or_else(|| me.lang.tag().to_owned());
    if !["day", "night"].contains(&theme.as_str()) || !["zh-CN", "en"].contains(&lang.as_str()) {
        return Err(ApiError::input("theme or lang"));
    }
    let mut writer = app.records.begin().await?;
    staff::dress(&mut writer, &me.session, &theme, &lang).await?;
    writer.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
