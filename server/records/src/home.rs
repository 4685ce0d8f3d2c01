//! Rows of places: organisations, homes, beds, and the names by which a screen calls them.
//!
//! Every function takes the connection it runs on; a caller decides what is one transaction.
//! Not here: who lives there (`resident`), what hangs on the wall (`device`).

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Error, Row, query};

use super::device::{ROWS_MAX, places};
use super::refusal::{fetch, readable};
use super::whose::owed;
use crate::Link;
use crate::sql::Sql;

/// Enters an organisation.
pub async fn insert_organisation(
    c: &mut Link,
    id: &str,
    name: &str,
    wall: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO organisation (id, name, created_wall) VALUES ($1, $2, $3)";
    query(sql).bind(id).bind(name).bind(wall).execute(c).await.map(drop)
}

/// Organisations, oldest first, as id and name.
pub async fn organisations(c: &mut Link) -> Result<Vec<(String, String)>, Error> {
    let rows = query("SELECT id, name FROM organisation ORDER BY created_wall, id").fetch_all(c);
    rows.await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// How a home is called on a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HomeName {
    /// The shortest text that finds the door.
    pub label: String,
    /// Who lives there; empty when nobody is entered.
    pub person: String,
}

/// One home as it is entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HomeRow {
    /// Number of the home.
    pub id: i64,
    /// Whose home it is to look after.
    pub organisation: String,
    /// The shortest text that finds the door.
    pub label: String,
    /// The whole address.
    pub address: String,
    /// How to get in.
    pub entry: String,
}

impl HomeRow {
    /// Every field that is edited by its name.
    pub fn fields(&self) -> [(&'static str, String); 3] {
        let Self { label, address, entry, .. } = self.clone();
        [("label", label), ("address", address), ("entry", entry)]
    }
}

/// Enters a home.
pub async fn insert(c: &mut Link, home: &HomeRow, wall: i64) -> Result<(), Error> {
    let sql = "INSERT INTO home (id, organisation, label, address, entry, created_wall) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    query(sql)
        .bind(home.id)
        .bind(&home.organisation)
        .bind(&home.label)
        .bind(&home.address)
        .bind(&home.entry)
        .bind(wall)
        .execute(c)
        .await
        .map(drop)
}

/// One home.
pub async fn find(c: &mut Link, home: i64) -> Result<Option<HomeRow>, Error> {
    let sql = "SELECT id, organisation, label, address, entry FROM home WHERE id = $1";
    query(sql).bind(home).fetch_optional(c).await?.as_ref().map(home_of).transpose()
}

/// Homes after a number, in order, at most `limit`.
pub async fn list(c: &mut Link, after: i64, limit: i64) -> Result<Vec<HomeRow>, Error> {
    let sql = "SELECT id, organisation, label, address, entry FROM home WHERE id > $1 \
               ORDER BY id LIMIT $2";
    let rows = fetch(query(sql).bind(after).bind(limit), c).await?;
    Ok(readable(&rows, home_of))
}

fn home_of(row: &AnyRow) -> Result<HomeRow, Error> {
    Ok(HomeRow {
        id: row.try_get("id")?,
        organisation: row.try_get("organisation")?,
        label: row.try_get("label")?,
        address: row.try_get("address")?,
        entry: row.try_get("entry")?,
    })
}

/// Enters a bed.
pub async fn insert_bed(
    c: &mut Link,
    id: &str,
    home: i64,
    label: &str,
    wall: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO bed (id, home, label, created_wall) VALUES ($1, $2, $3, $4)";
    query(sql).bind(id).bind(home).bind(label).bind(wall).execute(c).await.map(drop)
}

/// Beds of a home, oldest first, as id and label.
pub async fn beds(c: &mut Link, home: i64) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT id, label FROM bed WHERE home = $1 ORDER BY created_wall, id";
    let rows = query(sql).bind(home).fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Names of people who live together, as one text.
pub fn together<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join("、")
}

const NAMED: &str = "SELECT home.id AS id, home.label AS label, person.name AS person FROM home \
    LEFT JOIN stay ON stay.home = home.id AND stay.until_wall IS NULL \
    LEFT JOIN person ON person.id = stay.person ";

/// How a home is called on a row.
pub async fn name(c: &mut Link, home: i64) -> Result<Option<HomeName>, Error> {
    let sql = format!("{NAMED} WHERE home.id = $1 ORDER BY stay.from_wall, stay.id");
    let rows = fetch(query(AssertSqlSafe(sql)).bind(home), c).await?;
    Ok(called(&rows).pop().map(|(_, name)| name))
}

