//! The device as a pure core: samples, words from above, link and time come in, actions go out.
//!
//! - an *emergency* (`press`) is kept in flash, then published, and forgotten at `received`;
//! - everything else (`report`) waits in memory, and what is shed is told;
//! - the *ladder* shows the person in the room how far the call has come.
//!
//! The contract is on [`Device`]. Not here: flash (`queue`), sockets (`body`), pins (`sensor`), fall detection.

mod bed;
mod burst;
mod contact;
mod hear;
mod ladder;
mod passing;
mod pendant;
mod press;
mod report;
mod sense;
mod session;
mod update;
mod voice;
mod words;

use proto::down::DownSeal;
use proto::frame::{Header, Lane};
use proto::id::{BootId, DeviceId, KeyEpoch, PressId};
use proto::unit::{Dbm, Millis, Mono, Percent};
use proto::up::{Event, EventKind, Health, Role, Up};

pub use bed::{IN_DELAY, OUT_DELAY, SAMPLE_STALE};
pub use burst::{BURST_MAX, Burst};
pub use contact::DEBOUNCE;
pub use ladder::{Light, Sound};
pub use passing::MOTION_REST;
pub use pendant::{FALLS_HELD_MAX, SAMPLE_HZ};
pub use press::HELD_MAX;
pub use voice::{DeviceKeys, HopFrame, OWN_FRAME_MAX, OwnFrame};
pub use words::{Action, ConnectAs, Input, LinkEvent, Sample, SlotToken, Token};

use crate::link::Jitter;
use crate::settings::Settings;
use crate::trace::{Mark, Trace};
use ladder::Ladder;
use press::Presses;
use report::Report;
use sense::Sense;
use session::{ACK_WITHIN, Guise, Session, Step};
use update::Update;
use voice::Voice;

/// This build as health frames give it: `major << 16 | minor << 8 | patch`.
pub const FIRMWARE: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
    | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
    | number(env!("CARGO_PKG_VERSION_PATCH"));

/// The whole device.
///
/// Contract: after `new`, give each emergency found in flash as [`Input::Restored`]. Then, for ever: call
/// [`handle`](Self::handle) with an input and the time, take [`next_action`](Self::next_action) until there is none,
/// perform each, then see to [`renewal`](Self::renewal), and be back with [`Input::Tick`] at [`poll_timeout`](Self::poll_timeout) at the latest. Time never goes back.
/// `next_action` belongs to the time of the last `handle`. `rng_seed` is for jitter only. `boot` must be new: written
/// to flash and read back before the first action is performed.
#[derive(Clone)]
pub struct Device {
    now: Mono,
    booted: Mono,
    role: Role,
    settings: Settings,
    store: bool,
    voice: Voice,
    from_gateway: DownSeal,
    from_server: DownSeal,
    jitter: Jitter,
    sense: Sense,
    presses: Presses,
    report: Report,
    session: Session,
    ladder: Ladder,
    /// Emergencies that flash may forget.
    forget: heapless::Deque<PressId, HELD_MAX>,
    tokens: u32,
    battery: Option<Percent>,
    battery_low: bool,
    signal: Option<Dbm>,
    tested: Option<Millis>,
    next_health: Mono,
    next_reading: Mono,
    update: Update,
    /// An epoch that flash is to hold before anything is said under it.
    renewal: Option<KeyEpoch>,
    trace: Trace,
}

impl Device {
    /// A device at the moment `now`, which is its uptime zero.
    #[inline(never)]
    pub fn new(settings: &Settings, keys: DeviceKeys, boot: BootId, now: Mono, seed: u64) -> Self {
        let role = keys.role;
        Self {
            now,
            booted: now,
            role,
            settings: *settings,
            store: false,
            from_gateway: DownSeal::gateway(&keys.key.hop(keys.epoch)),
            from_server: DownSeal::server(&keys.key.end(keys.epoch)),
            voice: Voice::new(keys, boot),
            jitter: Jitter::new(seed),
            sense: Sense::of(role, now, settings),
            presses: Presses::default(),
            report: Report::default(),
            session: Session::new(now),
            ladder: Ladder::default(),
            forget: heapless::Deque::new(),
            tokens: 0,
            battery: None,
            battery_low: false,
            signal: None,
            tested: None,
            next_health: now.after(Millis::secs(settings.health_s.into())),
            next_reading: now.after(Millis::secs(settings.reading_s.into())),
            update: Update::default(),
            renewal: None,
            trace: Trace::default(),
        }
    }

