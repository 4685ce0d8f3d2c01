//! From samples to words: what each kind of device makes of what its sensor sees.
//!
//! A press is never held back here beyond its debounce, and a pendant's button never waits for its fall detector.
//! Not here: drivers (`sensor`), and the judgement of a home (`care`).

use care::policy::{BATTERY_GOOD_PERCENT, BATTERY_LOW_PERCENT};
use heapless::Vec;
use proto::unit::{Millis, Mono, Percent};
use proto::up::{EventKind, Reading, Role, Up, Value};

use super::bed::BedWatch;
use super::burst::Burst;
use super::contact::{Contact, Touch};
use super::passing::{DoorWatch, MotionWatch};
use super::pendant::PendantWatch;
use super::{Device, Sample};
use crate::settings::Settings;
use crate::trace::Mark;

/// The sensing part of a device, by its role.
#[derive(Debug, Clone)]
pub(super) enum Sense {
    Button(Contact),
    Pendant(PendantWatch),
    Cord(Contact),
    Bed(BedWatch),
    Motion(MotionWatch),
    Door(DoorWatch),
    /// A gateway speaks for itself without sensors, and what is not known has none.
    Nothing,
}

impl Sense {
    pub(super) fn of(role: Role, now: Mono, settings: &Settings) -> Self {
        match role {
            Role::HelpButton => Self::Button(Contact::new(now)),
            Role::Pendant => Self::Pendant(PendantWatch::new(now, settings.worn)),
            Role::PullCord => Self::Cord(Contact::new(now)),
            Role::BedMat => Self::Bed(BedWatch::new(now, settings)),
            Role::Motion => Self::Motion(MotionWatch::default()),
            Role::Door => Self::Door(DoorWatch::default()),
            Role::Gateway | Role::Other => Self::Nothing,
        }
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        match self {
            Self::Button(contact) | Self::Cord(contact) => contact.deadline(),
            Self::Pendant(pendant) => pendant.contact.deadline(),
            Self::Door(door) => door.deadline(),
            // Without a fresh sample nothing turns.
            Self::Bed(_) | Self::Motion(_) | Self::Nothing => None,
        }
    }

    /// Whether a finger is on it, or just has been.
    pub(super) fn touched(&self) -> bool {
        match self {
            Self::Button(contact)
            | Self::Cord(contact)
            | Self::Pendant(PendantWatch { contact, .. }) => contact.deadline().is_some(),
            Self::Bed(_) | Self::Motion(_) | Self::Door(_) | Self::Nothing => false,
        }
    }

    /// Whether this kind makes readings.
    pub(super) const fn reads(&self) -> bool {
        matches!(self, Self::Pendant(_) | Self::Bed(_) | Self::Motion(_) | Self::Door(_))
    }

    fn read(&mut self, now: Mono) -> Vec<Value, 4> {
        match self {
            Self::Pendant(pendant) => core::iter::once(pendant.read(now)).collect(),
            Self::Bed(bed) => bed.read(now),
            Self::Motion(motion) => core::iter::once(motion.read(now)).collect(),
            Self::Door(door) => core::iter::once(door.read(now)).collect(),
            Self::Button(_) | Self::Cord(_) | Self::Nothing => Vec::new(),
        }
    }
}

