//! What is typed of people and homes: checked field by field, and put over what is known.
//!
//! Not here: rows (`records`), and who types (`routes`).

use crate::provision::ProvisionError;
use crate::typed;
use records::contact::Contact;
use records::home::HomeRow;
use records::resident::Resident;

/// Most lines of health notes: an operator reads them in one look.
const HEALTH_LINES: usize = 3;

/// One line that a person typed.
pub(in crate::provision) fn line(text: &str) -> Result<String, ProvisionError> {
    let refused = "a line has at most 120 characters and no control characters";
    typed::line(text).ok_or(ProvisionError::Refused(refused))
}

/// One line that says something.
pub(in crate::provision) fn named(text: &str) -> Result<String, ProvisionError> {
    let text = line(text)?;
    if text.is_empty() {
        return Err(ProvisionError::Refused("give it a name, it cannot be empty"));
    }
    Ok(text)
}

/// A home as it may be entered.
pub(in crate::provision) fn place(home: HomeRow) -> Result<HomeRow, ProvisionError> {
    Ok(HomeRow {
        label: named(&home.label)?,
        address: line(&home.address)?,
        entry: line(&home.entry)?,
        ..home
    })
}

/// A date as `2026-11-29`, or nothing.
fn date(text: &str) -> Result<String, ProvisionError> {
    let text = line(text)?;
    if text.is_empty() || text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10 {
        return Ok(text);
    }
    Err(ProvisionError::Refused("a date is written as 2026-11-29"))
}

pub(super) fn fit(who: Resident) -> Result<Resident, ProvisionError> {
    let health = typed::lines(&who.health);
    let health =
        health.ok_or(ProvisionError::Refused("health notes have no control characters"))?;
    if health.lines().count() > HEALTH_LINES {
        return Err(ProvisionError::Refused("health notes have at most three lines"));
    }
    health.lines().try_for_each(|text| line(text).map(drop))?;
    if !["", "f", "m", "x"].contains(&who.sex.as_str()) {
        return Err(ProvisionError::Refused("sex is f, m, x or empty"));
    }
    if who.ability.is_some_and(|level| !(0..=4).contains(&level)) {
        return Err(ProvisionError::Refused("an ability level is 0 to 4"));
    }
    let birth = date(&who.birth)?;
    // The date says the year.
    let born = birth.get(..4).and_then(|year| year.parse().ok()).or(who.born);
    if born.is_some_and(|year| !(1900..=2100).contains(&year)) {
        return Err(ProvisionError::Refused("the year of birth is between 1900 and 2100"));
    }
    Ok(Resident {
        name: named(&who.name)?,
        sex: who.sex,
        born,
        birth,
        call_as: line(&who.call_as)?,
        dialect: line(&who.dialect)?,
        phone: line(&who.phone)?,
        alone: who.alone,
        talk: line(&who.talk)?,
        health,
        doctor: line(&who.doctor)?,
        ability: who.ability,
        ability_on: date(&who.ability_on)?,
        ability_until: date(&who.ability_until)?,
        ability_edition: line(&who.ability_edition)?,
        entry: line(&who.entry)?,
    })
}

pub(super) fn callable(contact: &Contact) -> Result<Contact, ProvisionError> {
    Ok(Contact {
        name: line(&contact.name)?,
        relation: line(&contact.relation)?,
        phone: line(&contact.phone)?,
        note: line(&contact.note)?,
        distance: line(&contact.distance)?,
        has_key: contact.has_key,
        consent_on: date(&contact.consent_on)?,
    })
}

/// What is told takes the place of what was; what is empty is not told.
pub(super) fn set(known: &mut String, told: String) {
    if !told.is_empty() {
        *known = told;
    }
}

pub(super) fn take_over(known: &mut Resident, told: Resident) {
    let Resident { name, sex, born, birth, call_as, dialect, phone, alone, talk, health, .. } =
        told;
    let Resident { doctor, ability, ability_on, ability_until, ability_edition, entry, .. } = told;
    set(&mut known.name, name);
    set(&mut known.sex, sex);
    set(&mut known.birth, birth);
    set(&mut known.call_as, call_as);
    set(&mut known.dialect, dialect);
    set(&mut known.phone, phone);
    set(&mut known.talk, talk);
    set(&mut known.health, health);
    set(&mut known.doctor, doctor);
    set(&mut known.ability_on, ability_on);
    set(&mut known.ability_until, ability_until);
    set(&mut known.ability_edition, ability_edition);
    set(&mut known.entry, entry);
    known.born = born.or(known.born);
    known.ability = ability.or(known.ability);
    known.alone |= alone;
}
