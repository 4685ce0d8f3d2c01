//! The way back in for a lost administrator: a code made by a command on the server's machine.
//!
//! Whoever may write the data folder owns the server anyway, so the command leaves the code's hash there and the server
//! takes it, running or not: the code lets that name in as administrator, shut out or unknown before, and switches its
//! second factor off. It works once, for a day. Not here: the command's words (`cli`).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::token;
use crate::provision::kek::write_secret;

/// How long such a code can be used.
const LASTS_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offer {
    name: String,
    hash: String,
    made_ms: i64,
}

fn file(data: &Path) -> PathBuf {
    data.join("administrator")
}

/// Makes a code for `name`; an older one stops working.
///
/// # Errors
/// No random numbers, or the folder takes no file.
pub fn offer(data: &Path, name: &str, now_ms: i64) -> anyhow::Result<String> {
    let code = token::code()?;
    let offer = Offer { name: name.to_owned(), hash: token::code_hash(&code), made_ms: now_ms };
    write_secret(&file(data), &serde_json::to_vec(&offer)?)?;
    Ok(code)
}

/// For whom this code was made, without using it up.
pub fn find(data: &Path, hash: &str, now_ms: i64) -> Option<String> {
    let offer: Offer = serde_json::from_slice(&std::fs::read(file(data)).ok()?).ok()?;
    let fits: bool = offer.hash.as_bytes().ct_eq(hash.as_bytes()).into();
    let young = (now_ms - offer.made_ms).abs() < LASTS_MS;
    (fits && young).then_some(offer.name)
}

/// Uses the code up; whoever comes second is told no.
pub fn take(data: &Path) -> bool {
    std::fs::remove_file(file(data)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_the_machine_works_once_and_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let code = offer(folder.path(), "1000", 5).unwrap();
        let hash = token::code_hash(&code.to_lowercase());
        assert_eq!(find(folder.path(), &token::code_hash("other"), 6), None);
        assert_eq!(find(folder.path(), &hash, 5 + LASTS_MS), None);
        assert_eq!(find(folder.path(), &hash, 6).as_deref(), Some("1000"));
        assert!(take(folder.path()) && !take(folder.path()));
        assert_eq!(find(folder.path(), &hash, 6), None);
    }
}
