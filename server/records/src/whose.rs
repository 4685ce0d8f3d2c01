//! Whose an alert is and where, as it was when it was raised: kept for the alert, whatever is edited since.
//!
//! An alert of no home keeps the last place of its device, if that is known. Alerts of before this was kept are those
//! of whoever lived there then. Not here: what of it somebody may read (`desk::rights`).

mod homes;
pub mod owed;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::{Error, Row, query};

use super::chain::NewAlert;
use super::home::{self, HomeName, HomeRow};
use super::placement;
use super::refusal::{is_of_row, leave_out};
use super::resident::{self, Person};
use crate::Link;
use crate::sql::Sql;

/// Rows of one statement.
const ROWS: usize = super::rows_of(4);

/// Whose an alert is and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Whose {
    /// The shortest text that finds the door.
    pub label: String,
    /// The whole address.
    pub address: String,
    /// How to get in.
    pub entry: String,
    /// Who lived there, who had been there longest first.
    pub persons: Vec<Person>,
    /// When the device was taken away from there, wall clock, if it is only the last place that is known of it.
    pub left_ms: Option<i64>,
}

impl Whose {
    fn of(home: &HomeRow, persons: Vec<Person>) -> Self {
        let HomeRow { label, address, entry, .. } = home.clone();
        Self { label, address, entry, persons, left_ms: None }
    }

    /// How the home is called on a row; a last place is marked as no more than that.
    pub fn name(&self) -> HomeName {
        if self.left_ms.is_some() {
            return HomeName { label: format!("{} ?", self.label), person: String::new() };
        }
        HomeName {
            label: self.label.clone(),
            person: home::together(self.persons.iter().map(|person| person.who.name.as_str())),
        }
    }
}

/// Keeps whose these new alerts are, or that it is owed; gives how the places of alerts without a home are called.
pub async fn keep(c: &mut Link, alerts: &[NewAlert]) -> Result<HashMap<String, HomeName>, Error> {
    let (homeless, of_homes): (Vec<&NewAlert>, Vec<&NewAlert>) =
        alerts.iter().partition(|alert| alert.home == 0);
    owed::note(c, &of_homes).await?;
    let mut found = Vec::new();
    for alert in homeless {
        let Some(device) = alert.device else { continue };
        let place = last_place(c, device).await?;
        found.extend(place.map(|whose| (alert.id.as_str(), whose)));
    }
    put(c, &found).await?;
    Ok(found.iter().map(|(alert, whose)| ((*alert).to_owned(), whose.name())).collect())
}

async fn put(c: &mut Link, found: &[(&str, Whose)]) -> Result<(), Error> {
    for rows in found.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO alert_whose (alert, label, person, facts) ");
        sql.push_values(rows, |mut row, (alert, whose)| {
            let name = whose.name();
            row.push_bind((*alert).to_owned()).push_bind(name.label).push_bind(name.person);
            row.push_bind(serde_json::to_string(whose).unwrap_or_default());
        });
        sql.push(" ON CONFLICT (alert) DO NOTHING");
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

async fn last_place(c: &mut Link, device: i64) -> Result<Option<Whose>, Error> {
    let Some(last) = placement::last(c, device).await? else { return Ok(None) };
    let Some(row) = place(c, last.home).await? else { return Ok(None) };
    // Who lives there now has nothing to do with it.
    Ok(Some(Whose { left_ms: Some(last.until_wall), ..Whose::of(&row, Vec::new()) }))
}

/// Whose an alert of a home is, raised at `wall`.
pub async fn of_alert(c: &mut Link, alert: &str, (home, wall): (i64, i64)) -> Result<Whose, Error> {
    let sql = "SELECT facts FROM alert_whose WHERE alert = $1";
    let kept = query(sql).bind(alert).fetch_optional(&mut *c).await?;
    let kept: Option<String> = kept.map(|row| row.try_get("facts")).transpose()?;
    if let Some(whose) = kept.and_then(|facts| serde_json::from_str(&facts).ok()) {
        return Ok(whose);
    }
    let Some(row) = place(c, home).await? else { return Ok(Whose::default()) };
    Ok(Whose::of(&row, resident::lived(c, home, wall).await?))
}

/// Whose a home is now.
pub async fn now(c: &mut Link, home: i64) -> Result<Option<Whose>, Error> {
    let Some(row) = place(c, home).await? else { return Ok(None) };
    Ok(Some(Whose::of(&row, resident::living(c, home).await?)))
}

/// A home; one that cannot be read without its words, so that whoever lives there and whom to call can still be shown.
async fn place(c: &mut Link, home: i64) -> Result<Option<HomeRow>, Error> {
    match home::find(c, home).await {
        Err(error) if is_of_row(&error) => {
            leave_out(&error, "a home that cannot be read", home);
            Ok(Some(HomeRow { id: home, ..HomeRow::default() }))
        }
        done => done,
    }
}
