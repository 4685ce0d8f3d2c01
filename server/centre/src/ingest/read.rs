//! From a row of the inbox to a word of a device: the one place where frames are opened and believed.
//!
//! Trust never depends on which gateway carried a frame, only on the end tag. What is verified is judged by what it
//! says, whatever lane and class it came in. What cannot be believed and is no emergency is put aside; an
//! emergency always goes on. Not here: de-duplication, meaning.

mod row;

pub use row::{opened_call, row_hash, speaker};

use std::collections::{BTreeSet, HashMap};

use care::Trust;
use proto::frame::{Class, Header, TAG_LEN, open_hop, read_open, verify_end};
use proto::id::{BootId, DeviceId, GatewayId, HomeId, KeyEpoch, PressId};
use proto::key::EndSeal;
use proto::relay::{Kept, Mark, Relay, RelayKind};
use proto::unit::Mono;
use proto::up::{Role, Up, about};

use self::row::{hash, unreadable};
use crate::inbox::InboxRow;
use crate::ingest::judge::ended::Ended;
use crate::ingest::renewal::Renewals;
use crate::provision::{DeviceInfo, Registry};

/// Seals kept in memory; making one costs two key derivations.
const SEALS: usize = 32_768;

/// What a row of the inbox says.
#[derive(Debug)]
pub enum Said {
    /// A device's word.
    Word(Word),
    /// An emergency of an enrolled device that could not be read.
    Unreadable {
        /// Who.
        device: DeviceId,
        /// Where.
        home: HomeId,
        /// Told apart by this.
        hash: Vec<u8>,
        /// Its name, if its end tag verifies: its device waits for an answer.
        press: Option<PressId>,
    },
    /// A gateway asks for a certificate, with this request.
    Petition(Vec<u8>),
    /// A gateway's word of how far it has handed everything over.
    Mark(Mark),
    /// Nothing that concerns the records.
    Nothing,
    /// Nothing that can be taken in; why, and whether it may be a call.
    Aside(&'static str, Loud),
}

impl Said {
    /// Whether nobody verified it, so that it gets no rung.
    pub(crate) fn is_rungless(&self) -> bool {
        match self {
            Self::Word(word) => word.trust == Trust::Unverified,
            Self::Unreadable { press, .. } => press.is_none(),
            Self::Aside(..) => true,
            Self::Nothing | Self::Mark(_) | Self::Petition(_) => false,
        }
    }
}

/// Why everyday words of a device that is nobody's here are put aside; it is no loss of anybody.
pub(crate) const STRANGERS: &str = "stranger's frame is no emergency";

/// Whether what is put aside may be a call for help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loud {
    /// It is one.
    Yes,
    /// It is verified and none.
    No,
    /// It is one if it came in the emergency lane.
    ByLane,
}

/// A device's word, opened.
#[derive(Debug)]
pub struct Word {
    /// Its name.
    pub id: PressId,
    /// What kind of word it is: by what it says if it is verified, else by its header.
    pub class: Class,
    /// Whether its device repeats it until it is told `received`.
    pub waits: bool,
    /// Where it belongs; for a gateway's own word the home that it names.
    pub home: Option<HomeId>,
    /// As what the speaker is enrolled; none if it is not.
    pub role: Option<Role>,
    /// Whether it was said in a place that its device has left since.
    pub left: bool,
    /// How far it is believed.
    pub trust: Trust,
    /// The device of its home that a gateway speaks for, and as what that is enrolled.
    pub about: Option<(DeviceId, Role)>,
    /// What it says.
    pub up: Up,
    /// When a gateway had it, server's clock.
    pub handed: Mono,
    /// Its end tag, if that verifies: with its name it tells a copy from another's word.
    pub tag: [u8; TAG_LEN],
    /// Hash of the bytes, if nobody could verify them.
    pub hash: Vec<u8>,
    /// That a person had ended it before these records were put back, if its gateway has heard so.
    pub ended: Option<Ended>,
}

impl Word {
    /// What tells it from other words of its name: the tag of verified bytes, a hash of others.
    pub fn mark(&self) -> &[u8] {
        if self.trust == Trust::Verified { &self.tag } else { &self.hash }
    }

    /// Whether nobody calls by it and nobody waits for an answer.
    fn is_idle(&self) -> bool {
        self.class != Class::Emergency && !self.waits
    }
}

/// An opened frame before its body is read.
struct Frame<'a> {
    header: Header,
    body: &'a [u8],
    open: &'a [u8],
    known: Option<DeviceInfo>,
    /// Where the speaker was when a gateway had it, if it has left that place since.
    left: Option<HomeId>,
    /// What is known of the device that a gateway speaks for, if it speaks for one.
    about: Option<Option<DeviceInfo>>,
    trust: Trust,
    handed: Mono,
}

