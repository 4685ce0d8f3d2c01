//! `/tokens`: the page on which an administrator sees, makes and ends the tokens of programs, and its forms.
//!
//! Not here: the same for programs' own tools (`tokens`), how the page looks (`pages::tokens`).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages::tokens::{Told, page};
use crate::routes::Filled;
use crate::routes::pages::locked;
use crate::routes::tokens::{lines, make};
use crate::session::As;
use crate::words::Words;
use centre::auth::role::{Administering, Scope};
use centre::auth::{Staff, program};

/// The form of a new token; a box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    name: String,
    read_queue: String,
    work_alerts: String,
    read_values: String,
    days: String,
}

impl Wanted {
    fn scope(&self) -> Vec<Scope> {
        let ticked = [
            (Scope::ReadQueue, &self.read_queue),
            (Scope::WorkAlerts, &self.work_alerts),
            (Scope::ReadValues, &self.read_values),
        ];
        ticked.into_iter().filter(|(_, box_)| !box_.is_empty()).map(|(scope, _)| scope).collect()
    }
}

async fn shown(app: &App, me: &Staff, status: StatusCode, told: &Told) -> ApiResult<Response> {
    let lines = lines(app).await?;
    Ok((status, page(me, app.wall(), &lines, told)).into_response())
}

/// `GET /tokens`
pub async fn show(
    State(app): State<Arc<App>>,
    me: Result<As<Administering>, ApiError>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    shown(&app, &me, StatusCode::OK, &Told::default()).await
}

/// `POST /tokens`: makes one and shows it, this once.
pub async fn create(
    State(app): State<Arc<App>>,
    me: Result<As<Administering>, ApiError>,
    Filled(wanted): Filled<Wanted>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let (scope, days) = (wanted.scope(), wanted.days.parse().unwrap_or(0));
    match make(&app, &me, &wanted.name, &scope, days).await {
        Ok(made) => {
            let told = Told { made: Some((made.name, made.whole)), ..Told::default() };
            shown(&app, &me, StatusCode::CREATED, &told).await
        }
        Err(error) => {
            let say = Some(match scope.is_empty() {
                true => me.lang.t("tokens.no_scope").to_owned(),
                false => error.sentence(me.lang),
            });
            let days = (days > 0).then_some(days);
            let told = Told { say, name: wanted.name, scope, days, ..Told::default() };
            shown(&app, &me, error.status(), &told).await
        }
    }
}

/// `POST /tokens/{id}/end`
pub async fn end(
    State(app): State<Arc<App>>,
    me: Result<As<Administering>, ApiError>,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    program::revoke(&app.access, &id, &me).await?;
    tracing::warn!(token = id, by = %me.id, "a token was ended");
    Ok(Redirect::to("/tokens").into_response())
}
