//! The door's keep: bytes and a topic become a frame of a known device, and are on disk when this returns.
//!
//! What its device's hop key opens goes up as it was sealed for the server. What nobody here can read
//! is kept too: from an enrolled device as *unreadable*, from a stranger as it came. An unreadable
//! message begins with a header that names its device, made here if it brought none.
//! Readings stay here as raw data. Not here: what events mean (`hub`), storage (`spool`).

use std::collections::HashMap;
use std::sync::Arc;

use door::{Arrival, Keep, Verdict, Who};
use proto::frame::{Class, FrameBuf, HEADER_LEN, Header, Lane, open_hop, read_open};
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::key::HopSeal;
use proto::relay::RelayKind;
use proto::topic::Topic;
use proto::up::{Role, Up};
use proto::{EMERGENCY_MAX, FRAME_MAX};
use tokio::sync::mpsc::Sender;

use crate::clock::Clock;
use crate::enrol::{Member, Roster};
use crate::event_loop::Event;
use crate::spool::{Entry, Fate, Place, Spool};
use crate::uplink::Bells;

/// Seals kept for each device: the boot it is in, and the one it has just left.
const SEALS: usize = 2;

/// A frame that has just been made durable, or had been before.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its name.
    pub id: PressId,
    /// Its home, if its device is on the roster.
    pub home: Option<HomeId>,
    /// Its lane.
    pub lane: Lane,
    /// Whether no key here has verified it.
    pub doubtful: bool,
    /// What it says, if this build can read it.
    pub up: Option<Up>,
    /// What became of it: new, or here before.
    pub fate: Fate,
}

/// One arrival as this box understands it.
enum Word {
    /// Nothing to keep: the door's own round trip.
    Nothing,
    /// Verified hop by hop.
    Frame { header: Header, open: FrameBuf, home: HomeId },
    /// Kept as it came.
    Odd { kind: RelayKind, device: DeviceId, bytes: Vec<u8> },
}

struct Seals {
    epoch: KeyEpoch,
    boots: Vec<(BootId, HopSeal)>,
}

/// The keep.
pub struct Devices {
    spool: Spool,
    roster: Arc<Roster>,
    clock: Clock,
    bells: Bells,
    events: Sender<Event>,
    seals: HashMap<DeviceId, Seals>,
    fates: Vec<Fate>,
}

impl Devices {
    /// A keep that writes to `spool`, rings `bells` and posts what it stored to `events`.
    pub fn new(
        spool: Spool,
        roster: Arc<Roster>,
        clock: Clock,
        bells: Bells,
        events: Sender<Event>,
    ) -> Self {
        Self { spool, roster, clock, bells, events, seals: HashMap::new(), fates: Vec::new() }
    }

    fn read(&mut self, arrival: &Arrival) -> Word {
        match (arrival.who, arrival.topic) {
            (Who::Device(device), Topic::DeviceUp(..)) => {
                self.open(device, arrival).unwrap_or_else(|| Word::Odd {
                    kind: RelayKind::Unreadable,
                    device,
                    bytes: named(device, arrival),
                })
            }
            (Who::Stranger(device), Topic::StrangerUp(_)) => {
                self.open(device, arrival).unwrap_or_else(|| Word::Odd {
                    kind: RelayKind::Stranger,
                    device,
                    bytes: arrival.payload.iter().take(EMERGENCY_MAX).copied().collect(),
                })
            }
            _ => Word::Nothing,
        }
    }

    /// Opens the hop seal, if the frame is what its topic and sender say.
    fn open(&mut self, device: DeviceId, arrival: &Arrival) -> Option<Word> {
        let member = self.roster.find(device)?;
        let (header, _) = Header::parse(&arrival.payload).ok()?;
        if header.id.device != device || header.class.lane() != arrival.lane {
            return None;
        }
        let seal = self.seal(device, &member, header.id.boot);
        let open = open_hop(&arrival.payload, seal).ok()?;
        Some(Word::Frame { header, open, home: member.home })
    }

    fn seal(&mut self, device: DeviceId, member: &Member, boot: BootId) -> &HopSeal {
        let known = self
            .seals
            .entry(device)
            .or_insert_with(|| Seals { epoch: member.epoch, boots: Vec::with_capacity(SEALS) });
        if known.epoch != member.epoch {
            *known = Seals { epoch: member.epoch, boots: Vec::with_capacity(SEALS) };
        }
        let place = known.boots.iter().position(|(made_for, _)| *made_for == boot);
        let place = place.unwrap_or_else(|| {
            if known.boots.len() == SEALS {
                known.boots.remove(0);
            }
            known.boots.push((boot, member.key.boot(boot)));
            known.boots.len() - 1
        });
        &known.boots[place].1
    }