    /// Takes one input in.
    pub fn handle(&mut self, now: Mono, input: Input<'_>) {
        self.now = self.now.max(now);
        let now = self.now;
        match input {
            Input::Sample(sample) => self.sample(sample),
            Input::Down(bytes) => self.hear(bytes),
            Input::Link(event) => self.link(event),
            Input::Kept(slot) => self.presses.kept(slot),
            Input::KeepFailed(slot) => {
                if self.presses.not_kept(slot) {
                    self.not_kept(1);
                }
            }
            Input::Restored(frame) => self.restore(frame),
            Input::Bank(done) => self.banked(done),
            Input::AllHere => self.all_here(),
            Input::Tick => {}
        }
        self.sense_time();
        let silent = self.presses.flash_is_silent(now);
        self.not_kept(silent);
        for _ in 0..self.presses.fail(now) {
            self.trace.mark(now, Mark::NotStored);
            self.ladder.say(Sound::Failed);
        }
        self.periods();
        self.dead_link();
        self.update_turns();
    }

    /// What the world should do next, until there is nothing more.
    // What it takes of the stack is given back before the action is performed.
    #[inline(never)]
    pub fn next_action(&mut self) -> Option<Action> {
        let now = self.now;
        if let Some((slot, frame)) = self.presses.next_to_keep() {
            return Some(Action::Keep { slot, frame });
        }
        if let Some(light) = self.ladder.change(now, &self.presses, self.session.refused) {
            return Some(Action::Light(light));
        }
        if let Some(sound) = self.ladder.next_sound() {
            return Some(Action::Sound(sound));
        }
        if let Some(press) = self.forget.pop_front() {
            return Some(Action::Forget(press));
        }
        if core::mem::take(&mut self.store) {
            return Some(Action::Store(self.settings));
        }
        let unheard = self.presses.unheard();
        match self.session.step(now, unheard, &mut self.jitter) {
            Some(Step::Connect(guise)) => {
                return Some(Action::Connect(match guise {
                    Guise::Itself => ConnectAs::Enrolled { password: self.voice.proof() },
                    Guise::Stranger => ConnectAs::Stranger,
                }));
            }
            Some(Step::Disconnect) => {
                self.link_lost();
                return Some(Action::Disconnect);
            }
            None => {}
        }
        let publish = self.publish();
        if publish.is_none() && self.voice.hoarse() {
            return Some(Action::Restart);
        }
        publish.or_else(|| self.update_action())
    }

