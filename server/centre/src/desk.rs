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
pub mod hand;
pub mod lapse;
pub mod presence;
pub mod protection;
pub mod queue;
pub mod rights;

use std::sync::Arc;

use care::alert::Refusal;

use crate::clock::Clock;
use crate::command::Commands;
use crate::live::Live;
use crate::live::names::Names;
use crate::notify::Outbox;
use crate::receipts::Receipts;
use records::Records;
use records::story::SignalRow;

/// The desk of one server, with what it works with.
pub struct Desk {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Alerts and what was done about them.
    pub records: Records,
    /// Screens that are told.
    pub live: Live,
    /// How homes and colleagues are called.
    pub names: Arc<Names>,
    /// By which devices and home boxes are told.
    pub receipts: Arc<Receipts>,
    /// By which the judgement is told.
    pub commands: Commands,
    /// Notices that leave the house.
    pub outbox: Outbox,
}

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
