//! A device with two slots from power-up to power-cut: boot stage, image, core, bank and queue, and a server that offers.
//!
//! An *image* here is bytes that begin with its version; what runs is the real core, built as that version. A *life* is
//! one power-up. The oracle knows what was pressed, kept and received, and asks at each start that all that was kept and
//! not received is there. Time goes on over all lives. Not here: MQTT, the shell (`body`).

use std::collections::{BTreeMap, BTreeSet};

use ed25519_compact::{KeyPair, Seed};
use firmware::device::{Action, Device, FIRMWARE, Input, LinkEvent, Sample};
use firmware::flash_model::FlashModel;
use firmware::queue::{FlashQueue, Layout};
use firmware::settings::Settings;
use firmware::update::bank::{Bank, Standing};
use firmware::update::slots::{Choice, choose, install};
use firmware::update::{Built, Partition, Terms};
use proto::down::{Down, DownSeal, Receipt, Rung};
use proto::frame::{Header, Lane};
use proto::id::{KeyEpoch, PressId};
use proto::unit::{Millis, Mono, Percent};
use proto::up::{Role, Up};
use proto::update::{
    CHUNK_MAX, Chunk, Hardware, Manifest, Order, Progress, Refusal, Release, Stage,
};
use sha2::{Digest, Sha256};

use crate::bench::{id, key, keys, now_or_never, open};

pub(crate) type Flash = FlashModel<Vec<u8>, 512>;

const PAGE: u32 = 512;
const SLOT: u32 = 9 * PAGE;
/// Shortest and longest time from one look at the device to the next.
const LOOK: Millis = Millis::new(20);
const LOOK_MAX: Millis = Millis::minutes(1);
pub(crate) const OLD: u32 = FIRMWARE;
pub(crate) const NEW: u32 = FIRMWARE + 1;
pub(crate) const BOARD: Hardware = Hardware { model: 7, revision: 2 };
pub(crate) const TERMS: Terms = Terms { quiet: Millis::secs(2), trial: Millis::secs(60) };

pub(crate) fn partition() -> Partition {
    let first = 8 * PAGE;
    Partition {
        ledger: 6 * PAGE..first,
        slots: [first..first + SLOT, first + SLOT..first + 2 * SLOT],
    }
}

fn layout() -> Layout {
    Layout { emergency: 0..3 * PAGE, book: 3 * PAGE..6 * PAGE }
}

pub(crate) fn firm() -> KeyPair {
    KeyPair::from_seed(Seed::new([0x51; 32]))
}

pub(crate) fn built(version: u32) -> Built {
    Built { hardware: BOARD, version, key: *firm().pk }
}

/// An image of a version; its length ends in the middle of a word.
pub(crate) fn image(version: u32) -> Vec<u8> {
    let noise = |n: u32| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0];
    let body = (0..3_833 + version % 2).map(|n| noise(n ^ version << 12));
    version.to_be_bytes().into_iter().chain(body).collect()
}

pub(crate) fn sign(manifest: Manifest) -> Manifest {
    let noise = Some(ed25519_compact::Noise::new([1; 16]));
    Manifest { signature: *firm().sk.sign(manifest.signed(), noise), ..manifest }
}

pub(crate) fn manifest_of(version: u32, image: &[u8]) -> Manifest {
    sign(Manifest {
        hardware: BOARD,
        version,
        minimum: 0,
        size: u32::try_from(image.len()).unwrap(),
        digest: Sha256::digest(image).into(),
        signature: [0; 64],
    })
}

/// What the server offers, and how it behaves.
pub(crate) struct Server {
    pub(crate) manifest: Manifest,
    pub(crate) image: Vec<u8>,
    /// It is there at all.
    pub(crate) answers: bool,
    /// It says that it received a press so long after it has heard it.
    pub(crate) receives_after: Option<Millis>,
    pub(crate) said: Vec<(Mono, Progress)>,
    pub(crate) health: Vec<u32>,
    due: Vec<(Mono, PressId)>,
    words: Vec<Vec<u8>>,
    nonce: u64,
}

