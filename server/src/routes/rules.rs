//! `/api/homes/{id}/rules` and `/rehearse`: how a home is judged, and what another way would have told.
//!
//! Operators may read and rehearse; only a supervisor sets. Both are written down. Not here: the judgement.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use care::policy::Rules;
use proto::unit::Millis;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages::rehearsal::{Chosen, Rehearsal};
use crate::routes::Body;
use crate::routes::homes::{looked, number};
use crate::routes::pages::locked;
use crate::session::As;
use crate::shapes::judged;
use crate::words::Words;
use centre::auth::role::{AtDesk, ReadingHomes, Releasing};
use centre::command::Command;
use centre::rehearsal::compare::Comparison;
use centre::rehearsal::{DAYS_MAX, RehearsalError, rehearse};
use centre::rules::{RulesForm, WatchForm};
use records::{Work, home, rules};

/// What is rehearsed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rehearse {
    /// What would change; what is left out stays as the home is judged today.
    #[schema(value_type = judged::RulesForm)]
    rules: RulesForm,
    /// Over how many of the last days, 1 to 90.
    days: u16,
}

async fn known(app: &App, id: &str) -> ApiResult<i64> {
    let number = number(id)?;
    let name = home::name(&mut *app.records.reader().await?, number).await?;
    name.map(|_| number).ok_or_else(|| ApiError::unknown("home"))
}

/// How a home is judged.
#[utoipa::path(get, path = "/api/homes/{id}/rules", params(("id" = String, Path)),
    responses((status = 200, body = judged::RulesForm), (status = 401), (status = 403), (status = 404)))]
pub async fn show(
    State(app): State<Arc<App>>,
    _: As<ReadingHomes>,
    Path(id): Path<String>,
) -> ApiResult<Json<RulesForm>> {
    let number = known(&app, &id).await?;
    Ok(Json(RulesForm::of(&app.rules.of(number))))
}

/// Sets how a home is judged from now on; a field that is left out stays as it is.
#[utoipa::path(post, path = "/api/homes/{id}/rules", params(("id" = String, Path)),
    request_body = judged::RulesForm,
    responses((status = 200, body = judged::RulesForm), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn set(
    State(app): State<Arc<App>>,
    As(me, ..): As<Releasing>,
    Path(id): Path<String>,
    Body(form): Body<RulesForm>,
) -> ApiResult<Json<RulesForm>> {
    let number = known(&app, &id).await?;
    let home = id.parse().map_err(|_| ApiError::unknown("home"))?;
    let new = form.over(app.rules.of(number)).map_err(ApiError::input)?;
    let bytes = minicbor::to_vec(new).map_err(|e| ApiError::internal(&e))?;
    let mut writer = app.records.begin_for(Work::Edit).await?;
    rules::put(&mut writer, number, &bytes, (&me.id, app.clock.now().wall_ms)).await?;
    writer.commit().await?;
    app.rules.set(number, new);
    app.commands.tell(Command::Rules { home, rules: new }).await;
    Ok(Json(RulesForm::of(&new)))
}

/// Judges the home's own last days again by changed rules: alarms gained and lost, with their reasons.
#[utoipa::path(post, path = "/api/homes/{id}/rehearse", params(("id" = String, Path)),
    request_body = Rehearse,
    responses((status = 200, body = judged::Comparison), (status = 401), (status = 403), (status = 404), (status = 422), (status = 429)))]
pub async fn rehearsal(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
    Body(wanted): Body<Rehearse>,
) -> ApiResult<Json<Comparison>> {
    let number = known(&app, &id).await?;
    if !(1..=DAYS_MAX).contains(&wanted.days) {
        return Err(ApiError::input("days"));
    }
    let changed = wanted.rules.over(app.rules.of(number)).map_err(ApiError::input)?;
    looked(&app, &me, number, "rehearsal").await?;
    let answer = rehearse(&app.rehearsals, number, changed, wanted.days).await;
    answer.map(Json).map_err(|error| match error {
        RehearsalError::Busy => ApiError::busy(),
        RehearsalError::Records(_) | RehearsalError::Panic => ApiError::internal(&error),
    })
}

/// What the form of the page holds; what is left out is as the home is judged today, 0 = not at all.
#[derive(Debug, Deserialize)]
pub struct Form {
    #[serde(default, deserialize_with = "chosen")]
    bed: Option<u64>,
    #[serde(default, deserialize_with = "chosen")]
    still: Option<u64>,
    #[serde(default, deserialize_with = "chosen")]
    ask: Option<u64>,
    watch: Option<WatchForm>,
    days: Option<u16>,
}

/// A number, or nothing where the choice is what holds today.
fn chosen<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

impl Form {
    fn is_asked(&self) -> bool {
        self.days.is_some()
    }

    /// The choices as rules; one out of range is named.
    fn rules(&self, present: Rules) -> Result<Rules, &'static str> {
        let given = |value: Option<u64>, seconds: u64| {
            value.map(|n| (n > 0).then_some(n.saturating_mul(seconds)))
        };
        let still_max_s = given(self.still, 3_600);
        let longest = still_max_s.flatten().map(Millis::secs);
        let form = RulesForm {
            bed_out_night_s: given(self.bed, 60),
            still_max_s,
            ask_s: given(self.ask, 1),
            watch: self.watch,
            ..RulesForm::default()
        };
        let still_min = present.still_min.map(|min| longest.map_or(min, |max| min.min(max)));
        form.over(Rules { still_min, ..present })
    }
}

/// `GET /homes/{id}/rehearsal`: the same for people, as a page.
pub async fn page(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
    Path(id): Path<String>,
    Query(form): Query<Form>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let number = number(&id)?;
    let name = home::name(&mut *app.records.reader().await?, number).await?;
    let name = name.ok_or_else(|| ApiError::unknown("home"))?;
    let present = app.rules.of(number);
    let rules = form.rules(present).map_err(ApiError::input)?;
    let days = form.days.unwrap_or(30);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::range("days", format_args!("1–{DAYS_MAX}")));
    }
    let answer = if form.is_asked() {
        looked(&app, &me, number, "rehearsal").await?;
        match rehearse(&app.rehearsals, number, rules, days).await {
            Ok(answer) => Some(Ok(answer)),
            Err(RehearsalError::Busy) => Some(Err(me.lang.fill("error.busy", &[("s", "5")]))),
            Err(error) => return Err(ApiError::internal(&error)),
        }
    } else {
        None
    };
    let page = Rehearsal {
        id: &id,
        label: &name.label,
        person: &name.person,
        chosen: Chosen { rules, days },
        answer,
        wall: app.wall(),
    };
    Ok(crate::pages::rehearsal::page(&me, &page).into_response())
}
