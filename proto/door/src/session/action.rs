//! What a session asks of the world, and why it ends: the closed lists of both.
//!
//! Not here: who does it (`connection`).

use bytes::Bytes;

use super::{Connect, Fault, Hangup};
use crate::Arrival;
use crate::bus::Wish;

/// All that a session may ask of the world.
#[derive(Debug)]
pub enum Action {
    /// Ask the gate; answer with [`Session::handle_admission`](super::Session::handle_admission).
    Admit(Box<Connect>),
    /// Make this durable; answer with [`Session::handle_verdicts`](super::Session::handle_verdicts), by number in order of asking.
    Keep(Arrival),
    /// It has subscribed to its down tree: what waits for it can be told.
    Listening,
    /// It has left its down tree.
    Deaf,
    /// Publish on the local bus.
    BusPublish {
        /// A topic outside the project's own prefix.
        topic: String,
        /// Whether the bus keeps it for later subscribers.
        retain: bool,
        /// The message.
        payload: Bytes,
    },
    /// Subscribe on the local bus.
    BusSubscribe {
        /// A valid filter.
        filter: String,
        /// How it wants its messages.
        wish: Wish,
    },
    /// Unsubscribe on the local bus.
    BusUnsubscribe(String),
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The client said goodbye; the will is not published.
    Goodbye,
    /// The client said goodbye and wants its will published.
    GoodbyeWithWill,
    /// It was not admitted.
    Denied,
    /// It broke a rule.
    Fault(Fault),
    /// It sent no CONNECT in time.
    NoConnect,
    /// It was silent for longer than its keep-alive.
    Silent,
    /// The keep could not make a message durable.
    Refused,
    /// The door ends it.
    Hangup(Hangup),
}
