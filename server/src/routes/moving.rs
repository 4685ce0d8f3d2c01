//! Devices that change their home or gateway, and gateways that are replaced: keys follow, nothing is flashed anew.
//!
//! Whoever speaks through another gateway from now on hears of its next key epoch through that one. A released device is
//! enrolled again in the same way; it may have been wiped, so its key is shown once more. Not here: the rules (`provision`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use proto::relay::GatewayDown;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::enrol::{device_id, gateway_id, home_id, refused};
use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use crate::tools::enrol::moved_json;
use centre::auth::role::Enrolling;
use centre::command::Command;
use centre::gateways;

/// Where a device belongs from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    home: String,
    gateway: String,
}

/// What comes in the place of a gateway.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    /// The gateway that takes over, enrolled and not revoked.
    by: String,
}

/// Moves a device to another home or gateway, or enrols a released one again.
#[utoipa::path(post, path = "/api/devices/{id}/move", params(("id" = String, Path)), request_body = Place,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn device(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<Place>,
) -> ApiResult<Json<Value>> {
    let id = device_id(&id)?;
    let (home, gateway) = (home_id(&body.home)?, gateway_id(&body.gateway)?);
    let before = app.registry.device(id).ok_or_else(|| ApiError::unknown("device"))?;
    let now = app.clock.now();
    let left = app.provision.move_device(id, home, gateway, now).await.map_err(refused)?;
    let after = app.registry.device(id).ok_or_else(|| ApiError::unknown("device"))?;
    if let Some(left) = left.filter(|left| *left != gateway) {
        app.receipts.say(left, &GatewayDown::Release { device: id });
    }
    app.receipts.enrol(&after);
    if before.home != Some(home) {
        if let Some(left) = before.home {
            app.commands.tell(Command::Released { device: id, home: left }).await;
        }
        app.commands.tell(Command::Enrolled { device: id, home, role: after.role }).await;
    }
    tracing::info!(device = %id, %home, %gateway, epoch = after.epoch.get(), "moved");
    Ok(Json(moved_json(&before, &after)))
}

/// Puts another gateway in the place of one; its homes, devices and keys follow.
#[utoipa::path(post, path = "/api/gateways/{id}/replace", params(("id" = String, Path)), request_body = Successor,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn replace(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<Successor>,
) -> ApiResult<Json<Value>> {
    let (old, new) = (gateway_id(&id)?, gateway_id(&body.by)?);
    app.registry.gateway(old).ok_or_else(|| ApiError::unknown("gateway"))?;
    let devices = app.provision.replace_gateway(old, new).await.map_err(refused)?;
    app.receipts.cut(old);
    if let Err(error) = gateways::tell(&app.gateways, new).await {
        // It is told all of it when it connects anew.
        tracing::error!(gateway = %new, error = %error, "gateway was not told its roster");
        app.receipts.cut(new);
    }
    tracing::info!(%old, %new, devices = devices.len(), "gateway replaced");
    let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
    Ok(Json(json!({ "replaced": old.to_string(), "by": new.to_string(), "devices": devices })))
}
