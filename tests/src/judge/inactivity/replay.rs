//! One recorded home, sign by sign, through the judgement as shipped; and the same home with its life cut off.
//!
//! Devices say each hour that they live, also while nobody moves and after a cut. In an outage of the whole
//! recording the gateway is told to be gone, as the server would say it. Not here: what is
//! counted, which `score` says.

use care::policy::{GATEWAY_SILENT, HEALTH_BATTERY, Rules};
use care::{Home, Input, Kind, OUTPUTS_MAX, Output, Trust};
use proto::id::{BootId, DeviceId, PressId, Seq};
use proto::unit::{Millis, Mono, Percent};
use proto::up::{Event, EventKind, Health, Role, Up};

use crate::clock::Watch;
use crate::judge::inactivity::homes::{DAY_S, Place, Recording};

const HOUR_S: u64 = 3600;
/// A cut that nobody noticed counts so long, in seconds.
pub const NEVER_S: u64 = DAY_S;

/// A cut and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// When life stopped.
    pub at: u64,
    /// Seconds until an alarm, [`NEVER_S`] if there was none; 0 if one was already open.
    pub delay: u64,
}

/// What the judgement did with one home.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Seconds at which an alarm of inactivity was raised.
    pub alarms: Vec<u64>,
    /// One for each asked cut.
    pub cuts: Vec<Cut>,
    /// Steps of the judgement.
    pub steps: u64,
    /// Microseconds of all steps.
    pub took_us: u64,
    /// Bytes of the state at its end.
    pub bytes: usize,
}

/// A home in the middle of its story.
#[derive(Clone)]
struct Player<'a> {
    recording: &'a Recording,
    home: Home,
    now: Mono,
    seq: u32,
    open: bool,
    alarms: Vec<u64>,
    steps: u64,
}

/// Plays a home from its first to its last sign, and forks it at each cut; `cuts` in order of time.
pub fn run(
    recording: &Recording,
    home: Home,
    rules: Rules,
    outages: &[(u64, u64)],
    cuts: &[u64],
) -> Run {
    let (first, last) = recording.span();
    let mut player = Player::new(recording, home, rules, first);
    let mut run = Run::default();
    let mut beats = (first / HOUR_S..=last / HOUR_S).map(|hour| hour * HOUR_S).peekable();
    let mut cuts = cuts.iter().copied().peekable();
    let mut next = 0;
    let gone = GATEWAY_SILENT.get() / 1000;
    let lost = |at: u64| outages.iter().any(|(from, to)| at > *from + gone && at < *to);
    let (start, mut aside) = (Watch::start(), 0);
    while let Some((at, sensor)) = recording.signs.get(next).copied() {
        if let Some(cut) = cuts.next_if(|cut| *cut < at) {
            let begin = start.us();
            run.cuts.push(player.clone().cut(cut));
            aside += start.us() - begin;
        } else if let Some(beat) = beats.next_if(|beat| *beat <= at) {
            if lost(beat) {
                player.gateway(beat, false);
            } else {
                player.beat(beat);
            }
        } else {
            player.gateway(at, true);
            player.sign(at, sensor);
            next += 1;
        }
    }
    run.took_us = start.us() - aside;
    run.steps = player.steps;
    run.bytes = minicbor::to_vec(&player.home).map_or(0, |bytes| bytes.len());
    run.alarms = player.alarms;
    run
}

impl<'a> Player<'a> {
    fn new(recording: &'a Recording, home: Home, rules: Rules, first: u64) -> Self {
        let now = Mono::from_millis(first * 1000);
        let alarms = Vec::new();
        let mut player = Self { recording, home, now, seq: 0, open: false, alarms, steps: 0 };
        player.step(Input::Rules(rules));
        player.clock();
        for (sensor, place) in recording.sensors.iter().enumerate() {
            let role = if *place == Place::Door { Role::Door } else { Role::Motion };
            if let Some(device) = device(sensor) {
                player.step(Input::Enrolled { device, role });
            }
            player.health(sensor);
        }
        player
    }

    fn step(&mut self, input: Input<'_>) {
        let mut out = heapless::Vec::<Output, OUTPUTS_MAX>::new();
        self.home.step(self.now, input, &mut out);
        self.steps += 1;
        for output in &out {
            match output {
                Output::Raise(finding) if finding.kind == Kind::Stillness => {
                    self.open = true;
                    self.alarms.push(self.now.millis() / 1000);
                }
                Output::Ease { kind: Kind::Stillness, .. } => self.open = false,
                Output::Raise(_)
                | Output::Ease { .. }
                | Output::Annotate { .. }
                | Output::Turn { .. }
                | Output::Ask { .. }
                | Output::Answered { .. }
                | Output::Grade { .. } => {}
            }
        }
    }

    /// Answers every deadline until a second.
    fn until(&mut self, second: u64) {
        let end = Mono::from_millis(second * 1000);
        while let Some(due) = self.home.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Tick);
        }
        self.now = self.now.max(end);
    }

    fn clock(&mut self) {
        let minute = self.now.millis() / 60_000 % (DAY_S / 60);
        self.step(Input::Clock { minute_of_day: u16::try_from(minute).unwrap_or(0) });
    }

    /// An hour is full: the local time is told, and each device says that it lives.
    fn beat(&mut self, second: u64) {
        self.until(second);
        self.clock();
        for sensor in 0..self.recording.sensors.len() {
            self.health(sensor);
        }
    }

    fn gateway(&mut self, second: u64, up: bool) {
        self.until(second);
        self.step(Input::Gateway { up });
    }

    fn sign(&mut self, second: u64, sensor: usize) {
        self.until(second);
        let door = self.recording.sensors.get(sensor) == Some(&Place::Door);
        let kind = if door { EventKind::DoorOpen } else { EventKind::Motion };
        self.say(sensor, &Up::Event(Event { kind, uptime: Millis::default(), count: None }));
    }

    fn health(&mut self, sensor: usize) {
        let (uptime, battery) = (Millis::default(), Percent::new(90));
        let period_s = HEALTH_BATTERY.get() / 1000;
        let (signal, firmware, tested, role) = (None, 1, None, Role::Motion);
        let health = Health { uptime, period_s, battery, signal, firmware, tested, role };
        self.say(sensor, &Up::Health(health));
    }

    fn say(&mut self, sensor: usize, up: &Up) {
        self.seq = self.seq.wrapping_add(1);
        let Some(device) = device(sensor) else { return };
        let id = PressId { device, boot: BootId::new(1, 1), seq: Seq::new(self.seq) };
        self.step(Input::Heard { id, at: self.now, trust: Trust::Verified, up });
    }

    /// Lives on without life from `at`, until somebody is told.
    fn cut(mut self, at: u64) -> Cut {
        self.until(at);
        if self.open {
            return Cut { at, delay: 0 };
        }
        let known = self.alarms.len();
        for hour in at / HOUR_S + 1..=(at + NEVER_S) / HOUR_S {
            self.beat(hour * HOUR_S);
            if let Some(told) = self.alarms.get(known) {
                return Cut { at, delay: told.saturating_sub(at).min(NEVER_S) };
            }
        }
        Cut { at, delay: NEVER_S }
    }
}

/// The sensor's id, in the order of the set.
fn device(sensor: usize) -> Option<DeviceId> {
    u64::try_from(sensor + 1).ok().and_then(DeviceId::new)
}
