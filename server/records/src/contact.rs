//! Rows of whom to call for a person, in order. One is edited at a time; one that is taken off stays as a row.
//!
//! Not here: whose they are (`resident`).

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::refusal::{Bound, fetch, readable};
use super::whose::owed;
use crate::Link;
use crate::sql::Sql;

/// Persons asked for in one statement.
const PERSONS: usize = 300;

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Who they are to the resident.
    pub relation: String,
    /// Telephone.
    pub phone: String,
    /// When, or what for.
    pub note: String,
    /// How far away.
    pub distance: String,
    /// Whether they have a key.
    pub has_key: bool,
    /// When they agreed to be called.
    pub consent_on: String,
}

/// Somebody to call, on the list of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// Row id.
    pub id: String,
    /// Who.
    #[serde(flatten)]
    pub contact: Contact,
    /// When they last answered a call, wall clock.
    pub answered_ms: Option<i64>,
}

impl Contact {
    /// Every field by its name, as an edit is written down.
    pub fn fields(&self) -> [(&'static str, String); 7] {
        [
            ("name", self.name.clone()),
            ("relation", self.relation.clone()),
            ("phone", self.phone.clone()),
            ("note", self.note.clone()),
            ("distance", self.distance.clone()),
            ("has_key", if self.has_key { "1" } else { "0" }.to_owned()),
            ("consent_on", self.consent_on.clone()),
        ]
    }
}

/// What is known of somebody, in the order of both statements below.
fn known<'q>(sql: Bound<'q>, contact: &'q Contact) -> Bound<'q> {
    sql.bind(&contact.name)
        .bind(&contact.relation)
        .bind(&contact.phone)
        .bind(&contact.note)
        .bind(&contact.distance)
        .bind(i16::from(contact.has_key))
        .bind(&contact.consent_on)
}

/// Puts somebody at the end of a person's list.
pub async fn insert(c: &mut Link, id: &str, person: &str, contact: &Contact) -> Result<(), Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "INSERT INTO person_contact (id, person, place, name, relation, phone, note, distance, has_key, \
               consent_on) SELECT $1, $2, COALESCE(MAX(place), -1) + 1, $3, $4, $5, $6, $7, $8, $9 \
               FROM person_contact WHERE person = $2";
    known(query(sql).bind(id).bind(person), contact).execute(c).await.map(drop)
}

/// Writes what is known of somebody; the caller has read it in the same transaction.
pub async fn update(c: &mut Link, id: &str, contact: &Contact) -> Result<(), Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "UPDATE person_contact SET name = $2, relation = $3, phone = $4, note = $5, distance = $6, \
               has_key = $7, consent_on = $8 WHERE id = $1";
    known(query(sql).bind(id), contact).execute(c).await.map(drop)
}

/// Takes somebody off the list; says whether they were on it.
pub async fn end(c: &mut Link, id: &str, wall: i64) -> Result<bool, Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "UPDATE person_contact SET ended_wall = $2 WHERE id = $1 AND ended_wall IS NULL";
    Ok(query(sql).bind(id).bind(wall).execute(c).await?.rows_affected() > 0)
}

const SELECT: &str = "SELECT id, person, name, relation, phone, note, distance, has_key, consent_on, \
    answered_wall FROM person_contact WHERE ended_wall IS NULL AND ";

fn listed(row: &AnyRow) -> Result<(String, Listed), Error> {
    let contact = Contact {
        name: row.try_get("name")?,
        relation: row.try_get("relation")?,
        phone: row.try_get("phone")?,
        note: row.try_get("note")?,
        distance: row.try_get("distance")?,
        has_key: row.try_get::<i64, _>("has_key")? != 0,
        consent_on: row.try_get("consent_on")?,
    };
    let answered_ms = row.try_get("answered_wall")?;
    Ok((row.try_get("person")?, Listed { id: row.try_get("id")?, contact, answered_ms }))
}

/// Somebody on a list, and on whose.
pub async fn find(c: &mut Link, id: &str) -> Result<Option<(String, Listed)>, Error> {
    let mut sql = Sql::new(SELECT);
    sql.push("id = ").push_bind(id);
    sql.build(c).fetch_optional(c).await?.as_ref().map(listed).transpose()
}

/// Whom to call for these persons, each list in its order.
pub async fn of_persons(c: &mut Link, persons: &[&str]) -> Result<Vec<(String, Listed)>, Error> {
    let mut found = Vec::new();
    for persons in persons.chunks(PERSONS) {
        let mut sql = Sql::new(SELECT);
        sql.push("person IN (");
        let mut list = sql.separated(", ");
        persons.iter().for_each(|person| {
            list.push_bind(*person);
        });
        sql.push(") ORDER BY person, place, id");
        found.extend(readable(&fetch(sql.build(c), &mut *c).await?, listed));
    }
    Ok(found)
}
