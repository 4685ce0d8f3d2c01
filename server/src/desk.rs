//! The desk: who has which alert, and what they did about it.
//!
//! A *claim* is a compare-and-set with a lease; its *fence* number goes with every later write, so a
//! holder who was away too long cannot write over a successor. Only its holder is told it. Each change of the queue is one
//! transaction that ends with a `change` row, and is told to [`crate::live`] after its commit.
//! Not here: the rules of an alert's life (`care::alert`), SQL (`records::desk`), HTTP (`routes`).

pub mod action;
pub mod card;
pub mod chain;
pub mod change;
pub mod claim;
pub mod fold;
pub mod hand;
pub mod lapse;
pub mod life;
pub mod names;
pub mod presence;
pub mod protection;
pub mod queue;
pub mod rights;
pub mod story;
pub mod view;

use care::alert::Refusal;

use crate::api_error::ApiError;
use crate::app::App;
use crate::desk::life::mono;
use crate::records::story::SignalRow;

/// Why the desk could not do what somebody wished.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such alert.
    #[error("there is no such alert")]
    Unknown,
    /// The rules of an alert's life say no.
    #[error("{0}")]
    Refused(Refusal<String>),
    /// The home has said something that its author was not shown.
    #[error("something joined that its author has not seen")]
    Unseen {
        /// What, the newest last.
        newer: Vec<SignalRow>,
        /// The latest change of the alert.
        cursor: i64,
    },
    /// Somebody was faster, in the same moment.
    #[error("the alert changed in the same moment")]
    Raced,
    /// The database failed; nothing was saved.
    #[error("the records could not be read or written")]
    Records(#[from] records::Error),
}

impl DeskError {
    /// What the caller reads.
    pub fn told(self, app: &App) -> ApiError {
        match self {
            Self::Unknown => ApiError::unknown("alert"),
            Self::Raced | Self::Refused(Refusal::Stale) => ApiError::stale(),
            Self::Refused(Refusal::Held { owner, since }) => {
                let now = app.clock.now().mono;
                ApiError::held(&owner, &app.names.staff(&owner), now.since(since).get())
            }
            Self::Unseen { newer, cursor } => {
                let newer = newer.iter().map(|signal| view::newer(signal, &app.names)).collect();
                ApiError::newer(newer, cursor)
            }
            // Its list is read where the refusal is made (`change`).
            Self::Refused(Refusal::Unseen { .. }) => ApiError::newer(Vec::new(), 0),
            Self::Refused(Refusal::NoRight) => ApiError::forbidden(),
            Self::Refused(Refusal::Over) => ApiError::over(),
            Self::Refused(Refusal::NoAction) => ApiError::no_action(),
            Self::Refused(Refusal::NoText) => ApiError::no_text(),
            Self::Refused(Refusal::Span) => ApiError::span(),
            Self::Records(cause) => ApiError::internal(&cause),
        }
    }
}

/// How long ago a stored time of the server's clock was, in ms.
pub fn age_ms(app: &App, at_mono: i64) -> u64 {
    app.clock.now().mono.since(mono(at_mono)).get()
}
