//! Tokens of programs: what one looks like, and whether it is good now.
//!
//! `hlp_`, 16 digits that find its row, 64 digits of secret, 8 digits of CRC-32 over all before: scanners of source know it
//! by its shape, and a mistyped one costs no look-up. It comes in `Authorization: Bearer` only, never in an address or a
//! cookie, and is shown once. Not here: what a scope opens (`role`), rows (`records::program`).

use proto::unit::Millis;
use subtle::ConstantTimeEq;

use super::refused::{Let, Refused};
use super::role::{Role, Scope};
use super::{Access, Staff, token};
use crate::clock::Now;
use crate::lang::Lang;
use records::column::{mono, stored};
use records::program::{self, ProgramRow};
use records::staff;

/// What every token begins with.
pub(crate) const PREFIX: &str = "hlp_";
/// Digits that find its row.
const ID: usize = 16;
/// Digits of its secret.
const SECRET: usize = 64;
/// Digits of its check sum.
const SUM: usize = 8;
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
/// Longest life, days: a year, then somebody looks at it again.
pub const DAYS_MAX: u16 = 366;
/// Tokens that may be good at one time.
pub const MANY: usize = 64;
/// One day, ms.
pub const DAY_MS: i64 = 24 * 3_600_000;
/// A token that has ended stays in the list for so long.
pub const KEPT: Millis = Millis::minutes(400 * 24 * 60);
/// Use is written down at most this often, ms.
const TOUCH_MS: u64 = 60_000;

/// A token that was just made.
#[derive(Debug)]
pub struct Made {
    /// What finds its row.
    pub id: String,
    /// What is kept of its secret.
    pub hash: String,
    /// All of it, to be shown once.
    pub whole: String,
}

/// Makes a token.
///
/// # Errors
/// The system gives no random numbers.
pub fn make() -> Result<Made, token::NoRandom> {
    let (id, secret) = (token::token()?[..ID].to_owned(), token::token()?);
    let open = format!("{PREFIX}{id}{secret}");
    let whole = format!("{open}{:08x}", CRC.checksum(open.as_bytes()));
    Ok(Made { id, hash: token::hash(&secret), whole })
}

/// The row's id and the hash of the secret of a text that has the shape of a token.
fn read(text: &str) -> Option<(&str, String)> {
    let digits = text.strip_prefix(PREFIX)?;
    let plain = |c: u8| c.is_ascii_digit() || matches!(c, b'a'..=b'f');
    if digits.len() != ID + SECRET + SUM || !digits.bytes().all(plain) {
        return None;
    }
    let (open, sum) = text.split_at(text.len() - SUM);
    let right = format!("{:08x}", CRC.checksum(open.as_bytes())) == sum;
    right.then(|| (&digits[..ID], token::hash(&digits[ID..ID + SECRET])))
}

/// Whether a token stands in an address, where every log on the way would keep it.
pub fn is_in(address: &str) -> bool {
    let shaped = |rest: &str| {
        rest.len() >= ID + SECRET && rest.bytes().take(ID + SECRET).all(|c| c.is_ascii_hexdigit())
    };
    address.split(PREFIX).skip(1).any(shaped)
}

/// Whether a token is good now.
pub fn is_good(row: &ProgramRow, now: Now) -> bool {
    row.revoked_wall.is_none() && now.mono < mono(row.until_mono) && now.wall_ms < row.until_wall
}

/// The program that shows this token.
pub async fn admit(access: &Access, text: &str, lang: Lang) -> Let<Staff> {
    let (id, hash) = read(text).ok_or(Refused::Program)?;
    let row = program::find(&mut *access.records.reader().await?, id).await?;
    let row = row.filter(|row| row.hash.as_bytes().ct_eq(hash.as_bytes()).into());
    good(access, row, lang).await
}

/// The same program later on, from the id of its token.
pub(super) async fn still(access: &Access, id: &str, lang: Lang) -> Let<Staff> {
    let row = program::find(&mut *access.records.reader().await?, id).await?;
    good(access, row, lang).await
}

async fn good(access: &Access, row: Option<ProgramRow>, lang: Lang) -> Let<Staff> {
    let now = access.clock.now();
    let row = row.filter(|row| is_good(row, now)).ok_or(Refused::Program)?;
    if row.used_wall.is_none_or(|used| used.abs_diff(now.wall_ms) >= TOUCH_MS) {
        let mut writer = access.records.begin().await?;
        program::touch(&mut writer, &row.id, now.wall_ms).await?;
        writer.commit().await?;
    }
    Ok(Staff {
        id: row.staff,
        display: shown_as(&row.name),
        name: row.name,
        role: Role::Program,
        scopes: Scope::read_all(&row.scope),
        theme: "day".to_owned(),
        lang,
        session: row.id,
    })
}

/// How colleagues read a program's name: nobody takes it for a person.
pub fn shown_as(name: &str) -> String {
    format!("API {name}")
}

/// Enters a program and its token in one transaction.
///
/// # Errors
/// There are too many, or one of this name; the records cannot be written.
pub async fn enter(access: &Access, row: &ProgramRow) -> Let<()> {
    let now = access.clock.now();
    let mut writer = access.records.begin().await?;
    let mut live = program::all(&mut writer).await?;
    live.retain(|row| is_good(row, now));
    if live.iter().any(|other| other.name == row.name) {
        return Err(Refused::NameTaken);
    }
    if live.len() >= MANY {
        return Err(Refused::Many);
    }
    let body = staff::StaffRow {
        id: row.staff.clone(),
        // Nobody can log in with it: there is no password, and a code is never made for it.
        name: format!("program/{}", row.staff),
        display: shown_as(&row.name),
        role: Role::Program.word().to_owned(),
        password: None,
        disabled: false,
    };
    staff::insert(&mut writer, &body, now.wall_ms).await?;
    program::insert(&mut writer, row).await?;
    writer.commit().await?;
    access.names.learn_staff([(body.id, body.display)]);
    Ok(())
}

/// Ends a token: the next request with it is refused, and its streams end.
///
/// # Errors
/// There is none that is not ended; the records cannot be written.
pub async fn revoke(access: &Access, id: &str, by: &Staff) -> Let<()> {
    let now = access.clock.now();
    let mut writer = access.records.begin().await?;
    let done = program::revoke(&mut writer, id, &by.id, (stored(now.mono), now.wall_ms)).await?;
    writer.commit().await?;
    access.auth.ended();
    if done { Ok(()) } else { Err(Refused::NoToken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_made_and_not_with_any_digit_changed() {
        let made = make().unwrap();
        assert_eq!(read(&made.whole), Some((made.id.as_str(), made.hash.clone())));
        assert!(!made.whole.contains(&made.hash), "what is kept does not open anything");
        assert_eq!(made.whole.len(), 92);
        for at in PREFIX.len()..made.whole.len() {
            let mut other = made.whole.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(read(std::str::from_utf8(&other).unwrap()), None, "digit {at}");
        }
        for wrong in ["", "hlp_", &made.whole[1..], &format!("{}0", made.whole)] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_in_an_address_is_seen_wherever_it_stands() {
        let made = make().unwrap().whole;
        assert!(is_in(&format!("/api/queue?access_token={made}")));
        assert!(is_in(&format!("/api/{made}/x")));
        assert!(!is_in("/api/queue?q=hlp_"));
        assert!(!is_in("/api/queue"));
    }
}
