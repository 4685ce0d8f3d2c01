//! `/api/homes…`: homes as data: the list, one home.
//!
//! Looking at one home is written down. Not here: enrolment (`enrol`, `persons`), what was measured (`series`), pages (`pages`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use proto::id::{DeviceId, HomeId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::routes::Body;
use crate::session::As;
use centre::auth::Staff;
use centre::auth::role::{AtDesk, ReadingHomes};
use centre::desk::chain;
use centre::desk::rights;
use centre::live::view::{device_text, home_text};
use centre::typed;
use records::look::Look;
use records::resident::{Person, Resident};
use records::{bed, device, home, whose};

/// Shortest reason that says something, in characters.
const REASON_MIN: usize = 4;

/// Why what is guarded is opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    reason: String,
}

/// Writes down a look at what is not guarded.
pub(crate) async fn looked(
    app: &App,
    me: &Staff,
    home: i64,
    what: &'static str,
) -> Result<(), records::Error> {
    let rights = rights::of_home(&app.desk, &mut app.records.reader().await?, me, home).await?;
    rights::looked(&app.desk, &Look { shown: false, ..rights.look(me, home, what) }).await
}

/// A reason in words, as it may be written down.
pub(crate) fn reason(text: &str) -> ApiResult<String> {
    let text = typed::line(text).filter(|text| text.chars().count() >= REASON_MIN);
    text.ok_or_else(ApiError::no_reason)
}

/// A home's number from the text in a path.
pub(crate) fn number(text: &str) -> ApiResult<i64> {
    let id: HomeId = text.parse().map_err(|_| ApiError::unknown("home"))?;
    i64::try_from(id.get()).map_err(|_| ApiError::unknown("home"))
}

/// Every home with its names.
#[utoipa::path(get, path = "/api/homes",
    responses((status = 200, body = Object), (status = 401), (status = 403)))]
pub async fn list(State(app): State<Arc<App>>, _: As<ReadingHomes>) -> ApiResult<Json<Value>> {
    let all = home::names(&mut *app.records.reader().await?).await?;
    let homes: Vec<Value> = all
        .into_iter()
        .map(
            |(n, name)| json!({ "home": home_text(n), "label": name.label, "person": name.person }),
        )
        .collect();
    Ok(Json(json!({ "homes": homes })))
}

/// Opens what is guarded of a home with a reason, for half an hour; supervisors are told.
#[utoipa::path(post, path = "/api/homes/{id}/open", params(("id" = String, Path)),
    request_body = Opening,
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn open(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
    Body(body): Body<Opening>,
) -> ApiResult<Json<Value>> {
    let number = number(&id)?;
    let known = home::find(&mut *app.records.reader().await?, number).await?;
    known.ok_or_else(|| ApiError::unknown("home"))?;
    rights::open(&app.desk, &me, number, &reason(&body.reason)?).await?;
    Ok(Json(json!({ "open_ms": rights::GLASS.get() })))
}

/// One home: address, who lives there, whom to call, devices.
#[utoipa::path(get, path = "/api/homes/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404)))]
pub async fn show(
    State(app): State<Arc<App>>,
    As(me, ..): As<ReadingHomes>,
    Path(id): Path<String>,
) -> ApiResult<Json<Value>> {
    let number = number(&id)?;
    let mut c = app.records.reader().await?;
    let name = home::name(&mut c, number).await?.ok_or_else(|| ApiError::unknown("home"))?;
    let devices = device::of_home(&mut c, number).await?;
    let beds: HashMap<i64, String> = bed::of_home(&mut c, number).await?.into_iter().collect();
    let whose = whose::now(&mut c, number).await?.unwrap_or_default();
    let rights = rights::of_home(&app.desk, &mut c, &me, number).await?;
    let persons: Vec<Person> = whose
        .persons
        .iter()
        .map(|person| {
            let mut person = person.clone();
            let who = Resident { entry: whose.entry.clone(), ..person.who };
            person.who = rights.of_person(&who);
            for listed in &mut person.contacts {
                listed.contact.phone = rights.phone(&listed.contact.phone);
            }
            person
        })
        .collect();
    let contacts = persons.iter().flat_map(|person| &person.contacts);
    let answer = json!({
        "home": id, "label": name.label, "person": name.person,
        "address": whose.address,
        "resident": persons.first().map(|person| &person.who),
        "residents": persons,
        "contacts": contacts.collect::<Vec<_>>(),
        "guarded": { "entry": !rights.entry(), "health": !rights.health() },
        "protection": chain::view(app.clock.now(), &chain::of_home(&app.chains, number).protection),
        "devices": devices.iter().map(|d| json!({
            "device": device_text(d.id), "role": d.role.word(), "label": d.label,
            "bed": beds.get(&d.id),
            "update": DeviceId::new(d.id.cast_unsigned()).map(|id| app.updates.known(id).json()),
        })).collect::<Vec<_>>(),
    });
    drop(c);
    rights::looked(&app.desk, &rights.look(&me, number, "home")).await?;
    Ok(Json(answer))
}
