//! What a caller reads when the desk refuses a wish on an alert.
//!
//! Not here: when it refuses (`care::alert`, `desk`).

use care::alert::Refusal;

use super::ApiError;
use centre::desk::{Desk, DeskError};
use centre::live::view;

impl ApiError {
    /// A refusal of the desk, with the names that it is told with.
    pub fn desk(error: DeskError, desk: &Desk) -> Self {
        match error {
            DeskError::Unknown => Self::unknown("alert"),
            DeskError::Raced | DeskError::Refused(Refusal::Stale) => Self::stale(),
            DeskError::Refused(Refusal::Held { owner, since }) => {
                let now = desk.clock.now().mono;
                Self::held(&owner, &desk.names.staff(&owner), now.since(since).get())
            }
            DeskError::Unseen { newer, cursor } => {
                let newer = newer.iter().map(|signal| view::newer(signal, &desk.names)).collect();
                Self::newer(newer, cursor)
            }
            // Its list is read where the refusal is made (`desk::change`).
            DeskError::Refused(Refusal::Unseen { .. }) => Self::newer(Vec::new(), 0),
            DeskError::Refused(Refusal::NoRight) => Self::forbidden(),
            DeskError::Refused(Refusal::Over) => Self::over(),
            DeskError::Refused(Refusal::NoAction) => Self::no_action(),
            DeskError::Refused(Refusal::NoText) => Self::no_text(),
            DeskError::Refused(Refusal::Span) => Self::span(),
            DeskError::Records(cause) => Self::internal(&cause),
        }
    }
}
