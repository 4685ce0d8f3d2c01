//! The door's keep: bytes and a topic become a frame of a known device, and are on disk when this returns.
//!
//! What its device's hop key opens goes up as it was sealed for the server, and in the lane of what it *is*: a
//! press on the telemetry topic is a press. What nobody here can read is kept too: from an enrolled device
//! as *unreadable*, from a stranger as it came. An unreadable message begins with a header that names
//! its device, made here if it brought none. Readings stay here as raw data.
//! Not here: what events mean (`hub`), storage (`spool`).

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
    Frame { header: Header, open: FrameBuf, home: HomeId, up: Option<Up>, lane: Lane },
    /// Kept as it came.
    Odd { kind: RelayKind, device: DeviceId, bytes: Vec<u8>, lane: Lane },
}

impl Word {
    const fn lane(&self) -> Lane {
        match self {
            Self::Nothing => Lane::Telemetry,
            Self::Frame { lane, .. } | Self::Odd { lane, .. } => *lane,
        }
    }
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
                self.open(device, arrival).unwrap_or_else(|| unreadable(device, arrival))
            }
            (Who::Stranger(device), Topic::StrangerUp(_)) => {
                let open = self.open(device, arrival);
                // Its lane is for calls alone; nothing else of a stranger counts as told.
                open.filter(|word| word.lane() == Lane::Emergency).unwrap_or_else(|| Word::Odd {
                    kind: RelayKind::Stranger,
                    device,
                    bytes: arrival.payload.iter().take(EMERGENCY_MAX).copied().collect(),
                    lane: Lane::Emergency,
                })
            }
            _ => Word::Nothing,
        }
    }

    /// Opens the hop seal, if the frame is its sender's.
    fn open(&mut self, device: DeviceId, arrival: &Arrival) -> Option<Word> {
        let member = self.roster.find(device)?;
        let (header, _) = Header::parse(&arrival.payload).ok()?;
        if header.id.device != device {
            return None;
        }
        let seal = self.seal(device, &member, header.id.boot);
        let other = || Some(member.other.as_ref()?.boot(header.id.boot));
        let open = open_hop(&arrival.payload, seal)
            .ok()
            .or_else(|| open_hop(&arrival.payload, &other()?).ok())?;
        let body = read_open(&open).ok().map(|(_, body)| body);
        let up = body.and_then(|body| Up::for_what_it_is(header.class, body).ok());
        // A device that calls it an emergency repeats it until somebody has it, whatever it says.
        let urgent = header.class == Class::Emergency || up.as_ref().is_some_and(calls);
        let lane = if urgent { Lane::Emergency } else { Lane::Telemetry };
        Some(Word::Frame { header, open, home: member.home, up, lane })
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
        let entries: Vec<Entry<'_>> =
            words.iter().filter_map(|word| entry(word, &self.roster)).collect();
        let mut fates = std::mem::take(&mut self.fates);
        fates.clear();
        if !entries.is_empty() {
            self.spool.keep(self.clock.now(), &entries, &mut fates);
        }
        self.bells.ring(&entries, &fates);
        let mut stored = Vec::new();
        let mut next = fates.iter().copied();
        for word in words {
            let fate = match word {
                Word::Nothing => Fate::Again(None),
                Word::Frame { .. } | Word::Odd { .. } => next.next().unwrap_or(Fate::Refused),
            };
            verdicts.push(verdict(fate));
            if let Some(told) = told(word, fate, &self.roster) {
                stored.push(told);
            }
        }
        self.fates = fates;
        self.post(stored);
    }
}

/// Whether a person calls by this.
pub(crate) fn calls(up: &Up) -> bool {
    up.class() == Class::Emergency
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

fn entry<'a>(word: &'a Word, roster: &Roster) -> Option<Entry<'a>> {
    match word {
        Word::Nothing => None,
        Word::Frame { header, open, lane, .. } => {
            let place = match header.class {
                // Whether it is worn is judged by its own word, which the home's summary does not hold.
                Class::Reading if is_worn(roster, header.id.device) => Place::Up,
                Class::Reading => Place::Raw,
                Class::Emergency | Class::Event | Class::Health | Class::Loss | Class::Update => {
                    Place::Up
                }
            };
            let id = header.id;
            Some(Entry { lane: *lane, place, kind: RelayKind::Open, id, bytes: open })
        }
        Word::Odd { kind, device, bytes, lane } => {
            let id = unnamed(*device);
            Some(Entry { lane: *lane, place: Place::Up, kind: *kind, id, bytes })
        }
    }
}

fn told(word: Word, fate: Fate, roster: &Roster) -> Option<Stored> {
    if !matches!(fate, Fate::New | Fate::Again(_)) {
        return None;
    }
    match word {
        Word::Nothing => None,
        Word::Frame { header, home, up, lane, .. } => {
            let (home, doubtful) = (Some(home), false);
            Some(Stored { id: header.id, home, lane, doubtful, up, fate })
        }
        Word::Odd { device, lane, .. } => {
            let home = roster.find(device).map(|member| member.home);
            let id = unnamed(device);
            Some(Stored { id, home, lane, doubtful: true, up: None, fate })
        }
    }
}

/// The name of what has none: only its device counts.
fn unnamed(device: DeviceId) -> PressId {
    PressId { device, boot: BootId::from_raw(0), seq: Seq::default() }
}

/// A message that no key here opens. What its header calls an emergency is one, on whatever topic it came.
fn unreadable(device: DeviceId, arrival: &Arrival) -> Word {
    // Too long for an emergency is still one.
    let head = &arrival.payload[..arrival.payload.len().min(EMERGENCY_MAX)];
    let header = Header::parse(head).ok().map(|(header, _)| header);
    let header = header.filter(|header| header.id.device == device);
    let shouts = header.is_some_and(|header| header.class == Class::Emergency);
    let lane = if shouts { Lane::Emergency } else { arrival.lane };
    let own = header.is_some_and(|header| header.class.lane() == lane);
    let bytes = named(device, lane, &arrival.payload, own);
    Word::Odd { kind: RelayKind::Unreadable, device, bytes, lane }
}

/// Its bytes, cut to size, beginning with a header that names its device: its `own` one or one made here.
fn named(device: DeviceId, lane: Lane, payload: &[u8], own: bool) -> Vec<u8> {
    let (class, longest) = match lane {
        Lane::Emergency => (Class::Emergency, EMERGENCY_MAX),
        Lane::Telemetry => (Class::Event, FRAME_MAX),
    };
    if own {
        return payload.iter().take(longest).copied().collect();
    }
    let header = Header { class, epoch: KeyEpoch::new(0), id: unnamed(device) };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(payload.iter().take(longest - HEADER_LEN));
    bytes
}
