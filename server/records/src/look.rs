//! Rows of looks at people: who looked at what of which home, why; and of what was opened without an alert in hand.
//!
//! Not here: who may look (`desk::rights`).

use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

use crate::clock::row_name;

/// One look as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Staff id.
    pub staff: String,
    /// Home number.
    pub home: i64,
    /// At what: `card`, `page`, `home`, `readings`, `rehearsal`, `glass`, `looks`, `numbers`.
    pub what: &'static str,
    /// Why: `claim`, `screen`, `program`, `glass`, or nothing said.
    pub why: &'static str,
    /// The alert, or the reason in words.
    pub detail: String,
    /// Whether what is guarded was shown.
    pub shown: bool,
}

/// One look as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Staff id: two people of one name are two.
    pub staff: String,
    /// What they log in with.
    pub number: String,
    /// Their name.
    pub display: String,
    /// Word of their role.
    pub role: String,
    /// At what.
    pub what: String,
    /// Why.
    pub why: String,
    /// The alert, or the reason in words.
    pub detail: String,
    /// Whether what is guarded was shown.
    pub shown: bool,
    /// When, wall clock.
    pub wall: i64,
}

/// Whether the same look by the same person is written down since `since` and not after `until`.
pub async fn stands(c: &mut Link, look: &Look, (since, until): (i64, i64)) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) AS n FROM access WHERE staff = $1 AND home = $2 AND what = $3 AND why = $4 \
               AND detail = $5 AND shown = $6 AND wall > $7 AND wall <= $8";
    let row = query(sql)
        .bind(&look.staff)
        .bind(look.home)
        .bind(look.what)
        .bind(look.why)
        .bind(&look.detail)
        .bind(i16::from(look.shown))
        .bind(since)
        .bind(until)
        .fetch_one(c)
        .await?;
    Ok(row.try_get::<i64, _>("n")? > 0)
}

/// Reason and detail of every look by a person at a kind of thing since `since` and not after `until`.
pub async fn standing(
    c: &mut Link,
    (staff, what): (&str, &str),
    (since, until): (i64, i64),
) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT why, detail FROM access WHERE staff = $1 AND what = $2 AND wall > $3 AND wall <= $4";
    let rows = fetch(query(sql).bind(staff).bind(what).bind(since).bind(until), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get("why")?, row.try_get("detail")?))))
}

/// Writes a look down.
pub async fn insert(c: &mut Link, look: &Look, wall: i64) -> Result<(), Error> {
    let sql = "INSERT INTO access (id, staff, home, what, why, detail, shown, wall) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    query(sql)
        .bind(row_name())
        .bind(&look.staff)
        .bind(look.home)
        .bind(look.what)
        .bind(look.why)
        .bind(&look.detail)
        .bind(i16::from(look.shown))
        .bind(wall)
        .execute(c)
        .await
        .map(drop)
}

const SELECT: &str = "SELECT s.id, s.name, s.display, s.role, a.what, a.why, a.detail, a.shown, a.wall \
    FROM access a JOIN staff s ON s.id = a.staff WHERE a.home = $1 AND a.wall >= $2 AND a.wall < $3 \
    ORDER BY a.wall DESC, a.id DESC LIMIT $4";

/// Looks at a home in a time, newest first, at most `most`.
pub async fn of_home(
    c: &mut Link,
    home: i64,
    (from, to): (i64, i64),
    most: i64,
) -> Result<Vec<Looked>, Error> {
    let rows = fetch(query(SELECT).bind(home).bind(from).bind(to).bind(most), c).await?;
    let read = |row: &AnyRow| {
        Ok(Looked {
            staff: row.try_get("id")?,
            number: row.try_get("name")?,
            display: row.try_get("display")?,
            role: row.try_get("role")?,
            what: row.try_get("what")?,
            why: row.try_get("why")?,
            detail: row.try_get("detail")?,
            shown: row.try_get::<i64, _>("shown")? != 0,
            wall: row.try_get("wall")?,
        })
    };
    Ok(readable(&rows, read))
}

/// When somebody first looked at a home, wall clock.
pub async fn first(c: &mut Link, home: i64) -> Result<Option<i64>, Error> {
    let sql = "SELECT MIN(wall) AS first FROM access WHERE home = $1";
    query(sql).bind(home).fetch_one(c).await?.try_get("first")
}

/// What was opened without an alert in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glass {
    /// Row id.
    pub id: String,
    /// Who, as colleagues read it.
    pub display: String,
    /// What they log in with.
    pub number: String,
    /// Their row id.
    pub staff: String,
    /// Home number.
    pub home: i64,
    /// Why, in words.
    pub reason: String,
    /// When, wall clock.
    pub wall: i64,
}

/// Opens what is guarded of a home to one person until then, server's clock.
pub async fn open(
    c: &mut Link,
    (staff, home): (&str, i64),
    reason: &str,
    wall: i64,
    until_mono: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO glass (id, staff, home, reason, wall, until_mono) VALUES ($1, $2, $3, $4, $5, $6)";
    query(sql)
        .bind(row_name())
        .bind(staff)
        .bind(home)
        .bind(reason)
        .bind(wall)
        .bind(until_mono)
        .execute(c)
        .await
        .map(drop)
}

/// Until when what is guarded of a home is open to somebody, server's clock, and why.
pub async fn opened(
    c: &mut Link,
    (staff, home): (&str, i64),
    now_mono: i64,
) -> Result<Option<(i64, String)>, Error> {
    let sql = "SELECT until_mono, reason FROM glass WHERE staff = $1 AND home = $2 AND until_mono > $3 \
               ORDER BY until_mono DESC LIMIT 1";
    let row = query(sql).bind(staff).bind(home).bind(now_mono).fetch_optional(c).await?;
    row.map(|row| Ok((row.try_get("until_mono")?, row.try_get("reason")?))).transpose()
}

/// What was opened and no supervisor has seen yet, oldest first.
pub async fn unseen(c: &mut Link, most: i64) -> Result<Vec<Glass>, Error> {
    unseen_of_others(c, "", most).await
}

/// The same without what this person has opened.
pub async fn unseen_of_others(c: &mut Link, me: &str, most: i64) -> Result<Vec<Glass>, Error> {
    let sql = "SELECT g.id, s.display, s.name, g.staff, g.home, g.reason, g.wall FROM glass g \
               JOIN staff s ON s.id = g.staff WHERE g.seen_wall IS NULL AND g.staff <> $1 \
               ORDER BY g.wall LIMIT $2";
    let rows = fetch(query(sql).bind(me).bind(most), c).await?;
    let read = |row: &AnyRow| {
        Ok(Glass {
            id: row.try_get("id")?,
            display: row.try_get("display")?,
            number: row.try_get("name")?,
            staff: row.try_get("staff")?,
            home: row.try_get("home")?,
            reason: row.try_get("reason")?,
            wall: row.try_get("wall")?,
        })
    };
    Ok(readable(&rows, read))
}

/// A supervisor has seen it; nobody sees what they opened themselves. Says whether it was so.
pub async fn seen(c: &mut Link, id: &str, by: &str, wall: i64) -> Result<bool, Error> {
    let sql = "UPDATE glass SET seen_by = $2, seen_wall = $3 \
               WHERE id = $1 AND seen_wall IS NULL AND staff <> $2";
    Ok(query(sql).bind(id).bind(by).bind(wall).execute(c).await?.rows_affected() > 0)
}
