//! One arrival as this box understands it: a frame whose seal was opened, or bytes that are kept as they came.
//!
//! What nobody here can read begins with a header that names its device, made here if it brought none.
//! Not here: whose key opens what (`devices`), and how it is stored (`spool`).

use door::Arrival;
use proto::frame::{Class, FrameBuf, HEADER_LEN, Header, Lane};
use proto::id::{BootId, DeviceId, HomeId, KeyEpoch, PressId, Seq};
use proto::relay::RelayKind;
use proto::up::{Role, Up};
use proto::{EMERGENCY_MAX, FRAME_MAX};

use crate::enrol::Roster;
use crate::event::Stored;
use crate::spool::{Entry, Fate, Place};

/// One arrival as this box understands it.
pub(super) enum Word {
    /// Nothing to keep: the door's own round trip.
    Nothing,
    /// Verified hop by hop.
    Frame { header: Header, open: FrameBuf, home: HomeId, up: Option<Up>, lane: Lane },
    /// A call for help on the bus, in the box's own name; its home is known where the box serves one alone.
    Call { id: PressId, bytes: Vec<u8>, home: Option<HomeId>, up: Up, mark: Option<u64> },
    /// The packet of such a call, sent again.
    CallAgain { mark: u64 },
    /// A call that the box does not take: too many wait, or all numbers of this boot are used up.
    Unsaid,
    /// Kept as it came.
    Odd { kind: RelayKind, device: DeviceId, bytes: Vec<u8>, lane: Lane },
}

impl Word {
    pub(super) const fn lane(&self) -> Lane {
        match self {
            Self::Nothing => Lane::Telemetry,
            Self::Call { .. } | Self::CallAgain { .. } | Self::Unsaid => Lane::Emergency,
            Self::Frame { lane, .. } | Self::Odd { lane, .. } => *lane,
        }
    }
}

fn is_worn(roster: &Roster, device: DeviceId) -> bool {
    roster.find(device).is_some_and(|member| member.role == Role::Pendant)
}

pub(super) fn entry<'a>(word: &'a Word, roster: &Roster) -> Option<Entry<'a>> {
    match word {
        Word::Nothing | Word::CallAgain { .. } | Word::Unsaid => None,
        Word::Call { id, bytes, .. } => {
            let (lane, place, kind) = (Lane::Emergency, Place::Up, RelayKind::Open);
            Some(Entry { lane, place, kind, id: *id, bytes })
        }
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

pub(super) fn told(word: Word, fate: Fate, roster: &Roster) -> Option<Stored> {
    if !matches!(fate, Fate::New | Fate::Again(_)) {
        return None;
    }
    match word {
        Word::Nothing | Word::CallAgain { .. } | Word::Unsaid => None,
        Word::Call { id, home, up, .. } => {
            let (lane, doubtful) = (Lane::Emergency, false);
            Some(Stored { id, home, lane, doubtful, up: Some(up), fate })
        }
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
pub(super) fn unreadable(device: DeviceId, arrival: &Arrival) -> Word {
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
