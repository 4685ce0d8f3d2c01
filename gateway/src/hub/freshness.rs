//! One device as the box sees it: when it spoke last, what it said of itself, whether it is silent.
//!
//! The age of what a device says is known from its own uptime, by the clock of its boot (`care::dating`); what an
//! earlier boot has said is old.
//! Not here: whether silence is an alert (`care`, at the server).

use care::dating::Clock;
use care::policy::{BATTERY_SILENT_MAX, BATTERY_SLACK, DEVICE_SILENT, HEALTH_MAINS, IN_BED_SHARE};
use proto::id::{BootId, HomeId};
use proto::unit::{Millis, Mono};
use proto::up::{EventKind, Quantity, Role, Up};
use serde::Serialize;

/// Whether a device is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Not heard since this box started.
    Unknown,
    /// Heard within two of its periods.
    Fresh,
    /// Not heard for longer: what is known of it is old.
    Silent,
}

/// What is shown of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// What it is.
    pub role: Role,
    /// Whether it is heard.
    pub freshness: Freshness,
    /// Whether it is connected.
    pub connected: bool,
    /// Battery in per cent, if it has one and has said so.
    pub battery: Option<u8>,
    /// Whether somebody is in bed, if it can tell and is fresh.
    pub in_bed: Option<bool>,
    /// Whether a door is open, if it can tell and is fresh.
    pub door_open: Option<bool>,
}

#[derive(Debug)]
pub(super) struct Device {
    home: HomeId,
    heard: Mono,
    period: Millis,
    /// The boot that is heard, and its clock.
    boot: Option<(BootId, Option<Clock>)>,
    picture: Picture,
}

impl Device {
    pub(super) fn new(home: HomeId, role: Role, now: Mono) -> Self {
        let picture = Picture {
            role,
            freshness: Freshness::Unknown,
            connected: false,
            battery: None,
            in_bed: None,
            door_open: None,
        };
        Self { home, heard: now, period: HEALTH_MAINS, boot: None, picture }
    }

    pub(super) const fn home(&self) -> HomeId {
        self.home
    }

    pub(super) fn is(&self, home: HomeId, role: Role) -> bool {
        self.home == home && self.picture.role == role
    }

    pub(super) const fn picture(&self) -> Picture {
        self.picture
    }

    pub(super) fn link(&mut self, connected: bool) {
        self.picture.connected = connected;
    }

    /// Takes a word; says how old it was when it came.
    pub(super) fn hear(&mut self, now: Mono, boot: BootId, up: Option<&Up>) -> Millis {
        self.heard = now;
        self.picture.freshness = Freshness::Fresh;
        let Some(up) = up else { return Millis::new(0) };
        let age = self.age(now, boot, uptime(up));
        if age > HEALTH_MAINS {
            return age;
        }
        match up {
            Up::Health(health) => {
                self.period = Millis::secs(health.period_s);
                let battery = health.battery.filter(|told| told.is_measured());
                self.picture.battery = battery.map(proto::unit::Percent::get);
            }
            Up::Event(event) => self.see(event.kind),
            Up::Reading(reading) => {
                let share =
                    |v: &proto::up::Value| v.value.filter(|_| v.quantity == Quantity::InBed);
                if let Some(share) = reading.values.iter().find_map(share) {
                    self.picture.in_bed = Some(share >= IN_BED_SHARE);
                }
            }
            Up::Loss(_) | Up::Update(_) => {}
        }
        age
    }

    fn see(&mut self, kind: EventKind) {
        match kind {
            EventKind::BedIn => self.picture.in_bed = Some(true),
            EventKind::BedOut => self.picture.in_bed = Some(false),
            EventKind::DoorOpen => self.picture.door_open = Some(true),
            EventKind::DoorClosed => self.picture.door_open = Some(false),
            EventKind::Press
            | EventKind::Pull
            | EventKind::FallSuspected
            | EventKind::FallConfirmed
            | EventKind::Cancel
            | EventKind::FallRecovered
            | EventKind::Motion
            | EventKind::Tamper
            | EventKind::BatteryLow
            | EventKind::Stuck
            | EventKind::PowerLost
            | EventKind::PowerBack
            | EventKind::SounderFailed
            | EventKind::SounderWorks
            | EventKind::BusLost
            | EventKind::DiskFull
            | EventKind::DiskRoom => {}
        }
    }

    /// How long ago something was said. Of a boot that is heard for the first time it is new, of an earlier one it is
    /// older than anything.
    fn age(&mut self, now: Mono, boot: BootId, uptime: Millis) -> Millis {
        let (life, counter) = (boot.get() >> 32, boot.counter());
        match &mut self.boot {
            Some((known, clock)) if *known == boot => {
                let clock = match clock {
                    Some(clock) => {
                        clock.hear(uptime, now);
                        clock
                    }
                    None => match Clock::new(uptime, now) {
                        Some(new) => clock.insert(new),
                        None => return Millis::new(0),
                    },
                };
                now.since(clock.date(uptime, now))
            }
            Some((known, _)) if known.get() >> 32 == life && known.counter() > counter => {
                Millis::UNTOLD
            }
            _ => {
                self.boot = Some((boot, Clock::new(uptime, now)));
                Millis::new(0)
            }
        }
    }

    /// When it turns silent if nothing is heard; none if it is silent or was never heard.
    pub(super) fn silent_at(&self) -> Option<Mono> {
        let two = Millis::new(self.period.get().saturating_mul(2) + BATTERY_SLACK.get());
        let span = two.max(DEVICE_SILENT).min(BATTERY_SILENT_MAX);
        let span = if self.period <= HEALTH_MAINS { DEVICE_SILENT } else { span };
        (self.picture.freshness == Freshness::Fresh).then(|| self.heard.after(span))
    }

    /// Says whether it has turned silent now. What it said of bed and door is then unknown.
    pub(super) fn turn_silent(&mut self, now: Mono) -> bool {
        let silent = self.silent_at().is_some_and(|at| now >= at);
        if silent {
            self.picture.freshness = Freshness::Silent;
            self.picture.in_bed = None;
            self.picture.door_open = None;
        }
        silent
    }
}

const fn uptime(up: &Up) -> Millis {
    match up {
        Up::Event(event) => event.uptime,
        Up::Reading(reading) => reading.uptime,
        Up::Health(health) => health.uptime,
        Up::Loss(loss) => loss.uptime,
        Up::Update(progress) => progress.uptime,
    }
}
