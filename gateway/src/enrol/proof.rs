//! Proofs: whose key made one, and whether it is new.
//!
//! A device never returns to a boot that another has followed, so a proof of one is a copy that somebody has held
//! back. Not here: who may speak at all (`enrol`), and how used ones are remembered (`door::proofs`).

use door::proofs::Proof;
use proto::id::BootId;

use crate::spool::RosterRow;

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
    let new = row.proofs.look(boot, counter) == Proof::Next;
    if new {
        row.proofs.take(boot, counter);
        row.proof = Some((boot, counter));
    }
    new
}
