//! The local bus of a home: free topics and retained state for a few dozen programs of the household.
//!
//! rumqttd's Router fans out; it is named only in `bus/fanout.rs`, which keeps it behind names and
//! payloads it cannot stumble over. Retained messages are kept here, so that a rebuilt Router has
//! lost nothing. Nothing on the bus is ever acknowledged as durable. Whatever begins like a topic of
//! the agreement is written only through [`Bus::publish`]; programs may read it.
//! Not here: sessions of local programs (`session`), or what is published (the gateway).

mod fanout;
mod keeper;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use proto::topic::Topic;
use proto::unit::Mono;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::line::Line;
use keeper::Keeper;

/// Words to the bus that may wait for its thread.
const WORDS: usize = 4_096;
/// Room for messages on the line to a listener inside the gateway.
const LISTENER_ROOM: usize = 4_096;
/// Rest of a listener that finds the bus full.
const REJOIN: Duration = Duration::from_millis(500);

/// Bounds of a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusLimits {
    /// Local programs at one time.
    pub clients: usize,
    /// Retained messages; a new topic beyond that is still delivered and not retained.
    pub retained: usize,
    /// Bytes of retained payloads, likewise.
    pub retained_bytes: usize,
}

impl Default for BusLimits {
    fn default() -> Self {
        Self { clients: 64, retained: 16_384, retained_bytes: 16 * 1024 * 1024 }
    }
}

/// How a subscription wants its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Not those that the subscriber itself has published.
    pub no_local: bool,
    /// With the retain flag they were published with.
    pub as_published: bool,
    /// And what is retained now.
    pub retained: bool,
}

/// What the bus's thread is asked to do; numbers name members.
enum Word {
    Join(u64, Arc<Line>),
    Publish { from: u64, topic: String, retain: bool, payload: Bytes },
    Subscribe(u64, String, Wish),
    Unsubscribe(u64, String),
    Leave(u64),
}

struct Shared {
    words: SyncSender<Word>,
    limits: BusLimits,
    members: AtomicUsize,
    next: AtomicUsize,
    pulse: Arc<Pulse>,
}

/// When the Router last answered: written by the bus's thread, read by whoever asks.
struct Pulse {
    clock: Clock,
    /// In milliseconds; zero while there is a new Router that has not answered yet.
    last: AtomicU64,
}

/// The local bus; clones are the same bus. Its thread ends with the last clone.
#[derive(Clone)]
pub struct Bus(Arc<Shared>);

impl Pulse {
    fn beat(&self) {
        self.last.store(self.clock.now().millis().max(1), Ordering::Release);
    }

    fn stop(&self) {
        self.last.store(0, Ordering::Release);
    }

    fn beats(&self) -> bool {
        let last = self.last.load(Ordering::Acquire);
        last > 0 && self.clock.now().since(Mono::from_millis(last)) <= keeper::OVERDUE
    }
}

/// A seat at the bus; given up when dropped.
pub(crate) struct Member {
    bus: Bus,
    number: u64,
}

impl Bus {
    /// Starts it. Must be called on a tokio runtime.
    pub fn start(limits: BusLimits) -> Self {
        let (words, inbox) = sync_channel(WORDS);
        let pulse = Arc::new(Pulse { clock: Clock::start(), last: AtomicU64::new(1) });
        let keeper = Keeper::new(limits.clone(), Arc::clone(&pulse), fanout::Runtime::current());
        std::thread::spawn(move || run(keeper, &inbox));
        let (members, next) = (AtomicUsize::new(0), AtomicUsize::new(1));
        Self(Arc::new(Shared { words, limits, members, next, pulse }))
    }

    /// Publishes from inside the gateway: the only way to write below the project's own prefix.
    /// False if the bus is so far behind that the message was dropped; say it again later.
    pub fn publish(&self, topic: Topic, retain: bool, payload: Bytes) -> bool {
        let topic = topic.to_string();
        self.say(Word::Publish { from: 0, topic, retain, payload })
    }

