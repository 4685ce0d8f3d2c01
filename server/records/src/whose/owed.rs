//! Alerts of homes of which it is still to be written down whose they are.
//!
//! Reading a home and its people takes longer than the rest of an alert, and a storm opens ten thousand: the alert is
//! told first. What is owed is written a little later, and always before anything of a home changes, so that it is as
//! it was when the alert was raised. A home that cannot be read in full rests, its alerts stay owed, and no other waits
//! for it. Not here: what is written and how homes are read (`whose`), and who is told (`ingest::batch::owing`).

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::homes::{Homes, whole};
use super::{Whose, put};
use crate::Link;
use crate::chain::NewAlert;
use crate::refusal::{fetch, fetch_seen, is_of_row, leave_out, readable};
use crate::rows_of;
use crate::sql::Sql;
use crate::swept::{Old, sweep};

/// Alerts that are written down at once.
pub const AT_ONCE: i64 = 128;
/// A home that cannot be read in full is read again after this, ms.
pub const REST: i64 = 60_000;

/// Why it is written down now.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// Nothing else waits. Homes that rest by now, server's clock, are left alone.
    Idle(i64),
    /// Something of a home is about to change: of each home what can be read counts, as it will not be so again.
    BeforeAnEdit,
}

/// An alert that is owed, and its home; none if there is no such alert any more.
type Owed = (String, Option<i64>);

