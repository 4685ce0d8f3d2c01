//! Rows of the people of the watch room: staff, one-time codes, sessions.
//!
//! Every function takes the connection it runs on: a pool's for reading, the writer's for writing, so
//! that a caller decides what is one transaction. Secrets are hashes already. Not here: rights, limits.

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use super::swept::{self, Old};
use crate::Link;

/// One member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRow {
    /// Row id.
    pub id: String,
    /// What they log in with.
    pub name: String,
    /// What colleagues read.
    pub display: String,
    /// Word of their role.
    pub role: String,
    /// Password hash, if they have chosen one.
    pub password: Option<String>,
    /// Whether they may no longer come in.
    pub disabled: bool,
}

/// One session with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Who.
    pub staff: StaffRow,
    /// When it began, ms of the server's clock.
    pub created_mono: i64,
    /// When it was last used, to the minute.
    pub seen_mono: i64,
    /// `day` or `night`.
    pub theme: String,
    /// Language tag.
    pub lang: String,
}

const STAFF: &str = "SELECT id, name, display, role, password, disabled FROM staff";

fn staff_of(row: &sqlx::any::AnyRow) -> Result<StaffRow, Error> {
    Ok(StaffRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        display: row.try_get("display")?,
        role: row.try_get("role")?,
        password: row.try_get("password")?,
        disabled: row.try_get::<i64, _>("disabled")? != 0,
    })
}

/// How many administrators may come in.
pub async fn administrators(c: &mut Link) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS n FROM staff WHERE role = 'admin' AND disabled = 0";
    query(sql).fetch_one(c).await?.try_get("n")
}

/// Enters a member of staff; the name must be free.
pub async fn insert(c: &mut Link, staff: &StaffRow, wall: i64) -> Result<(), Error> {
    let sql = "INSERT INTO staff (id, name, display, role, password, disabled, created_wall) \
               VALUES ($1, $2, $3, $4, $5, 0, $6)";
    query(sql)
        .bind(&staff.id)
        .bind(&staff.name)
        .bind(&staff.display)
        .bind(&staff.role)
        .bind(&staff.password)
        .bind(wall)
        .execute(c)
        .await
        .map(drop)
}

/// Whoever logs in with this name; a program never does.
pub async fn by_name(c: &mut Link, name: &str) -> Result<Option<StaffRow>, Error> {
    let sql = "SELECT id, name, display, role, password, disabled FROM staff WHERE name = $1 \
               AND role <> 'program'";
    query(sql).bind(name).fetch_optional(c).await?.as_ref().map(staff_of).transpose()
}

/// The person that has this id.
pub async fn by_id(c: &mut Link, id: &str) -> Result<Option<StaffRow>, Error> {
    let sql = "SELECT id, name, display, role, password, disabled FROM staff WHERE id = $1 \
               AND role <> 'program'";
    query(sql).bind(id).fetch_optional(c).await?.as_ref().map(staff_of).transpose()
}

/// Everybody, programs as well, for names on screens.
pub async fn all(c: &mut Link) -> Result<Vec<StaffRow>, Error> {
    Ok(readable(&fetch(query(STAFF), c).await?, staff_of))
}

