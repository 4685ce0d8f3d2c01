//! One minute of one device in at most sixteen values: two beds of a home are two patients, never their mean.
//!
//! Shares and rates are averaged over the time that they stand for, counts are added, of battery and
//! signal the worst counts. A quantity that was seen before and is missing now is said to be missing,
//! with its reason: unknown is not green. Not here: raw values, which stay in the spool.

use care::policy::READING_PERIOD;
use proto::id::HomeId;
use proto::unit::{Millis, Mono, NoData};
use proto::up::{EventKind, Quantity, Reading, Up, VALUES_MAX, Value};

const _: () = assert!(Quantity::ALL.len() <= VALUES_MAX);

/// Age that is told of a value that has never been measured.
const NEVER: Millis = Millis::secs(65_535);

/// How values of one minute become one.
#[derive(Clone, Copy, PartialEq)]
enum Fold {
    Mean,
    Sum,
    Last,
    Worst,
}

const fn fold(quantity: Quantity) -> Fold {
    match quantity {
        Quantity::InBed | Quantity::Heart | Quantity::Breath | Quantity::Restless => Fold::Mean,
        Quantity::Motion | Quantity::Door => Fold::Sum,
        Quantity::Load | Quantity::Temperature | Quantity::Humidity => Fold::Last,
        Quantity::Signal | Quantity::Battery => Fold::Worst,
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Seen at least once since the start.
    known: bool,
    /// Newest value and when it was measured.
    last: Option<(f32, Mono)>,
    /// How long a value stands for, as last told.
    period: Millis,
    weight: f32,
    /// Values times the time that they stand for.
    sum: f32,
    /// Values added up.
    counted: f32,
    worst: f32,
    events: f32,
    no_data: Option<NoData>,
}

/// The open minute of a device.
#[derive(Debug, Clone, Default)]
pub(super) struct Minute {
    tallies: [Tally; Quantity::ALL.len()],
}

impl Minute {
    /// Takes a word that was `age` old when it came; what is older than a minute is raw data only.
    pub(super) fn take(&mut self, now: Mono, age: Millis, up: &Up) {
        if age > READING_PERIOD {
            return;
        }
        let at = Mono::from_millis(now.millis().saturating_sub(age.get()));
        match up {
            Up::Reading(reading) => {
                let period = Millis::secs(reading.period_s);
                for value in &reading.values {
                    self.tally(value.quantity).add(value, at, (period, reading.period_s));
                }
            }
            Up::Event(event) => match event.kind {
                EventKind::Motion => self.tally(Quantity::Motion).count(at),
                EventKind::DoorOpen => self.tally(Quantity::Door).count(at),
                EventKind::Press
                | EventKind::Pull
                | EventKind::FallSuspected
                | EventKind::FallConfirmed
                | EventKind::Cancel
                | EventKind::FallRecovered
                | EventKind::BedIn
                | EventKind::BedOut
                | EventKind::DoorClosed
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
            },
            // What a device says of itself goes up by itself.
            Up::Health(_) | Up::Loss(_) | Up::Update(_) => {}
        }
    }

    /// Closes the minute: the summary, or none while it has never measured anything.
    pub(super) fn close(&mut self, now: Mono, uptime: Millis, home: HomeId) -> Option<Reading> {
        let mut values = heapless_values();
        for (quantity, tally) in Quantity::ALL.into_iter().zip(&mut self.tallies) {
            if let Some(value) = tally.close(quantity, now) {
                // At most one value a quantity, and there are fewer quantities than places.
                let _ = values.push(value);
            }
        }
        let period_s = READING_PERIOD.get() / 1000;
        (!values.is_empty()).then_some(Reading { uptime, period_s, values, home: Some(home) })
    }

    fn tally(&mut self, quantity: Quantity) -> &mut Tally {
        let place = Quantity::ALL.iter().position(|q| *q == quantity).unwrap_or(0);
        &mut self.tallies[place]
    }
}

/// An empty list of the type that a reading holds.
fn heapless_values() -> heapless::Vec<Value, VALUES_MAX> {
    heapless::Vec::new()
}

impl Tally {
    fn add(&mut self, told: &Value, at: Mono, (period, period_s): (Millis, u64)) {
        self.known = true;
        self.period = period;
        // A mean with what stands at a limit in it, or with an old value, would look measured.
        let value = match care::reading::measured(told, period_s) {
            Ok(value) => value,
            Err(why) => return self.no_data = Some(why),
        };
        let weight = (Millis::get(period).clamp(1_000, READING_PERIOD.get()) / 1_000) as f32;
        self.worst = if self.weight > 0.0 { self.worst.min(value) } else { value };
        self.weight += weight;
        self.sum += value * weight;
        self.counted += value;
        let at = Mono::from_millis(at.millis().saturating_sub(Millis::secs(told.age_s).get()));
        self.last = Some((value, at));
    }

    fn count(&mut self, at: Mono) {
        self.known = true;
        self.events += 1.0;
        self.last = Some((self.events, at));
    }

    fn close(&mut self, quantity: Quantity, now: Mono) -> Option<Value> {
        let tally = *self;
        *self =
            Self { known: tally.known, last: tally.last, period: tally.period, ..Self::default() };
        if !tally.known {
            return None;
        }
        let age = tally.last.map_or(NEVER, |(_, at)| now.since(at));
        let age_s = age.get() / 1000;
        let told = |value| Some(Value { quantity, value: Some(value), no_data: None, age_s });
        let silent = |why| Some(Value { quantity, value: None, no_data: Some(why), age_s });
        if tally.weight > 0.0 || tally.events > 0.0 {
            return match fold(quantity) {
                Fold::Mean => told(tally.sum / tally.weight.max(1.0)),
                Fold::Sum => told(if tally.weight > 0.0 { tally.counted } else { tally.events }),
                Fold::Last => told(tally.last.map_or(0.0, |(value, _)| value)),
                Fold::Worst => told(tally.worst),
            };
        }
        if let Some(why) = tally.no_data {
            return silent(why);
        }
        // A value whose successor is merely not due yet still stands, with its age.
        let stands = age.get() <= tally.period.get().saturating_mul(2).saturating_add(5_000);
        // Where it is older than its minute and one, nothing is said: it is no new value, and none is missing.
        let fresh = age <= Millis::new(2 * READING_PERIOD.get());
        match (fold(quantity), tally.last) {
            (Fold::Mean | Fold::Last | Fold::Worst, Some((value, _))) if stands => {
                if fresh {
                    told(value)
                } else {
                    None
                }
            }
            (Fold::Sum, _) if stands || tally.period.get() == 0 => None,
            _ => silent(NoData::Stale),
        }
    }
}
