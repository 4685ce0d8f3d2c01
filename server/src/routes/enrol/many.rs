//! Enrolment of many homes at once by HTTP, each with a gateway and one device a role; every key is shown once.
//!
//! Not here: the rules and the rows (`provision::batch`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{gateway, minted, refused};
use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use centre::auth::role::Administering;
use centre::command::Command;
use centre::live::read;
use centre::provision::batch::BatchHome;
use centre::provision::mint::role_of;

/// Many homes at once, each with a gateway and one device a role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    organisation: String,
    homes: u32,
    roles: Vec<String>,
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
#[utoipa::path(post, path = "/api/provision/batch", tag = "enrol", request_body = Batch,
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
    read::learn(&app.names, &mut app.records.reader().await?, numbers).await?;
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
