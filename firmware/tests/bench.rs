//! A device on the bench: its core, a gateway that behaves as told, and a notebook of all that came out.
//!
//! `Bench` performs the core's actions at once; `run_for` lets time pass from deadline to deadline. Frames are opened
//! with the keys of gateway and server, so that a test speaks of words. Not here: flash (`power_cut`, `body`).

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use firmware::device::{
    Action, ConnectAs, Device, DeviceKeys, Input, Light, LinkEvent, Sample, SlotToken, Sound, Token,
};
use firmware::settings::Settings;
use proto::down::{Down, DownBuf, DownSeal, Receipt, Rung};
use proto::frame::{self, Header, Lane};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId};
use proto::key::DeviceKey;
use proto::unit::{Millis, Mono};
use proto::up::{Event, EventKind, Role, Up};

/// How the gateway behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// No connection comes to be.
    Away,
    /// Connects, and answers nothing.
    Mute,
    /// Connects and acknowledges.
    Acks,
    /// Acknowledges, and says `stored` for each emergency.
    Stores,
    /// Refuses the device with this code, takes strangers and acknowledges them.
    Refuses(u8),
}

/// One publication.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) at: Mono,
    pub(crate) stranger: bool,
    pub(crate) lane: Lane,
    pub(crate) hop: Vec<u8>,
    pub(crate) id: PressId,
    pub(crate) up: Up,
}

pub(crate) struct Bench {
    pub(crate) device: Device,
    pub(crate) now: Mono,
    pub(crate) gateway: Gateway,
    /// Whether flash takes what it is given; none = it never answers.
    pub(crate) flash: Option<bool>,
    pub(crate) published: Vec<Published>,
    pub(crate) lights: Vec<Light>,
    pub(crate) sounds: Vec<Sound>,
    pub(crate) kept: Vec<Vec<u8>>,
    pub(crate) forgotten: Vec<PressId>,
    pub(crate) connects: Vec<(Mono, ConnectAs)>,
    pub(crate) disconnects: usize,
    pub(crate) stored_settings: Vec<Settings>,
    nonce: u8,
}

pub(crate) fn id() -> DeviceId {
    DeviceId::new(77).unwrap()
}

pub(crate) fn key() -> DeviceKey {
    DeviceKey::from_bytes([7; 32])
}

pub(crate) fn keys(role: Role) -> DeviceKeys {
    DeviceKeys { device: id(), key: key(), epoch: KeyEpoch::new(1), role, home: None }
}

pub(crate) fn boot() -> BootId {
    BootId::new(9, 1)
}

pub(crate) fn by_gateway(word: &Down, nonce: u8) -> DownBuf {
    let seal = DownSeal::gateway(&key().hop(KeyEpoch::new(1)));
    seal.seal(id(), [nonce; 24], word).unwrap()
}

pub(crate) fn by_server(word: &Down, nonce: u8) -> DownBuf {
    let seal = DownSeal::server(&key().end(KeyEpoch::new(1)));
    seal.seal(id(), [nonce; 24], word).unwrap()
}

/// What a hop frame says; its tags are checked with the keys of gateway and server.
pub(crate) fn open(hop: &[u8]) -> (PressId, Up) {
    let (header, _) = Header::parse(hop).unwrap();
    // What was tagged before the keys changed is sealed for the gateway of now.
    let hop_seal = |epoch| key().hop(KeyEpoch::new(epoch)).boot(header.id.boot);
    let open = (1..4).find_map(|epoch| frame::open_hop(hop, &hop_seal(epoch)).ok()).unwrap();
    let end_seal = key().end(header.epoch).boot(header.id.boot);
    let (header, body) = frame::verify_end(&open, &end_seal).unwrap();
    (header.id, Up::from_body(header.class, body).unwrap())
}

/// Runs a future that never really waits.
pub(crate) fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future over memory waits"),
    }
}

pub(crate) fn receipt(press: PressId, rung: Rung) -> Down {
    Down::Receipt(Receipt { press, rung })
}

impl Bench {
    pub(crate) fn of(role: Role) -> Self {
        Self::with(role, &Settings::default())
    }

    pub(crate) fn with(role: Role, settings: &Settings) -> Self {
        let now = Mono::from_millis(1_000_000);
        Self {
            device: Device::new(settings, keys(role), boot(), now, 3),
            now,
            gateway: Gateway::Stores,
            flash: Some(true),
            published: vec![],
            lights: vec![],
            sounds: vec![],
            kept: vec![],
            forgotten: vec![],
            connects: vec![],
            disconnects: 0,
            stored_settings: vec![],
            nonce: 0,
        }
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.device.handle(self.now, input);
        for step in 0.. {
            assert!(step < 1000, "the device does not come to rest");
            let Some(action) = self.device.next_action() else { return };
            self.perform(action);
        }
    }

