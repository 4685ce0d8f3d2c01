//! Rows of the tokens of programs: whose each is, what it may do, until when, and who made and ended it.
//!
//! Of a secret only its hash is ever here. A token that has ended stays in the list for a while, so that what was done
//! under it can be told. Not here: what a token looks like (`auth::program`), rights.

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::refusal::{fetch, readable};
use super::swept::{self, Old};
use crate::Link;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramRow {
    /// The part of it that is no secret.
    pub id: String,
    /// The member of staff that it acts as.
    pub staff: String,
    /// What administrators call it.
    pub name: String,
    /// SHA-256 of its secret part.
    pub hash: String,
    /// Words of its scopes, with spaces between.
    pub scope: String,
    /// Who made it, staff id.
    pub made_by: String,
    /// When, wall clock.
    pub made_wall: i64,
    /// When it ends, server's clock.
    pub until_mono: i64,
    /// When it ends, wall clock.
    pub until_wall: i64,
    /// When it was last used, wall clock, to the minute.
    pub used_wall: Option<i64>,
    /// Who ended it, staff id.
    pub revoked_by: Option<String>,
    /// When that was, wall clock.
    pub revoked_wall: Option<i64>,
}

const SELECT: &str = "SELECT t.id, t.staff, t.name, t.hash, t.scope, t.made_by, t.made_wall, t.until_mono, \
    t.until_wall, t.used_wall, t.revoked_by, t.revoked_wall FROM program_token t \
    JOIN staff s ON s.id = t.staff";

fn read(row: &AnyRow) -> Result<ProgramRow, Error> {
    Ok(ProgramRow {
        id: row.try_get("id")?,
        staff: row.try_get("staff")?,
        name: row.try_get("name")?,
        hash: row.try_get("hash")?,
        scope: row.try_get("scope")?,
        made_by: row.try_get("made_by")?,
        made_wall: row.try_get("made_wall")?,
        until_mono: row.try_get("until_mono")?,
        until_wall: row.try_get("until_wall")?,
        used_wall: row.try_get("used_wall")?,
        revoked_by: row.try_get("revoked_by")?,
        revoked_wall: row.try_get("revoked_wall")?,
    })
}

/// Enters a token; its member of staff is entered already.
pub async fn insert(c: &mut Link, row: &ProgramRow) -> Result<(), Error> {
    let sql = "INSERT INTO program_token (id, staff, name, hash, scope, made_by, made_wall, until_mono, \
               until_wall) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    query(sql)
        .bind(&row.id)
        .bind(&row.staff)
        .bind(&row.name)
        .bind(&row.hash)
        .bind(&row.scope)
        .bind(&row.made_by)
        .bind(row.made_wall)
        .bind(row.until_mono)
        .bind(row.until_wall)
        .execute(c)
        .await
        .map(drop)
}

/// The token of this id, unless its member of staff is shut out.
pub async fn find(c: &mut Link, id: &str) -> Result<Option<ProgramRow>, Error> {
    let sql = format!("{SELECT} WHERE t.id = $1 AND s.disabled = 0");
    let asked = query(AssertSqlSafe(sql)).bind(id);
    asked.fetch_optional(c).await?.as_ref().map(read).transpose()
}

/// All tokens, the newest first, also those that have ended.
pub async fn all(c: &mut Link) -> Result<Vec<ProgramRow>, Error> {
    let sql = format!("{SELECT} ORDER BY t.made_wall DESC, t.id");
    Ok(readable(&fetch(query(AssertSqlSafe(sql)), c).await?, read))
}

/// Notes that a token is in use.
pub async fn touch(c: &mut Link, id: &str, wall: i64) -> Result<(), Error> {
    let sql = "UPDATE program_token SET used_wall = $2 WHERE id = $1";
    query(sql).bind(id).bind(wall).execute(c).await.map(drop)
}

/// Ends a token; says whether there was one that had not been ended. `now`: server's clock, wall clock.
pub async fn revoke(c: &mut Link, id: &str, by: &str, now: (i64, i64)) -> Result<bool, Error> {
    let sql = "UPDATE program_token SET revoked_by = $2, revoked_mono = $3, revoked_wall = $4 \
               WHERE id = $1 AND revoked_wall IS NULL";
    let done = query(sql).bind(id).bind(by).bind(now.0).bind(now.1).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets tokens that ended before `mono`, server's clock; what they did keeps their names.
pub async fn sweep(c: &mut Link, mono: i64) -> Result<(), Error> {
    let which = "COALESCE(revoked_mono, until_mono) < $1";
    let old = Old { table: "program_token", key: &["id"], which };
    swept::sweep(c, &old, |asked| asked.bind(mono)).await.map(drop)
}
