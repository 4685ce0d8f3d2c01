//! Rows whose time is over: taken away a bounded number at a time, and a line of each for whoever asks.
//!
//! An alert goes with all that belongs to it: presses, story, acts, steps, notices, whose it was. One that is not over
//! never goes. Not here: how long what is kept (`retention`).

use sqlx::{Any, AnyConnection, Error, QueryBuilder, Row, query};

use super::refusal::{fetch, readable};

/// What belongs to an alert and has no life of its own.
const PARTS: [&str; 7] =
    ["activation", "timeline", "action", "alert_whose", "alert_owed", "ladder", "outbox"];

/// Which ended alerts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Those of persons.
    Persons,
    /// Faults of equipment.
    Equipment,
}

/// Takes away at most `most` alerts that ended before `edge`, wall clock; says how many.
pub async fn alerts(
    c: &mut AnyConnection,
    which: Ended,
    edge: i64,
    most: i64,
) -> Result<u64, Error> {
    let sql = match which {
        Ended::Persons => {
            "SELECT id FROM alert WHERE state = 3 AND closed_wall < $1 AND severity > 0 \
             ORDER BY closed_wall LIMIT $2"
        }
        Ended::Equipment => {
            "SELECT id FROM alert WHERE state = 3 AND closed_wall < $1 AND severity = 0 \
             ORDER BY closed_wall LIMIT $2"
        }
    };
    let rows = fetch(query(sql).bind(edge).bind(most), c).await?;
    let ids: Vec<String> = readable(&rows, |row| row.try_get("id"));
    for ids in ids.chunks(super::rows_of(1)) {
        for part in PARTS {
            all_of(c, part, "alert", ids).await?;
        }
        all_of(c, "alert", "id", ids).await?;
    }
    Ok(ids.len() as u64)
}

async fn all_of(
    c: &mut AnyConnection,
    table: &'static str,
    column: &'static str,
    ids: &[String],
) -> Result<(), Error> {
    let mut sql = QueryBuilder::<Any>::new("DELETE FROM ");
    sql.push(table).push(" WHERE ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id.as_str());
    }
    sql.push(")");
    sql.build().execute(c).await.map(drop)
}

/// Takes away at most `most` rows of each kind of look and edit before `edge`, wall clock; says how many.
pub async fn looks(c: &mut AnyConnection, edge: i64, most: i64) -> Result<u64, Error> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM access WHERE id IN (SELECT id FROM access WHERE wall < $1 ORDER BY wall LIMIT $2)",
        "DELETE FROM edit WHERE id IN (SELECT id FROM edit WHERE wall < $1 ORDER BY wall LIMIT $2)",
        "DELETE FROM glass WHERE id IN (SELECT id FROM glass WHERE wall < $1 AND seen_wall IS NOT NULL \
         ORDER BY wall LIMIT $2)",
        "DELETE FROM image_deed WHERE id IN (SELECT id FROM image_deed WHERE wall < $1 ORDER BY wall LIMIT $2)",
        "DELETE FROM forgotten WHERE id IN (SELECT id FROM forgotten WHERE wall < $1 ORDER BY wall LIMIT $2)",
    ] {
        gone += query(sql).bind(edge).bind(most).execute(&mut *c).await?.rows_affected();
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
pub async fn tell(c: &mut AnyConnection, pass: &Forgotten) -> Result<(), Error> {
    let sql = "INSERT INTO forgotten (id, class, wall, edge, lines) VALUES ($1, $2, $3, $4, $5)";
    query(sql)
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(&pass.class)
        .bind(pass.wall)
        .bind(pass.edge)
        .bind(pass.lines)
        .execute(c)
        .await
        .map(drop)
}

/// The last passes that took something away, newest first.
pub async fn lately(c: &mut AnyConnection, most: i64) -> Result<Vec<Forgotten>, Error> {
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
