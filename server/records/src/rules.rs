//! Rows of how homes are judged where it differs from the policy.
//!
//! Not here: what a rule means (`care::policy`).

use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;

/// How every home that differs is judged: home number, and CBOR of `care::policy::Rules`.
pub async fn all(c: &mut Link) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let rows = fetch(query("SELECT home, rules FROM home_rules"), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get("home")?, row.try_get("rules")?))))
}

/// Sets how a home is judged, and notes who did.
pub async fn put(
    c: &mut Link,
    home: i64,
    rules: &[u8],
    (staff, wall): (&str, i64),
) -> Result<(), Error> {
    let sql = "INSERT INTO home_rules (home, rules, staff, set_wall) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (home) DO UPDATE SET rules = $2, staff = $3, set_wall = $4";
    query(sql).bind(home).bind(rules).bind(staff).bind(wall).execute(c).await.map(drop)
}
