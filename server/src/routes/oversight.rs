//! The pages of looks and of what has ended, and the forms that go with them: they work without a script.
//!
//! Not here: how they look (`pages`), who may read what (`desk::rights`).

use care::alert::Outcome;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::Deserialize;

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages::{closed as ended, looks};
use crate::routes::Filled;
use crate::routes::glass;
use crate::routes::homes::{looked, number, reason};
use crate::routes::pages::locked;
use crate::session::As;
use centre::auth::role::{AtDesk, Releasing};
use centre::desk::rights;
use centre::live::view::home_text;
use centre::retention::{Class, forgotten_before};
use centre::zone::Wall;
use records::closed::{self, Answer, Wanted};
use records::{home, look};

/// Alerts listed at once.
const LISTED: i64 = 500;
/// What was opened without an alert in hand, listed at once.
const GLASS: i64 = 100;
/// Days that are shown when none are asked for.
const DAYS: i32 = 7;

/// Why what is guarded is opened.
#[derive(Debug, Deserialize)]
pub struct Opening {
    #[serde(default)]
    reason: String,
}

/// Which month.
#[derive(Debug, Deserialize)]
pub struct Month {
    month: Option<String>,
}

/// Which alerts.
#[derive(Debug, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    answer: String,
}

/// `POST /homes/{id}/open`
pub async fn open(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
    Path(id): Path<String>,
    Filled(form): Filled<Opening>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let number = number(&id)?;
    let known = home::find(&mut *app.records.reader().await?, number).await?;
    known.ok_or_else(|| ApiError::unknown("home"))?;
    match reason(&form.reason) {
        Ok(reason) => rights::open(&app.desk, &me, number, &reason).await?,
        Err(error) => {
            let back = format!("/homes/{id}");
            return Ok(error.page(me.lang, Some((&me, app.wall())), Some(&back)));
        }
    }
    Ok(Redirect::to(&format!("/homes/{id}")).into_response())
}

/// `GET /homes/{id}/looks`
pub async fn looks(
    State(app): State<Arc<App>>,
    me: Result<As<AtDesk>, ApiError>,
    Path(id): Path<String>,
    Query(asked): Query<Month>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let home = number(&id)?;
    let kept = forgotten_before(&app.clock, Class::Looks);
    let wall = app.wall();
    let first = month(&asked, wall, kept)?;
    let row = home::find(&mut *app.records.reader().await?, home).await?;
    let row = row.ok_or_else(|| ApiError::unknown("home"))?;
    looked(&app, &me, home, "looks").await?;
    let next = first.saturating_add(jiff::Span::new().months(1));
    let before = first.saturating_sub(jiff::Span::new().months(1));
    let span = (wall.midnight(first), wall.midnight(next));
    let most = i64::try_from(looks::LOOKS_MAX).unwrap_or(i64::MAX);
    let found = look::of_home(&mut *app.records.reader().await?, home, span, most).await?;
    let first_look = look::first(&mut *app.records.reader().await?, home).await?;
    let page = looks::Month {
        id: &id,
        address: if row.address.is_empty() { &row.label } else { &row.address },
        month: &month_text(first),
        beside: (month_text(before), (span.1 <= wall.now_ms).then(|| month_text(next))),
        kept: kept.filter(|edge| *edge > span.0).map(|edge| wall.date(edge).to_string()),
        months: &looks::months(wall, first_look, kept),
        looks: &found,
        wall,
    };
    Ok(looks::page(&me, &page).into_response())
}

/// `GET /closed`
pub async fn closed(
    State(app): State<Arc<App>>,
    me: Result<As<Releasing>, ApiError>,
    Query(filter): Query<Filter>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    let wall = app.wall();
    let ((from, to), wanted) = wanted(&filter, wall)?;
    let mut c = app.records.reader().await?;
    let (mut glass, all) = (Vec::new(), look::unseen(&mut c, GLASS + 1).await?);
    let more = all.len() > glass_max();
    for one in all.into_iter().take(glass_max()) {
        let name = home::name(&mut c, one.home).await?;
        let label = name.map_or_else(|| home_text(one.home), |name| name.label);
        glass.push((one, label));
    }
    let rows = closed::list(&mut c, &wanted, LISTED).await?;
    let page = ended::Closed {
        days: (&from.to_string(), &to.to_string()),
        wanted: &wanted,
        rows: &rows,
        all: closed::count(&mut c, &wanted).await?,
        glass: (&glass, more),
        kept: [Class::Alerts, Class::Faults].map(|class| {
            let edge = forgotten_before(&app.clock, class).filter(|edge| *edge > wanted.from);
            edge.map(|edge| wall.date(edge).to_string())
        }),
        wall,
    };
    Ok(ended::page(&me, &page).into_response())
}

fn glass_max() -> usize {
    usize::try_from(GLASS).unwrap_or(usize::MAX)
}

fn month_text(day: Date) -> String {
    day.strftime("%Y-%m").to_string()
}

/// The month that is asked for, this one if none is; one that has not begun or is forgotten is refused.
fn month(asked: &Month, wall: Wall<'_>, kept: Option<i64>) -> ApiResult<Date> {
    let this = wall.date(wall.now_ms).first_of_month();
    let Some(text) = asked.month.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(this);
    };
    let first = kept.map_or(Date::ZERO, |edge| wall.date(edge).first_of_month());
    let read = format!("{text}-01").parse::<Date>().ok();
    let known = read.filter(|month| (first..=this).contains(month));
    let can_be =
        || format!("{}–{}", kept.map_or(String::new(), |_| month_text(first)), month_text(this));
    known.ok_or_else(|| ApiError::range("month", can_be()))
}

/// What the form asks for: its first and last day, and the question; what is left out is the last week, and all.
fn wanted(filter: &Filter, wall: Wall<'_>) -> ApiResult<((Date, Date), Wanted)> {
    let day = |field: &'static str, text: &str, usual: Date| match text {
        "" => Ok(usual),
        text => text.parse().map_err(|_| ApiError::range(field, "2000-01-31")),
    };
    let to = day("to", &filter.to, wall.date(wall.now_ms))?;
    let from = day("from", &filter.from, back(to, DAYS - 1))?;
    if from > to {
        return Err(ApiError::range("from", format_args!("–{to}")));
    }
    let outcome = match filter.outcome.as_str() {
        "" => None,
        text => {
            let outcome = text.parse().ok().and_then(Outcome::from_code);
            Some(outcome.ok_or_else(|| {
                ApiError::range(
                    "outcome",
                    Outcome::ALL.map(|outcome| outcome.code().to_string()).join(", "),
                )
            })?)
        }
    };
    if !filter.answer.is_empty() && !ended::ANSWERS.contains(&filter.answer.as_str()) {
        return Err(ApiError::range("answer", ended::ANSWERS.join(", ")));
    }
    let answer = Answer::read(&filter.answer);
    let wanted =
        Wanted { from: wall.midnight(from), to: wall.midnight(back(to, -1)), outcome, answer };
    Ok(((from, to), wanted))
}

fn back(day: Date, days: i32) -> Date {
    day.saturating_sub(jiff::Span::new().days(days))
}

/// `POST /glass/{id}/seen`: a supervisor has seen what somebody else has opened.
pub async fn seen(
    State(app): State<Arc<App>>,
    me: Result<As<Releasing>, ApiError>,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let me = match locked(me) {
        Ok(me) => me,
        Err(answer) => return Ok(*answer),
    };
    glass::note(&app, &me, &id).await?;
    Ok(Redirect::to("/closed").into_response())
}
