//! Whose homes are now, many at once, and of which of them something cannot be read.
//!
//! Rows that are read are held against how many there are: a person whose row is damaged is missed, not left out in
//! silence. Damage that ends a whole statement costs the home that it is in. Not here: what becomes of such a home (`owed`).

use std::collections::{BTreeSet, HashMap};

use sqlx::{Error, Row};

use super::Whose;
use crate::Link;
use crate::refusal::{fetch, is_of_row, leave_out};
use crate::resident::{self, Person};
use crate::sql::Sql;
use crate::{home, rows_of};

/// What was found of some homes. One that is not entered is in none of these.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// Read in full.
    pub(super) whole: HashMap<i64, Whose>,
    /// Somebody who lives there, or whom to call for them, cannot be read.
    pub(super) in_part: HashMap<i64, Whose>,
    /// Cannot be read.
    pub(super) unread: BTreeSet<i64>,
}

impl Homes {
    /// Whether a home could not be read in full.
    pub(super) fn waits(&self, home: i64) -> bool {
        self.unread.contains(&home) || self.in_part.contains_key(&home)
    }

    /// Homes that could not be read in full.
    pub(super) fn waiting(&self) -> impl Iterator<Item = i64> {
        self.unread.iter().chain(self.in_part.keys()).copied()
    }
}

/// Whose these homes are now.
pub(super) async fn whole(c: &mut Link, homes: &BTreeSet<i64>) -> Result<Homes, Error> {
    let numbers: Vec<i64> = homes.iter().copied().collect();
    match read(c, &numbers).await {
        Err(error) if is_of_row(&error) => {}
        done => return done,
    }
    let mut all = Homes::default();
    for home in numbers {
        match read(c, &[home]).await {
            Ok(one) => {
                all.whole.extend(one.whole);
                all.in_part.extend(one.in_part);
                all.unread.extend(one.unread);
            }
            Err(error) if is_of_row(&error) => {
                leave_out(&error, "a home that cannot be read", home);
                all.unread.insert(home);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

async fn read(c: &mut Link, numbers: &[i64]) -> Result<Homes, Error> {
    let rows = home::some(c, numbers).await?;
    let mut persons: HashMap<i64, Vec<Person>> = HashMap::new();
    for (home, person) in resident::of_homes(c, numbers).await? {
        persons.entry(home).or_default().push(person);
    }
    let mut found: HashMap<i64, Whose> = HashMap::new();
    for row in rows {
        let own = persons.remove(&row.id).unwrap_or_default();
        found.insert(row.id, Whose::of(&row, own));
    }
    let mut homes = Homes::default();
    for (home, entered) in entered(c, numbers).await? {
        let Some(whose) = found.remove(&home) else {
            homes.unread.insert(home);
            continue;
        };
        let contacts = whose.persons.iter().map(|person| person.contacts.len()).sum();
        let of = if entered == (whose.persons.len(), contacts) {
            &mut homes.whole
        } else {
            &mut homes.in_part
        };
        of.insert(home, whose);
    }
    Ok(homes)
}

/// How many persons live in these homes, and how many there are to call for them, read or not.
async fn entered(c: &mut Link, homes: &[i64]) -> Result<HashMap<i64, (usize, usize)>, Error> {
    let mut all = HashMap::new();
    for homes in homes.chunks(rows_of(1)) {
        let mut sql = Sql::new(
            "SELECT h.id AS home, COUNT(DISTINCT s.id) AS persons, COUNT(p.id) AS contacts FROM home h \
             LEFT JOIN stay s ON s.home = h.id AND s.until_wall IS NULL \
             LEFT JOIN person_contact p ON p.person = s.person AND p.ended_wall IS NULL WHERE h.id IN (",
        );
        let mut list = sql.separated(", ");
        homes.iter().for_each(|home| {
            list.push_bind(*home);
        });
        sql.push(") GROUP BY h.id");
        for row in fetch(sql.build(c), &mut *c).await? {
            let count = |name: &str| {
                let count: i64 = row.try_get(name)?;
                Ok::<_, Error>(usize::try_from(count).unwrap_or_default())
            };
            all.insert(row.try_get("home")?, (count("persons")?, count("contacts")?));
        }
    }
    Ok(all)
}
