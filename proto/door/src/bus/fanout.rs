//! The bus itself, as a pure core: who comes, what they want, what is said, what waits for whom.
//!
//! Time comes in, [`Act`]s go out. A message is delivered to all or to none: if a subscriber's
//! mailbox is full, its publisher waits until half of it is free again, five seconds at most, and half
//! as long each time it was in vain. Then that subscriber alone is *late*: it loses messages of QoS 0,
//! each counted, and for one of QoS 1 it is shown out with a reason; its session, if it has one, keeps
//! what its mailbox holds.
//! Not here: locks, connections and the clock (`bus`), visits that end (`fanout/visits`).

mod visits;

use std::collections::{BTreeMap, HashMap, VecDeque};

use proto::unit::{Millis, Mono};

use super::BusLimits;
use super::mailbox::{Letter, Parcel};
use super::message::{Mail, Message};
use super::retained::{Retained, Step};
use super::seat::{Key, Seat, Wish};
use super::trie::{Hit, Trie};
use crate::line::Hangup;

/// How long a subscriber with a full mailbox is waited for.
pub const PATIENCE: Millis = Millis::secs(5);
/// Longest life of a session without a visit, in seconds.
pub const EXPIRY_MAX: u32 = 3_600;
/// Sessions without a visit; one more ends the one that has least left.
pub const AWAY_MAX: usize = 64;
/// Bytes that wait for all of them together; what is more is lost, and counted.
const AWAY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Parcels taken at once.
const PARCELS: usize = 256;
/// Steps of replays at once that find nothing.
const STEPS: usize = 4;

/// A filter is refused: beyond what one session may have.
pub(crate) const QUOTA: u8 = 0x97;
/// A filter is refused: the visit is over.
const OVER: u8 = 0x80;

/// What the core asks of its edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Something waits for this visit, or there is room again for what it has to say.
    Ring(u64),
    /// This visit is over.
    HangUp(u64, Hangup),
    /// A program has lost messages; said once for each time that it falls behind.
    Lost {
        /// Its client id, as it gave it.
        client: String,
        /// How many.
        messages: u64,
    },
    /// A message of this topic could not be kept for later subscribers; so many could not so far.
    NotRetained(String, u64),
}

/// What has happened on the bus since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusCounters {
    /// Messages published.
    pub published: u64,
    /// Letters laid into mailboxes.
    pub delivered: u64,
    /// Messages that a subscriber has lost.
    pub lost: u64,
    /// Times that a publisher began to wait for a subscriber.
    pub waits: u64,
    /// Subscribers shown out because they did not take messages of QoS 1.
    pub shown_out: u64,
    /// Visits ended because the same client id came again.
    pub taken_over: u64,
    /// Messages that could not be retained.
    pub not_retained: u64,
    /// Programs here now.
    pub clients: u64,
    /// Sessions whose program is away now.
    pub away: u64,
    /// Topics with a retained message now.
    pub retained: u64,
    /// Bytes of these.
    pub retained_bytes: u64,
}

/// What a visit takes at once.
#[derive(Debug, Default)]
pub struct Taken {
    /// To be sent, in order.
    pub parcels: Vec<Parcel>,
    /// There may be more: ask again.
    pub more: bool,
}

/// The bus.
///
/// Calling contract: after each call take all [`Fanout::next_act`]; call
/// [`Fanout::handle_timeout`] at least once a second. Time never goes back.
#[derive(Debug)]
pub struct Fanout {
    limits: BusLimits,
    trie: Trie,
    retained: Retained,
    seats: BTreeMap<u64, Seat>,
    /// Sessions by client id.
    clients: HashMap<String, u64>,
    /// The last number of a seat and of a visit.
    numbers: (u64, u64),
    acts: VecDeque<Act>,
    /// Wills that are due, with the seat that they are of.
    wills: VecDeque<(u64, Message)>,
    counters: BusCounters,
}

impl Fanout {
    /// A bus without anybody.
    pub fn new(limits: BusLimits) -> Self {
        let retained = Retained::new(limits.retained, limits.retained_bytes);
        Self {
            limits,
            trie: Trie::default(),
            retained,
            seats: BTreeMap::new(),
            clients: HashMap::new(),
            numbers: (0, 0),
            acts: VecDeque::new(),
            wills: VecDeque::new(),
            counters: BusCounters::default(),
        }
    }