/// How these homes are called, as far as they are entered.
pub async fn names_of(c: &mut Link, homes: &[i64]) -> Result<Vec<(i64, HomeName)>, Error> {
    let mut found = Vec::new();
    for homes in homes.chunks(ROWS_MAX) {
        let mut sql = Sql::new(NAMED);
        sql.push("WHERE home.id IN (");
        let mut list = sql.separated(", ");
        homes.iter().for_each(|home| {
            list.push_bind(*home);
        });
        sql.push(") ORDER BY home.id, stay.from_wall, stay.id");
        found.extend(called(&fetch(sql.build(c), &mut *c).await?));
    }
    Ok(found)
}

/// How every home is called.
pub async fn names(c: &mut Link) -> Result<Vec<(i64, HomeName)>, Error> {
    let sql = format!("{NAMED} ORDER BY home.id, stay.from_wall, stay.id");
    Ok(called(&fetch(query(AssertSqlSafe(sql)), c).await?))
}

/// Rows of one home follow each other, one for each person.
fn called(rows: &[AnyRow]) -> Vec<(i64, HomeName)> {
    let named = |row: &AnyRow| {
        let person: Option<String> = row.try_get("person")?;
        Ok((row.try_get::<i64, _>("id")?, row.try_get::<String, _>("label")?, person))
    };
    let mut out: Vec<(i64, HomeName)> = Vec::new();
    for (id, label, person) in readable(rows, named) {
        let person = person.unwrap_or_default();
        match out.last_mut().filter(|(last, _)| *last == id) {
            Some((_, name)) => name.person = together([&*name.person, &*person].into_iter()),
            None => out.push((id, HomeName { label, person })),
        }
    }
    out
}

/// These homes, as far as they are entered.
pub async fn some(c: &mut Link, homes: &[i64]) -> Result<Vec<HomeRow>, Error> {
    let mut found = Vec::new();
    for homes in homes.chunks(ROWS_MAX) {
        let mut sql =
            Sql::new("SELECT id, organisation, label, address, entry FROM home WHERE id IN (");
        let mut list = sql.separated(", ");
        homes.iter().for_each(|home| {
            list.push_bind(*home);
        });
        sql.push(")");
        found.extend(readable(&fetch(sql.build(c), &mut *c).await?, home_of));
    }
    Ok(found)
}

/// Writes what is known of a home; the caller has read it in the same transaction.
pub async fn update(c: &mut Link, home: &HomeRow) -> Result<(), Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "UPDATE home SET label = $2, address = $3, entry = $4 WHERE id = $1";
    query(sql)
        .bind(home.id)
        .bind(&home.label)
        .bind(&home.address)
        .bind(&home.entry)
        .execute(c)
        .await
        .map(drop)
}

/// What devices are called in their homes, those that have a name.
pub async fn device_names(c: &mut Link) -> Result<Vec<(i64, String)>, Error> {
    let sql = "SELECT d.id, COALESCE(NULLIF(d.label, ''), b.label) AS label FROM device d \
               LEFT JOIN device_bed p ON p.device = d.id LEFT JOIN bed b ON b.id = p.bed \
               WHERE d.label <> '' OR b.label <> ''";
    let rows = fetch(query(sql), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get(0)?, row.try_get(1)?))))
}

/// The whole address of a home.
pub async fn address(c: &mut Link, home: i64) -> Result<Option<String>, Error> {
    let row = query("SELECT address FROM home WHERE id = $1").bind(home).fetch_optional(c).await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Enters many homes.
pub async fn insert_all(c: &mut Link, homes: &[HomeRow], wall: i64) -> Result<(), Error> {
    for part in homes.chunks(ROWS_MAX) {
        let sql = format!(
            "INSERT INTO home (id, organisation, label, address, entry, created_wall) VALUES {}",
            places(part.len(), 6)
        );
        let mut insert = query(AssertSqlSafe(sql));
        for home in part {
            insert = insert
                .bind(home.id)
                .bind(&home.organisation)
                .bind(&home.label)
                .bind(&home.address)
                .bind(&home.entry)
                .bind(wall);
        }
        insert.execute(&mut *c).await?;
    }
    Ok(())
}

/// Enters many beds, each by its id and home, without a label.
pub async fn insert_beds(c: &mut Link, beds: &[(String, i64)], wall: i64) -> Result<(), Error> {
    for part in beds.chunks(ROWS_MAX) {
        let sql = format!(
            "INSERT INTO bed (id, home, label, created_wall) VALUES {}",
            places(part.len(), 4)
        );
        let mut insert = query(AssertSqlSafe(sql));
        for (id, home) in part {
            insert = insert.bind(id).bind(home).bind("").bind(wall);
        }
        insert.execute(&mut *c).await?;
    }
    Ok(())
}
