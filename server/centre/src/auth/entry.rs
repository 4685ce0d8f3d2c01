//! Who may come in: a password or a one-time code, and the second factor of those who have one.
//!
//! Wrong tries are slowed; a right credential is let in however many wrong ones others send, also under the same name.
//! A code is used up last, so that a mistyped second factor does not cost it. Not here: counting (`tries`), sessions.

use std::net::IpAddr;
use std::time::Duration;

use super::refused::{Let, Refused};
use super::tries::Turn;
use super::{Access, Auth, password, recovery, role::Role, second, token};
use crate::clock::row_name;
use records::column::stored;
use records::second as seconds;
use records::staff::{self, StaffRow};

/// How late somebody who guesses by the hundred thousand hears of each: so each connection guesses once a second.
const LATE: Duration = Duration::from_secs(1);
/// Under what codes are counted; nobody can have it as a name.
const CODES: &str = "\u{0}code";

/// What somebody shows.
#[derive(Debug)]
pub enum Shown {
    /// Name and password.
    Password(String, String),
    /// A one-time code.
    Code(String),
}

/// Whom this lets in.
///
/// # Errors
/// It is wrong, too much has been tried, or the second factor is missing.
pub async fn admit(
    access: &Access,
    source: IpAddr,
    shown: Shown,
    digits: Option<&str>,
) -> Let<StaffRow> {
    match shown {
        Shown::Password(name, password) => {
            let row = by_password(access, source, name.trim(), password).await?;
            check_second(access, source, &row, digits).await?;
            Ok(row)
        }
        Shown::Code(code) => by_code(access, source, &code, digits).await,
    }
}

fn refuse(turn: Turn, wrong: Refused) -> Refused {
    match turn {
        Turn::Free => wrong,
        Turn::Over(wait) | Turn::Unseen(wait) => Refused::Wait(wait),
    }
}

async fn by_password(
    access: &Access,
    source: IpAddr,
    name: &str,
    password: String,
) -> Let<StaffRow> {
    let turn = access.auth.tries().begin(access.clock.now().mono, name, source);
    if password.len() > password::LONGEST {
        return Err(refuse(turn, Refused::Login));
    }
    let row = staff::by_name(&mut *access.records.reader().await?, name).await?;
    let row = row.filter(|row| !row.disabled);
    if !fits(&access.auth, row.as_ref(), password, turn).await {
        return Err(refuse(turn, Refused::Login));
    }
    access.auth.tries().passed(name, source);
    row.ok_or(Refused::Login)
}

/// Whether this is the password of a row, as far as the turn lets it be looked at.
pub async fn fits(auth: &Auth, row: Option<&StaffRow>, password: String, turn: Turn) -> bool {
    let stored = row.and_then(|row| Some((row.id.as_str(), row.password.as_deref()?)));
    let known = stored.and_then(|(id, hash)| auth.heart.knows(id, hash, &password));
    let hash = stored.map(|(_, hash)| hash.to_owned());
    let fits = match (turn, known) {
        // Whatever others try at the same name: who has the right one does not wait for them.
        (_, Some(true)) => return true,
        (Turn::Free, Some(false) | None) => auth.passwords.fits(password.clone(), hash).await,
        (Turn::Over(_) | Turn::Unseen(_), Some(false)) => false,
        (Turn::Over(_) | Turn::Unseen(_), None) if hash.is_none() => false,
        (Turn::Over(_) | Turn::Unseen(_), None) => {
            auth.passwords.fits_over(password.clone(), hash).await
        }
    };
    if !fits && matches!(turn, Turn::Unseen(_)) {
        tokio::time::sleep(LATE).await;
    }
    if let Some((id, hash)) = stored.filter(|_| fits) {
        auth.heart.learn(id, hash, &password);
    }
    fits
}

async fn by_code(
    access: &Access,
    source: IpAddr,
    code: &str,
    digits: Option<&str>,
) -> Let<StaffRow> {
    let now = access.clock.now();
    let turn = access.auth.tries().begin(now.mono, CODES, source);
    let hash = token::code_hash(code);
    // Looked up by a reader: wrong ones never take the writer that alerts wait for.
    let row = staff::of_code(&mut *access.records.reader().await?, &hash, stored(now.mono)).await?;
    let row = match row {
        Some(row) => {
            check_second(access, source, &row, digits).await?;
            let mut writer = access.records.begin().await?;
            let taken = staff::take_code(&mut writer, &hash, stored(now.mono)).await?;
            writer.commit().await?;
            taken
        }
        None => recovered(access, &hash).await?,
    };
    let row = row.ok_or_else(|| refuse(turn, Refused::LoginCode))?;
    access.auth.tries().passed(CODES, source);
    Ok(row)
}