/// Opens rows; keeps the seals of boots that speak.
#[derive(Default)]
pub struct Reader {
    seals: HashMap<(DeviceId, BootId, u16), EndSeal>,
    strays: BTreeSet<(GatewayId, DeviceId)>,
    renewals: Renewals,
}

impl Reader {
    /// What a row says.
    pub fn read(&mut self, row: &InboxRow, registry: &Registry) -> Said {
        let Ok(relay) = Relay::read(&row.bytes) else {
            return Said::Aside("envelope is not readable", Loud::ByLane);
        };
        let handed = Mono::from_millis(row.mono.millis().saturating_sub(relay.age.get()));
        let bytes: &[u8] = relay.bytes;
        match relay.kind {
            RelayKind::Open => self.open(row.gateway, bytes, handed, registry),
            RelayKind::Stranger => self.stranger(row.gateway, bytes, handed, registry),
            RelayKind::Unreadable => unreadable(bytes, registry),
            RelayKind::Petition => Said::Petition(bytes.to_vec()),
            RelayKind::Kept => self.kept(row, bytes, handed, registry),
        }
    }

    fn kept(&mut self, row: &InboxRow, bytes: &[u8], handed: Mono, registry: &Registry) -> Said {
        match Kept::read(bytes) {
            Ok(Kept::Mark(mark)) => Said::Mark(mark),
            Ok(Kept::Ended { at, ago, frame }) => {
                let over = Mono::from_millis(row.mono.millis().saturating_sub(ago.get()));
                let ended = Ended { name: at.get(), at: over };
                let mut said = self.open(row.gateway, frame, handed, registry);
                if let Said::Word(word) = &mut said {
                    // What nobody can verify nobody has ended.
                    word.ended = Some(ended).filter(|_| word.trust == Trust::Verified);
                }
                said
            }
            // Of a newer gateway: it concerns what was sent before and is no emergency by itself.
            Err(_) => Said::Nothing,
        }
    }

    /// Devices that a gateway still takes for its own and that belong elsewhere or to nobody.
    pub(crate) fn take_strays(&mut self) -> BTreeSet<(GatewayId, DeviceId)> {
        std::mem::take(&mut self.strays)
    }

    /// What was learned of keys since the last call.
    pub(crate) fn take_renewals(&mut self) -> Renewals {
        std::mem::take(&mut self.renewals)
    }

    fn open(&mut self, by: GatewayId, open: &[u8], handed: Mono, registry: &Registry) -> Said {
        let (header, body) = match read_open(open) {
            Ok(read) => read,
            Err(_) => return Said::Aside("frame is not readable", Loud::ByLane),
        };
        let known = registry.device(header.id.device);
        // A device that no row knows stays: the rows may be those of an older backup.
        if known.as_ref().is_some_and(|d| d.role != Role::Gateway && d.gateway != Some(by)) {
            self.strays.insert((by, header.id.device));
        }
        let left = registry.was_in(header.id.device, handed);
        // What it said before it was taken away it said as a device of its home.
        let counts = |d: &DeviceInfo| !d.revoked || left.is_some();
        let verified = known.as_ref().is_some_and(|d| counts(d) && self.verifies(open, &header, d));
        let trust = if verified { Trust::Verified } else { Trust::Unverified };
        if let Some(device) = known.as_ref().filter(|_| verified) {
            self.renewals.learn(by, &header, device);
        }
        match header.class {
            Class::Event | Class::Reading | Class::Health | Class::Loss | Class::Update
                if !verified =>
            {
                Said::Aside("end tag does not verify", Loud::ByLane)
            }
            Class::Emergency
            | Class::Event
            | Class::Reading
            | Class::Health
            | Class::Loss
            | Class::Update => {
                let about = Self::about(by, &header, body, known.as_ref(), registry);
                word(Frame { header, body, open, known, left, about, trust, handed })
            }
        }
    }

