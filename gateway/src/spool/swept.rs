//! Rows that are to go and that SQLite may refuse to let go: many at once, or else each by itself.
//!
//! What is refused stays, is told once, and keeps neither the others nor what is written beside it; a disk that fails
//! or is full is no refusal of a row. Not here: which rows go (`room`, `span`, `receipts`).

use rusqlite::{ErrorCode, Params, Row, ToSql, Transaction, params, params_from_iter};

use super::left_out::leave_out;

/// Rows that are looked at by themselves in one go.
const PAGE: usize = 500;

/// Rows of a table that are to go.
pub(super) struct Old {
    pub(super) table: &'static str,
    /// Columns that name a row, all numbers.
    pub(super) key: &'static [&'static str],
    /// Asks for these columns of rows in an order that stays; `?1` is a value of the caller's, `?2` how many, `?3` after
    /// how many.
    pub(super) rows: &'static str,
}

/// Takes away at most `most` of these; says how many went.
pub(super) fn sweep(
    t: &Transaction<'_>,
    old: &Old,
    value: i64,
    most: usize,
) -> rusqlite::Result<usize> {
    let Old { table, key, rows } = old;
    let all = format!("DELETE FROM {table} WHERE ({}) IN ({rows})", key.join(", "));
    if let Ok(gone) = tried(t, &all, params![value, number(most), 0])? {
        return Ok(gone);
    }
    let (mut gone, mut refused) = (0, 0);
    loop {
        let page = PAGE.min(most - gone);
        // Refused rows are gone past, however many there are.
        let names = names(t, old, params![value, number(page), number(refused)])?;
        for name in &names {
            match one(t, old, name)? {
                Ok(count) => gone += count,
                Err(error) => {
                    leave_out(&error, table, name);
                    refused += 1;
                }
            }
        }
        if names.len() < page || gone >= most {
            return Ok(gone);
        }
    }
}

/// Names of the next rows.
fn names(t: &Transaction<'_>, old: &Old, page: &[&dyn ToSql]) -> rusqlite::Result<Vec<Vec<i64>>> {
    let mut asked = t.prepare_cached(old.rows)?;
    let read = |row: &Row<'_>| (0..old.key.len()).map(|place| row.get(place)).collect();
    asked.query_map(page, read)?.collect()
}

fn one(t: &Transaction<'_>, old: &Old, name: &[i64]) -> rusqlite::Result<rusqlite::Result<usize>> {
    let Old { table, key, .. } = old;
    let marks = vec!["?"; key.len()].join(", ");
    let sql = format!("DELETE FROM {table} WHERE ({}) = ({marks})", key.join(", "));
    tried(t, &sql, params_from_iter(name))
}

/// A statement that may be refused for the sake of a row; SQLite then undoes this statement and nothing beside it.
pub(super) fn tried(
    t: &Transaction<'_>,
    sql: &str,
    with: impl Params,
) -> rusqlite::Result<rusqlite::Result<usize>> {
    match t.prepare_cached(sql)?.execute(with) {
        Err(error) if !is_of_row(&error) => Err(error),
        done => Ok(done),
    }
}

/// Whether SQLite refuses this row and not the whole store.
pub(super) fn is_of_row(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    matches!(error.sqlite_error_code(), Some(ConstraintViolation | TooBig | TypeMismatch))
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
