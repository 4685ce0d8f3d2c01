//! What may be told of people, contacts and homes: what is left out stays as it is.
//!
//! Not here: whether it fits (`provision::person`).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::api_error::{ApiError, ApiResult};
use records::contact::Contact;
use records::resident::Resident;

/// A person, or what changes of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonForm {
    /// Needed when they move in.
    pub(super) name: Option<String>,
    /// `f`, `m`, `x` if they do not say, or empty.
    pub(super) sex: Option<String>,
    /// Year of birth.
    pub(super) born: Option<i64>,
    /// Date of birth, `1938-05-01`.
    pub(super) birth: Option<String>,
    pub(super) call_as: Option<String>,
    pub(super) dialect: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) alone: Option<bool>,
    /// Speech and hearing, as far as it matters on a call.
    pub(super) talk: Option<String>,
    /// At most three lines.
    pub(super) health: Option<String>,
    pub(super) doctor: Option<String>,
    /// 0 able to 4 complete loss.
    pub(super) ability: Option<i64>,
    pub(super) ability_on: Option<String>,
    pub(super) ability_until: Option<String>,
    pub(super) ability_edition: Option<String>,
    /// How to get into their home.
    pub(super) entry: Option<String>,
    /// Added to the list of whom to call; one of the same name and relation is edited.
    #[serde(default)]
    pub(super) contacts: Vec<ContactForm>,
}

/// Somebody to call, or what changes of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactForm {
    pub(super) name: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) note: Option<String>,
    pub(super) distance: Option<String>,
    pub(super) has_key: Option<bool>,
    /// `2026-11-29`.
    pub(super) consent_on: Option<String>,
}

/// What changes of a home.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HomeForm {
    /// The shortest text that finds the door.
    pub(super) label: Option<String>,
    pub(super) address: Option<String>,
    pub(super) entry: Option<String>,
}

/// Who lives somewhere no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// Id of the person; none = everybody who lives there.
    pub(super) resident: Option<String>,
    /// `moved`, `died` or `other`.
    pub(super) why: Option<String>,
}

pub(super) fn set<T>(known: &mut T, told: Option<T>) {
    if let Some(told) = told {
        *known = told;
    }
}

impl PersonForm {
    pub(super) fn over(self, known: &mut Resident) {
        set(&mut known.name, self.name);
        set(&mut known.sex, self.sex);
        if let Some(born) = self.born {
            // A year alone takes the place of a date that says another.
            (known.born, known.birth) = (Some(born), String::new());
        }
        set(&mut known.birth, self.birth);
        set(&mut known.call_as, self.call_as);
        set(&mut known.dialect, self.dialect);
        set(&mut known.phone, self.phone);
        set(&mut known.alone, self.alone);
        set(&mut known.talk, self.talk);
        set(&mut known.health, self.health);
        set(&mut known.doctor, self.doctor);
        known.ability = self.ability.or(known.ability);
        set(&mut known.ability_on, self.ability_on);
        set(&mut known.ability_until, self.ability_until);
        set(&mut known.ability_edition, self.ability_edition);
        set(&mut known.entry, self.entry);
    }
}

impl ContactForm {
    pub(super) fn over(self, known: &mut Contact) {
        set(&mut known.name, self.name);
        set(&mut known.relation, self.relation);
        set(&mut known.phone, self.phone);
        set(&mut known.note, self.note);
        set(&mut known.distance, self.distance);
        set(&mut known.has_key, self.has_key);
        set(&mut known.consent_on, self.consent_on);
    }

    /// Refuses to take away by what somebody is called, or called up.
    pub(super) fn callable(self) -> ApiResult<Self> {
        let blank =
            |told: &Option<String>| told.as_ref().is_some_and(|text| text.trim().is_empty());
        if blank(&self.name) || blank(&self.phone) {
            return Err(ApiError::input("name, phone"));
        }
        Ok(self)
    }

    pub(super) fn whole(self) -> ApiResult<Contact> {
        if self.name.is_none() || self.phone.is_none() {
            return Err(ApiError::input("name, phone"));
        }
        let this = self.callable()?;
        let mut contact = Contact::default();
        this.over(&mut contact);
        Ok(contact)
    }
}
