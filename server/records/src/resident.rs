//! Rows of persons, and in which home each of them lives from when to when.
//!
//! Personal data lies here, in `contact` and in what alerts keep (`whose`); whoever reads it writes an access row
//! (`staff`). A person is edited field by field (`edit`), never replaced. Not here: whom to call for them (`contact`).

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

use super::contact::{self, Contact};
use super::refusal::{Bound, fetch, readable};
use super::whose::owed;
use crate::Link;
use crate::sql::Sql;

/// Homes asked for in one statement.
const HOMES: usize = 300;

/// What is known of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resident {
    /// Name.
    pub name: String,
    /// `f`, `m`, `x` if they do not say, or empty when not known.
    pub sex: String,
    /// Year of birth.
    pub born: Option<i64>,
    /// Date of birth, if the day is known.
    pub birth: String,
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
    /// The doctors who look after them.
    pub doctor: String,
    /// Ability level, 0 able to 4 complete loss; none = not assessed.
    pub ability: Option<i64>,
    /// When that was assessed.
    pub ability_on: String,
    /// Until when it holds.
    pub ability_until: String,
    /// By which edition of which scale.
    pub ability_edition: String,
    /// How to get in; kept with the home.
    pub entry: String,
}

/// A person who lives, or lived, in a home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Row id.
    pub id: String,
    /// What is known of them.
    #[serde(flatten)]
    pub who: Resident,
    /// Since when they live there, wall clock.
    pub since_ms: i64,
    /// Whom to call for them, in order.
    pub contacts: Vec<contact::Listed>,
}

const fn sex_word(code: i64) -> &'static str {
    match code {
        1 => "m",
        2 => "f",
        9 => "x",
        _ => "",
    }
}

fn sex_code(word: &str) -> i64 {
    [1, 2, 9].into_iter().find(|code| sex_word(*code) == word).unwrap_or(0)
}

impl Resident {
    fn born_on(&self) -> String {
        let year = self.born.map(|year| year.to_string()).unwrap_or_default();
        if self.birth.is_empty() { year } else { self.birth.clone() }
    }

    /// Every field by its name, as an edit is written down. How to get in is the home's.
    pub fn fields(&self) -> [(&'static str, String); 14] {
        [
            ("name", self.name.clone()),
            ("sex", self.sex.clone()),
            ("birth", self.born_on()),
            ("call_as", self.call_as.clone()),
            ("dialect", self.dialect.clone()),
            ("phone", self.phone.clone()),
            ("alone", if self.alone { "1" } else { "0" }.to_owned()),
            ("talk", self.talk.clone()),
            ("health", self.health.clone()),
            ("doctor", self.doctor.clone()),
            ("ability", self.ability.map(|level| level.to_string()).unwrap_or_default()),
            ("ability_on", self.ability_on.clone()),
            ("ability_until", self.ability_until.clone()),
            ("ability_edition", self.ability_edition.clone()),
        ]
    }
}

/// What is known of a person, in the order of both statements below.
fn known<'q>(sql: Bound<'q>, who: &'q Resident) -> Bound<'q> {
    sql.bind(&who.name)
        .bind(&who.call_as)
        .bind(sex_code(&who.sex))
        .bind(who.born_on())
        .bind(&who.dialect)
        .bind(&who.phone)
        .bind(i16::from(who.alone))
        .bind(&who.talk)
        .bind(&who.health)
        .bind(&who.doctor)
        .bind(who.ability)
        .bind(&who.ability_on)
        .bind(&who.ability_until)
        .bind(&who.ability_edition)
}

/// Enters a person.
pub async fn insert(c: &mut Link, id: &str, who: &Resident, wall: i64) -> Result<(), Error> {
    let sql = "INSERT INTO person (id, name, call_as, sex, birth, dialect, phone, alone, talk, health, \
               doctor, ability, ability_on, ability_until, ability_edition, created_wall) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    known(query(sql).bind(id), who).bind(wall).execute(c).await.map(drop)
}

/// Writes what is known of a person; the caller has read it in the same transaction.
pub async fn update(c: &mut Link, id: &str, who: &Resident) -> Result<(), Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "UPDATE person SET name = $2, call_as = $3, sex = $4, birth = $5, dialect = $6, phone = $7, \
               alone = $8, talk = $9, health = $10, doctor = $11, ability = $12, ability_on = $13, \
               ability_until = $14, ability_edition = $15 WHERE id = $1";
    known(query(sql).bind(id), who).execute(c).await.map(drop)
}

/// A person lives in a home from now on, and in a bed of it if one is named.
pub async fn move_in(
    c: &mut Link,
    id: &str,
    person: &str,
    (home, bed): (i64, Option<&str>),
    wall: i64,
) -> Result<(), Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "INSERT INTO stay (id, person, home, bed, from_wall) VALUES ($1, $2, $3, $4, $5)";
    query(sql).bind(id).bind(person).bind(home).bind(bed).bind(wall).execute(c).await.map(drop)
}

