//! What a session asks of the world, and why it ends: the closed lists of both.
//!
//! Not here: who does it (`connection`).

use super::{Connect, Fault, Hangup};
use crate::Arrival;
use crate::bus::{Message, Wish};

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
    /// Ask the local bus.
    Bus(Ask),
}

/// All that a session may ask of the local bus, in the order in which it is to be done.
#[derive(Debug)]
pub enum Ask {
    /// Publish; answer with [`Session::handle_said`](super::Session::handle_said) once it is on its way to all.
    Publish {
        /// Its number, in order of asking.
        number: u64,
        /// Its packet, 0 at QoS 0, and whether the program says that it may have come before.
        packet: (u16, bool),
        /// The message, on a topic outside the project's own prefix.
        message: Message,
    },
    /// Subscribe; answer with [`Session::handle_subscribed`](super::Session::handle_subscribed) once it is in force.
    Subscribe {
        /// The packet that asks.
        packet_id: u16,
        /// Sound filters with their wishes, or why one is refused.
        filters: Vec<Result<(String, Wish), u8>>,
    },
    /// Unsubscribe; answer with [`Session::handle_unsubscribed`](super::Session::handle_unsubscribed).
    Unsubscribe {
        /// The packet that asks.
        packet_id: u16,
        /// The filters.
        filters: Vec<String>,
    },
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
