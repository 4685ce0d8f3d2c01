//! Rows whose time is over: taken away a bounded number at a time, and a line of each for whoever asks.
//!
//! An alert goes with all that belongs to it: presses, story, acts, steps, notices, whose it was. One that is not over
//! never goes. Not here: how long what is kept (`retention`).

use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::refusal::{Bound, fetch, is_of_row, leave_out, pick, readable};
use crate::Link;
use crate::sql::Sql;

use crate::clock::row_name;

/// What goes with an alert and has no life of its own, and the alert itself.
const ALERT: [(&str, &str); 9] = [
    ("activation", "alert"),
    ("timeline", "alert"),
    ("action", "alert"),
    ("work", "alert"),
    ("alert_whose", "alert"),
    ("alert_owed", "alert"),
    ("ladder", "alert"),
    ("outbox", "alert"),
    ("alert", "id"),
];

/// What is taken away by its age.
pub(super) struct Kept {
    /// Asks for ids of what is older than `$1`, the oldest first, `$2` after `$3`.
    pub(super) ids: &'static str,
    /// From which table by which column such an id goes.
    pub(super) parts: &'static [(&'static str, &'static str)],
}

/// Which ended alerts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Those of persons.
    Persons,
    /// Faults of equipment.
    Equipment,
}

/// Takes away at most `most` alerts that ended before `edge`, wall clock; says how many.
pub async fn alerts(c: &mut Link, which: Ended, edge: i64, most: i64) -> Result<u64, Error> {
    let ids = match which {
        Ended::Persons => {
            "SELECT id FROM alert WHERE state = 3 AND closed_wall < $1 AND severity > 0 \
             ORDER BY closed_wall, id LIMIT $2 OFFSET $3"
        }
        Ended::Equipment => {
            "SELECT id FROM alert WHERE state = 3 AND closed_wall < $1 AND severity = 0 \
             ORDER BY closed_wall, id LIMIT $2 OFFSET $3"
        }
    };
    oldest(c, &Kept { ids, parts: &ALERT }, edge, most).await
}

/// Takes away at most `most` of what is older than `edge`; says how many. What cannot be read or is refused stays and
/// keeps no other.
pub(super) async fn oldest(c: &mut Link, kept: &Kept, edge: i64, most: i64) -> Result<u64, Error> {
    let ask = |past| query(kept.ids).bind(edge).bind(most).bind(past);
    first_of(c, kept.parts, most, ask).await
}

/// The same of what `ask` asks for: at most `most` ids after so many.
pub(super) async fn first_of<'q>(
    c: &mut Link,
    parts: &[(&'static str, &'static str)],
    most: i64,
    ask: impl Fn(i64) -> Bound<'q>,
) -> Result<u64, Error> {
    let mut stuck: Vec<String> = Vec::new();
    loop {
        let read = |row: &AnyRow| row.try_get::<String, _>("id");
        let (ids, _) = pick(c, most, &ask, read, |id| !stuck.contains(id)).await?;
        if apart(c, parts, &ids).await?.is_none() {
            return Ok(ids.len() as u64);
        }
        let mut gone = 0;
        for id in &ids {
            match apart(c, parts, std::slice::from_ref(id)).await? {
                None => gone += 1,
                Some(error) => {
                    leave_out(&error, "an old row that cannot be forgotten", id);
                    stuck.push(id.clone());
                }
            }
        }
        if gone > 0 {
            return Ok(gone);
        }
    }
}

/// All of these or none; gives why a row of them is refused.
async fn apart(
    c: &mut Link,
    parts: &[(&'static str, &'static str)],
    ids: &[String],
) -> Result<Option<Error>, Error> {
    query("SAVEPOINT old").execute(&mut *c).await?;
    let mut refused = None;
    'parts: for &(table, column) in parts {
        for ids in ids.chunks(super::rows_of(1)) {
            match all_of(c, table, column, ids).await {
                Ok(()) => {}
                Err(error) if is_of_row(&error) => {
                    query("ROLLBACK TO SAVEPOINT old").execute(&mut *c).await?;
                    refused = Some(error);
                    break 'parts;
                }
                Err(error) => return Err(error),
            }
        }
    }
    query("RELEASE SAVEPOINT old").execute(c).await?;
    Ok(refused)
}

