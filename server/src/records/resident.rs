//! Rows of residents and of whom to call for them, in order.
//!
//! Personal data lies here and nowhere else; whoever reads it writes an access row (`staff`).
//! Not here: where a resident lives (`home`).

use serde::Serialize;
use sqlx::{AnyConnection, Error, Row, query};

/// One resident as an operator needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Resident {
    /// Name.
    pub name: String,
    /// `f`, `m`, or empty when not told.
    pub sex: String,
    /// Year of birth.
    pub born: Option<i64>,
    /// How to address them.
    pub call_as: String,
    /// What they speak best.
    pub dialect: String,
    /// Telephone in the home.
    pub phone: String,
    /// Whether they live alone.
    pub alone: bool,
    /// Speech and hearing, as far as it matters on a call.
    pub talk: String,
    /// Health notes, at most three lines.
    pub health: String,
    /// How to get in; kept with the home.
    pub entry: String,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Who they are to the resident.
    pub relation: String,
    /// Telephone.
    pub phone: String,
    /// When, or what for.
    pub note: String,
}

/// Enters a resident into a home, and into a bed of it if one is named.
pub async fn insert(
    c: &mut AnyConnection,
    id: &str,
    place: (i64, Option<&str>),
    resident: &Resident,
    wall: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO resident (id, home, bed, name, call_as, sex, born, dialect, phone, \
               alone, talk, health, created_wall) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    query(sql)
        .bind(id)
        .bind(place.0)
        .bind(place.1)
        .bind(&resident.name)
        .bind(&resident.call_as)
        .bind(&resident.sex)
        .bind(resident.born)
        .bind(&resident.dialect)
        .bind(&resident.phone)
        .bind(i16::from(resident.alone))
        .bind(&resident.talk)
        .bind(&resident.health)
        .bind(wall)
        .execute(&mut *c)
        .await?;
    if resident.entry.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE home SET entry = $1 WHERE id = $2";
    query(sql).bind(&resident.entry).bind(place.0).execute(c).await.map(drop)
}

/// Enters whom to call at one place of the order.
pub async fn insert_contact(
    c: &mut AnyConnection,
    resident: &str,
    place: i16,
    contact: &Contact,
) -> Result<(), Error> {
    let sql = "INSERT INTO contact (resident, place, name, relation, phone, note) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    query(sql)
        .bind(resident)
        .bind(place)
        .bind(&contact.name)
        .bind(&contact.relation)
        .bind(&contact.phone)
        .bind(&contact.note)
        .execute(c)
        .await
        .map(drop)
}

/// Whoever lived in a home until now lives there no more.
pub async fn leave(c: &mut AnyConnection, home: i64, wall: i64) -> Result<(), Error> {
    let sql = "UPDATE resident SET left_wall = $1 WHERE home = $2 AND left_wall IS NULL";
    query(sql).bind(wall).bind(home).execute(c).await.map(drop)
}

/// Who lives in a home; with several, who has been there longest.
pub async fn of_home(c: &mut AnyConnection, home: i64) -> Result<Option<Resident>, Error> {
    let sql = "SELECT name, sex, born, call_as, dialect, phone, alone, talk, health, entry \
               FROM resident JOIN home ON home.id = resident.home \
               WHERE home = $1 AND left_wall IS NULL ORDER BY resident.created_wall LIMIT 1";
    let row = query(sql).bind(home).fetch_optional(c).await?;
    row.map(|row| {
        Ok(Resident {
            name: row.try_get("name")?,
            sex: row.try_get("sex")?,
            born: row.try_get("born")?,
            call_as: row.try_get("call_as")?,
            dialect: row.try_get("dialect")?,
            phone: row.try_get("phone")?,
            alone: row.try_get::<i64, _>("alone")? != 0,
            talk: row.try_get("talk")?,
            health: row.try_get("health")?,
            entry: row.try_get("entry")?,
        })
    })
    .transpose()
}

/// Whom to call for the residents of a home, in order.
pub async fn contacts(c: &mut AnyConnection, home: i64) -> Result<Vec<Contact>, Error> {
    let sql = "SELECT contact.name AS name, relation, contact.phone AS phone, note \
               FROM contact JOIN resident ON resident.id = contact.resident \
               WHERE resident.home = $1 AND left_wall IS NULL \
               ORDER BY resident.created_wall, resident.id, place";
    let rows = query(sql).bind(home).fetch_all(c).await?;
    let contacts = rows.iter().map(|row| {
        Ok(Contact {
            name: row.try_get("name")?,
            relation: row.try_get("relation")?,
            phone: row.try_get("phone")?,
            note: row.try_get("note")?,
        })
    });
    contacts.collect()
}
