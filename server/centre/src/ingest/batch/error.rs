//! Why a batch was not taken in, and who is to blame for it: what was tried, or a store that refuses everybody.
//!
//! Not here: what is done about it (`attempt`, `alone`).

use records::refusal::is_of_row;

/// Why a batch was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The records refused.
    #[error("write what homes said")]
    Records(#[from] records::Error),
    /// The judgement panics: on a record, or on what is stored of a home.
    #[error("judge a record: it panics, see the log before")]
    Panic(Option<i64>),
    /// The rows have an incident of these homes already that was about to be opened: count on from the rows.
    #[error("open an alert: a home has counted less than the rows have")]
    Collides(Vec<i64>),
    /// The desk has closed an alert that a signal was about to join: judge again.
    #[error("join an alert: it was closed in the same moment")]
    Raced,
}

impl IngestError {
    /// Whether the disk is full.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Records(error) => records::is_full(error),
            Self::Panic(_) | Self::Collides(_) | Self::Raced => false,
        }
    }

    /// Whether something in what was tried is to blame, and not a store that refuses everybody.
    pub(super) fn is_of_row(&self) -> bool {
        match self {
            Self::Records(error) => is_of_row(error),
            Self::Panic(_) | Self::Collides(_) | Self::Raced => true,
        }
    }
}