pub(crate) struct World {
    flash: Option<Flash>,
    pub(crate) now: Mono,
    pub(crate) server: Server,
    /// Presses by when they are made, from now on.
    pub(crate) presses: Vec<Mono>,
    pub(crate) kept: BTreeMap<PressId, Vec<u8>>,
    pub(crate) received: BTreeSet<PressId>,
    /// When each press was first published.
    pub(crate) published: BTreeMap<PressId, Mono>,
    /// When the slots were worked on.
    pub(crate) steps: Vec<Mono>,
    /// Versions that were started, oldest first.
    pub(crate) started: Vec<u32>,
    /// An image of this version comes up dead.
    pub(crate) dead: Option<u32>,
    pub(crate) battery: Option<Percent>,
    /// How often the power has gone.
    pub(crate) cuts: u32,
    /// For messages of tests.
    pub(crate) label: String,
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Cut,
    Restart,
    /// What was asked for is so.
    Reached,
    /// The time is over.
    Time,
}

/// One power-up.
pub(crate) struct Life {
    pub(crate) device: Device,
    pub(crate) queue: FlashQueue<Flash>,
    bank: Bank,
    pub(crate) version: u32,
    released: Option<Mono>,
    linked: bool,
}

impl World {
    /// A device from the factory, with a server that offers version `NEW`.
    pub(crate) fn new(seed: u64) -> Self {
        let image_new = image(NEW);
        let manifest = manifest_of(NEW, &image_new);
        let mut flash = Flash::erased(vec![0; (partition().slots[1].end) as usize], seed);
        let old = image(OLD);
        now_or_never(install(&mut flash, &partition(), &manifest_of(OLD, &old), &old)).unwrap();
        let server = Server {
            manifest,
            image: image_new,
            answers: true,
            receives_after: Some(Millis::new(60)),
            said: vec![],
            health: vec![],
            due: vec![],
            words: vec![],
            nonce: 0,
        };
        Self {
            flash: Some(flash),
            now: Mono::from_millis(1_000_000),
            server,
            presses: vec![],
            kept: BTreeMap::new(),
            received: BTreeSet::new(),
            published: BTreeMap::new(),
            steps: vec![],
            started: vec![],
            dead: None,
            battery: None,
            cuts: 0,
            label: format!("seed {seed}"),
        }
    }

    pub(crate) fn flash(&mut self) -> &mut Flash {
        self.flash.as_mut().expect("the device is off")
    }

    /// What the boot stage chooses; the power is on.
    pub(crate) fn chosen(&mut self) -> Option<Choice> {
        now_or_never(choose(self.flash(), &partition()))
    }

    /// Turns the power on; none if it goes away before the image runs. There is always something to start.
    pub(crate) fn start(&mut self) -> Option<Life> {
        let choice = self.chosen();
        if self.flash().is_cut() {
            return None;
        }
        let choice = choice.unwrap_or_else(|| panic!("{}: nothing to start", self.label));
        let range = partition().slot(choice.slot);
        let store = self.flash().clone().into_store();
        let bytes = &store[range.start as usize..][..choice.image.size as usize];
        let version = u32::from_be_bytes(bytes[..4].try_into().unwrap());
        assert_eq!(bytes, image(version), "{}: a damaged image runs", self.label);
        assert_eq!(version, choice.image.version);
        self.started.push(version);
        let life = self.wake(version);
        if life.is_none() {
            assert!(self.flash().is_cut(), "{}: flash failed with its power on", self.label);
        }
        life
    }