/// Lets somebody in again, in this role; the password of before is forgotten and what it opened ends, a code is what they
/// come in with.
pub async fn restore(c: &mut Link, id: &str, role: &str) -> Result<bool, Error> {
    let sql = "UPDATE staff SET disabled = 0, role = $2, password = NULL WHERE id = $1";
    let done = query(sql).bind(id).bind(role).execute(&mut *c).await?;
    query("DELETE FROM session WHERE staff = $1").bind(id).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives somebody a new password; every session but `kept` ends.
pub async fn set_password(c: &mut Link, id: &str, hash: &str, kept: &str) -> Result<(), Error> {
    query("UPDATE staff SET password = $2 WHERE id = $1")
        .bind(id)
        .bind(hash)
        .execute(&mut *c)
        .await?;
    query("DELETE FROM login_code WHERE staff = $1").bind(id).execute(&mut *c).await?;
    let sql = "DELETE FROM session WHERE staff = $1 AND hash <> $2";
    query(sql).bind(id).bind(kept).execute(c).await.map(drop)
}

/// Shuts somebody out: no login, and every session ends.
pub async fn disable(c: &mut Link, id: &str) -> Result<bool, Error> {
    let done =
        query("UPDATE staff SET disabled = 1 WHERE id = $1").bind(id).execute(&mut *c).await?;
    query("DELETE FROM session WHERE staff = $1").bind(id).execute(&mut *c).await?;
    query("DELETE FROM login_code WHERE staff = $1").bind(id).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives somebody a one-time code; an older one stops working.
pub async fn put_code(c: &mut Link, staff: &str, hash: &str, until_mono: i64) -> Result<(), Error> {
    query("DELETE FROM login_code WHERE staff = $1").bind(staff).execute(&mut *c).await?;
    query("INSERT INTO login_code (hash, staff, until_mono) VALUES ($1, $2, $3)")
        .bind(hash)
        .bind(staff)
        .bind(until_mono)
        .execute(c)
        .await
        .map(drop)
}

/// Whose code this is, without using it up.
pub async fn of_code(c: &mut Link, hash: &str, now_mono: i64) -> Result<Option<StaffRow>, Error> {
    let sql = "SELECT s.id, s.name, s.display, s.role, s.password, s.disabled FROM staff s \
               JOIN login_code l ON l.staff = s.id \
               WHERE l.hash = $1 AND l.until_mono > $2 AND s.disabled = 0";
    query(sql).bind(hash).bind(now_mono).fetch_optional(c).await?.as_ref().map(staff_of).transpose()
}

/// Uses up a code: says whose it was, once.
pub async fn take_code(c: &mut Link, hash: &str, now_mono: i64) -> Result<Option<StaffRow>, Error> {
    let row = of_code(&mut *c, hash, now_mono).await?;
    let gone = query("DELETE FROM login_code WHERE hash = $1").bind(hash).execute(c).await?;
    match row {
        Some(row) if gone.rows_affected() == 1 => Ok(Some(row)),
        _ => Ok(None),
    }
}

/// Begins a session.
pub async fn begin(
    c: &mut Link,
    hash: &str,
    staff: &str,
    now_mono: i64,
    lang: &str,
) -> Result<(), Error> {
    let sql = "INSERT INTO session (hash, staff, created_mono, seen_mono, theme, lang) \
               VALUES ($1, $2, $3, $3, 'day', $4)";
    query(sql).bind(hash).bind(staff).bind(now_mono).bind(lang).execute(c).await.map(drop)
}

/// The session of a token, with its owner, unless that one is shut out.
pub async fn session(c: &mut Link, hash: &str) -> Result<Option<SessionRow>, Error> {
    let sql = "SELECT s.id, s.name, s.display, s.role, s.password, s.disabled, \
               x.created_mono, x.seen_mono, x.theme, x.lang \
               FROM session x JOIN staff s ON s.id = x.staff \
               WHERE x.hash = $1 AND s.disabled = 0";
    let Some(row) = query(sql).bind(hash).fetch_optional(c).await? else { return Ok(None) };
    Ok(Some(SessionRow {
        staff: staff_of(&row)?,
        created_mono: row.try_get("created_mono")?,
        seen_mono: row.try_get("seen_mono")?,
        theme: row.try_get("theme")?,
        lang: row.try_get("lang")?,
    }))
}

/// Notes that a session is in use.
pub async fn touch(c: &mut Link, hash: &str, now_mono: i64) -> Result<(), Error> {
    query("UPDATE session SET seen_mono = $2 WHERE hash = $1")
        .bind(hash)
        .bind(now_mono)
        .execute(c)
        .await
        .map(drop)
}

/// Changes theme and language of a session.
pub async fn dress(c: &mut Link, hash: &str, theme: &str, lang: &str) -> Result<(), Error> {
    query("UPDATE session SET theme = $2, lang = $3 WHERE hash = $1")
        .bind(hash)
        .bind(theme)
        .bind(lang)
        .execute(c)
        .await
        .map(drop)
}

/// Ends a session.
pub async fn end(c: &mut Link, hash: &str) -> Result<(), Error> {
    query("DELETE FROM session WHERE hash = $1").bind(hash).execute(c).await.map(drop)
}

/// Removes sessions and codes that time has ended; bounds the tables.
pub async fn sweep(c: &mut Link, created: i64, seen: i64, now: i64) -> Result<(), Error> {
    let which = "(created_mono < $1 OR seen_mono < $2)";
    let old = Old { table: "session", key: &["hash"], which };
    swept::sweep(c, &old, |asked| asked.bind(created).bind(seen)).await?;
    let old = Old { table: "login_code", key: &["hash"], which: "until_mono < $1" };
    swept::sweep(c, &old, |asked| asked.bind(now)).await.map(drop)
}