/// Notes that these are owed.
pub(super) async fn note(c: &mut Link, alerts: &[&NewAlert]) -> Result<(), Error> {
    for alerts in alerts.chunks(rows_of(2)) {
        let mut sql = Sql::new("INSERT INTO alert_owed (alert, home) ");
        sql.push_values(alerts, |mut row, alert| {
            row.push_bind(alert.id.as_str()).push_bind(alert.home);
        });
        sql.push(" ON CONFLICT (alert) DO NOTHING");
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// Whether anything is owed of a home that does not rest by now, server's clock.
pub async fn any(c: &mut Link, now: i64) -> Result<bool, Error> {
    let sql = "SELECT 1 AS one FROM alert_owed o LEFT JOIN alert a ON a.id = o.alert WHERE NOT EXISTS \
               (SELECT 1 FROM owed_rest r WHERE r.home = a.home AND r.until_mono > $1 AND r.until_mono <= $2) LIMIT 1";
    Ok(query(sql).bind(now).bind(now.saturating_add(REST)).fetch_optional(c).await?.is_some())
}

/// Homes that rest with something owed.
pub async fn resting(c: &mut Link) -> Result<BTreeSet<i64>, Error> {
    let sql = "SELECT r.home AS home FROM owed_rest r WHERE EXISTS \
               (SELECT 1 FROM alert_owed o JOIN alert a ON a.id = o.alert WHERE a.home = r.home)";
    let rows = fetch(query(sql), c).await?;
    Ok(readable(&rows, |row| row.try_get("home")).into_iter().collect())
}

/// Writes down what is owed by now, server's clock, [`AT_ONCE`] at most; says whether there may be more.
pub async fn settle(c: &mut Link, now: i64) -> Result<bool, Error> {
    Ok(page(c, Turn::Idle(now), "").await?.is_some_and(|page| page.full))
}

/// Writes down all that can be read of what is owed: for whoever is about to change a home, its people or whom to call
/// for them.
pub(crate) async fn settle_all(c: &mut Link) -> Result<(), Error> {
    let mut after = String::new();
    while let Some(page) = page(c, Turn::BeforeAnEdit, &after).await? {
        after = page.last;
    }
    Ok(())
}

/// What was looked at.
struct Page {
    last: String,
    full: bool,
}

/// Writes down what is owed of alerts after one, in their order; none if nothing is.
async fn page(c: &mut Link, turn: Turn, after: &str) -> Result<Option<Page>, Error> {
    let by = match turn {
        Turn::Idle(now) => now,
        Turn::BeforeAnEdit => i64::MAX - REST,
    };
    let (owed, full) = loop {
        let asked = query(PAGE).bind(after).bind(by).bind(AT_ONCE).bind(REST);
        let (rows, seen) = fetch_seen(asked, &mut *c).await?;
        let owed: Vec<Owed> = readable(&rows, owed_of);
        if !owed.is_empty() {
            break (owed, seen as i64 == AT_ONCE);
        }
        if seen == 0 || !drop_unreadable(c, after, by).await? {
            return Ok(None);
        }
    };
    let homes: BTreeSet<i64> = owed.iter().filter_map(|(_, home)| *home).collect();
    let mut homes = whole(c, &homes).await?;
    if matches!(turn, Turn::BeforeAnEdit) {
        homes.whole.extend(std::mem::take(&mut homes.in_part));
    }
    done(c, &owed, &mut homes).await?;
    if let Turn::Idle(now) = turn {
        rest(c, &homes, now.saturating_add(REST)).await?;
    }
    forget_rested(c).await?;
    Ok(owed.last().map(|(last, _)| Page { last: last.clone(), full }))
}

const PAGE: &str = "SELECT o.alert AS alert, a.home AS home FROM alert_owed o LEFT JOIN alert a ON a.id = o.alert \
    WHERE o.alert > $1 AND NOT EXISTS (SELECT 1 FROM owed_rest r WHERE r.home = a.home AND r.until_mono > $2 \
    AND r.until_mono <= $2 + $4) ORDER BY o.alert LIMIT $3";

fn owed_of(row: &AnyRow) -> Result<Owed, Error> {
    Ok((row.try_get("alert")?, row.try_get("home")?))
}

/// Drops a page of which nothing can be read, so that it is not before the others for ever; says whether it did.
async fn drop_unreadable(c: &mut Link, after: &str, by: i64) -> Result<bool, Error> {
    let sql = format!("DELETE FROM alert_owed WHERE alert IN (SELECT alert FROM ({PAGE}) AS page)");
    let asked = query(sqlx::AssertSqlSafe(sql)).bind(after).bind(by).bind(AT_ONCE).bind(REST);
    let dropped = asked.execute(c).await?.rows_affected();
    tracing::error!(dropped, "whose these alerts are will not be kept: their names cannot be read");
    Ok(dropped > 0)
}

/// Writes what was found and that it is owed no more; a home whose rows are refused counts as one that cannot be read.
async fn done(c: &mut Link, owed: &[Owed], homes: &mut Homes) -> Result<(), Error> {
    let is_done = |home: &Option<i64>, homes: &Homes| home.is_none_or(|home| !homes.waits(home));
    let ready: Vec<&Owed> = owed.iter().filter(|(_, home)| is_done(home, homes)).collect();
    if apart(c, &ready, &homes.whole).await?.is_none() {
        return Ok(());
    }
    for one in ready {
        if let (Some(error), Some(home)) = (apart(c, &[one], &homes.whole).await?, one.1) {
            leave_out(&error, "whose an alert is", home);
            homes.unread.insert(home);
        }
    }
    Ok(())
}

/// All of these or none; gives why a row of them is refused.
async fn apart(
    c: &mut Link,
    owed: &[&Owed],
    homes: &HashMap<i64, Whose>,
) -> Result<Option<Error>, Error> {
    query("SAVEPOINT owed").execute(&mut *c).await?;
    let refused = match write(c, owed, homes).await {
        Ok(()) => None,
        Err(error) if is_of_row(&error) => {
            query("ROLLBACK TO SAVEPOINT owed").execute(&mut *c).await?;
            Some(error)
        }
        Err(error) => return Err(error),
    };
    query("RELEASE SAVEPOINT owed").execute(c).await?;
    Ok(refused)
}

async fn write(c: &mut Link, owed: &[&Owed], homes: &HashMap<i64, Whose>) -> Result<(), Error> {
    let found = owed.iter().filter_map(|(alert, home)| {
        let whose = homes.get(home.as_ref()?)?;
        Some((alert.as_str(), whose.clone()))
    });
    put(c, &found.collect::<Vec<_>>()).await?;
    for part in owed.chunks(rows_of(1)) {
        let mut sql = Sql::new("DELETE FROM alert_owed WHERE alert IN (");
        let mut list = sql.separated(", ");
        part.iter().for_each(|(alert, _)| {
            list.push_bind(alert.as_str());
        });
        sql.push(")");
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

/// These homes are read again after `until`, server's clock.
async fn rest(c: &mut Link, homes: &Homes, until: i64) -> Result<(), Error> {
    let again: HashSet<i64> = homes.waiting().collect();
    for home in again {
        let sql = "INSERT INTO owed_rest (home, until_mono) VALUES ($1, $2) \
                   ON CONFLICT (home) DO UPDATE SET until_mono = $2";
        query(sql).bind(home).bind(until).execute(&mut *c).await?;
    }
    Ok(())
}

/// A home of which nothing is owed any more does not rest.
async fn forget_rested(c: &mut Link) -> Result<(), Error> {
    let which = "NOT EXISTS (SELECT 1 FROM alert_owed o JOIN alert a ON a.id = o.alert \
                 WHERE a.home = owed_rest.home)";
    sweep(c, &Old { table: "owed_rest", key: &["home"], which }, |asked| asked).await.map(drop)
}
