//! Who lives in a home, whom to call for them, and where the home is: entered, edited field by field, and ended.
//!
//! Nobody is replaced: a person is added to those who live there, is edited, or leaves; each field that changes is
//! written down with who and when. Each call is one commit. Not here: how fields are checked (`fields`), rights (`auth`).

mod contact;
mod fields;

use proto::id::HomeId;

use self::contact::list;
use self::fields::{fit, take_over};
pub(super) use self::fields::{line, named, place};
use super::{Provision, ProvisionError, column};
use crate::clock::row_name;
use records::Work;
use records::contact::Contact;
use records::edit::{self, By};
use records::home::{self, HomeRow};
use records::resident::{self, Person, Resident};
use records::turned;

/// Most people who live in one home at a time.
const PERSONS_MAX: usize = 8;
/// Why somebody no longer lives in a home.
pub(crate) const LEAVES: [&str; 3] = ["moved", "died", "other"];

/// A person who was entered or edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Row id.
    pub person: String,
    /// Whether they live there from now on, and did not before.
    pub moved_in: bool,
}

fn unknown(id: &str) -> ProvisionError {
    ProvisionError::Unknown(id.to_owned())
}

impl Provision {
    /// Enters a person into a home: beside whoever lives there, or as an edit of one of the same name. Answers their id.
    pub async fn create_resident(
        &self,
        home: HomeId,
        who: &Resident,
        contacts: &[Contact],
        wall_ms: i64,
    ) -> Result<String, ProvisionError> {
        let by = By { staff: "", wall_ms };
        let (name, born) = (who.name.clone(), who.born);
        let told = |known: &mut Resident| take_over(known, who.clone());
        let entered = self.enter_person(home, (&name, born), told, contacts, by).await?;
        Ok(entered.person)
    }

    /// Enters a person into a home, or edits the one of this name who lives there: `change` sets what is told, and
    /// nothing else changes. Contacts that are named are added to the list, or edited if they are on it.
    pub async fn enter_person(
        &self,
        home: HomeId,
        (name, born): (&str, Option<i64>),
        change: impl FnOnce(&mut Resident) + Send,
        contacts: &[Contact],
        by: By<'_>,
    ) -> Result<Entered, ProvisionError> {
        let name = named(name)?;
        let number = column(home.get());
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.home(&mut writer, home).await?;
        let living = resident::living(&mut writer, number).await?;
        let other = |old: Option<i64>| old.zip(born).is_some_and(|(old, born)| old != born);
        let known = living.iter().find(|p| p.who.name == name && !other(p.who.born)).cloned();
        let moved_in = known.is_none();
        if moved_in && living.len() >= PERSONS_MAX {
            return Err(ProvisionError::Refused("at most eight people live in a home"));
        }
        let before = known.unwrap_or_else(|| Person { id: new_id(), ..Person::default() });
        let mut who = before.who.clone();
        change(&mut who);
        let who = fit(who)?;
        if moved_in {
            resident::insert(&mut writer, &before.id, &who, by.wall_ms).await?;
            let at = (number, None);
            resident::move_in(&mut writer, &new_id(), &before.id, at, by.wall_ms).await?;
            turned::put(&mut writer, number).await?;
        } else {
            save(&mut writer, &before, &who, by).await?;
        }
        list(&mut writer, &before, contacts, by).await?;
        if !who.entry.is_empty() {
            let entry = who.entry.clone();
            edit_place(&mut writer, number, |row| row.entry = entry, by).await?;
        }
        writer.commit().await?;
        Ok(Entered { person: before.id, moved_in })
    }

    /// Edits a person who lives somewhere; answers in which home.
    pub async fn edit_person(
        &self,
        id: &str,
        change: impl FnOnce(&mut Resident) + Send,
        by: By<'_>,
    ) -> Result<i64, ProvisionError> {
        let mut writer = self.records.begin_for(Work::Edit).await?;
        let (home, person) = somebody(&mut writer, id).await?;
        let mut who = person.who.clone();
        change(&mut who);
        let who = fit(who)?;
        save(&mut writer, &person, &who, by).await?;
        writer.commit().await?;
        Ok(home)
    }

    /// A person lives in a home no more. None named: nobody does who lived there. Answers who left.
    pub async fn leave(
        &self,
        home: i64,
        person: Option<&str>,
        why: &str,
        by: By<'_>,
    ) -> Result<Vec<String>, ProvisionError> {
        if !LEAVES.contains(&why) {
            return Err(ProvisionError::Refused(
                "somebody has moved, died, or leaves for other reasons",
            ));
        }
        let mut writer = self.records.begin_for(Work::Edit).await?;
        let living = resident::living(&mut writer, home).await?;
        let all = living.into_iter().map(|one| one.id);
        let gone: Vec<String> = all.filter(|id| person.is_none_or(|one| one == id)).collect();
        if let Some(person) = person.filter(|_| gone.is_empty()) {
            return Err(unknown(person));
        }
        for id in &gone {
            resident::leave(&mut writer, (home, id), why, by.wall_ms).await?;
            let (was, is) = ([("home", home.to_string())], [("home", why.to_owned())]);
            edit::log(&mut writer, ("person", id), &was, &is, by).await?;
        }
        if !gone.is_empty() {
            turned::put(&mut writer, home).await?;
        }
        writer.commit().await?;
        Ok(gone)
    }

    /// Edits where a home is: `change` sets what is told, and nothing else changes.
    pub async fn edit_home(
        &self,
        home: HomeId,
        change: impl FnOnce(&mut HomeRow) + Send,
        by: By<'_>,
    ) -> Result<(), ProvisionError> {
        let mut writer = self.records.begin_for(Work::Edit).await?;
        self.home(&mut writer, home).await?;
        edit_place(&mut writer, column(home.get()), change, by).await?;
        writer.commit().await?;
        Ok(())
    }
}

fn new_id() -> String {
    row_name()
}

async fn somebody(c: &mut records::Writer, id: &str) -> Result<(i64, Person), ProvisionError> {
    let home = resident::home_of(&mut *c, id).await?.ok_or_else(|| unknown(id))?;
    let living = resident::living(c, home).await?.into_iter().find(|person| person.id == id);
    Ok((home, living.ok_or_else(|| unknown(id))?))
}

async fn save(
    c: &mut records::Writer,
    before: &Person,
    who: &Resident,
    by: By<'_>,
) -> Result<(), ProvisionError> {
    let (was, is) = (before.who.fields(), who.fields());
    if edit::log(&mut *c, ("person", &before.id), &was, &is, by).await? {
        resident::update(c, &before.id, who).await?;
    }
    Ok(())
}

async fn edit_place(
    c: &mut records::Writer,
    home: i64,
    change: impl FnOnce(&mut HomeRow) + Send,
    by: By<'_>,
) -> Result<(), ProvisionError> {
    let row = home::find(&mut *c, home).await?.ok_or_else(|| unknown(&home.to_string()))?;
    let mut new = row.clone();
    change(&mut new);
    let new = place(HomeRow { id: row.id, ..new })?;
    let target = home.to_string();
    if edit::log(&mut *c, ("home", &target), &row.fields(), &new.fields(), by).await? {
        home::update(c, &new).await?;
    }
    Ok(())
}
