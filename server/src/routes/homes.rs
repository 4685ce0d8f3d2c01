//! `/api/homes…`: homes as data: the list, one home, its readings.
//!
//! Looking at one home is written down. Not here: enrolment (`enrol`, `persons`), pages (`pages`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use proto::id::{DeviceId, HomeId};
use proto::up::Quantity;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::auth::role::{AtDesk, ReadingHomes};
use crate::auth::{As, Staff};
use crate::desk::chain;
use crate::desk::rights;
use crate::desk::view::{device_text, home_text};
use crate::points;
use crate::provision::mint::{role_from, role_word};
use crate::records::look::Look;
use crate::records::resident::{Person, Resident};
use crate::records::{device, home, whose};
use crate::routes::{Ask, Body};
use crate::series::Window;
use crate::typed;

/// Shortest reason that says something, in characters.
const REASON_MIN: usize = 4;
/// Longest span of one question, hours.
const HOURS_MAX: i64 = 24 * 31;
/// Most points of one answer.
const POINTS_MAX: u32 = 5_000;

/// Which readings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    quantity: String,
    hours: Option<i64>,
    points: Option<u32>,
}

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
) -> Result<(), sqlx::Error> {
    let rights = rights::of_home(app, &mut *app.records.reader().await?, me, home).await?;
    rights::looked(app, &Look { shown: false, ..rights.look(me, home, what) }).await
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

fn quantity(word: &str) -> ApiResult<Quantity> {
    Ok(match word {
        "in_bed" => Quantity::InBed,
        "heart" => Quantity::Heart,
        "breath" => Quantity::Breath,
        "restless" => Quantity::Restless,
        "load" => Quantity::Load,
        "motion" => Quantity::Motion,
        "door" => Quantity::Door,
        "temperature" => Quantity::Temperature,
        "humidity" => Quantity::Humidity,
        "signal" => Quantity::Signal,
        "battery" => Quantity::Battery,
        _ => return Err(ApiError::input("quantity")),
    })
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
    rights::open(&app, &me, number, &reason(&body.reason)?).await?;
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
    let whose = whose::now(&mut c, number).await?.unwrap_or_default();
    let rights = rights::of_home(&app, &mut c, &me, number).await?;
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
        "protection": chain::view(&app, &chain::of_home(&app, number).protection),
        "devices": devices.iter().map(|d| json!({
            "device": device_text(d.id), "role": role_from(d.role).map(role_word), "label": d.label,
            "update": DeviceId::new(d.id.cast_unsigned()).map(|id| app.updates.known(id).json()),
        })).collect::<Vec<_>>(),
    });
    drop(c);
    rights::looked(&app, &rights.look(&me, number, "home")).await?;
    Ok(Json(answer))
}

/// Readings of one home.
#[utoipa::path(get, path = "/api/homes/{id}/series",
    params(("id" = String, Path), ("quantity" = String, Query), ("hours" = Option<i64>, Query), ("points" = Option<u32>, Query)),
    responses((status = 200, body = Object), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn series(
    State(app): State<Arc<App>>,
    As(me, ..): As<ReadingHomes>,
    Path(id): Path<String>,
    Ask(asked): Ask<Asked>,
) -> ApiResult<Json<Value>> {
    let number = number(&id)?;
    let home = id.parse().map_err(|_| ApiError::unknown("home"))?;
    let to_ms = app.clock.now().wall_ms;
    let from_ms = to_ms - asked.hours.unwrap_or(24).clamp(1, HOURS_MAX) * 3_600_000;
    let max_points = asked.points.unwrap_or(1440).clamp(1, POINTS_MAX);
    let quantity = quantity(&asked.quantity)?;
    let window = Window { home, device: None, quantity, from_ms, to_ms, max_points };
    let read = points::read(&app, window).await;
    let missing = read.is_err();
    let samples = read.unwrap_or_default();
    looked(&app, &me, number, "readings").await?;
    let points: Vec<Value> = samples
        .iter()
        .map(|s| {
            let (value, no_data) = match s.value {
                Ok(value) => (Some(value), None),
                Err(why) => (None, Some(format!("{why:?}").to_lowercase())),
            };
            json!({ "device": s.device.to_string(), "at_ms": s.at_ms, "span_ms": s.span_ms,
                "value": value, "no_data": no_data, "low": s.low, "high": s.high, "count": s.count })
        })
        .collect();
    Ok(Json(json!({ "from_ms": from_ms, "to_ms": to_ms, "points": points, "missing": missing })))
}