    /// The next thing it asks of its edge.
    pub fn next_act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// What has happened, and what there is now.
    pub fn counters(&self) -> BusCounters {
        let here = self.seats.values().filter(|seat| !seat.join.internal && seat.visit.is_some());
        let away = self.seats.values().filter(|seat| seat.visit.is_none());
        BusCounters {
            clients: here.count() as u64,
            away: away.count() as u64,
            retained: self.retained.len() as u64,
            retained_bytes: self.retained.bytes() as u64,
            ..self.counters
        }
    }

    /// Says a message. If a subscriber is to be waited for it is given back with the moment at which
    /// to say it again; room before that rings the visit.
    pub fn publish(&mut self, now: Mono, by: Key, message: Message) -> Result<(), (Message, Mono)> {
        if self.here(by).is_none() {
            // Its visit is over, so nobody waits for an answer.
            return Ok(());
        }
        let hits = self.trie.find(&message.topic, Some(by.seat));
        match self.full(now, &hits, Some(by.visit)) {
            Some(until) => Err((message, until)),
            None => {
                self.deliver(now, hits, message);
                self.settle(now);
                Ok(())
            }
        }
    }

    /// The same from inside the gateway: false if it is to be said again later.
    pub fn say(&mut self, now: Mono, message: Message) -> bool {
        let hits = self.trie.find(&message.topic, None);
        if self.full(now, &hits, None).is_some() {
            return false;
        }
        self.deliver(now, hits, message);
        self.settle(now);
        true
    }

    /// Until when some of these are to be waited for. Whoever was waited for in vain is late now.
    fn full(&mut self, now: Mono, hits: &BTreeMap<u64, Hit>, waiter: Option<u64>) -> Option<Mono> {
        let mut until: Option<Mono> = None;
        for number in hits.keys() {
            let Some(seat) = self.seats.get_mut(number).filter(|seat| seat.is_awaited()) else {
                continue;
            };
            let deadline = seat.full(now, PATIENCE);
            if now >= deadline {
                seat.late = true;
                seat.times_late = seat.times_late.saturating_add(1);
                continue;
            }
            until = Some(until.map_or(deadline, |until| until.min(deadline)));
            if waiter.is_some_and(|waiter| seat.waiters.insert(waiter)) {
                self.counters.waits += 1;
            }
        }
        until
    }

    /// Lays a message into each mailbox, or says who has lost it, and retains it.
    fn deliver(&mut self, now: Mono, hits: BTreeMap<u64, Hit>, message: Message) {
        self.counters.published += 1;
        let mail = Mail::new(message, now);
        let message = &mail.message;
        let mut shown_out = Vec::new();
        let mut away_bytes = self.away_bytes(&hits);
        for (number, Hit { qos, as_published, ids }) in hits {
            let Some(seat) = self.seats.get_mut(&number) else { continue };
            let qos = qos.min(message.qos);
            let away = seat.visit.is_none();
            if away && qos == 0 {
                continue;
            }
            let fits = seat.mailbox.has_room() && !(away && away_bytes >= AWAY_BYTES_MAX);
            if !fits {
                seat.lost += 1;
                self.counters.lost += 1;
                seat.late = !away;
                if !away && qos > 0 {
                    shown_out.push(number);
                }
                continue;
            }
            away_bytes += message.cost();
            let retain = as_published && message.retain;
            seat.mailbox.push(Letter { mail: mail.clone(), qos, retain, ids });
            self.counters.delivered += 1;
            if let Some(visit) = seat.visit
                && !std::mem::replace(&mut seat.rung, true)
            {
                self.acts.push_back(Act::Ring(visit));
            }
        }
        if message.retain && !self.retained.keep(&mail, now) {
            self.counters.not_retained += 1;
            let count = self.counters.not_retained;
            self.acts.push_back(Act::NotRetained(message.topic.clone(), count));
        }
        for number in shown_out {
            self.show_out(now, number);
        }
    }

    /// Bytes that wait for sessions whose program is away, if one of these is such a session.
    fn away_bytes(&self, hits: &BTreeMap<u64, Hit>) -> usize {
        let away = |seat: &&Seat| seat.visit.is_none();
        if hits.keys().filter_map(|number| self.seats.get(number)).any(|seat| away(&seat)) {
            self.seats.values().filter(away).map(|seat| seat.mailbox.bytes()).sum()
        } else {
            0
        }
    }