    pub(crate) fn sample(&mut self, sample: Sample) {
        self.input(Input::Sample(sample));
    }

    /// Lets time pass, with a look at each deadline.
    pub(crate) fn run_for(&mut self, span: Millis) {
        let end = self.now.after(span);
        for step in 0.. {
            assert!(step < 200_000, "the device is never at rest");
            match self.device.poll_timeout() {
                Some(at) if at <= end => {
                    self.now = self.now.max(at);
                    self.input(Input::Tick);
                }
                Some(_) | None => break,
            }
        }
        self.now = end;
        self.input(Input::Tick);
    }

    /// A finger presses the button, and lets go.
    pub(crate) fn press(&mut self) -> PressId {
        let before = self.device.trace().counters.presses;
        self.sample(Sample::Button(true));
        self.run_for(Millis::new(150));
        self.sample(Sample::Button(false));
        self.run_for(Millis::new(150));
        assert_eq!(self.device.trace().counters.presses, before + 1, "the press was felt");
        let kept = self.kept.last().expect("the press was given to flash");
        Header::parse(kept).unwrap().0.id
    }

    pub(crate) fn gateway_says(&mut self, word: &Down) {
        self.nonce = self.nonce.wrapping_add(1);
        let bytes = by_gateway(word, self.nonce);
        self.input(Input::Down(&bytes));
    }

    pub(crate) fn server_says(&mut self, word: &Down) {
        self.nonce = self.nonce.wrapping_add(1);
        let bytes = by_server(word, self.nonce);
        self.input(Input::Down(&bytes));
    }

    pub(crate) fn link(&mut self, event: LinkEvent) {
        self.input(Input::Link(event));
    }

    pub(crate) fn light(&self) -> Light {
        *self.lights.last().expect("a light was set")
    }

    /// Each event once, in the order of its first publication.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut told = BTreeSet::new();
        let event = |p: &Published| match p.up {
            Up::Event(event) if told.insert(p.id) => Some(event),
            Up::Event(_) | Up::Reading(_) | Up::Health(_) | Up::Loss(_) | Up::Update(_) => None,
        };
        self.published.iter().filter_map(event).collect()
    }

    pub(crate) fn count(&self, kind: EventKind) -> usize {
        self.events().iter().filter(|event| event.kind == kind).count()
    }

    pub(crate) fn of_press(&self, id: PressId) -> Vec<&Published> {
        self.published.iter().filter(|published| published.id == id).collect()
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Keep { slot, frame } => self.keep(slot, &frame),
            Action::Forget(press) => self.forgotten.push(press),
            Action::Store(settings) => self.stored_settings.push(settings),
            Action::Connect(guise) => self.connect(guise),
            Action::Disconnect => self.disconnects += 1,
            Action::Publish { token, stranger, lane, frame } => {
                self.publish(token, stranger, lane, &frame);
            }
            Action::Light(light) => self.lights.push(light),
            Action::Sound(sound) => self.sounds.push(sound),
            Action::Bank(step) => panic!("this device has one slot only: {step:?}"),
            Action::Restart => panic!("no counter is at its end"),
        }
    }

    fn keep(&mut self, slot: SlotToken, frame: &[u8]) {
        self.kept.push(frame.to_vec());
        match self.flash {
            Some(true) => self.device.handle(self.now, Input::Kept(slot)),
            Some(false) => self.device.handle(self.now, Input::KeepFailed(slot)),
            None => {}
        }
    }

    fn connect(&mut self, guise: ConnectAs) {
        self.connects.push((self.now, guise));
        let event = match (self.gateway, guise) {
            (Gateway::Away, _) => LinkEvent::Down,
            (Gateway::Refuses(code), ConnectAs::Enrolled { .. }) => LinkEvent::Refused(code),
            (Gateway::Mute | Gateway::Acks | Gateway::Stores, _)
            | (Gateway::Refuses(_), ConnectAs::Stranger) => LinkEvent::Up,
        };
        self.device.handle(self.now, Input::Link(event));
    }

    fn publish(&mut self, token: Token, stranger: bool, lane: Lane, hop: &[u8]) {
        let (id, up) = open(hop);
        assert_eq!(up.class().lane(), lane);
        self.published.push(Published { at: self.now, stranger, lane, hop: hop.to_vec(), id, up });
        if matches!(self.gateway, Gateway::Mute | Gateway::Away) {
            return;
        }
        self.device.handle(self.now, Input::Link(LinkEvent::Acked(token)));
        if self.gateway == Gateway::Stores && lane == Lane::Emergency {
            self.nonce = self.nonce.wrapping_add(1);
            let bytes = by_gateway(&receipt(id, Rung::Stored), self.nonce);
            self.device.handle(self.now, Input::Down(&bytes));
        }
    }
}
