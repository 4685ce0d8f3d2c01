//! The local bus of a home: free topics and retained state for a few dozen programs of the household.
//!
//! A fan-out of our own (`fanout`, a pure core) behind one lock, since rumqttd's Router could not be
//! made to hold: a burst of 3,000 made it panic, it cannot be told to wait, and what it has handed
//! out it never frees. Here a step is short and bounded, whoever waits longer than a second for the
//! lock goes away untold, and a round trip of the bus's own (`round`) says whether it works.
//! Whatever begins like a topic of the agreement is written only through [`Bus::publish`]; programs
//! may read it. Not here: MQTT (`session`), or what is published (the gateway).

mod call;
pub mod fanout;
pub mod filter;
mod listener;
mod mailbox;
mod message;
mod retained;
mod round;
mod seat;
mod shown;
mod trie;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use bytes::Bytes;
use proto::topic::Topic;
use proto::unit::{Millis, Mono};

use crate::clock::{Clock, instant_now};
use crate::line::Line;
use crate::workers::{Rhythm, Workers};
use fanout::{Act, Fanout};

pub use call::Call;
pub use fanout::{BusCounters, Taken};
pub use listener::BusListener;
pub use mailbox::Parcel;
pub use message::{Message, Will};
pub use seat::{Farewell, Join, Joined, Key, Wish};
pub(crate) use shown::Shown;

/// Longest wait for a step of somebody else.
const STEP: Duration = Duration::from_secs(1);
/// Looks at a lock that is held before anybody rests between them.
const SHORT_LOOKS: u32 = 100;
/// Rest between two looks after that.
const LOOK: Duration = Duration::from_millis(1);

/// Bounds of a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusLimits {
    /// Local programs at one time.
    pub clients: usize,
    /// Retained messages; a new topic beyond that is still delivered and not retained.
    pub retained: usize,
    /// Bytes of retained messages, likewise.
    pub retained_bytes: usize,
}

impl Default for BusLimits {
    fn default() -> Self {
        Self { clients: 64, retained: 16_384, retained_bytes: 16 * 1024 * 1024 }
    }
}

struct Shared {
    room: Mutex<Room>,
    clock: Clock,
    /// When the last round trip came back, in milliseconds.
    beat: AtomicU64,
    /// How many listeners inside the gateway have been given a name.
    listeners: AtomicU64,
    workers: Workers,
}

struct Room {
    core: Fanout,
    /// Lines of the visits.
    lines: HashMap<u64, Arc<Line>>,
}

/// The local bus; clones are the same bus.
#[derive(Clone)]
pub struct Bus(Arc<Shared>);

/// A visit at the bus; over when dropped.
pub(crate) struct Member {
    bus: Bus,
    key: Key,
    client: String,
    left: bool,
}

/// What became of a message.
pub(crate) enum Said {
    /// It is on its way to all who want it.
    Done,
    /// A subscriber is waited for: say it again after so long, or when the line rings.
    Wait(Message, Millis),
    /// The bus does not answer.
    Lost,
}

impl Bus {
    /// Starts it. Must be called on a tokio runtime.
    pub fn start(limits: BusLimits) -> Self {
        let bus = Self::begin(limits, Clock::start());
        let turns = Rhythm::Turns(round::TURN + round::ROUND);
        let of = Arc::downgrade(&bus.0);
        bus.0.workers.keep("bus", turns, move || round::go(of.clone()));
        bus
    }

    fn begin(limits: BusLimits, clock: Clock) -> Self {
        let room = Mutex::new(Room { core: Fanout::new(limits), lines: HashMap::new() });
        let (beat, listeners) = (AtomicU64::new(0), AtomicU64::new(0));
        let workers = Workers::default();
        Self(Arc::new(Shared { room, clock, beat, listeners, workers }))
    }

    /// The task that turns it.
    pub fn workers(&self) -> &Workers {
        &self.0.workers
    }

    /// Publishes from inside the gateway: the only way to write below the project's own prefix.
    /// False if a subscriber is to be waited for, or the bus does not answer; say it again later.
    pub fn publish(&self, topic: Topic, retain: bool, payload: Bytes) -> bool {
        self.say(topic.to_string(), retain, payload)
    }

