//! Movement and doors: events that are few, and counts that are true.
//!
//! An infra-red sensor that keeps seeing the same person is *one* event until it has rested; every rise counts in the
//! reading. A door counts each opening. Not here: pins (`sensor`), or what movement means (`care`).

use proto::unit::{Millis, Mono, NoData};
use proto::up::{EventKind, Quantity, Value};

/// A new movement event needs this much rest before it. Source: technical, infra-red sensors hold for 2 to 60 s.
pub const MOTION_REST: Millis = Millis::secs(30);
/// A door must stay open or closed this long. Source: technical, a reed contact bounces for some ms, a door in the
/// wind for tens.
const DOOR_DEBOUNCE: Millis = Millis::new(100);

/// A motion sensor.
#[derive(Debug, Clone, Default)]
pub(crate) struct MotionWatch {
    active: bool,
    last_rise: Option<Mono>,
    last_sample: Option<Mono>,
    in_period: u16,
}

impl MotionWatch {
    pub(crate) fn see(&mut self, now: Mono, motion: bool) -> Option<EventKind> {
        self.last_sample = Some(now);
        let rise = motion && !self.active;
        self.active = motion;
        if !rise {
            return None;
        }
        self.in_period = self.in_period.saturating_add(1);
        let rested = self.last_rise.is_none_or(|last| now.since(last) >= MOTION_REST);
        self.last_rise = Some(now);
        rested.then_some(EventKind::Motion)
    }

    pub(crate) fn read(&mut self, now: Mono) -> Value {
        let count = core::mem::take(&mut self.in_period);
        counted(Quantity::Motion, count, self.last_sample, now)
    }
}

/// A door contact.
#[derive(Debug, Clone, Default)]
pub(crate) struct DoorWatch {
    open: Option<bool>,
    leaning: Option<(bool, Mono)>,
    last_sample: Option<Mono>,
    in_period: u16,
}

impl DoorWatch {
    pub(crate) fn see(&mut self, now: Mono, open: bool) {
        self.last_sample = Some(now);
        self.leaning = match self.leaning {
            _ if self.open == Some(open) => None,
            Some((to, since)) if to == open => Some((to, since)),
            Some(_) | None => Some((open, now)),
        };
    }

    /// The change that is due by now. How the door stands at boot is told too, but is no opening.
    pub(crate) fn turn(&mut self, now: Mono) -> Option<EventKind> {
        let (open, _) = self.leaning.filter(|(_, since)| now.since(*since) >= DOOR_DEBOUNCE)?;
        self.leaning = None;
        self.in_period = self.in_period.saturating_add(u16::from(open && self.open.is_some()));
        self.open = Some(open);
        Some(if open { EventKind::DoorOpen } else { EventKind::DoorClosed })
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.leaning.map(|(_, since)| since.after(DOOR_DEBOUNCE))
    }

    pub(crate) fn read(&mut self, now: Mono) -> Value {
        let count = core::mem::take(&mut self.in_period);
        counted(Quantity::Door, count, self.last_sample, now)
    }
}

/// A pin that has been read once is known until it changes, so a count of zero is a value.
fn counted(quantity: Quantity, count: u16, last_sample: Option<Mono>, now: Mono) -> Value {
    let age = last_sample.map_or(Millis::default(), |at| now.since(at));
    Value {
        quantity,
        value: last_sample.map(|_| f32::from(count)),
        no_data: last_sample.is_none().then_some(NoData::Timeout),
        age_s: age.get() / 1000,
    }
}
