//! A restless night: far more movement in bed than in this person's own nights. Told once, when the night is over.
//!
//! A night's number is the mean share of restless spans over its minutes in bed; what is usual, and by how much nights
//! differ, are learned from them. A night that was hardly spent in bed teaches nothing. It asks for a look, not for
//! help, so the home is not asked and time changes nothing. Not here: who leaves the bed ([`super::bed`]).

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

use crate::detect::LocalTime;
use crate::finding::{Evidence, Kind, Seen, Severity};
use crate::policy::Rules;
use crate::policy::night::{
    RESTLESS_FADES, RESTLESS_LEAST_MIN, RESTLESS_LEAST_PERCENT, RESTLESS_NIGHTS, RESTLESS_SPREADS,
    RESTLESS_TIMES_PERCENT,
};
use crate::triage::{Triage, Word};

/// Parts of one per cent in which shares are kept.
const PARTS: u32 = 16;
const MINUTE_MS: u64 = 60_000;

/// Most beds of one home whose nights are known, beside the first.
pub(crate) const OTHERS_MAX: usize = 3;

/// The nights of one bed of a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Restless {
    #[n(0)]
    sensor: Option<DeviceId>,
    /// Whether the sensor speaks for itself, else a summary of the home.
    #[cbor(n(1), default)]
    own: bool,
    /// Minutes in bed this night, and the sum of their shares.
    #[cbor(n(2), default)]
    minutes: u16,
    #[cbor(n(3), default)]
    sum: u32,
    /// Nights that are known, at most [`RESTLESS_NIGHTS`].
    #[cbor(n(4), default)]
    nights: u8,
    /// The usual share, and how much nights differ from it.
    #[cbor(n(5), default)]
    usual: u32,
    #[cbor(n(6), default)]
    spread: u32,
}

/// The nights of all beds of a home, each bed for itself.
pub(crate) struct Nights<'a> {
    /// The first bed that told how restless it is.
    pub(crate) first: &'a mut Restless,
    pub(crate) others: &'a mut Vec<Restless, OTHERS_MAX>,
}

impl Nights<'_> {
    /// A share of restless spans, in per cent, of a span that somebody spent in bed. `own`: the sensor's word, else that
    /// of a summary, which is not counted beside it.
    pub(crate) fn share(
        &mut self,
        (sensor, own): (DeviceId, bool),
        percent: f32,
        (at, span): (Mono, Millis),
        rules: &Rules,
        clock: Option<LocalTime>,
    ) {
        if clock.is_some_and(|clock| rules.is_night(clock.minute_of_day(at)))
            && let Some(bed) = self.bed(sensor, own)
        {
            bed.share(percent, span);
        }
    }

    /// The bed of this sensor, known or new; none if it speaks for itself and this is a summary, or there are too many.
    fn bed(&mut self, sensor: DeviceId, own: bool) -> Option<&mut Restless> {
        let mine = |bed: &Restless| bed.sensor == Some(sensor);
        // Nights that a summary has told are those of the sensor that now speaks for itself.
        let takes = |bed: &Restless| bed.sensor.is_none() || own && !bed.own;
        if !mine(self.first) && !self.others.iter().any(mine) {
            let place = if takes(self.first) {
                &mut *self.first
            } else {
                self.others.push(Restless::default()).ok()?;
                self.others.last_mut()?
            };
            (place.sensor, place.own, place.minutes, place.sum) = (Some(sensor), own, 0, 0);
        }
        let bed = if mine(self.first) {
            &mut *self.first
        } else {
            self.others.iter_mut().find(|bed| mine(bed))?
        };
        if own && !bed.own {
            (bed.own, bed.minutes, bed.sum) = (true, 0, 0);
        }
        (own || !bed.own).then_some(bed)
    }

    /// Judges each night when it is over.
    pub(crate) fn check(
        &mut self,
        rules: &Rules,
        clock: Option<LocalTime>,
        triage: &mut Triage<'_>,
    ) {
        self.first.check(rules, clock, triage);
        self.others.iter_mut().for_each(|bed| bed.check(rules, clock, triage));
    }

    /// Others sleep in these beds: no night of theirs is known.
    pub(crate) fn forget(&mut self) {
        self.first.forget();
        self.others.iter_mut().for_each(Restless::forget);
    }

    /// The sensor has left the home: its nights are nobody's.
    pub(crate) fn release(&mut self, sensor: DeviceId) {
        if self.first.sensor == Some(sensor) {
            *self.first = self.others.pop().unwrap_or_default();
        }
        self.others.retain(|bed| bed.sensor != Some(sensor));
    }
}