    fn say(&self, topic: String, retain: bool, payload: Bytes) -> bool {
        let (properties, expiry) = (Bytes::new(), None);
        let message = Message { topic, payload, qos: 1, retain, properties, expiry };
        self.step(|core, now| core.say(now, message)).unwrap_or(false)
    }

    /// Whether its own round trip has come back lately.
    pub fn healthy(&self) -> bool {
        let beat = Mono::from_millis(self.0.beat.load(Ordering::Acquire));
        self.0.clock.now().since(beat) <= round::OVERDUE
    }

    /// What has happened on it; nothing while it does not answer.
    pub fn counters(&self) -> BusCounters {
        self.step(|core, _| core.counters()).unwrap_or_default()
    }

    fn beat(&self) {
        self.0.beat.store(self.0.clock.now().millis(), Ordering::Release);
    }

    /// Takes a seat; `line` rings when something waits there. None if there is no place, or no answer.
    pub(crate) fn join(&self, line: &Arc<Line>, join: Join) -> Option<(Member, Joined)> {
        let client = join.client.clone();
        let joined = self.enter(|room, now| {
            let joined = room.core.join(now, join)?;
            room.lines.insert(joined.key.visit, Arc::clone(line));
            Some(joined)
        })??;
        Some((Member { bus: self.clone(), key: joined.key, client, left: false }, joined))
    }

    /// One step of the core, and all that it asks for.
    fn step<R>(&self, work: impl FnOnce(&mut Fanout, Mono) -> R) -> Option<R> {
        self.enter(|room, now| work(&mut room.core, now))
    }

    fn enter<R>(&self, work: impl FnOnce(&mut Room, Mono) -> R) -> Option<R> {
        let mut room = self.lock()?;
        let done = work(&mut room, self.0.clock.now());
        let told = room.perform();
        drop(room);
        told.iter().for_each(tell);
        Some(done)
    }

    /// The lock, unless somebody holds it for longer than any step takes. A step that has panicked is
    /// the end of all sessions and of nothing else.
    fn lock(&self) -> Option<MutexGuard<'_, Room>> {
        let until = instant_now() + STEP;
        for look in 0u32.. {
            match self.0.room.try_lock() {
                Ok(room) => return Some(room),
                Err(TryLockError::Poisoned(poisoned)) => {
                    tracing::error!("the bus has failed and begins anew, all programs come again");
                    let mut room = poisoned.into_inner();
                    self.0.room.clear_poison();
                    room.core.begin_anew();
                    return Some(room);
                }
                Err(TryLockError::WouldBlock) if instant_now() >= until => {
                    tracing::error!("the bus does not answer");
                    return None;
                }
                // A step takes microseconds, so most of these looks are short.
                Err(TryLockError::WouldBlock) if look < SHORT_LOOKS => std::thread::yield_now(),
                Err(TryLockError::WouldBlock) => std::thread::park_timeout(LOOK),
            }
        }
        None
    }
}

impl Room {
    /// Does what the core asks for; gives what is to be told once the lock is free.
    fn perform(&mut self) -> Vec<Act> {
        let mut told = Vec::new();
        while let Some(act) = self.core.next_act() {
            match act {
                Act::Ring(visit) => {
                    if let Some(line) = self.lines.get(&visit) {
                        line.ring();
                    }
                }
                Act::HangUp(visit, why) => {
                    if let Some(line) = self.lines.remove(&visit) {
                        line.hang_up(why);
                    }
                }
                Act::Lost { .. } | Act::NotRetained(..) => told.push(act),
            }
        }
        told
    }
}

/// A line of the log for what somebody has lost. Names are not ours, so they are shown with care.
fn tell(act: &Act) {
    match act {
        Act::Lost { client, messages } => tracing::warn!(
            client = %Shown(client),
            messages,
            "a program on the bus was too slow and has lost messages"
        ),
        // One line for the first, the second, the fourth: a flood of topics is no flood of lines.
        Act::NotRetained(topic, count) if count.is_power_of_two() => tracing::warn!(
            topic = %Shown(topic),
            count,
            "no room to retain a message on the bus"
        ),
        Act::NotRetained(..) | Act::Ring(_) | Act::HangUp(..) => {}
    }
}

