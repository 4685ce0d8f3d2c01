//! A part of the gateway that listens on the bus, as adapters do.
//!
//! Not here: what it makes of what it hears.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::{Bus, Member, Wish, filter, round};
use crate::line::Line;

/// Bytes taken from the bus at once.
const TAKE: usize = 65_536;
/// Rest of a listener that finds no answer.
const REJOIN: Duration = Duration::from_millis(500);

/// Messages of the bus for a part of the gateway.
pub struct BusListener {
    bus: Bus,
    name: String,
    line: Arc<Line>,
    member: Option<Member>,
    filter: String,
    waiting: VecDeque<(String, Bytes)>,
}

impl Bus {
    /// Listens from inside the gateway. None if the filter is none or the bus does not answer.
    pub fn listen(&self, path: &str) -> Option<BusListener> {
        if !filter::sound(path) {
            return None;
        }
        let mut listener = BusListener {
            bus: self.clone(),
            name: format!("listener-{}", self.0.listeners.fetch_add(1, Ordering::Relaxed)),
            line: Arc::new(Line::new(0)),
            member: None,
            filter: path.to_owned(),
            waiting: VecDeque::new(),
        };
        listener.join().then_some(listener)
    }
}

impl BusListener {
    /// The next topic and payload. When the bus has begun anew, or this listener was too slow, it
    /// subscribes again by itself and hears the retained state again.
    pub async fn next(&mut self) -> (String, Bytes) {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return message;
            }
            let Some(member) = &self.member else {
                if !self.join() {
                    sleep(REJOIN).await;
                }
                continue;
            };
            let taken = member.take(TAKE);
            let ids: Vec<_> = taken.parcels.iter().map(|parcel| parcel.packet_id).collect();
            member.acknowledge(&ids);
            for parcel in taken.parcels {
                let message = &parcel.letter.mail.message;
                self.waiting.push_back((message.topic.clone(), message.payload.clone()));
            }
            if self.waiting.is_empty() && !taken.more {
                self.line.rung().await;
                if self.line.empty(false).hangup.is_some() {
                    self.member = None;
                }
            }
        }
    }

    fn join(&mut self) -> bool {
        self.line = Arc::new(Line::new(0));
        let joined = self.bus.join(&self.line, round::inside(&self.name));
        self.member = joined.map(|(member, _)| member);
        let wish = Wish { qos: 1, ..Wish::default() };
        self.member.as_ref().is_some_and(|member| member.subscribe(&self.filter, wish).is_ok())
    }
}