/// A person lives in a home no more; says whether they did until now.
pub async fn leave(
    c: &mut Link,
    (home, person): (i64, &str),
    why: &str,
    wall: i64,
) -> Result<bool, Error> {
    owed::settle_all(&mut *c).await?;
    let sql = "UPDATE stay SET until_wall = $1, why = $2 \
               WHERE home = $3 AND person = $4 AND until_wall IS NULL";
    let done = query(sql).bind(wall).bind(why).bind(home).bind(person).execute(c).await?;
    Ok(done.rows_affected() > 0)
}

/// In which home a person lives now.
pub async fn home_of(c: &mut Link, person: &str) -> Result<Option<i64>, Error> {
    let sql = "SELECT home FROM stay WHERE person = $1 AND until_wall IS NULL";
    query(sql).bind(person).fetch_optional(c).await?.map(|row| row.try_get("home")).transpose()
}

const SELECT: &str = "SELECT stay.home AS home, stay.from_wall AS from_wall, person.id AS id, person.name AS name, \
    sex, birth, call_as, dialect, person.phone AS phone, alone, talk, health, doctor, ability, ability_on, \
    ability_until, ability_edition, home.entry AS entry \
    FROM stay JOIN person ON person.id = stay.person JOIN home ON home.id = stay.home ";

fn person_of(row: &AnyRow) -> Result<(i64, Person), Error> {
    let birth: String = row.try_get("birth")?;
    let who = Resident {
        name: row.try_get("name")?,
        sex: sex_word(row.try_get("sex")?).to_owned(),
        born: birth.get(..4).and_then(|year| year.parse().ok()),
        birth: if birth.len() > 4 { birth } else { String::new() },
        call_as: row.try_get("call_as")?,
        dialect: row.try_get("dialect")?,
        phone: row.try_get("phone")?,
        alone: row.try_get::<i64, _>("alone")? != 0,
        talk: row.try_get("talk")?,
        health: row.try_get("health")?,
        doctor: row.try_get("doctor")?,
        ability: row.try_get("ability")?,
        ability_on: row.try_get("ability_on")?,
        ability_until: row.try_get("ability_until")?,
        ability_edition: row.try_get("ability_edition")?,
        entry: row.try_get("entry")?,
    };
    let (id, since_ms) = (row.try_get("id")?, row.try_get("from_wall")?);
    Ok((row.try_get("home")?, Person { id, who, since_ms, contacts: Vec::new() }))
}

/// Who lives in these homes now, who has been there longest first, with whom to call.
pub async fn of_homes(c: &mut Link, homes: &[i64]) -> Result<Vec<(i64, Person)>, Error> {
    let mut found = Vec::new();
    for homes in homes.chunks(HOMES) {
        let mut sql = Sql::new(SELECT);
        sql.push("WHERE stay.until_wall IS NULL AND stay.home IN (");
        let mut list = sql.separated(", ");
        homes.iter().for_each(|home| {
            list.push_bind(*home);
        });
        sql.push(") ORDER BY stay.home, stay.from_wall, stay.id");
        found.extend(readable(&fetch(sql.build(c), &mut *c).await?, person_of));
    }
    with_contacts(c, &mut found).await?;
    Ok(found)
}

/// Who lives in a home now.
pub async fn living(c: &mut Link, home: i64) -> Result<Vec<Person>, Error> {
    Ok(of_homes(c, &[home]).await?.into_iter().map(|(_, person)| person).collect())
}

/// Who lived in a home at a time, for alerts that did not keep it.
pub async fn lived(c: &mut Link, home: i64, wall: i64) -> Result<Vec<Person>, Error> {
    let mut sql = Sql::new(SELECT);
    sql.push("WHERE stay.home = ").push_bind(home);
    sql.push(" AND stay.from_wall <= ").push_bind(wall);
    sql.push(" AND (stay.until_wall IS NULL OR stay.until_wall > ").push_bind(wall);
    sql.push(") ORDER BY stay.from_wall, stay.id");
    let mut found = readable(&fetch(sql.build(c), &mut *c).await?, person_of);
    with_contacts(c, &mut found).await?;
    Ok(found.into_iter().map(|(_, person)| person).collect())
}

async fn with_contacts(c: &mut Link, persons: &mut [(i64, Person)]) -> Result<(), Error> {
    let ids: Vec<&str> = persons.iter().map(|(_, person)| person.id.as_str()).collect();
    let mut listed = contact::of_persons(c, &ids).await?;
    for (_, person) in persons {
        let own = listed.extract_if(.., |(of, _)| *of == person.id);
        person.contacts = own.map(|(_, contact)| contact).collect();
    }
    Ok(())
}

/// Who lives in a home; with several, who has been there longest.
pub async fn of_home(c: &mut Link, home: i64) -> Result<Option<Resident>, Error> {
    Ok(living(c, home).await?.into_iter().next().map(|person| person.who))
}

/// Whom to call for the residents of a home, in order.
pub async fn contacts(c: &mut Link, home: i64) -> Result<Vec<Contact>, Error> {
    let all = living(c, home).await?.into_iter().flat_map(|person| person.contacts);
    Ok(all.map(|listed| listed.contact).collect())
}