impl Restless {
    fn forget(&mut self) {
        *self = Self { sensor: self.sensor, own: self.own, ..Self::default() };
    }

    fn share(&mut self, percent: f32, span: Millis) {
        let minutes = u16::try_from(span.get() / MINUTE_MS).unwrap_or(60).clamp(1, 60);
        self.minutes = self.minutes.saturating_add(minutes);
        self.sum = self.sum.saturating_add(parts(percent) * u32::from(minutes));
    }

    /// Judges the night when it is over.
    fn check(&mut self, rules: &Rules, clock: Option<LocalTime>, triage: &mut Triage<'_>) {
        let Some(clock) = clock else { return };
        if self.minutes == 0 || rules.is_night(clock.minute_of_day(triage.now)) || triage.is_full()
        {
            return;
        }
        let minutes = core::mem::take(&mut self.minutes);
        let sum = core::mem::take(&mut self.sum);
        triage.firm = true;
        if minutes < RESTLESS_LEAST_MIN {
            return;
        }
        let share = sum / u32::from(minutes);
        if rules.restless && self.is_unusual(share) {
            self.tell(share, minutes, triage);
        }
        self.learn(share);
    }

    fn is_unusual(&self, share: u32) -> bool {
        let spread = self.spread.max(PARTS);
        self.nights >= RESTLESS_NIGHTS
            && share >= RESTLESS_LEAST_PERCENT * PARTS
            && share * 100 > self.usual * RESTLESS_TIMES_PERCENT
            && share > self.usual + RESTLESS_SPREADS * spread
    }

    /// A night that is told would make the next one usual: it teaches no more than the edge of what is usual.
    fn learn(&mut self, share: u32) {
        if self.nights == 0 {
            self.usual = share;
        }
        let edge = self.usual + RESTLESS_SPREADS * self.spread.max(PARTS);
        let share = if self.nights < RESTLESS_NIGHTS { share } else { share.min(edge) };
        // Early nights count more, so that the first is not the usual for weeks.
        let fades = RESTLESS_FADES.min(u32::from(self.nights) + 1);
        let apart = self.usual.abs_diff(share);
        self.usual = (self.usual * (fades - 1) + share) / fades;
        self.spread = (self.spread * (fades - 1) + apart) / fades;
        self.nights = (self.nights + 1).min(RESTLESS_NIGHTS);
    }

    fn tell(&self, share: u32, minutes: u16, triage: &mut Triage<'_>) {
        let at = triage.now;
        let evidence = |what, supports, value| Evidence { what, supports, at, value };
        let joins = triage.book.find(Kind::Restless, self.sensor).map(|i| i.number);
        let word = Word {
            kind: Kind::Restless,
            severity: Severity::General,
            activation: None,
            device: self.sensor,
            at,
            evidence: &[
                evidence(Seen::Restless, true, percent(share)),
                evidence(Seen::RestlessUsual, true, percent(self.usual)),
                evidence(Seen::InBed, false, f32::from(minutes)),
            ],
        };
        triage.raise(joins, &word);
    }
}

/// Per cent as parts; what is no share counts as none.
fn parts(percent: f32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    let parts = (percent.clamp(0.0, 100.0) * 16.0) as u32;
    parts
}

#[expect(clippy::cast_precision_loss, reason = "shares are small")]
fn percent(parts: u32) -> f32 {
    parts as f32 / PARTS as f32
}
