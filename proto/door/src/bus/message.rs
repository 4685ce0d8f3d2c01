//! A message of the bus, and a will: what a program says, and what is said for it when it is gone.
//!
//! Properties of version 5 that concern the receiver travel as the bytes they came in; the two that
//! the bus itself acts on, expiry and will delay, are numbers. Not here: how they are read and
//! written (`session`).

use std::sync::Arc;

use bytes::Bytes;
use proto::unit::{Millis, Mono};

/// What a letter costs beside its texts.
const OVERHEAD: usize = 128;

/// A message as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where; without wildcards.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// Quality of service it was published with, 0 or 1.
    pub qos: u8,
    /// Whether the bus keeps it for later subscribers.
    pub retain: bool,
    /// Properties of version 5 that are carried on, encoded; empty if there are none.
    pub properties: Bytes,
    /// Seconds after which nobody wants it any more.
    pub expiry: Option<u32>,
}

impl Message {
    /// Bytes that it takes while it is kept.
    pub(crate) fn cost(&self) -> usize {
        OVERHEAD + self.topic.len() + self.payload.len() + self.properties.len()
    }

    /// Bytes that it has at least as a packet of the version that says most.
    pub(crate) fn packet(&self, version_5: bool) -> usize {
        // Fixed header, topic length, packet id; property length, expiry.
        let properties = if version_5 { self.properties.len() + 9 } else { 0 };
        self.topic.len() + self.payload.len() + properties + 9
    }
}

/// What a program wants said when it is gone without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// The message; its quality of service may be 2 here, as version 3.1.1 has no word to refuse it.
    pub message: Message,
    /// Seconds that the bus waits for the program to come back first.
    pub delay: u32,
}

/// A message with the moment it came.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) message: Message,
    pub(crate) at: Mono,
}

impl Mail {
    pub(crate) fn new(mut message: Message, at: Mono) -> Arc<Self> {
        message.qos = message.qos.min(1);
        Arc::new(Self { message, at })
    }

    /// Whether nobody wants it any more.
    pub(crate) fn expired(&self, now: Mono) -> bool {
        let span = self.message.expiry.map(|seconds| Millis::secs(u64::from(seconds)));
        span.is_some_and(|span| now.since(self.at) >= span)
    }

    /// Seconds that are left to it, if it expires.
    pub(crate) fn expiry_left(&self, now: Mono) -> Option<u32> {
        let waited = u32::try_from(now.since(self.at).get() / 1_000).unwrap_or(u32::MAX);
        self.message.expiry.map(|expiry| expiry.saturating_sub(waited))
    }
}
