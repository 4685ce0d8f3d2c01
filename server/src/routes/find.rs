//! `/api/find`, `/homes` and `/console/fallback`: whom somebody looks for, and whom to telephone.
//!
//! A name is asked for in the body of a request, never in an address. Not here: one home (`pages`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use care::Severity;
use maud::Markup;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages;
use crate::pages::homes::Line;
use crate::routes::Body;
use crate::routes::pages::locked;
use crate::session::As;
use centre::auth::role::AtDesk;
use centre::desk::chain;
use centre::desk::rights;
use centre::live::view::home_text;
use records::home::HomeName;
use records::look::Look;
use records::{desk, home, whose};

/// Homes listed at once, on the page and over it.
const LISTED: usize = 200;
const FOUND: usize = 20;
/// Longest text to look for, characters.
const ASKED_MAX: usize = 100;
/// Open emergencies whose numbers a console keeps for the time without a link.
const NUMBERS: usize = 50;

/// What is looked for: a part of a name, a door or a number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    q: String,
}

/// One home that fits.
#[derive(Debug, Serialize, ToSchema)]
pub struct Home {
    id: String,
    label: String,
    person: String,
    /// Alerts that are not closed.
    open: usize,
}

/// What fits, in the order of the doors.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    homes: Vec<Home>,
    /// Whether further ones fit.
    more: bool,
}

async fn fitting(app: &App, asked: &str, most: usize) -> ApiResult<(Vec<Line>, bool)> {
    let mut c = app.records.reader().await?;
    let mut open: HashMap<i64, usize> = HashMap::new();
    for row in desk::open(&mut c).await? {
        *open.entry(row.home).or_default() += 1;
    }
    let needle = asked.trim().to_lowercase();
    let fits = |(n, name): &(i64, HomeName)| {
        [name.label.as_str(), name.person.as_str(), home_text(*n).as_str()]
            .iter()
            .any(|text| text.to_lowercase().contains(&needle))
    };
    let mut found: Vec<_> = home::names(&mut c).await?.into_iter().filter(fits).collect();
    found.sort_by_cached_key(|(n, name)| (pages::homes::door(&name.label), *n));
    let more = found.len() > most;
    found.truncate(most);
    let line = |(n, name): (i64, HomeName)| Line {
        id: home_text(n),
        label: name.label,
        person: name.person,
        open: open.get(&n).copied().unwrap_or(0),
        protected: chain::of_home(&app.chains, n),
    };
    Ok((found.into_iter().map(line).collect(), more))
}

/// Looks for homes by name, door or number.
#[utoipa::path(post, path = "/api/find", request_body = Find,
    responses((status = 200, body = Found), (status = 401), (status = 403), (status = 422)))]
pub async fn find(
    State(app): State<Arc<App>>,
    _: As<AtDesk>,
    Body(body): Body<Find>,
) -> ApiResult<Json<Found>> {
    if body.q.chars().count() > ASKED_MAX {
        return Err(ApiError::input("q"));
    }
    let (lines, more) = fitting(&app, &body.q, FOUND).await?;
    let home = |Line { id, label, person, open, .. }| Home { id, label, person, open };
    Ok(Json(Found { homes: lines.into_iter().map(home).collect(), more }))
}

/// `GET /homes`
pub async fn homes(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let (lines, more) = fitting(&app, "", LISTED).await?;
    Ok(pages::homes::page(&me, app.wall(), "", &lines, more).into_response())
}

/// `POST /homes`: the same for what is looked for, as the form asks by itself when the page's script does not run.
pub async fn asked(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
    Form(Find { q }): Form<Find>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    if q.chars().count() > ASKED_MAX {
        return Err(ApiError::input("q"));
    }
    let (lines, more) = fitting(&app, &q, LISTED).await?;
    Ok(pages::homes::page(&me, app.wall(), q.trim(), &lines, more).into_response())
}

/// `GET /console/fallback`: numbers of the open emergencies, for the time when nothing can be asked for.
pub async fn fallback(State(app): State<Arc<App>>, As(me, ..): As<AtDesk>) -> ApiResult<Markup> {
    let mut c = app.records.reader().await?;
    let mut rows = desk::open(&mut c).await?;
    rows.retain(|row| row.severity == Severity::Emergency && row.home != 0);
    rows.sort_by_key(|row| (row.state, row.raised_mono));
    let (mut lines, mut left) = (Vec::<(i64, pages::fallback::Line)>::new(), HashSet::new());
    let mut looks = Vec::new();
    for row in rows {
        if lines.iter().any(|(home, _)| *home == row.home) {
            continue;
        }
        if lines.len() == NUMBERS {
            left.insert(row.home);
            continue;
        }
        let whose = whose::of_alert(&mut c, &row.id, (row.home, row.raised_wall)).await?;
        let why = if row.owner.as_deref() == Some(&me.id) { "claim" } else { "screen" };
        let (staff, detail) = (me.id.clone(), row.id.clone());
        looks.push(Look { staff, home: row.home, what: "numbers", why, detail, shown: false });
        let (name, persons) = (whose.name(), whose.persons);
        let phone = persons.iter().map(|one| one.who.phone.clone()).find(|phone| !phone.is_empty());
        let phone = phone.unwrap_or_default();
        let listed = persons.into_iter().flat_map(|person| person.contacts);
        let contacts = listed.map(|one| one.contact).map(|one| (one.name, one.relation, one.phone));
        let line = pages::fallback::Line {
            label: name.label,
            person: (name.person, phone),
            contacts: contacts.collect(),
        };
        lines.push((row.home, line));
    }
    drop(c);
    // The numbers lie in the console from now on, whether it shows them or not.
    rights::looked_at_all(&app.desk, &looks).await?;
    let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    Ok(pages::fallback::lines(me.lang, &app.config.console.fallback_phone, &lines, left.len()))
}