    fn wake(&mut self, version: u32) -> Option<Life> {
        let built = built(version);
        let bank = now_or_never(Bank::open(self.flash(), partition(), &built))?;
        let standing: Standing = bank.standing(&built);
        let flash = self.flash.take().expect("the device is off");
        let mut queue = FlashQueue::new(flash, layout()).unwrap();
        let boot = now_or_never(queue.begin_boot(0xABCD));
        let found = now_or_never(queue.restore());
        let (Ok(boot), Ok(found)) = (boot, found) else {
            self.flash = Some(queue.release());
            return None;
        };
        let device = Device::new(&Settings::default(), keys(Role::HelpButton), boot, self.now, 3);
        let mut device = device.with_slots(standing, TERMS);
        let ids: BTreeSet<PressId> =
            found.iter().map(|frame| Header::parse(frame).unwrap().0.id).collect();
        for press in self.kept.keys().filter(|press| !self.received.contains(press)) {
            assert!(ids.contains(press), "{}: {press:?} was kept and is lost", self.label);
        }
        for frame in &found {
            device.handle(self.now, Input::Restored(frame));
        }
        if let Some(level) = self.battery {
            device.handle(self.now, Input::Sample(Sample::Battery(level)));
        }
        Some(Life { device, queue, bank, version, released: None, linked: false })
    }

    /// Lives until `reached`, a cut, a restart, or for so long.
    pub(crate) fn live(
        &mut self,
        mut life: Life,
        span: Millis,
        reached: impl Fn(&Self) -> bool,
    ) -> End {
        let until = self.now.after(span);
        let end = loop {
            if life.queue.flash().is_cut() {
                break End::Cut;
            }
            if reached(self) {
                break End::Reached;
            }
            if self.now >= until {
                break End::Time;
            }
            if !self.look(&mut life, until) {
                break End::Restart;
            }
        };
        self.flash = Some(life.queue.release());
        end
    }

    /// One moment of a life; false if it asks for a restart.
    fn look(&mut self, life: &mut Life, until: Mono) -> bool {
        let next = [
            life.device.poll_timeout(),
            self.presses.first().copied(),
            life.released,
            self.server.due.iter().map(|(at, _)| *at).min(),
        ];
        let told = (!self.server.words.is_empty()).then_some(self.now);
        let next = next.into_iter().chain([told]).flatten().min();
        let latest = self.now.after(LOOK_MAX).min(until);
        self.now = next.map_or(latest, |at| at.min(latest)).max(self.now.after(LOOK));
        let now = self.now;
        if self.dead == Some(life.version) {
            return true;
        }
        self.finger(life);
        self.receive();
        let words = if life.linked { std::mem::take(&mut self.server.words) } else { vec![] };
        for word in words {
            life.device.handle(now, Input::Down(&word));
            if !self.act(life) {
                return false;
            }
        }
        life.device.handle(now, Input::AllHere);
        life.device.handle(now, Input::Tick);
        self.act(life)
    }

    fn finger(&mut self, life: &mut Life) {
        if life.released.is_some_and(|at| at <= self.now) {
            life.released = None;
            life.device.handle(self.now, Input::Sample(Sample::Button(false)));
        }
        if self.presses.first().is_some_and(|at| *at <= self.now) {
            self.presses.remove(0);
            life.released = Some(self.now.after(Millis::new(120)));
            life.device.handle(self.now, Input::Sample(Sample::Button(true)));
        }
    }

    fn receive(&mut self) {
        let due: Vec<PressId> =
            self.server.due.iter().filter(|(at, _)| *at <= self.now).map(|(_, id)| *id).collect();
        self.server.due.retain(|(at, _)| *at > self.now);
        for press in due {
            self.received.insert(press);
            self.server.tell(&Down::Receipt(Receipt { press, rung: Rung::Received }));
        }
    }

    fn act(&mut self, life: &mut Life) -> bool {
        for step in 0.. {
            assert!(step < 1000, "{}: the device does not come to rest", self.label);
            let Some(action) = life.device.next_action() else { return true };
            if action == Action::Restart {
                return false;
            }
            self.perform(life, action);
            if life.queue.flash().is_cut() {
                return true;
            }
        }
        true
    }

