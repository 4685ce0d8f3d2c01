//! Enrolment of devices by HTTP: into a home and a bed of it, out of it, and the label that is stuck on one.
//!
//! Not here: many homes at once (`many`), another home or gateway for a device (`moving`), and the rules (`provision`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use proto::id::HomeId;
use proto::relay::GatewayDown;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{device_id, gateway_id, home_id, minted, refused};
use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use centre::auth::role::{Enrolling, Releasing};
use centre::command::Command;
use centre::provision::label;
use centre::provision::mint::role_of;
use records::column::device_of;
use records::device as devices;

/// A new device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    home: String,
    gateway: String,
    /// `help_button`, `pull_cord`, `bed_mat`, `motion`, `door` or `pendant`.
    role: String,
    #[serde(default)]
    label: String,
    /// The bed that it belongs to; a mat in a home with one bed belongs to that by itself.
    bed: Option<String>,
}

/// The bed of a device; null = none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfBed {
    #[serde(deserialize_with = "Option::deserialize")]
    bed: Option<String>,
}

/// Enrols a device; its key is shown once.
#[utoipa::path(post, path = "/api/devices", tag = "enrol", request_body = NewDevice,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn device(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Body(body): Body<NewDevice>,
) -> ApiResult<Json<Value>> {
    let role = role_of(&body.role).ok_or_else(|| ApiError::input("role"))?;
    let (home, gateway) = (home_id(&body.home)?, gateway_id(&body.gateway)?);
    let now = app.clock.now().wall_ms;
    let called = (body.label.as_str(), body.bed.as_deref());
    let made = app.provision.create_in_bed((home, gateway), role, called, now).await;
    let made = made.map_err(refused)?;
    call(&app, home).await?;
    // What its gateway misses now it is told when it connects.
    if let Some(info) = app.registry.device(made.device) {
        app.receipts.enrol(&info);
    }
    app.commands.tell(Command::Enrolled { device: made.device, home, role }).await;
    Ok(Json(minted(&made)))
}

/// Learns how the devices of a home are called.
async fn call(app: &App, home: HomeId) -> ApiResult<()> {
    let mut reader = app.records.reader().await?;
    let rows = devices::of_home(&mut reader, home.get().cast_signed()).await?;
    let named = rows.into_iter().filter_map(|row| Some((device_of(row.id)?, row.label)));
    app.names.learn_devices(named);
    Ok(())
}

/// Says to which bed of its home a device belongs.
#[utoipa::path(post, path = "/api/devices/{id}/bed", tag = "enrol", params(("id" = String, Path)), request_body = OfBed,
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn device_bed(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<OfBed>,
) -> ApiResult<StatusCode> {
    let id = device_id(&id)?;
    let known = app.registry.device(id).ok_or_else(|| ApiError::unknown("device"))?;
    app.provision.put_in_bed(id, body.bed.as_deref()).await.map_err(refused)?;
    if let Some(home) = known.home {
        call(&app, home).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a device out of its home.
#[utoipa::path(post, path = "/api/devices/{id}/release", tag = "enrol", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn release(
    State(app): State<Arc<App>>,
    _: As<Releasing>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let id = device_id(&id)?;
    let known = app.registry.device(id).ok_or_else(|| ApiError::unknown("device"))?;
    let through = app.provision.release(id, app.clock.now()).await.map_err(refused)?;
    if let Some(gateway) = through {
        app.receipts.say(gateway, &GatewayDown::Release { device: id });
    }
    if let Some(home) = known.home {
        app.commands.tell(Command::Released { device: id, home }).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The label of a device as SVG.
#[utoipa::path(get, path = "/api/devices/{id}/label", tag = "enrol", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "image/svg+xml"), (status = 401), (status = 403), (status = 404)))]
pub async fn label_svg(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let id = device_id(&id)?;
    let known = app.registry.device(id).ok_or_else(|| ApiError::unknown("device"))?;
    let svg = label::svg(id, known.role).ok_or_else(|| ApiError::unknown("device"))?;
    Ok(([(CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}
