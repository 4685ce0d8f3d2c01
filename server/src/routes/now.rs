//! What a page that stays open must not go on saying: how far a home is protected, and the last half hour of a card.
//!
//! Parts of a page as it would be drawn now, each named as it stands there; nobody's name is among them, so that asking
//! again is no look at anybody. Not here: the pages themselves (`pages`).

use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};

use crate::api_error::{ApiError, ApiResult};
use crate::app::App;
use crate::pages;
use crate::pages::day::{self as charts, Glass};
use crate::routes::homes::number;
use crate::routes::pages::{HALF_HOUR_MS, shown};
use crate::session::As;
use centre::auth::role::AtDesk;
use centre::desk::chain;
use centre::desk::protection::{self, DayError};
use records::desk;

/// `GET /console/alerts/{id}/now`: the home's protection and its last half hour, for an open card.
pub async fn card(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<Markup> {
    let mut c = app.records.reader().await?;
    let row = desk::find(&mut c, &id).await?.ok_or_else(|| ApiError::unknown("alert"))?;
    drop(c);
    if row.home == 0 {
        return Ok(html! {});
    }
    let day = day(&app, row.home).await?;
    let protected = chain::of_home(&app.chains, row.home);
    let rules = app.rules.of(row.home);
    let glass = Glass { lang: me.lang, wall: app.wall(), day: &day, rules: &rules };
    let seen = charts::half_hour(glass, row.raised_wall);
    Ok(html! { (seen) (pages::card::guarded(&shown(&app, me.lang, &day, &protected))) })
}

/// `GET /homes/{id}/now`: the home's protection, for its page.
pub async fn home(
    State(app): State<Arc<App>>,
    As(me, ..): As<AtDesk>,
    Path(id): Path<String>,
) -> ApiResult<Markup> {
    let home = number(&id)?;
    let day = day(&app, home).await?;
    let protected = chain::of_home(&app.chains, home);
    Ok(pages::home::now(&shown(&app, me.lang, &day, &protected)))
}

async fn day(app: &App, home: i64) -> ApiResult<protection::Day> {
    protection::day(&app.days, home, HALF_HOUR_MS).await.map_err(|error| match error {
        DayError::Home => ApiError::unknown("home"),
        DayError::Records(_) => ApiError::internal(&error),
    })
}
