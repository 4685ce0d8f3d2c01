//! The link to the gateway: MQTT over TCP, in a task of its own so that a press is felt while a connection hangs.
//!
//! The body gives orders and takes events; each connection has a *generation*, and what comes from an older one is
//! not heard any more. Frames are sealed before they come here, so the way is plain. Sessions are clean: the core
//! repeats what was not acknowledged. One board has one link. Not here: when to connect and as whom (the core), the
//! network and its card (each board).
#![no_std]

use core::fmt::Arguments;
use core::net::SocketAddrV4;

use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex as Raw;
use embassy_sync::channel::Channel;
use embassy_sync::signal::Signal;
use firmware::body::{FromLink, Introduction, Mqtt};
use firmware::device::Token;
use heapless::Vec;
use proto::EMERGENCY_MAX;
use proto::topic::Topic;

mod session;
mod wire;

/// Publications that may wait for the task; the core has five open at most.
const WAITING: usize = 5;
/// Events that may wait for the body.
const EVENTS_WAITING: usize = 2;

/// One publication. A device's frames are all as short as an emergency.
struct Outgoing {
    token: Token,
    topic: Topic,
    frame: Vec<u8, EMERGENCY_MAX>,
}

/// Whom to be from now on, and in which generation; none = nobody.
static ORDER: Signal<Raw, Option<(u32, Introduction)>> = Signal::new();
static OUTGOING: Channel<Raw, Outgoing, WAITING> = Channel::new();
static EVENTS: Channel<Raw, (u32, FromLink), EVENTS_WAITING> = Channel::new();

/// Where a board writes lines for whoever reads its log.
pub type Log = fn(Arguments<'_>);

/// The body's end.
#[derive(Debug)]
pub struct Link {
    generation: u32,
}

/// Starts the task that connects to this door; none if it runs already.
// The task is large; what moving it takes of the stack is given back before anything else runs.
#[inline(never)]
pub fn start(
    spawner: Spawner,
    stack: Stack<'static>,
    door: SocketAddrV4,
    log: Log,
) -> Option<Link> {
    spawner.spawn(session::task(stack, door, log).ok()?);
    Some(Link { generation: 0 })
}

impl Link {
    fn order(&mut self, who: Option<Introduction>) {
        self.generation = self.generation.wrapping_add(1);
        OUTGOING.clear();
        ORDER.signal(who.map(|who| (self.generation, who)));
    }
}

impl Mqtt for Link {
    fn connect(&mut self, who: Introduction) {
        self.order(Some(who));
    }

    fn disconnect(&mut self) {
        self.order(None);
    }

    fn publish(&mut self, token: Token, topic: Topic, frame: &[u8]) {
        if let Ok(frame) = Vec::from_slice(frame) {
            // Where there is no room, the core notices the missing PUBACK.
            let _ = OUTGOING.try_send(Outgoing { token, topic, frame });
        }
    }

    async fn next(&mut self) -> FromLink {
        loop {
            let (generation, event) = EVENTS.receive().await;
            if generation == self.generation {
                return event;
            }
        }
    }
}
