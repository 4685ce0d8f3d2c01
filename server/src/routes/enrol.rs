//! Enrolment by HTTP: organisations, homes, beds, gateways. Keys are shown here once.
//!
//! Every answer that holds a key is the only one that ever will, unless a released device is enrolled again (`moving`).
//! Not here: devices (`devices`), many homes at once (`many`), the rules (`provision`), and people (`persons`).

pub mod devices;
pub mod many;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use proto::id::{DeviceId, GatewayId, HomeId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use centre::auth::role::{Enrolling, Releasing};
use centre::live::names::HomeName;
use centre::provision::{Minted, ProvisionError};
use records::home::HomeRow;

/// A new organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    name: String,
}

/// A new home.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHome {
    organisation: String,
    /// The shortest text that finds the door.
    label: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    entry: String,
}

/// A new bed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBed {
    label: String,
}

/// A new gateway.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGateway {
    organisation: String,
    label: String,
}

pub(super) fn refused(error: ProvisionError) -> ApiError {
    match error {
        ProvisionError::Refused(_) | ProvisionError::Unknown(_) => ApiError::input(error),
        ProvisionError::Kek(_)
        | ProvisionError::Records(_)
        | ProvisionError::Damaged(_)
        | ProvisionError::Taken(_)
        | ProvisionError::Lock { .. } => ApiError::internal(&error),
    }
}

fn minted(minted: &Minted) -> Value {
    json!({
        "device": minted.device.to_string(),
        "key_hex": hex::encode(minted.key.expose()),
        "epoch": minted.epoch.get(),
        "role": minted.role.word(),
        "home": minted.home.map(|id| id.to_string()),
        "gateway": minted.gateway.map(|id| id.to_string()),
        "label_svg_path": format!("/api/devices/{}/label", minted.device),
    })
}

fn gateway(minted: &Minted) -> Value {
    json!({
        "gateway": minted.device.as_gateway().to_string(),
        "key_hex": hex::encode(minted.key.expose()),
        "epoch": minted.epoch.get(),
    })
}

pub(super) fn home_id(text: &str) -> ApiResult<HomeId> {
    text.parse().map_err(|_| ApiError::unknown("home"))
}

pub(super) fn gateway_id(text: &str) -> ApiResult<GatewayId> {
    text.parse().map_err(|_| ApiError::unknown("gateway"))
}

pub(super) fn device_id(text: &str) -> ApiResult<DeviceId> {
    text.parse().map_err(|_| ApiError::unknown("device"))
}

/// Enters an organisation.
#[utoipa::path(post, path = "/api/organisations", request_body = NewOrganisation,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn organisation(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Body(body): Body<NewOrganisation>,
) -> ApiResult<Json<Value>> {
    let now = app.clock.now().wall_ms;
    let id = app.provision.create_organisation(&body.name, now).await.map_err(refused)?;
    Ok(Json(json!({ "organisation": id })))
}

/// Enters a home.
#[utoipa::path(post, path = "/api/homes", request_body = NewHome,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn home(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Body(body): Body<NewHome>,
) -> ApiResult<Json<Value>> {
    let now = app.clock.now().wall_ms;
    let NewHome { organisation, label, address, entry } = body;
    let name = HomeName { label: label.clone(), person: String::new() };
    let row = HomeRow { id: 0, organisation, label, address, entry };
    let id = app.provision.create_home(row, now).await.map_err(refused)?;
    app.names.learn_homes([(id.get().cast_signed(), name)]);
    Ok(Json(json!({ "home": id.to_string() })))
}

/// Enters a bed of a home.
#[utoipa::path(post, path = "/api/homes/{id}/beds", params(("id" = String, Path)),
    request_body = NewBed,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn bed(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Path(id): Path<String>,
    Body(body): Body<NewBed>,
) -> ApiResult<Json<Value>> {
    let now = app.clock.now().wall_ms;
    let id = app.provision.create_bed(home_id(&id)?, &body.label, now).await.map_err(refused)?;
    Ok(Json(json!({ "bed": id })))
}

/// Enrols a gateway; its key is shown once.
#[utoipa::path(post, path = "/api/gateways", request_body = NewGateway,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn new_gateway(
    State(app): State<Arc<App>>,
    _: As<Enrolling>,
    Body(body): Body<NewGateway>,
) -> ApiResult<Json<Value>> {
    let now = app.clock.now().wall_ms;
    let made = app.provision.create_gateway(&body.organisation, &body.label, now).await;
    let made = made.map_err(refused)?;
    app.names.learn_gateways([(made.device.as_gateway(), body.label)]);
    Ok(Json(gateway(&made)))
}

/// Refuses a gateway from now on.
#[utoipa::path(post, path = "/api/gateways/{id}/revoke", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    _: As<Releasing>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let id = gateway_id(&id)?;
    app.registry.gateway(id).ok_or_else(|| ApiError::unknown("gateway"))?;
    app.provision.revoke_gateway(id).await.map_err(refused)?;
    app.receipts.cut(id);
    Ok(StatusCode::NO_CONTENT)
}