    fn perform(&mut self, life: &mut Life, action: Action) {
        match action {
            Action::Keep { slot, frame } => {
                let kept = now_or_never(life.queue.keep(&frame));
                let id = Header::parse(&frame).unwrap().0.id;
                if kept.is_ok() {
                    self.kept.insert(id, frame.to_vec());
                    life.device.handle(self.now, Input::Kept(slot));
                } else {
                    life.device.handle(self.now, Input::KeepFailed(slot));
                }
            }
            // The power is the only thing that fails here.
            Action::Forget(press) => drop(now_or_never(life.queue.forget(press))),
            Action::Connect(_) => {
                life.linked = self.server.answers;
                let event = if life.linked { LinkEvent::Up } else { LinkEvent::Down };
                life.device.handle(self.now, Input::Link(event));
            }
            Action::Publish { token, lane, frame, .. } => {
                let (id, up) = open(&frame);
                if lane == Lane::Emergency {
                    self.published.entry(id).or_insert(self.now);
                }
                self.server.hear(self.now, id, up);
                life.device.handle(self.now, Input::Link(LinkEvent::Acked(token)));
            }
            Action::Bank(step) => {
                self.steps.push(self.now);
                let done = now_or_never(life.bank.perform(life.queue.flash(), step));
                life.device.handle(self.now, Input::Bank(done));
            }
            Action::Store(_)
            | Action::Disconnect
            | Action::Light(_)
            | Action::Sound(_)
            | Action::Restart => {}
        }
    }

    /// Power-ups, one after the other, until `reached`.
    pub(crate) fn run(&mut self, span: Millis, reached: impl Fn(&Self) -> bool) {
        for _ in 0..40 {
            let end = match self.start() {
                Some(life) => self.live(life, span, &reached),
                None => End::Cut,
            };
            match end {
                End::Cut => {
                    self.cuts += 1;
                    self.flash().power_on();
                }
                End::Restart => {}
                End::Reached | End::Time => return,
            }
        }
        panic!("{}: it starts again and again", self.label);
    }

    /// The last that was said of an update.
    pub(crate) fn stage(&self) -> Option<(Stage, Option<Refusal>)> {
        self.server.said.last().map(|(_, said)| (said.stage, said.refusal))
    }
}

impl Server {
    fn seal(&mut self) -> (DownSeal, [u8; 24]) {
        self.nonce += 1;
        let mut nonce = [0; 24];
        nonce[..8].copy_from_slice(&self.nonce.to_be_bytes());
        (DownSeal::server(&key().end(KeyEpoch::new(1))), nonce)
    }

    fn tell(&mut self, word: &Down) {
        let (seal, nonce) = self.seal();
        self.words.push(seal.seal(id(), nonce, word).unwrap().to_vec());
    }

    pub(crate) fn order(&mut self, order: &Order<'_>) {
        let (seal, nonce) = self.seal();
        self.words.push(seal.seal_order(id(), nonce, order).unwrap().to_vec());
    }

    pub(crate) fn send(&mut self, release: Release, offset: u32, bytes: &[u8]) {
        self.order(&Order::Chunk(Chunk { release, offset, bytes: bytes.into() }));
    }

    fn hear(&mut self, now: Mono, id: PressId, up: Up) {
        match up {
            Up::Event(event) if event.kind.class().lane() == Lane::Emergency => {
                let due = self.receives_after.map(|after| (now.after(after), id));
                self.due.extend(due.filter(|(_, id)| !self.due.iter().any(|(_, d)| d == id)));
            }
            Up::Health(health) => {
                self.health.extend(u32::try_from(health.firmware));
                let over = matches!(
                    self.said.last().map(|(_, said)| said.stage),
                    Some(Stage::Confirmed | Stage::Refused | Stage::Trial)
                );
                if !over {
                    self.order(&Order::Offer(self.manifest));
                }
            }
            Up::Update(progress) => {
                self.said.push((now, progress));
                self.answer(&progress);
            }
            Up::Event(_) | Up::Reading(_) | Up::Loss(_) => {}
        }
    }

    fn answer(&mut self, progress: &Progress) {
        if progress.stage == Stage::Trial {
            self.order(&Order::Heard(progress.release));
        }
        let Some((next, chunks)) = progress.next.zip(progress.chunks) else { return };
        let image = self.image.clone();
        let from = image.get(next as usize..).unwrap_or_default();
        let pieces = (next..).step_by(CHUNK_MAX).zip(from.chunks(CHUNK_MAX));
        for (offset, bytes) in pieces.take(chunks.into()) {
            self.send(progress.release, offset, bytes);
        }
    }
}
