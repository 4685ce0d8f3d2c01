//! Who writes at the desk, holding what, having seen what: a member of staff and their request as a hand.
//!
//! Which offices stand above a holder is decided here and nowhere else. Not here: what follows from it
//! (`care::alert::hand`).

use care::alert::{Fence, Hand, Shown};

use crate::auth::Staff;
use crate::auth::role::Role;

/// The hand of somebody whose request names this fence and this cursor, if any.
pub fn of(me: &Staff, fence: Option<u64>, cursor: Option<u64>) -> Hand<String> {
    Hand {
        who: me.id.clone(),
        supervises: matches!(me.role, Role::Supervisor | Role::Admin),
        fence: fence.map(Fence::new),
        seen: cursor.map(Shown::new),
    }
}
