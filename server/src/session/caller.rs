//! The connection that a request came by, and whether anybody has proved themselves on it.
//!
//! Not here: who has a place, and for how long (`router`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use door::Ticket;
use door::admission::Rank;

/// The connection that a request came by.
#[derive(Clone)]
pub struct Caller(Arc<Place>);

struct Place {
    ticket: Ticket,
    proved: AtomicBool,
}

impl Caller {
    /// Who has this ticket, and has proved nothing yet.
    pub(crate) fn of(ticket: Ticket) -> Self {
        Self(Arc::new(Place { ticket, proved: AtomicBool::new(false) }))
    }

    /// A request of a live session has come by it: it goes before whoever has proved nothing.
    pub fn proved(&self) {
        if !self.0.proved.swap(true, Ordering::Relaxed) {
            // Without room inside it stays where it is.
            let _ = self.0.ticket.prove(Rank::Urgent, None);
        }
    }

    /// Nothing has come by it yet.
    pub(crate) fn looked(&self) {
        self.0.ticket.looked();
    }

    /// The first bytes have come by it.
    pub(crate) fn heard(&self) {
        self.0.ticket.heard();
    }
}
