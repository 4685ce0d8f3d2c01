//! The pages' own addresses. Without a session every one of them leads to the log-in.
//!
//! Not here: how a page looks (`crate::pages`).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages::day::{Glass, Span};
use crate::pages::protected::Shown;
use crate::pages::{self, day as charts};
use crate::routes::homes::number;
use crate::session::As;
use centre::auth::Staff;
use centre::auth::role::{AtDesk, Duty, Present};
use centre::desk::chain::Protected;
use centre::desk::protection::{self, Day, DayError};
use centre::desk::{card, chain, rights};
use centre::lang::Lang;
use centre::live::fold;
use centre::live::read;
use centre::retention::{Class, forgotten_before};
use records::look as looks;
use records::{desk, home, staff, story, whose};

/// Alerts of one home that its page reads: a month of a bad one.
const EVENTS: i64 = 1_000;
/// The card's look back.
pub(super) const HALF_HOUR_MS: i64 = 30 * 60_000;

/// Language, and whether a one-time code is to be typed.
#[derive(Debug, Deserialize)]
pub struct Entry {
    lang: Option<String>,
    code: Option<String>,
}

/// How far back a home's chart looks.
#[derive(Debug, Deserialize)]
pub struct Look {
    span: Option<String>,
}

impl Look {
    /// A day if nothing else is asked for; a span that there is not is refused with those that there are.
    pub(super) fn span(&self) -> ApiResult<Span> {
        let asked = self.span.as_deref().filter(|word| !word.is_empty());
        let Some(word) = asked else { return Ok(Span::Day) };
        let all = Span::ALL.map(Span::word).join(", ");
        Span::of_word(word).ok_or_else(|| ApiError::range("span", all))
    }
}

fn lang(entry: &Entry, headers: &HeaderMap) -> Lang {
    entry.lang.as_deref().map_or_else(|| crate::session::asked(headers), Lang::of_tag)
}

/// `GET /`: everybody lands where their work is.
pub async fn root() -> Redirect {
    Redirect::to("/console")
}

/// `GET /start`: for whoever does not work at the desk.
pub async fn start(
    State(app): State<Arc<App>>,
    me: Result<As<Present>, ApiError>,
) -> ApiResult<Response> {
    let me = match me {
        Ok(As(me, ..)) => me,
        Err(error) => return Ok(*turned_away(error)),
    };
    if AtDesk::allows(me.role) {
        return Ok(Redirect::to("/console").into_response());
    }
    Ok(pages::start::page(&me, app.wall()).into_response())
}

/// `GET /login`
pub async fn login(
    State(app): State<Arc<App>>,
    Query(entry): Query<Entry>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if staff::administrators(&mut *app.records.reader().await?).await? == 0 {
        return Ok(Redirect::to("/setup").into_response());
    }
    let told = pages::login::Told { by_code: entry.code.is_some(), ..Default::default() };
    Ok(pages::login::page(lang(&entry, &headers), app.wall(), &told).into_response())
}

/// `GET /setup`
pub async fn setup(
    State(app): State<Arc<App>>,
    Query(entry): Query<Entry>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if staff::administrators(&mut *app.records.reader().await?).await? > 0 {
        return Ok(Redirect::to("/login").into_response());
    }
    let (lang, now) = (lang(&entry, &headers), app.wall());
    Ok(pages::setup::page(lang, now, &pages::setup::Told::default()).into_response())
}

/// A page's lock: without a session to the log-in, without the duty to where one's own work is.
pub(super) fn locked<D: Duty>(me: Result<As<D>, ApiError>) -> Result<Staff, Box<Response>> {
    me.map(|me| me.0).map_err(turned_away)
}

fn turned_away(error: ApiError) -> Box<Response> {
    match error.answer(Lang::Zh).status() {
        StatusCode::UNAUTHORIZED => Box::new(Redirect::to("/login").into_response()),
        _ => Box::new(error.into_response()),
    }
}

/// `GET /console`
pub async fn console(State(app): State<Arc<App>>, me: Result<As<AtDesk>, ApiError>) -> Response {
    let me = match locked(me) {
        Ok(me) => me,
        // Who is logged in and works elsewhere lands there.
        Err(answer) if answer.status() == StatusCode::FORBIDDEN => {
            return Redirect::to("/start").into_response();
        }
        Err(answer) => return *answer,
    };
    let phone = &app.config.console.fallback_phone;
    pages::console::page(&me, app.wall(), phone).into_response()
}