impl Member {
    /// Its client id, as it gave it.
    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    pub(crate) fn publish(&self, message: Message) -> Said {
        let publish = |core: &mut Fanout, now: Mono| match core.publish(now, self.key, message) {
            Ok(()) => Said::Done,
            Err((message, until)) => Said::Wait(message, until.since(now)),
        };
        self.bus.step(publish).unwrap_or(Said::Lost)
    }

    /// What is granted, or the reason why not; in force when this returns.
    pub(crate) fn subscribe(&self, filter: &str, wish: Wish) -> Result<u8, u8> {
        self.bus.step(|core, _| core.subscribe(self.key, filter, wish)).unwrap_or(Err(0x80))
    }

    /// Whether there was such a subscription; none is when this returns.
    pub(crate) fn unsubscribe(&self, filter: &str) -> bool {
        self.bus.step(|core, _| core.unsubscribe(self.key, filter)).unwrap_or(false)
    }

    pub(crate) fn take(&self, bytes: usize) -> Taken {
        self.bus.step(|core, now| core.take(now, self.key, bytes)).unwrap_or_default()
    }

    pub(crate) fn acknowledge(&self, packet_ids: &[u16]) {
        self.bus.step(|core, _| packet_ids.iter().for_each(|id| core.acknowledge(self.key, *id)));
    }

    pub(crate) fn leave(mut self, farewell: Farewell) {
        self.go(farewell);
    }

    fn go(&mut self, farewell: Farewell) {
        if !std::mem::replace(&mut self.left, true) {
            let key = self.key;
            self.bus.enter(|room, now| {
                room.core.leave(now, key, farewell);
                room.lines.remove(&key.visit);
            });
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.go(Farewell::Lost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(client: &str) -> Join {
        round::inside(client)
    }

    #[tokio::test]
    async fn a_step_that_panics_is_not_the_end_of_the_bus() {
        let bus = Bus::start(BusLimits::default());
        assert!(bus.say("kept".into(), true, Bytes::from_static(b"on")));
        let line = Arc::new(Line::new(0));
        let (_member, _) = bus.join(&line, join("a")).unwrap();
        let failing = std::panic::AssertUnwindSafe(|| bus.step(|_, _| panic!("a fault")));
        assert!(std::panic::catch_unwind(failing).is_err());
        let line_2 = Arc::new(Line::new(0));
        let (member, joined) = bus.join(&line_2, join("a")).unwrap();
        assert!(!joined.present);
        assert!(line.empty(true).hangup.is_some(), "it is asked to come again");
        assert_eq!(member.subscribe("#", Wish::default()), Ok(0));
        assert_eq!(member.take(1_000).parcels.len(), 1, "what is retained is still there");
    }

    #[test]
    fn a_bus_is_well_only_while_its_own_word_comes_back() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let begun = || Bus::begin(BusLimits::default(), Clock::begun(Duration::from_secs(60)));
        let bus = begun();
        assert!(!bus.healthy(), "nothing has come back for a minute");
        runtime.block_on(round::look(&bus, 1));
        assert!(bus.healthy());
        let hanging = begun();
        let held = hanging.0.room.lock().unwrap();
        runtime.block_on(round::look(&hanging, 1));
        assert!(!hanging.healthy(), "a bus that hangs does not say that it is well");
        drop(held);
    }

    #[tokio::test]
    async fn a_bus_that_hangs_keeps_nobody_for_ever() {
        let bus = Bus::start(BusLimits::default());
        let held = bus.0.room.lock().unwrap();
        let since = instant_now();
        assert!(bus.join(&Arc::new(Line::new(0)), join("a")).is_none());
        assert!(since.elapsed() < 2 * STEP);
        drop(held);
        assert!(bus.join(&Arc::new(Line::new(0)), join("a")).is_some());
    }
}
