//! Enrolment by HTTP: organisations, homes, gateways, devices. Keys are shown here once.
//!
//! Every answer that holds a key is the only one that ever will, unless a released device is enrolled again (`moving`).
//! Not here: the rules (`provision`), and people (`persons`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use proto::id::{DeviceId, GatewayId, HomeId};
use proto::relay::GatewayDown;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::auth::As;
use crate::auth::role::{Administering, Enrolling, Releasing};
use crate::desk::names::HomeName;
use crate::desk::queue;
use crate::ingest::Command;
use crate::provision::batch::BatchHome;
use crate::provision::credentials::hex;
use crate::provision::mint::{role_of, role_word};
use crate::provision::{Minted, ProvisionError, label};
use crate::records::device as devices;
use crate::records::home::HomeRow;
use crate::routes::Body;

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

/// Many homes at once, each with a gateway and one device a role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    organisation: String,
    homes: u32,
    roles: Vec<String>,
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
        "key_hex": hex(minted.key.expose()),
        "epoch": minted.epoch.get(),
        "role": role_word(minted.role),
        "home": minted.home.map(|id| id.to_string()),
        "gateway": minted.gateway.map(|id| id.to_string()),
        "label_svg_path": format!("/api/devices/{}/label", minted.device),
    })
}

fn gateway(minted: &Minted) -> Value {
    json!({
        "gateway": minted.device.as_gateway().to_string(),
        "key_hex": hex(minted.key.expose()),
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

/// Enrols a device; its key is shown once.
#[utoipa::path(post, path = "/api/devices", request_body = NewDevice,
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
    app.names.learn_devices(rows.into_iter().map(|row| (row.id, row.label)));
    Ok(())
}

/// Says to which bed of its home a device belongs.
#[utoipa::path(post, path = "/api/devices/{id}/bed", params(("id" = String, Path)), request_body = OfBed,
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
#[utoipa::path(post, path = "/api/devices/{id}/release", params(("id" = String, Path)),
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
#[utoipa::path(get, path = "/api/devices/{id}/label", params(("id" = String, Path)),
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

/// Tells the judgement of new devices; it may be busy, and nobody waits for it.
async fn judge_enrolled(app: Arc<App>, homes: Vec<BatchHome>) {
    for one in homes {
        for device in &one.devices {
            let (home, role) = (one.home, device.role);
            app.commands.tell(Command::Enrolled { device: device.device, home, role }).await;
        }
    }
}

/// Enrols many homes at once; every key is shown once.
#[utoipa::path(post, path = "/api/provision/batch", request_body = Batch,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 422)))]
pub async fn batch(
    State(app): State<Arc<App>>,
    _: As<Administering>,
    Body(body): Body<Batch>,
) -> ApiResult<Json<Value>> {
    let roles = body.roles.iter().map(|word| role_of(word)).collect::<Option<Vec<_>>>();
    let roles = roles.ok_or_else(|| ApiError::input("roles"))?;
    let now = app.clock.now().wall_ms;
    let made = app.provision.batch(&body.organisation, body.homes, &roles, now).await;
    let made = made.map_err(refused)?;
    let numbers = made.iter().map(|one| one.home.get().cast_signed());
    queue::learn(&app, &mut *app.records.reader().await?, numbers).await?;
    tokio::spawn(judge_enrolled(Arc::clone(&app), made.clone()));
    let homes: Vec<Value> = made
        .iter()
        .map(|one| {
            json!({
                "home": one.home.to_string(),
                "gateway": gateway(&one.gateway),
                "devices": one.devices.iter().map(minted).collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(Json(json!({ "homes": homes })))
}
