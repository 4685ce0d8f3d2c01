//! Who lies on the mat: load samples become occupancy, with hysteresis and a declared delay.
//!
//! *In* needs the load above one threshold for [`IN_DELAY`], *out* below a lower one for [`OUT_DELAY`]; an event is
//! dated to when the change began. Silence is not "out": without samples nothing is concluded, and the reading gives
//! the reason. Not here: the HX711 (`sensor::bed_mat`), and what an empty bed means at night (`care`).

use care::policy::MAT_DELAY;
use heapless::Vec;
use proto::unit::{Millis, Mono, NoData};
use proto::up::{EventKind, Quantity, Value};

use crate::settings::Settings;

/// Somebody lies down: the load must stay this long. Source: choice, longer than sitting on the edge to put a bag.
pub const IN_DELAY: Millis = Millis::secs(3);
/// Nobody lies there any more: the load must be gone this long. Source: choice, turning over lifts for 1 to 2 s.
pub const OUT_DELAY: Millis = Millis::secs(5);
/// Without a sample for this long nothing is known. Source: technical, the converter gives 10 samples a second.
pub const SAMPLE_STALE: Millis = Millis::secs(10);
/// A load that moves by more than this within [`RESTLESS_SPAN`] is a movement, grams. Source: choice, breathing
/// moves a mat by some 100 g, an arm by 2 kg.
const RESTLESS_G: u32 = 1_500;
/// Span in which movement is looked for. Source: choice.
const RESTLESS_SPAN: Millis = Millis::secs(1);

const _: () = assert!(OUT_DELAY.get() < MAT_DELAY.get() && IN_DELAY.get() < MAT_DELAY.get());

/// A change of occupancy: what, and when it began.
pub(crate) type Turn = (EventKind, Mono);

/// The watch over one mat.
#[derive(Debug, Clone)]
pub(crate) struct BedWatch {
    in_g: u32,
    out_g: u32,
    occupied: Option<bool>,
    /// Towards which occupancy the load points, and since when.
    leaning: Option<(bool, Mono)>,
    last: Option<(Mono, u32)>,
    silence: NoData,
    accounted: Mono,
    span: Span,
    still: Stillness,
}

/// Sums of one period.
#[derive(Debug, Clone, Default)]
struct Span {
    known_ms: u64,
    in_ms: u64,
    load_sum_g: u64,
    samples: u32,
    restless: u32,
    spans: u32,
}

/// Lowest and highest load of the present second.
#[derive(Debug, Clone)]
struct Stillness {
    since: Mono,
    low_g: u32,
    high_g: u32,
}

impl BedWatch {
    pub(crate) fn new(now: Mono, settings: &Settings) -> Self {
        Self {
            in_g: settings.bed_in_g,
            out_g: settings.bed_out_g,
            occupied: None,
            leaning: None,
            last: None,
            silence: NoData::Timeout,
            accounted: now,
            span: Span::default(),
            still: Stillness { since: now, low_g: u32::MAX, high_g: 0 },
        }
    }

    /// A load in grams; below zero, as an unloaded cell drifts, counts as zero.
    pub(crate) fn load(&mut self, now: Mono, grams: i32) -> Option<Turn> {
        let grams = u32::try_from(grams).unwrap_or(0);
        self.account(now);
        self.last = Some((now, grams));
        self.span.samples += 1;
        self.span.load_sum_g += u64::from(grams);
        self.restless(now, grams);
        let points = if grams >= self.in_g {
            Some(true)
        } else if grams < self.out_g {
            Some(false)
        } else {
            self.occupied
        };
        self.leaning = match (points, self.leaning) {
            (Some(to), _) if Some(to) == self.occupied => None,
            (Some(to), Some((before, since))) if to == before => Some((to, since)),
            (Some(to), _) => Some((to, now)),
            (None, _) => None,
        };
        self.turn(now)
    }

    /// The sensor has no value, and says why. What was leaning must begin again.
    pub(crate) fn silent(&mut self, now: Mono, reason: NoData) {
        self.account(now);
        self.silence = reason;
        self.leaning = None;
        self.last = None;
    }

    /// The change that is due by now. A load that nobody confirms by a fresh sample changes nothing.
    pub(crate) fn turn(&mut self, now: Mono) -> Option<Turn> {
        let (to, since) = self.leaning?;
        let (seen, _) = self.last?;
        let delay = if to { IN_DELAY } else { OUT_DELAY };
        if seen.since(since) < delay || now.since(seen) >= SAMPLE_STALE {
            return None;
        }
        self.leaning = None;
        self.occupied = Some(to);
        Some((if to { EventKind::BedIn } else { EventKind::BedOut }, since))
    }

    /// Values of the period that ends now; a new one begins.
    pub(crate) fn read(&mut self, now: Mono) -> Vec<Value, 4> {
        self.account(now);
        let span = core::mem::take(&mut self.span);
        let age = self.last.map_or(Millis::default(), |(at, _)| now.since(at));
        let age_s = age.get() / 1000;
        let none = if self.last.is_some() { NoData::Stale } else { self.silence };
        let value = |quantity, value: Option<f32>| Value {
            quantity,
            value,
            no_data: value.is_none().then_some(none),
            age_s,
        };
        let share = |part: u64, whole: u64| (whole > 0).then(|| percent(part, whole));
        let load =
            (span.samples > 0).then(|| kilograms(span.load_sum_g / u64::from(span.samples.max(1))));
        let in_bed = share(span.in_ms, span.known_ms);
        let restless = share(u64::from(span.restless), u64::from(span.spans));
        let restless = match restless {
            // Somebody must be there to be restless.
            None if in_bed.is_some() => Value {
                quantity: Quantity::Restless,
                value: None,
                no_data: Some(NoData::NotPresent),
                age_s,
            },
            known => value(Quantity::Restless, known),
        };
        [value(Quantity::InBed, in_bed), value(Quantity::Load, load), restless]
            .into_iter()
            .collect()
    }

    /// Adds the time that has passed to the period, as far as the last sample can speak for it.
    fn account(&mut self, now: Mono) {
        let from = self.accounted;
        self.accounted = now;
        let (Some((at, _)), Some(occupied)) = (self.last, self.occupied) else { return };
        let until = now.min(at.after(SAMPLE_STALE));
        let span = until.since(from.max(at)).get();
        self.span.known_ms += span;
        self.span.in_ms += if occupied { span } else { 0 };
    }

    fn restless(&mut self, now: Mono, grams: u32) {
        let still = &mut self.still;
        still.low_g = still.low_g.min(grams);
        still.high_g = still.high_g.max(grams);
        if now.since(still.since) >= RESTLESS_SPAN {
            if self.occupied == Some(true) {
                self.span.spans += 1;
                self.span.restless += u32::from(still.high_g - still.low_g > RESTLESS_G);
            }
            self.still = Stillness { since: now, low_g: grams, high_g: grams };
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of at most an hour in ms is exact enough")]
fn percent(part: u64, whole: u64) -> f32 {
    part as f32 * 100.0 / whole as f32
}

#[expect(clippy::cast_precision_loss, reason = "grams of one bed are exact in f32")]
fn kilograms(grams: u64) -> f32 {
    grams as f32 / 1000.0
}