async fn all_of(
    c: &mut Link,
    table: &'static str,
    column: &'static str,
    ids: &[String],
) -> Result<(), Error> {
    let mut sql = Sql::new("DELETE FROM ");
    sql.push(table).push(" WHERE ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    sql.push(")");
    sql.build(c).execute(c).await.map(drop)
}

/// Takes away at most `most` rows of each kind of look and edit before `edge`, wall clock; says how many.
pub async fn looks(c: &mut Link, edge: i64, most: i64) -> Result<u64, Error> {
    let kinds: [(&str, &'static [(&str, &str)]); 5] = [
        (
            "SELECT id FROM access WHERE wall < $1 ORDER BY wall, id LIMIT $2 OFFSET $3",
            &[("access", "id")],
        ),
        (
            "SELECT id FROM edit WHERE wall < $1 ORDER BY wall, id LIMIT $2 OFFSET $3",
            &[("edit", "id")],
        ),
        (
            "SELECT id FROM glass WHERE wall < $1 AND seen_wall IS NOT NULL \
             ORDER BY wall, id LIMIT $2 OFFSET $3",
            &[("glass", "id")],
        ),
        (
            "SELECT id FROM image_deed WHERE wall < $1 ORDER BY wall, id LIMIT $2 OFFSET $3",
            &[("image_deed", "id")],
        ),
        (
            "SELECT id FROM forgotten WHERE wall < $1 ORDER BY wall, id LIMIT $2 OFFSET $3",
            &[("forgotten", "id")],
        ),
    ];
    let mut gone = 0;
    for (ids, parts) in kinds {
        gone += oldest(c, &Kept { ids, parts }, edge, most).await?;
    }
    Ok(gone)
}

/// What one pass has taken away of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Word of the class.
    pub class: String,
    /// When the pass ended, wall clock.
    pub wall: i64,
    /// Everything before this went, wall clock.
    pub edge: i64,
    /// Alerts or rows.
    pub lines: i64,
}

/// Writes down what went.
pub async fn tell(c: &mut Link, pass: &Forgotten) -> Result<(), Error> {
    let sql = "INSERT INTO forgotten (id, class, wall, edge, lines) VALUES ($1, $2, $3, $4, $5)";
    query(sql)
        .bind(row_name())
        .bind(&pass.class)
        .bind(pass.wall)
        .bind(pass.edge)
        .bind(pass.lines)
        .execute(c)
        .await
        .map(drop)
}

/// The last passes that took something away, newest first.
pub async fn lately(c: &mut Link, most: i64) -> Result<Vec<Forgotten>, Error> {
    let sql = "SELECT class, wall, edge, lines FROM forgotten ORDER BY wall DESC, id DESC LIMIT $1";
    let rows = fetch(query(sql).bind(most), c).await?;
    Ok(readable(&rows, |row| {
        Ok(Forgotten {
            class: row.try_get("class")?,
            wall: row.try_get("wall")?,
            edge: row.try_get("edge")?,
            lines: row.try_get("lines")?,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Records;

    #[tokio::test]
    async fn whatever_belongs_to_an_alert_goes_with_it() {
        // Each has an end of its own: the last changes, what stands now, what receivers have not heard yet.
        const APART: [&str; 4] = ["change", "fault", "event_out", "gateway_silent"];
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).await.unwrap();
        if !records.engine().is_file() {
            // The tables are the same; SQLite is asked which there are.
            return;
        }
        let sql = "SELECT m.name AS name FROM sqlite_schema m JOIN pragma_table_info(m.name) p \
                   WHERE m.type = 'table' AND p.name = 'alert'";
        let mut reader = records.reader().await.unwrap();
        let tables = query(sql).fetch_all(&mut *reader).await.unwrap();
        assert!(tables.len() > 5);
        for table in tables {
            let name: String = table.try_get("name").unwrap();
            let goes = ALERT.iter().any(|(known, _)| *known == name);
            assert_ne!(goes, APART.contains(&name.as_str()), "{name} would be kept for ever");
        }
    }
}