/// The administrator for whom a command on this machine has made this code.
async fn recovered(access: &Access, hash: &str) -> Let<Option<StaffRow>> {
    let now = access.clock.now();
    let data = &access.config.data;
    let Some(name) = recovery::find(data, hash, now.wall_ms).filter(|_| recovery::take(data))
    else {
        return Ok(None);
    };
    let mut writer = access.records.begin().await?;
    let row = match staff::by_name(&mut writer, &name).await? {
        Some(row) => {
            staff::restore(&mut writer, &row.id, Role::Admin.word()).await?;
            seconds::off(&mut writer, &row.id).await?;
            row
        }
        None => {
            let row = StaffRow {
                id: row_name(),
                display: name.clone(),
                name,
                role: Role::Admin.word().to_owned(),
                password: None,
                disabled: false,
            };
            staff::insert(&mut writer, &row, now.wall_ms).await?;
            row
        }
    };
    writer.commit().await?;
    tracing::warn!(staff = row.id, "an administrator came in by a code of this machine");
    access.names.learn_staff([(row.id.clone(), row.display.clone())]);
    Ok(Some(StaffRow { role: Role::Admin.word().to_owned(), disabled: false, ..row }))
}

/// Lets those pass who have no second factor, or show it.
async fn check_second(
    access: &Access,
    source: IpAddr,
    row: &StaffRow,
    digits: Option<&str>,
) -> Let<()> {
    let second = seconds::of(&mut *access.records.reader().await?, &row.id).await?;
    let Some(second) = second.filter(|second| second.active) else { return Ok(()) };
    let digits = digits.map(str::trim).filter(|digits| !digits.is_empty());
    let digits = digits.ok_or(Refused::Second)?;
    use_second(access, source, &row.id, &second.sealed, digits).await
}

/// Uses up a code of a second factor; a guesser with the right password waits whatever comes.
///
/// # Errors
/// The code is wrong or used, or too much has been tried.
pub async fn use_second(
    access: &Access,
    source: IpAddr,
    staff: &str,
    sealed: &str,
    digits: &str,
) -> Let<()> {
    let now = access.clock.now();
    let counted = format!("\u{0}second {staff}");
    if let Turn::Over(wait) | Turn::Unseen(wait) =
        access.auth.tries().begin_known(now.mono, &counted, source)
    {
        return Err(Refused::Wait(wait));
    }
    let step = second::step(&access.config.data, staff, sealed, digits, now.wall_ms)
        .map_err(|error| Refused::Sealed(error.into()))?;
    let step = step.ok_or(Refused::SecondWrong)?;
    let mut writer = access.records.begin().await?;
    let first = seconds::used(&mut writer, staff, step).await?;
    writer.commit().await?;
    if !first {
        return Err(Refused::SecondWrong);
    }
    access.auth.tries().passed_known(&counted, source);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proto::unit::Millis;

    use super::*;

    #[tokio::test]
    async fn a_right_password_waits_for_nobody_who_guesses_at_the_same_name() {
        let auth = Auth::default();
        let row = StaffRow {
            id: "a".to_owned(),
            name: "op1".to_owned(),
            display: "op1".to_owned(),
            role: Role::Operator.word().to_owned(),
            password: Some("hash".to_owned()),
            disabled: false,
        };
        auth.heart.learn("a", "hash", "the right words");
        let unseen = Turn::Unseen(Millis::secs(60));
        let from = tokio::time::Instant::now();
        assert!(fits(&auth, Some(&row), "the right words".to_owned(), unseen).await);
        assert!(from.elapsed() < LATE, "at once");
        for turn in [unseen, Turn::Over(Millis::secs(60))] {
            assert!(!fits(&auth, Some(&row), "other words".to_owned(), turn).await);
            assert!(!fits(&auth, None, "other words".to_owned(), turn).await, "nobody's");
        }
        assert!(from.elapsed() >= LATE * 2, "who guesses on hears of each late");
    }
}
