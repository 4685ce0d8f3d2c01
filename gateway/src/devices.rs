//! The door's keep: bytes and a topic become a frame of a known device, and are on disk when this returns.
//!
//! What its device's hop key opens goes up as it was sealed for the server, and in the lane of what it *is*: a
//! press on the telemetry topic is a press. What nobody here can read is kept too: from an enrolled device
//! as *unreadable*, from a stranger as it came. An unreadable message begins with a header that names
//! its device, made here if it brought none. Readings stay here as raw data. A call for help that a program
//! of the household made on the bus goes up as a press of the box itself.
//! Not here: what events mean (`hub`), storage (`spool`).

mod word;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use door::bus::Call;
use door::{Arrival, Keep, Verdict, Who};
use proto::EMERGENCY_MAX;
use proto::down::Rung;
use proto::frame::{Class, Header, Lane, open_hop, read_open};
use proto::id::{BootId, DeviceId, KeyEpoch};
use proto::key::HopSeal;
use proto::relay::RelayKind;
use proto::topic::Topic;
use proto::up::{self, EventKind, Up};
use tokio::sync::mpsc::Sender;

use crate::clock::Clock;
use crate::enrol::{Member, Roster};
use crate::event::{Event, Stored};
use crate::spool::{Entry, Fate, RungRow, Spool};
use crate::uplink::Bells;
use crate::voice::OwnVoice;

use word::{Word, entry, told, unreadable};

/// Seals kept for each device: the boot it is in, and the one it has just left.
const SEALS: usize = 2;
/// Calls from the bus that may wait for the server: a program that runs wild takes no room from those of devices.
const CALLS_MAX: u32 = 64;
/// Calls from the bus that are remembered by their packet.
const MARKS_MAX: usize = 256;

struct Seals {
    epoch: KeyEpoch,
    boots: Vec<(BootId, HopSeal)>,
}

/// The keep.
pub struct Devices {
    spool: Spool,
    roster: Arc<Roster>,
    clock: Clock,
    voice: OwnVoice,
    bells: Bells,
    events: Sender<Event>,
    seals: HashMap<DeviceId, Seals>,
    fates: Vec<Fate>,
    /// Packets of the bus that were calls and are on disk, the newest first: one that is sent again is no other call.
    marks: VecDeque<u64>,
    /// Those of this group, which are not there yet.
    fresh: Vec<u64>,
}

impl Devices {
    /// A keep that writes to `spool`, rings `bells` and posts what it stored to `events`; with the box's clock and
    /// voice.
    pub fn new(
        spool: Spool,
        roster: Arc<Roster>,
        (clock, voice): (Clock, OwnVoice),
        bells: Bells,
        events: Sender<Event>,
    ) -> Self {
        let (seals, fates) = (HashMap::new(), Vec::new());
        let (marks, fresh) = (VecDeque::new(), Vec::new());
        Self { spool, roster, clock, voice, bells, events, seals, fates, marks, fresh }
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
            (Who::Local(_), Topic::BusCall) => self.call(Call::from_bytes(&arrival.payload)),
            _ => Word::Nothing,
        }
    }

    /// A program of the household calls: nobody knows by which button, only that somebody here needs help.
    fn call(&mut self, call: Call) -> Word {
        let known = |mark: &u64| self.marks.contains(mark) || self.fresh.contains(mark);
        if let Some(mark) = call.mark.filter(|mark| call.repeated && known(mark)) {
            return Word::CallAgain { mark };
        }
        let (kind, uptime) = (EventKind::Press, self.clock.now().since(self.voice.started));
        let up = Up::Event(up::Event { kind, uptime, count: None });
        let waits = |row: &RungRow| row.rung == Rung::Stored && !row.accepted;
        let latest = self.spool.rungs_of(self.voice.device, CALLS_MAX).unwrap_or_default();
        if latest.iter().filter(|row| waits(row)).count() >= CALLS_MAX as usize {
            tracing::error!(
                "too many calls on the local bus wait for the server: one more is refused"
            );
            return Word::Unsaid;
        }
        match self.voice.say(&up) {
            Some((id, bytes)) => {
                self.fresh.extend(call.mark);
                Word::Call { id, bytes, home: self.roster.only_home(), up, mark: call.mark }
            }
            None => Word::Unsaid,
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
        self.fresh.clear();
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
                Word::Unsaid => Fate::Refused,
                // It is acknowledged for the first time's sake, which may have failed.
                Word::CallAgain { mark } if self.marks.contains(&mark) => Fate::Again(None),
                Word::CallAgain { .. } => Fate::Refused,
                Word::Frame { .. } | Word::Odd { .. } | Word::Call { .. } => {
                    next.next().unwrap_or(Fate::Refused)
                }
            };
            if let (Word::Call { mark: Some(mark), .. }, Fate::New) = (&word, fate) {
                self.marks.truncate(MARKS_MAX - 1);
                self.marks.push_front(*mark);
            }
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

const fn verdict(fate: Fate) -> Verdict {
    match fate {
        Fate::New | Fate::Again(_) => Verdict::Kept,
        Fate::Shed => Verdict::Shed,
        Fate::Refused => Verdict::Refused,
    }
}
