//! Rows that go by their age or their number: many at once, and where the store refuses one, each by itself.
//!
//! What is refused stays, is told, and keeps neither the others nor whatever is written beside the sweep.
//! Not here: what goes with an alert (`forgotten`), or how long what is kept (`retention`, `upkeep`).

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::refusal::{Bound, digest, fetch_seen, is_of_row, leave_out};
use crate::Link;

/// Rows that go at once, so that nobody waits long for the writer; the next sweep takes the next ones.
const AT_ONCE: usize = 1_000;
/// Rows that are looked at by themselves in one go.
const PAGE: usize = 256;

/// Rows of a table that are to go.
pub(super) struct Old {
    pub(super) table: &'static str,
    /// Columns that name a row.
    pub(super) key: &'static [&'static str],
    /// Which are meant.
    pub(super) which: &'static str,
}

/// Takes rows away that are meant; `bind` gives `which` its values. Says how many went.
pub(super) async fn sweep(
    c: &mut Link,
    old: &Old,
    bind: impl Fn(Bound<'static>) -> Bound<'static>,
) -> Result<u64, Error> {
    let Old { table, key, which } = old;
    let (keys, mut past) = (key.join(", "), 0);
    let all = format!(
        "DELETE FROM {table} WHERE ({keys}) IN \
         (SELECT {keys} FROM {table} WHERE {which} LIMIT {AT_ONCE})"
    );
    if let Ok(gone) = tried(c, bind(query(AssertSqlSafe(all)))).await? {
        return Ok(gone);
    }
    loop {
        let page = format!(
            "SELECT {keys} FROM {table} WHERE {which} ORDER BY {keys} LIMIT {PAGE} OFFSET {past}"
        );
        let (rows, seen) = fetch_seen(bind(query(AssertSqlSafe(page))), c).await?;
        let mut gone = 0;
        for row in &rows {
            match one(c, old, row).await? {
                Ok(count) => gone += count,
                Err(error) => {
                    leave_out(&error, "an old row that cannot be forgotten", (table, digest(row)))
                }
            }
        }
        // Refused rows are gone past, however many there are.
        if seen < PAGE || gone > 0 {
            return Ok(gone);
        }
        past += seen;
    }
}

/// One row by its name.
async fn one(c: &mut Link, old: &Old, row: &AnyRow) -> Result<Result<u64, Error>, Error> {
    let Old { table, key, .. } = old;
    let named: Vec<String> =
        (1..).zip(*key).map(|(n, column)| format!("{column} = ${n}")).collect();
    let sql = format!("DELETE FROM {table} WHERE {}", named.join(" AND "));
    let mut asked = query(AssertSqlSafe(sql));
    for place in 0..key.len() {
        asked = match row.try_get::<i64, _>(place) {
            Ok(number) => asked.bind(number),
            Err(_) => match row.try_get::<String, _>(place) {
                Ok(text) => asked.bind(text),
                Err(error) => return Ok(Err(error)),
            },
        };
    }
    tried(c, asked).await
}

/// A statement that the store may refuse for the sake of a row, without harm to what is written beside it.
pub(super) async fn tried(c: &mut Link, asked: Bound<'_>) -> Result<Result<u64, Error>, Error> {
    query("SAVEPOINT swept").execute(&mut *c).await?;
    let done = match asked.execute(&mut *c).await {
        Ok(done) => Ok(done.rows_affected()),
        Err(error) if is_of_row(&error) => {
            query("ROLLBACK TO SAVEPOINT swept").execute(&mut *c).await?;
            Err(error)
        }
        Err(error) => return Err(error),
    };
    query("RELEASE SAVEPOINT swept").execute(c).await?;
    Ok(done)
}
