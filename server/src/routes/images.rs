//! `/api/images…`: the administrator stores a signed image, offers it, takes it back, and sees how far devices are.
//!
//! Every deed is written down with who did it. Not here: what is offered to whom (`update::shelf`).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use proto::id::DeviceId;
use proto::update::Release;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use crate::tools::image::{manifest_json, row_json};
use centre::auth::Staff;
use centre::auth::role::Administering;
use centre::update::shelf::{self, By, To};
use centre::update::{UpdateError, talk};
use records::image;

/// Deeds that the list shows.
const DEEDS: i64 = 50;

/// To whom an image is offered: devices, or all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipients {
    /// These devices.
    #[serde(default)]
    devices: Vec<String>,
    /// All that may be of the image's hardware and do not run it yet.
    #[serde(default)]
    all: bool,
    /// With `all`: so many more of them and no others, the ring of a roll-out.
    most: Option<usize>,
}

fn refused(error: UpdateError) -> ApiError {
    match error {
        UpdateError::Package(_) => ApiError::input(error),
        UpdateError::Unknown(_) => ApiError::unknown("image"),
        UpdateError::Device(_) => ApiError::unknown("device"),
        UpdateError::Records(cause) => ApiError::internal(&cause),
    }
}

fn release(text: &str) -> ApiResult<Release> {
    text.parse().map_err(|_| ApiError::unknown("image"))
}

fn by<'a>(app: &App, me: &'a Staff) -> By<'a> {
    By { staff: &me.id, wall: app.clock.now().wall_ms }
}

/// Stores a signed image; the body is the file that `image sign` has written.
#[utoipa::path(post, path = "/api/images", request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 413), (status = 422)))]
pub async fn add(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> ApiResult<Json<Value>> {
    let body = body.map_err(|_| ApiError::too_large())?;
    let manifest = shelf::add(&app.records, &body, by(&app, &me)).await.map_err(refused)?;
    Ok(Json(manifest_json(&manifest)))
}

/// Images, newest first, with the number of devices at each stage, and what people did lately.
#[utoipa::path(get, path = "/api/images",
    responses((status = 200, body = Object), (status = 401), (status = 403)))]
pub async fn list(State(app): State<Arc<App>>, _: As<Administering>) -> ApiResult<Json<Value>> {
    let mut reader = app.records.reader().await?;
    let rows = image::all(&mut reader).await?;
    let deeds = image::deeds(&mut reader, DEEDS + 1).await?;
    drop(reader);
    let images: Vec<Value> = rows.iter().map(|row| row_json(row, &app.updates)).collect();
    let most = usize::try_from(DEEDS).unwrap_or(usize::MAX);
    let more = deeds.len() > most;
    let deeds: Vec<Value> = deeds
        .iter()
        .take(most)
        .map(|d| {
            json!({ "at_ms": d.wall, "staff": d.staff, "deed": d.deed, "release": d.release, "devices": d.devices })
        })
        .collect();
    Ok(Json(json!({ "images": images, "deeds": deeds, "more": more })))
}

/// How far each device is that was offered an image.
#[utoipa::path(get, path = "/api/images/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404)))]
pub async fn show(
    State(app): State<Arc<App>>,
    _: As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let release = release(&id)?;
    let row = image::find(&mut *app.records.reader().await?, &release.to_string()).await?;
    let row = row.ok_or_else(|| ApiError::unknown("image"))?;
    let devices: Vec<Value> = app
        .updates
        .offered(release)
        .into_iter()
        .map(|(device, known)| json!({ "device": device.to_string(), "update": known.json() }))
        .collect();
    Ok(Json(json!({ "image": row_json(&row, &app.updates), "devices": devices })))
}

/// Makes an image the one that devices are to run, and tells those that listen.
#[utoipa::path(post, path = "/api/images/{id}/offer", params(("id" = String, Path)), request_body = Recipients,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn offer(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    Path(id): Path<String>,
    Body(body): Body<Recipients>,
) -> ApiResult<Json<Value>> {
    let release = release(&id)?;
    let to = match (body.all, body.devices.is_empty()) {
        (true, true) => To::All(body.most),
        (false, false) => {
            let ids: Option<Vec<DeviceId>> =
                body.devices.iter().map(|text| text.parse().ok()).collect();
            To::Devices(ids.ok_or_else(|| ApiError::unknown("device"))?)
        }
        (true, false) | (false, true) => return Err(ApiError::input("devices or all")),
    };
    let rooms = (&app.records, &*app.registry, &*app.updates);
    let offered = shelf::offer(rooms, release, to, by(&app, &me)).await.map_err(refused)?;
    for device in &offered {
        talk::offer(&app.talk, *device).await?;
    }
    Ok(Json(json!({ "release": release.to_string(), "offered": offered.len() })))
}

/// Takes an image back from all devices that do not run it yet.
#[utoipa::path(post, path = "/api/images/{id}/withdraw", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404)))]
pub async fn withdraw(
    State(app): State<Arc<App>>,
    As(me, ..): As<Administering>,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let release = release(&id)?;
    let row = image::find(&mut *app.records.reader().await?, &release.to_string()).await?;
    row.ok_or_else(|| ApiError::unknown("image"))?;
    let done = shelf::withdraw(&app.records, &app.updates, release, by(&app, &me)).await;
    Ok(Json(json!({ "release": release.to_string(), "withdrawn": done.map_err(refused)? })))
}
