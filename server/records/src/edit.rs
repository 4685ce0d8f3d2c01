//! Rows of edits: each field that a person changed, from what to what, by whom. None is ever changed.
//!
//! Not here: what may be edited (`provision`).

use sqlx::{Error, query};

use crate::Link;
use crate::clock::row_name;

/// Who edits, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Staff id; empty for the command line.
    pub staff: &'a str,
    /// Wall clock.
    pub wall_ms: i64,
}

/// Writes down which fields differ; says whether any does.
pub async fn log<const N: usize>(
    c: &mut Link,
    (what, target): (&str, &str),
    before: &[(&'static str, String); N],
    after: &[(&'static str, String); N],
    by: By<'_>,
) -> Result<bool, Error> {
    let mut any = false;
    for ((field, old), (_, new)) in before.iter().zip(after).filter(|(old, new)| old != new) {
        any = true;
        let sql = "INSERT INTO edit (id, what, target, field, was, became, staff, wall) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        query(sql)
            .bind(row_name())
            .bind(what)
            .bind(target)
            .bind(*field)
            .bind(old)
            .bind(new)
            .bind(by.staff)
            .bind(by.wall_ms)
            .execute(&mut *c)
            .await?;
    }
    Ok(any)
}
