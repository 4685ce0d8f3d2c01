//! Proofs: whose key made one, and whether it is new.
//!
//! A pair of boot and counter that does not rise is a copy of an old one. Not here: who may speak at all (`enrol`).

use proto::id::BootId;

use crate::spool::RosterRow;

/// Boots remembered of each device, so that a proof of an old one is not taken for a new life.
const PAST_BOOTS: usize = 8;

/// Boot and counter of a proof whose tag verifies, and whether it is made with the key of before.
pub(super) fn prove(row: &RosterRow, password: &[u8]) -> Option<(BootId, u32, bool)> {
    if let Some((boot, counter)) = row.key.check_connect_proof(password) {
        return Some((boot, counter, false));
    }
    let former = row.former.as_ref().filter(|former| !former.over)?;
    let (boot, counter) = former.key.check_connect_proof(password)?;
    Some((boot, counter, true))
}

/// Takes a proof whose tag verifies, unless it is a copy of an old one.
pub(super) fn accept(row: &mut RosterRow, boot: BootId, counter: u32) -> bool {
    match row.proof {
        Some((current, last)) if current == boot && counter <= last => return false,
        Some((current, _)) if current == boot => {}
        Some((current, _)) => {
            if row.past_boots.contains(&boot) {
                return false;
            }
            if row.past_boots.len() == PAST_BOOTS {
                row.past_boots.remove(0);
            }
            row.past_boots.push(current);
        }
        None => {}
    }
    row.proof = Some((boot, counter));
    true
}