    fn stranger(&mut self, by: GatewayId, hop: &[u8], handed: Mono, registry: &Registry) -> Said {
        let Ok((header, _)) = Header::parse(hop) else {
            return Said::Aside("stranger's frame is not readable", Loud::ByLane);
        };
        let known = registry.device(header.id.device);
        let left = registry.was_in(header.id.device, handed);
        if let Some(device) = known.as_ref().filter(|d| !d.revoked || left.is_some()) {
            // A frame of before its keys changed may be sealed for the radio under any of them.
            let epochs = BTreeSet::from([header.epoch, device.heard, device.epoch]);
            let seal = |epoch: &KeyEpoch| device.key().hop(*epoch).boot(header.id.boot);
            let open = epochs.iter().find_map(|epoch| open_hop(hop, &seal(epoch)).ok());
            if let Some(open) = open
                && self.verifies(&open, &header, device)
                && let Ok((header, body)) = read_open(&open)
            {
                self.renewals.learn(by, &header, device);
                if device.gateway == Some(by) {
                    self.renewals.refused.insert(device.device);
                }
                let (open, trust) = (open.as_slice(), Trust::Verified);
                let about = None;
                let said = word(Frame { header, body, open, known, left, about, trust, handed });
                // Only calls come this way; nothing else of a stranger counts as told.
                return if matches!(&said, Said::Word(word) if word.is_idle()) {
                    Said::Aside(STRANGERS, Loud::No)
                } else {
                    said
                };
            }
        }
        if header.class != Class::Emergency {
            return Said::Aside(STRANGERS, Loud::ByLane);
        }
        // Nothing inside can be read, so that it shouts is all that is known.
        let press = proto::up::Event {
            kind: proto::up::EventKind::Press,
            uptime: proto::unit::Millis::default(),
            count: None,
        };
        Said::Word(Word {
            id: header.id,
            class: header.class,
            waits: false,
            home: left.or(known.as_ref().and_then(|d| d.home)),
            role: known.map(|d| d.role),
            left: left.is_some(),
            trust: Trust::Unverified,
            about: None,
            up: Up::Event(press),
            handed,
            tag: [0; TAG_LEN],
            hash: hash(hop),
            ended: None,
        })
    }

    /// What is known of the device that a gateway speaks for, if it speaks for one; it may do so for those of its homes.
    fn about(
        by: GatewayId,
        header: &Header,
        body: &[u8],
        known: Option<&DeviceInfo>,
        registry: &Registry,
    ) -> Option<Option<DeviceInfo>> {
        let summed = known.is_some_and(|d| d.role == Role::Gateway);
        let one = summed && header.class == Class::Reading && about::is_of_one(body);
        let device = about::of(body).filter(|_| one);
        let serves =
            |d: &DeviceInfo| d.home.is_some_and(|home| registry.gateways_of(home).contains(&by));
        one.then(|| device.and_then(|device| registry.device(device)).filter(serves))
    }

    fn verifies(&mut self, open: &[u8], header: &Header, device: &DeviceInfo) -> bool {
        let name = (header.id.device, header.id.boot, header.epoch.get());
        // A seal of before outlives a change of keys here; what it says does not.
        if let Some(seal) = self.seals.get(&name).filter(|_| device.believes(header.epoch)) {
            return verify_end(open, seal).is_ok();
        }
        let Some(key) = device.end_key(header.epoch) else { return false };
        let seal = key.boot(header.id.boot);
        let verified = verify_end(open, &seal).is_ok();
        // Only a boot that has proved itself takes room.
        if verified {
            if self.seals.len() >= SEALS {
                self.seals.clear();
            }
            self.seals.insert(name, seal);
        }
        verified
    }

    /// Forgets all seals: keys have changed.
    pub fn forget(&mut self) {
        self.seals.clear();
    }
}

fn word(frame: Frame<'_>) -> Said {
    let Frame { header, body, open, known, left, about, trust, handed } = frame;
    let home = left.or(known.as_ref().and_then(|d| d.home));
    let verified = trust == Trust::Verified;
    let told = match trust {
        Trust::Verified => Up::for_what_it_is(header.class, body),
        Trust::Unverified => Up::from_body(header.class, body),
    };
    let Ok(up) = told else {
        // Who is verified and belongs nowhere is heard as one of no home, and answered.
        let place = home.or(HomeId::new(0).filter(|_| verified));
        return match (header.class, known, place) {
            (Class::Emergency, Some(device), Some(home)) => {
                let press = verified.then_some(header.id);
                Said::Unreadable { device: device.device, home, hash: hash(open), press }
            }
            (Class::Emergency, ..) => Said::Aside("body is not readable", Loud::Yes),
            _ if verified => Said::Aside("body is not readable", Loud::No),
            _ => Said::Aside("body is not readable", Loud::ByLane),
        };
    };
    let role = known.map(|d| d.role);
    let home = match (&up, role) {
        (Up::Reading(reading), Some(Role::Gateway)) => reading.home,
        (Up::Loss(loss), Some(Role::Gateway)) => loss.home,
        _ => home,
    };
    let about = match about.map(|of| of.filter(|d| d.home == home && d.role != Role::Gateway)) {
        Some(None) => {
            return Said::Aside("gateway speaks for a device that is none of its own", Loud::No);
        }
        Some(Some(of)) => Some((of.device, of.role)),
        None => None,
    };
    let (id, class) = (header.id, up.class());
    let waits = verified && header.class == Class::Emergency;
    let hash = if verified { Vec::new() } else { hash(open) };
    let tag = open.last_chunk().copied().unwrap_or([0; TAG_LEN]);
    Said::Word(Word {
        id,
        class,
        waits,
        home,
        role,
        left: left.is_some(),
        trust,
        about,
        up,
        handed,
        tag,
        hash,
        ended: None,
    })
}
