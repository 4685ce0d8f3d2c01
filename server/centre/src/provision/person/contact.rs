//! Whom to call for a person: put on the list, edited one at a time, taken off.
//!
//! Not here: whose list it is (`person`).

use super::fields::{callable, set};
use super::{new_id, somebody, unknown};
use crate::provision::{Provision, ProvisionError};
use records::Work;
use records::contact::{self, Contact};
use records::edit::{self, By};
use records::resident::Person;

/// Most contacts of one person.
const CONTACTS_MAX: usize = 8;

impl Provision {
    /// Puts somebody on a person's list; answers their id and in which home that is.
    pub async fn add_contact(
        &self,
        person: &str,
        contact: &Contact,
        by: By<'_>,
    ) -> Result<(String, i64), ProvisionError> {
        let contact = callable(contact)?;
        let mut writer = self.records.begin_for(Work::Edit).await?;
        let (home, known) = somebody(&mut writer, person).await?;
        if known.contacts.len() >= CONTACTS_MAX {
            return Err(ProvisionError::Refused("a person has at most eight contacts"));
        }
        let id = new_id();
        add(&mut writer, (&id, person), &contact, by).await?;
        writer.commit().await?;
        Ok((id, home))
    }

    /// Edits somebody on a list: `change` sets what is told, and nothing else changes.
    pub async fn edit_contact(
        &self,
        id: &str,
        change: impl FnOnce(&mut Contact) + Send,
        by: By<'_>,
    ) -> Result<(), ProvisionError> {
        let mut writer = self.records.begin_for(Work::Edit).await?;
        let (_, known) = contact::find(&mut writer, id).await?.ok_or_else(|| unknown(id))?;
        let mut new = known.contact.clone();
        change(&mut new);
        save_contact(&mut writer, &known, &callable(&new)?, by).await?;
        writer.commit().await?;
        Ok(())
    }

    /// Takes somebody off a list.
    pub async fn end_contact(&self, id: &str, by: By<'_>) -> Result<(), ProvisionError> {
        let mut writer = self.records.begin_for(Work::Edit).await?;
        let (_, known) = contact::find(&mut writer, id).await?.ok_or_else(|| unknown(id))?;
        contact::end(&mut writer, id, by.wall_ms).await?;
        let (was, none) = (known.contact.fields(), Contact::default().fields());
        edit::log(&mut writer, ("contact", id), &was, &none, by).await?;
        writer.commit().await?;
        Ok(())
    }
}

async fn add(
    c: &mut records::Writer,
    (id, person): (&str, &str),
    contact: &Contact,
    by: By<'_>,
) -> Result<(), ProvisionError> {
    contact::insert(&mut *c, id, person, contact).await?;
    let (none, is) = (Contact::default().fields(), contact.fields());
    edit::log(c, ("contact", id), &none, &is, by).await?;
    Ok(())
}

async fn save_contact(
    c: &mut records::Writer,
    known: &contact::Listed,
    new: &Contact,
    by: By<'_>,
) -> Result<(), ProvisionError> {
    let (was, is) = (known.contact.fields(), new.fields());
    if edit::log(&mut *c, ("contact", &known.id), &was, &is, by).await? {
        contact::update(c, &known.id, new).await?;
    }
    Ok(())
}

/// Adds the named contacts to a person's list; one of the same name and relation is edited.
pub(super) async fn list(
    c: &mut records::Writer,
    person: &Person,
    contacts: &[Contact],
    by: By<'_>,
) -> Result<(), ProvisionError> {
    let mut room = CONTACTS_MAX.saturating_sub(person.contacts.len());
    for told in contacts {
        let told = callable(told)?;
        let same = |known: &&contact::Listed| {
            (&known.contact.name, &known.contact.relation) == (&told.name, &told.relation)
        };
        match person.contacts.iter().find(same) {
            Some(known) => {
                let mut new = known.contact.clone();
                let Contact { phone, note, .. } = told;
                set(&mut new.phone, phone);
                set(&mut new.note, note);
                save_contact(c, known, &new, by).await?;
            }
            None if room == 0 => {
                return Err(ProvisionError::Refused("a person has at most eight contacts"));
            }
            None => {
                room -= 1;
                add(c, (&new_id(), &person.id), &told, by).await?;
            }
        }
    }
    Ok(())
}