    /// Subscribes; gives what is granted, or the reason why not. Filters are sound ones.
    pub fn subscribe(&mut self, key: Key, filter: &str, wish: Wish) -> Result<u8, u8> {
        let seat = here(&mut self.seats, key).ok_or(OVER)?;
        let wish = Wish { qos: wish.qos.min(1), ..wish };
        let existed = seat.note(filter, wish).ok_or(QUOTA)?;
        if wish.handling == 0 || (wish.handling == 1 && !existed) {
            seat.replay(filter, wish);
        }
        self.trie.insert(filter, key.seat, wish);
        Ok(wish.qos)
    }

    /// Ends a subscription; says whether there was one.
    pub fn unsubscribe(&mut self, key: Key, filter: &str) -> bool {
        let known = here(&mut self.seats, key).is_some_and(|seat| seat.forget(filter));
        known && self.trie.remove(filter, key.seat)
    }

    /// What is to be sent to a visit now, of so many bytes or a little more: what was under way
    /// before, then what is retained for new subscriptions, then what waits.
    pub fn take(&mut self, now: Mono, key: Key, bytes: usize) -> Taken {
        let Some(seat) = here(&mut self.seats, key) else { return Taken::default() };
        seat.rung = false;
        let (window, version_5) = (seat.join.window, seat.join.version_5);
        let mut taken = Taken::default();
        let (mut left, mut steps) = (bytes, STEPS);
        while left > 0 && taken.parcels.len() < PARCELS && steps > 0 {
            let parcel = match next_replayed(seat, &self.retained, now) {
                Some(Step::Found(mail)) => replayed(seat, mail, now),
                Some(Step::End) => continue,
                Some(Step::Onward) => {
                    steps -= 1;
                    continue;
                }
                None => match seat.mailbox.next(now, window) {
                    Some(parcel) => parcel,
                    None => break,
                },
            };
            let size = parcel.letter.mail.message.packet(version_5);
            left = left.saturating_sub(size);
            if size <= seat.join.packet_max {
                taken.parcels.push(parcel);
            } else if parcel.packet_id != 0 {
                // It cannot be told to this program, which counts as told.
                seat.mailbox.acknowledge(parcel.packet_id);
            }
        }
        taken.more = left == 0 || taken.parcels.len() == PARCELS || steps == 0;
        self.lighten(key.seat);
        taken
    }

    /// A program has what it was sent under this id.
    pub fn acknowledge(&mut self, key: Key, packet_id: u16) {
        if here(&mut self.seats, key).is_some_and(|seat| seat.mailbox.acknowledge(packet_id)) {
            self.lighten(key.seat);
        }
    }

    /// If half of its mailbox is free, nobody waits for it any more.
    fn lighten(&mut self, number: u64) {
        let Some(seat) = self.seats.get_mut(&number).filter(|seat| seat.mailbox.is_light()) else {
            return;
        };
        seat.full_since = None;
        let waiters = std::mem::take(&mut seat.waiters);
        self.acts.extend(waiters.into_iter().map(Act::Ring));
        if std::mem::take(&mut seat.late) && seat.lost > 0 {
            let (client, messages) = (seat.join.client.clone(), std::mem::take(&mut seat.lost));
            self.acts.push_back(Act::Lost { client, messages });
        }
    }

    fn here(&mut self, key: Key) -> Option<&mut Seat> {
        here(&mut self.seats, key)
    }
}

/// The session, if this visit of it is not over.
fn here(seats: &mut BTreeMap<u64, Seat>, key: Key) -> Option<&mut Seat> {
    seats.get_mut(&key.seat).filter(|seat| seat.visit == Some(key.visit))
}

/// One step of what is still to be told of retained messages, if it may be told now.
fn next_replayed(seat: &mut Seat, retained: &Retained, now: Mono) -> Option<Step> {
    let (replay, wish) = seat.replays.front_mut()?;
    if !seat.mailbox.is_current() || (wish.qos > 0 && !seat.mailbox.open(seat.join.window)) {
        return None;
    }
    let step = retained.step(replay, now);
    if matches!(step, Step::End) {
        // The caller looks on with the next one.
        seat.replays.pop_front();
    }
    Some(step)
}

fn replayed(seat: &mut Seat, mail: std::sync::Arc<Mail>, now: Mono) -> Parcel {
    let wish = seat.replays.front().map(|(_, wish)| *wish).unwrap_or_default();
    let qos = wish.qos.min(mail.message.qos);
    let ids = wish.id.into_iter().collect();
    seat.mailbox.send(Letter { mail, qos, retain: true, ids }, now)
}