/// `GET /console/alerts/{id}`: the facts of one card, for the console's scripts.
pub async fn facts(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<Markup> {
    let card = card::open(&app.desk, &id, &me).await.map_err(|e| ApiError::desk(e, &app.desk))?;
    let day = protection::day(&app.days, card.row.home, HALF_HOUR_MS).await.ok();
    let day = day.filter(|_| card.row.home != 0);
    let (mut seen, mut guarded) = (html! {}, html! {});
    if let Some(day) = &day {
        let protected = chain::of_home(&app.chains, card.row.home);
        let rules = app.rules.of(card.row.home);
        let glass = Glass { lang: me.lang, wall: app.wall(), day, rules: &rules };
        seen = charts::half_hour(glass, card.view.raised_ms);
        guarded = pages::card::guarded(&shown(&app, me.lang, day, &protected));
    }
    Ok(pages::card::parts(&app.names, &card, &me, (&seen, &guarded), app.wall()))
}

pub(super) fn shown<'a>(
    app: &'a App,
    lang: Lang,
    day: &'a Day,
    protected: &'a Protected,
) -> Shown<'a> {
    Shown { lang, now: app.clock.now(), protected, devices: &day.devices, names: &app.names }
}

/// `GET /faults`: what is wrong with equipment, a line a cause.
pub async fn faults(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let mut c = app.records.reader().await?;
    let mut rows = desk::open(&mut c).await?;
    rows.retain(|row| fold::is_equipment(row.kind));
    let seen = (&*app.names, app.clock.now().mono);
    let views = read::views(seen, &mut c, &rows).await?;
    drop(c);
    let by_id: HashMap<_, _> = views.into_iter().map(|view| (view.id.clone(), view)).collect();
    let both = rows.into_iter().filter_map(|row| Some((by_id.get(&row.id)?.clone(), row)));
    let matters = fold::matters(both.map(|(view, row)| (row, view)));
    Ok(pages::faults::page(&me, app.wall(), &matters).into_response())
}

/// `GET /homes/{id}`
pub async fn home(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let (number, span) = (number(&id)?, look.span()?);
    let mut c = app.records.reader().await?;
    let name = home::name(&mut c, number).await?.ok_or_else(|| ApiError::unknown("home"))?;
    let rights = rights::of_home(&app.desk, &mut c, &me, number).await?;
    drop(c);
    rights::looked(&app.desk, &rights.look(&me, number, "page")).await?;
    let day = protection::day(&app.days, number, span.ms()).await.map_err(|error| match error {
        DayError::Home => ApiError::unknown("home"),
        DayError::Records(_) => ApiError::internal(&error),
    })?;
    let mut c = app.records.reader().await?;
    let whose = whose::now(&mut c, number).await?.unwrap_or_default();
    let events = desk::of_home(&mut c, number, EVENTS).await?;
    let all = story::count_of_home(&mut c, number).await?;
    let looks = looks::of_home(&mut c, number, (0, i64::MAX), 6).await?;
    let first = looks::first(&mut c, number).await?;
    let months =
        pages::looks::months(app.wall(), first, forgotten_before(&app.clock, Class::Looks));
    let protected = chain::of_home(&app.chains, number);
    let shown = shown(&app, me.lang, &day, &protected);
    let page = pages::home::Home {
        id: &id,
        address: if whose.address.is_empty() { &name.label } else { &whose.address },
        person: &name.person,
        wall: app.wall(),
        day: &day,
        shown,
        span,
        rules: &app.rules.of(number),
        events: (&events, all),
        people: &pages::people::section(me.lang, &id, &whose, &rights, app.wall()),
        looks: &pages::looks::section(me.lang, app.wall(), (&id, &months), &looks),
    };
    Ok(pages::home::page(&me, &page).into_response())
}

/// Whatever has no door.
pub async fn nowhere() -> ApiError {
    ApiError::not_found()
}

/// A door that is not opened in this way.
pub async fn no_method() -> ApiError {
    ApiError::method()
}