    fn post(&self, stored: Vec<Stored>) {
        if !stored.is_empty() {
            // Waits if the loop is behind: nothing that is stored goes unheard. It fails only while
            // the box stops, and what is on disk is told again after the next start.
            let _ = self.events.blocking_send(Event::Stored(stored));
        }
    }
}

impl Keep for Devices {
    fn keep(&mut self, group: &[Arrival], verdicts: &mut Vec<Verdict>) {
        let words: Vec<Word> = group.iter().map(|arrival| self.read(arrival)).collect();
        let entries: Vec<Entry<'_>> = group
            .iter()
            .zip(&words)
            .filter_map(|(arrival, word)| entry(arrival.lane, word, &self.roster))
            .collect();
        let mut fates = std::mem::take(&mut self.fates);
        fates.clear();
        if !entries.is_empty() {
            self.spool.keep(self.clock.now(), &entries, &mut fates);
        }
        self.bells.ring(&entries, &fates);
        let mut stored = Vec::new();
        let mut next = fates.iter().copied();
        for (arrival, word) in group.iter().zip(&words) {
            let fate = match word {
                Word::Nothing => Fate::Again(None),
                Word::Frame { .. } | Word::Odd { .. } => next.next().unwrap_or(Fate::Refused),
            };
            verdicts.push(verdict(fate));
            if let Some(told) = told(arrival.lane, word, fate, &self.roster) {
                stored.push(told);
            }
        }
        self.fates = fates;
        self.post(stored);
    }
}

fn is_worn(roster: &Roster, device: DeviceId) -> bool {
    roster.find(device).is_some_and(|member| member.role == Role::Pendant)
}

const fn verdict(fate: Fate) -> Verdict {
    match fate {
        Fate::New | Fate::Again(_) => Verdict::Kept,
        Fate::Shed => Verdict::Shed,
        Fate::Refused => Verdict::Refused,
    }
}

fn entry<'a>(lane: Lane, word: &'a Word, roster: &Roster) -> Option<Entry<'a>> {
    match word {
        Word::Nothing => None,
        Word::Frame { header, open, .. } => {
            let place = match header.class {
                // Whether it is worn is judged by its own word, which the home's summary does not hold.
                Class::Reading if is_worn(roster, header.id.device) => Place::Up,
                Class::Reading => Place::Raw,
                Class::Emergency | Class::Event | Class::Health | Class::Loss | Class::Update => {
                    Place::Up
                }
            };
            let id = header.id;
            Some(Entry { lane, place, kind: RelayKind::Open, id, bytes: open })
        }
        Word::Odd { kind, device, bytes } => {
            let id = unnamed(*device);
            Some(Entry { lane, place: Place::Up, kind: *kind, id, bytes })
        }
    }
}

fn told(lane: Lane, word: &Word, fate: Fate, roster: &Roster) -> Option<Stored> {
    if !matches!(fate, Fate::New | Fate::Again(_)) {
        return None;
    }
    match word {
        Word::Nothing => None,
        Word::Frame { header, open, home } => {
            let up = read_open(open).ok().and_then(|(h, body)| Up::from_body(h.class, body).ok());
            let (home, doubtful) = (Some(*home), false);
            Some(Stored { id: header.id, home, lane, doubtful, up, fate })
        }
        Word::Odd { device, .. } => {
            let home = roster.find(*device).map(|member| member.home);
            let id = unnamed(*device);
            Some(Stored { id, home, lane, doubtful: true, up: None, fate })
        }
    }
}

/// The name of what has none: only its device counts.
fn unnamed(device: DeviceId) -> PressId {
    PressId { device, boot: BootId::from_raw(0), seq: Seq::default() }
}

/// An unreadable message, cut to size, beginning with a header that names its device.
fn named(device: DeviceId, arrival: &Arrival) -> Vec<u8> {
    let (class, longest) = match arrival.lane {
        Lane::Emergency => (Class::Emergency, EMERGENCY_MAX),
        Lane::Telemetry => (Class::Event, FRAME_MAX),
    };
    let payload = &arrival.payload[..arrival.payload.len().min(longest)];
    let own = Header::parse(payload)
        .is_ok_and(|(header, _)| header.id.device == device && header.class.lane() == arrival.lane);
    if own {
        return payload.to_vec();
    }
    let header = Header { class, epoch: KeyEpoch::new(0), id: unnamed(device) };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend_from_slice(&payload[..payload.len().min(longest - HEADER_LEN)]);
    bytes
}