impl Device {
    pub(super) fn sample(&mut self, sample: Sample) {
        let now = self.now;
        match (sample, &mut self.sense) {
            (Sample::Button(closed), Sense::Button(contact))
            | (Sample::Cord(closed), Sense::Cord(contact)) => contact.see(now, closed),
            (Sample::Button(closed), Sense::Pendant(pendant)) => pendant.contact.see(now, closed),
            (Sample::Acceleration(burst), Sense::Pendant(_)) => self.feel(&burst),
            (Sample::NoAcceleration(reason), Sense::Pendant(pendant)) => pendant.silent(reason),
            (Sample::Load(grams), Sense::Bed(bed)) => {
                if let Some((kind, since)) = bed.load(now, grams) {
                    self.event(kind, since, None);
                }
            }
            (Sample::NoLoad(reason), Sense::Bed(bed)) => bed.silent(now, reason),
            (Sample::Motion(motion), Sense::Motion(watch)) => {
                if let Some(kind) = watch.see(now, motion) {
                    self.event(kind, now, None);
                }
            }
            (Sample::Door(open), Sense::Door(watch)) => watch.see(now, open),
            (Sample::Battery(level), _) => self.battery(level),
            (Sample::Signal(dbm), _) => self.signal = Some(dbm),
            (
                Sample::Button(_)
                | Sample::Cord(_)
                | Sample::Acceleration(_)
                | Sample::NoAcceleration(_)
                | Sample::Load(_)
                | Sample::NoLoad(_)
                | Sample::Motion(_)
                | Sample::Door(_),
                _,
            ) => {
                self.trace.counters.stray_samples += 1;
                self.trace.mark(now, Mark::StraySample);
            }
        }
    }

    /// What has become due in the sensing part.
    pub(super) fn sense_time(&mut self) {
        let now = self.now;
        loop {
            let button = !matches!(self.sense, Sense::Cord(_));
            match &mut self.sense {
                Sense::Button(contact)
                | Sense::Cord(contact)
                | Sense::Pendant(PendantWatch { contact, .. }) => {
                    let Some(touch) = contact.touch(now) else { return };
                    let count = contact.count;
                    self.touched(touch, button, count);
                }
                Sense::Door(door) => {
                    let Some(kind) = door.turn(now) else { return };
                    self.event(kind, now, None);
                }
                Sense::Bed(_) | Sense::Motion(_) | Sense::Nothing => return,
            }
        }
    }

    fn feel(&mut self, burst: &Burst) {
        let now = self.now;
        let Sense::Pendant(pendant) = &mut self.sense else { return };
        let words = pendant.feel(now, burst);
        let count = pendant.falls;
        if burst.lost() > 0 {
            self.trace.mark(now, Mark::SamplesLost);
            self.report.miss(self.uptime(now), burst.lost().into());
        }
        for (kind, at) in words {
            self.event(kind, at, Some(count));
        }
    }

    fn touched(&mut self, touch: Touch, button: bool, count: u32) {
        let now = self.now;
        match touch {
            Touch::Activated => {
                let kind = if button { EventKind::Press } else { EventKind::Pull };
                self.event(kind, now, Some(count));
            }
            Touch::Chattered => self.trace.counters.chatter += 1,
            // A cord under the weight of somebody who lies there is no "it is nothing".
            Touch::Held => {
                if button {
                    self.event(EventKind::Cancel, now, None);
                }
            }
            Touch::Stuck => {
                self.trace.mark(now, Mark::Stuck);
                self.event(EventKind::Stuck, now, Some(count));
            }
        }
    }

    /// Health and readings whose period is over.
    pub(super) fn periods(&mut self) {
        let now = self.now;
        // While the link is down nobody hears of our health; it is told on each connect.
        if self.session.up().is_some() && self.next_health <= now {
            self.health();
        }
        if self.next_reading > now || !self.sense.reads() {
            return;
        }
        let period_s = u64::from(self.settings.reading_s);
        self.next_reading = now.after(Millis::secs(period_s));
        let uptime = self.uptime(now);
        let values = self.sense.read(now).into_iter().collect();
        let up = Up::Reading(Reading { uptime, period_s, values, home: None });
        if let Some((id, frame)) = self.voice.say(&up) {
            self.report.push(uptime, id, frame);
        }
    }

    fn battery(&mut self, level: Percent) {
        self.battery = Some(level);
        if level.get() >= BATTERY_GOOD_PERCENT {
            self.battery_low = false;
        } else if level.get() <= BATTERY_LOW_PERCENT && !self.battery_low {
            self.battery_low = true;
            self.event(EventKind::BatteryLow, self.now, None);
        }
    }
}