    /// Listens from inside the gateway, as adapters do. None if the filter is invalid or the bus full.
    pub fn listen(&self, filter: &str) -> Option<BusListener> {
        if !rumqttc::mqttbytes::valid_filter(filter) {
            return None;
        }
        let line = Arc::new(Line::new(LISTENER_ROOM));
        let member = self.join(&line)?;
        member.subscribe(filter, Wish { retained: true, ..Wish::default() });
        let filter = filter.to_owned();
        Some(BusListener {
            bus: self.clone(),
            line,
            member: Some(member),
            filter,
            waiting: Vec::new(),
        })
    }

    /// Whether the Router behind it answers; it is rebuilt when it does not.
    pub fn healthy(&self) -> bool {
        self.0.pulse.beats()
    }

    /// Takes a seat; what is said there comes to `line`. None if all are taken.
    pub(crate) fn join(&self, line: &Arc<Line>) -> Option<Member> {
        let Shared { members, next, limits, .. } = &*self.0;
        if members.fetch_add(1, Ordering::AcqRel) >= limits.clients {
            members.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        let number = next.fetch_add(1, Ordering::Relaxed) as u64;
        let member = Member { bus: self.clone(), number };
        self.say(Word::Join(number, Arc::clone(line))).then_some(member)
    }

    fn say(&self, word: Word) -> bool {
        self.0.words.try_send(word).is_ok()
    }
}

impl Member {
    /// Each of these is false when the bus is too far behind: the session is then closed.
    pub(crate) fn publish(&self, topic: &str, retain: bool, payload: Bytes) -> bool {
        let topic = topic.to_owned();
        self.bus.say(Word::Publish { from: self.number, topic, retain, payload })
    }

    pub(crate) fn subscribe(&self, filter: &str, wish: Wish) -> bool {
        self.bus.say(Word::Subscribe(self.number, filter.to_owned(), wish))
    }

    pub(crate) fn unsubscribe(&self, filter: &str) -> bool {
        self.bus.say(Word::Unsubscribe(self.number, filter.to_owned()))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // A word that is lost here costs one link until the next rebuild; its line is dead anyway.
        self.bus.say(Word::Leave(self.number));
        self.bus.0.members.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Messages of the bus for a part of the gateway.
pub struct BusListener {
    bus: Bus,
    line: Arc<Line>,
    member: Option<Member>,
    filter: String,
    waiting: Vec<(String, Bytes)>,
}

impl BusListener {
    /// The next topic and payload. When the bus was rebuilt, or this listener was too slow, it
    /// subscribes again by itself and hears the retained state again.
    pub async fn next(&mut self) -> (String, Bytes) {
        loop {
            if let Some(message) = self.waiting.pop() {
                return message;
            }
            if self.member.is_none() && !self.rejoin() {
                sleep(REJOIN).await;
                continue;
            }
            self.line.rung().await;
            let inbox = self.line.empty(true);
            let heard = inbox.replay.into_iter().chain(inbox.down);
            self.waiting = heard.map(|down| (down.topic, down.payload)).collect();
            self.waiting.reverse();
            if inbox.hangup.is_some() {
                self.member = None;
            }
        }
    }

    fn rejoin(&mut self) -> bool {
        self.line = Arc::new(Line::new(LISTENER_ROOM));
        self.member = self.bus.join(&self.line);
        let wish = Wish { retained: true, ..Wish::default() };
        self.member.as_ref().is_some_and(|member| member.subscribe(&self.filter, wish))
    }
}

/// The bus's thread: words in order, and a look at the Router between them.
fn run(mut keeper: Keeper, words: &Receiver<Word>) {
    loop {
        match words.recv_timeout(keeper::PROBE) {
            Ok(word) => keeper.handle(word),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
        }
        keeper.probe();
    }
}

/// Filters of one member, shared with the task that carries its messages.
type Filters = Arc<Mutex<Vec<(String, Wish)>>>;

fn filters(filters: &Filters) -> std::sync::MutexGuard<'_, Vec<(String, Wish)>> {
    filters.lock().unwrap_or_else(PoisonError::into_inner)
}