    /// When to call again with [`Input::Tick`] at the latest; a time that has passed means at once.
    pub fn poll_timeout(&self) -> Option<Mono> {
        let up = self.session.up().is_some();
        let sent = self.presses.oldest_in_flight().into_iter().chain(self.report.in_flight_since());
        [
            self.presses.deadline(up),
            sent.min().map(|at| at.after(ACK_WITHIN)),
            self.session.deadline(),
            self.ladder.deadline(self.now),
            self.sense.deadline(),
            up.then_some(self.next_health),
            self.sense.reads().then_some(self.next_reading),
            self.update_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The server has renewed the keys: write this epoch to flash, read it back, and say [`renewed`](Self::renewed).
    pub const fn renewal(&self) -> Option<KeyEpoch> {
        self.renewal
    }

    /// Flash holds the epoch that [`renewal`](Self::renewal) named; if not, the server will say it again.
    pub fn renewed(&mut self, now: Mono, kept: bool) {
        self.now = self.now.max(now);
        if let Some(epoch) = self.renewal.take()
            && kept
        {
            (self.from_gateway, self.from_server) = self.voice.renew(epoch);
            self.session.anew(self.now);
            self.link_lost();
        }
    }

    /// Who it is.
    pub const fn id(&self) -> DeviceId {
        self.voice.device
    }

    /// Settings in force.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What happened lately, and counters.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How many emergencies wait for the server's word.
    pub fn waiting(&self) -> usize {
        self.presses.iter().count()
    }

    fn uptime(&self, at: Mono) -> Millis {
        at.since(self.booted)
    }

    fn publish(&mut self) -> Option<Action> {
        let now = self.now;
        let stranger = self.session.up()? == Guise::Stranger;
        let token = Token(self.tokens.wrapping_add(1));
        let (lane, frame) = if let Some(press) = self.presses.next_to_send(now, stranger) {
            press.sent(token, now);
            (Lane::Emergency, self.voice.hop(&press.frame)?)
        } else if stranger {
            return None;
        } else {
            let open = self.report.next_to_send(token, now, &mut self.voice)?;
            (Lane::Telemetry, self.voice.hop(&open)?)
        };
        self.tokens = token.0;
        self.trace.counters.published += 1;
        Some(Action::Publish { token, stranger, lane, frame })
    }

    fn link(&mut self, event: LinkEvent) {
        let now = self.now;
        match event {
            LinkEvent::Up => {
                self.session.came_up();
                self.link_lost();
                self.trace.counters.links += 1;
                self.trace.mark(now, Mark::LinkUp);
                if self.session.up() == Some(Guise::Itself) {
                    self.update.link_up(now);
                    self.health();
                }
            }
            LinkEvent::Down => {
                self.trace.mark(now, Mark::LinkDown);
                self.session.went_down(now, &mut self.jitter);
                self.link_lost();
            }
            LinkEvent::Refused(code) => {
                self.trace.counters.refused += 1;
                self.trace.mark(now, Mark::Refused(code));
                let unheard = self.presses.unheard();
                self.session.refusal(now, code, unheard, &mut self.jitter);
                self.link_lost();
            }
            LinkEvent::Acked(token) => {
                let stranger = self.session.up() == Some(Guise::Stranger);
                self.session.alive();
                if !self.presses.acked(token, now, stranger, &mut self.jitter) {
                    self.report.acked(token);
                }
            }
        }
    }

    fn link_lost(&mut self) {
        self.update.link_lost();
        self.presses.link_lost(self.now);
        self.report.link_lost();
    }

    fn dead_link(&mut self) {
        let waiting_since = self.report.in_flight_since();
        let late = |since: Mono| self.now.since(since) >= ACK_WITHIN;
        let oldest = self.presses.oldest_in_flight().into_iter().chain(waiting_since).min();
        if self.session.up().is_some() && oldest.is_some_and(late) {
            self.trace.mark(self.now, Mark::LinkDead);
            self.session.give_up(self.now, &mut self.jitter);
            self.link_lost();
        }
    }

    fn restore(&mut self, frame: &[u8]) {
        let read = Header::parse(frame).ok().zip(OwnFrame::from_slice(frame).ok());
        let Some(((header, _), frame)) = read else { return };
        if header.id.device == self.voice.device {
            self.update.pressed(self.now);
            let fall = voice::is_fall(&frame);
            self.presses.restore(self.now, header.id, frame, fall);
        }
    }

    fn not_kept(&mut self, count: usize) {
        for _ in 0..count {
            self.trace.counters.not_kept += 1;
            self.trace.mark(self.now, Mark::NotKept);
            self.ladder.say(Sound::Failed);
        }
    }

    /// Makes an event that happened at `at`, in the lane that its kind has.
    fn event(&mut self, kind: EventKind, at: Mono, count: Option<u32>) {
        let uptime = self.uptime(at);
        let up = Up::Event(Event { kind, uptime, count });
        let Some((id, frame)) = self.voice.say(&up) else { return };
        if kind.class().lane() == Lane::Telemetry {
            self.report.push(uptime, id, frame);
            return;
        }
        self.trace.counters.presses += 1;
        self.trace.mark(self.now, Mark::Pressed);
        self.session.hurry(self.now);
        self.update.pressed(self.now);
        if self.presses.add(self.now, id, frame, kind.is_fall()) {
            self.ladder.say(Sound::Felt);
        } else {
            self.trace.counters.not_held += 1;
            self.trace.mark(self.now, Mark::NotHeld);
            self.ladder.not_held(self.now);
            self.report.lose(uptime, id.seq);
        }
    }

    fn health(&mut self) {
        let period = Millis::secs(self.settings.health_s.into());
        self.next_health = self.now.after(period);
        let uptime = self.uptime(self.now);
        let up = Up::Health(Health {
            uptime,
            period_s: self.settings.health_s.into(),
            battery: self.battery,
            signal: self.signal,
            firmware: self.update.version().into(),
            tested: self.tested,
            role: self.role,
        });
        if let Some((id, frame)) = self.voice.say(&up) {
            self.report.push(uptime, id, frame);
        }
    }
}

const fn number(text: &str) -> u32 {
    let mut value = 0;
    let mut rest = text.as_bytes();
    while let [digit, tail @ ..] = rest {
        value = value * 10 + (*digit - b'0') as u32;
        rest = tail;
    }
    value
}
