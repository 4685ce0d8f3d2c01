//! Rows of second factors: one a member of staff, sealed, and the last step of time that was used.
//!
//! Not here: what a step is, or how a secret is sealed (`auth::second`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// Somebody's second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondRow {
    /// The sealed secret.
    pub sealed: String,
    /// Whether log-in asks for it.
    pub active: bool,
}

/// The second factor of a member of staff.
pub async fn of(c: &mut Link, staff: &str) -> Result<Option<SecondRow>, Error> {
    let sql = "SELECT sealed, active FROM second_factor WHERE staff = $1";
    let Some(row) = query(sql).bind(staff).fetch_optional(c).await? else { return Ok(None) };
    Ok(Some(SecondRow {
        sealed: row.try_get("sealed")?,
        active: row.try_get::<i64, _>("active")? != 0,
    }))
}

/// Whose second factor is asked for.
pub async fn active(c: &mut Link) -> Result<Vec<String>, Error> {
    let rows = fetch(query("SELECT staff FROM second_factor WHERE active = 1"), c).await?;
    Ok(readable(&rows, |row| row.try_get("staff")))
}

/// Keeps a secret that is not asked for yet; false if one is asked for already.
pub async fn offer(c: &mut Link, staff: &str, sealed: &str) -> Result<bool, Error> {
    query("DELETE FROM second_factor WHERE staff = $1 AND active = 0")
        .bind(staff)
        .execute(&mut *c)
        .await?;
    let sql = "INSERT INTO second_factor (staff, sealed) \
               SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM second_factor WHERE staff = $1)";
    let done = query(sql).bind(staff).bind(sealed).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// A code of this step was right: it is asked for from now on, and this step is used up. False if it was used before.
pub async fn used(c: &mut Link, staff: &str, step: i64) -> Result<bool, Error> {
    let sql = "UPDATE second_factor SET last_step = $2, active = 1 \
               WHERE staff = $1 AND last_step < $2";
    let done = query(sql).bind(staff).bind(step).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Switches it off.
pub async fn off(c: &mut Link, staff: &str) -> Result<bool, Error> {
    let done = query("DELETE FROM second_factor WHERE staff = $1").bind(staff).execute(c).await?;
    Ok(done.rows_affected() == 1)
}
