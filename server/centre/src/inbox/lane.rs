//! In which lane a frame is kept: a call for help that comes on the topic of telemetry is still one.
//!
//! Only the header is looked at, which any gateway could write: it decides what goes first and what is shed
//! last, never what is believed. Not here: what a frame says (`ingest::read`).

use std::borrow::Cow;

use door::Arrival;
use proto::frame::{Class, Header, Lane};
use proto::relay::Relay;

/// The same group, with calls in the emergency lane.
pub(super) fn by_what_they_are(group: &[Arrival]) -> Cow<'_, [Arrival]> {
    if !group.iter().any(is_astray) {
        return Cow::Borrowed(group);
    }
    let mut group = group.to_vec();
    group.iter_mut().filter(|arrival| is_astray(arrival)).for_each(|a| a.lane = Lane::Emergency);
    Cow::Owned(group)
}

/// Whether a call has come on the topic of telemetry.
fn is_astray(arrival: &Arrival) -> bool {
    arrival.lane == Lane::Telemetry
        && Relay::read(&arrival.payload)
            .ok()
            .and_then(|relay| Header::parse(relay.bytes).ok())
            .is_some_and(|(header, _)| header.class == Class::Emergency)
}
