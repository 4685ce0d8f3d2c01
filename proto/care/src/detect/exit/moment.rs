//! From readings to moments: posture, and what it is against the wearer's own lying and sitting.
//!
//! *Lean* is the angle of the trunk in a plane through chest and head: 0 lying on the back, 1000 upright, more when
//! bent forward; it grows with the angle but not evenly, so that integers do. Not here: windows over moments.

use proto::unit::{Millis, Mono};

use super::room::{ANTENNAS, Place, Room};
use super::{Heard, Sample};

/// Readings of one antenna closer than this are one. Source: technical, a reader's dwell on one antenna.
const SAME: Millis = Millis::new(200);
/// Sizes of acceleration that a posture can be read from, milli-g. Source: choice, between free fall and a blow.
const POSTURE: core::ops::RangeInclusive<u16> = 300..=3_000;
/// Longest span that a moment tells, tenths of a second.
const LONG_DS: u64 = 3_000;

/// One reading that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) at: Mono,
    pub(super) lean: i16,
    /// Size of the acceleration, milli-g.
    pub(super) size: i16,
    /// Acceleration out of the chest, along the body, and to either side, milli-g.
    pub(super) front: i16,
    pub(super) up: i16,
    pub(super) side: i16,
    pub(super) lying: bool,
    /// Where in the room's memory this was heard.
    pub(super) place: Option<Place>,
    /// How much likelier this is heard upright than in bed, in bed at all, and by this antenna in bed.
    pub(super) away: i16,
    pub(super) bed: i16,
    pub(super) antenna: i16,
    /// Strength against what this antenna heard since sitting up, quarter dB.
    pub(super) change: i16,
    /// Usual lean when lying, and since sitting up.
    pub(super) lying_lean: i16,
    pub(super) upright_lean: i16,
    /// Tenths of a second since lying and since sitting up; moments since sitting up.
    pub(super) since_lying: i16,
    pub(super) since_upright: i16,
    pub(super) uprights: i16,
    pub(super) ever_lay: bool,
}

/// What is remembered from moment to moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    last: [Option<Mono>; ANTENNAS],
    /// Lean when lying, in sixteenths; none before.
    lying_lean: Option<i32>,
    lay: Option<Mono>,
    /// Since when upright, and the lean there in sixteenths.
    upright: Option<(Mono, i32)>,
    uprights: i16,
    /// Strength by antenna since sitting up, in sixteenths of a dBm.
    strength: [Option<i32>; ANTENNAS],
}

impl Course {
    /// The moment of a reading, if it counts.
    pub(super) fn take(&mut self, sample: &Sample, room: &Room) -> Option<Moment> {
        let size = size(sample);
        if !POSTURE.contains(&size) {
            return None;
        }
        let slot = slot(sample.heard);
        if self.last[slot].is_some_and(|last| sample.at.since(last) < SAME) {
            return None;
        }
        self.last[slot] = Some(sample.at);
        let lean = lean(sample.frontal, sample.vertical);
        let lying = lies(sample, i32::from(size));
        self.follow(sample.at, lean, lying);
        let place = sample.heard.and_then(Place::new);
        let sound = place.map_or((0, 0, 0), |place| room.sound(place));
        let upright_lean = self.upright.map_or(lean, |(_, lean)| narrow(lean / 16));
        let since = |then: Option<Mono>| {
            let span = then.map_or(LONG_DS, |then| sample.at.since(then).get() / 100);
            i16::try_from(span.min(LONG_DS)).unwrap_or(i16::MAX)
        };
        Some(Moment {
            at: sample.at,
            lean,
            size: i16::try_from(size).unwrap_or(i16::MAX),
            front: sample.frontal,
            up: sample.vertical,
            side: sample.lateral.saturating_abs(),
            lying,
            place,
            away: sound.0,
            bed: sound.1,
            antenna: sound.2,
            change: if lying { 0 } else { self.change(slot, sample.heard) },
            lying_lean: narrow(self.lying_lean.unwrap_or(0) / 16),
            upright_lean,
            since_lying: since(self.lay),
            since_upright: self.upright.map_or(-1, |(then, _)| since(Some(then))),
            uprights: self.uprights,
            ever_lay: self.lay.is_some(),
        })
    }

    fn follow(&mut self, at: Mono, lean: i16, lying: bool) {
        let now = i32::from(lean) * 16;
        if lying {
            let known = self.lying_lean.unwrap_or(now / 2);
            self.lying_lean = Some(known + (now - known) / 10);
            (self.lay, self.upright, self.uprights) = (Some(at), None, 0);
            return;
        }
        let (since, known) = self.upright.unwrap_or((at, now));
        if self.upright.is_none() {
            self.strength = [None; ANTENNAS];
        }
        self.upright = Some((since, known + (now - known) / 8));
        self.uprights = self.uprights.saturating_add(1).min(1_000);
    }

    fn change(&mut self, slot: usize, heard: Option<Heard>) -> i16 {
        let Some(heard) = heard else { return 0 };
        let now = i32::from(heard.dbm) * 16;
        let known = self.strength[slot].unwrap_or(now);
        self.strength[slot] = Some(known + (now - known) / 7);
        narrow((now - known) / 4)
    }
}

fn slot(heard: Option<Heard>) -> usize {
    heard.map_or(0, |heard| usize::from(heard.antenna) % ANTENNAS)
}

fn size(sample: &Sample) -> u16 {
    let square = |v: i16| u32::from(v.unsigned_abs()).pow(2);
    let sum = square(sample.frontal)
        .saturating_add(square(sample.vertical))
        .saturating_add(square(sample.lateral));
    u16::try_from(sum.isqrt()).unwrap_or(u16::MAX)
}

/// Angle of the trunk, a thousand for a quarter turn.
fn lean(frontal: i16, vertical: i16) -> i16 {
    let (front, up) = (i32::from(frontal), i32::from(vertical));
    let part = up * 1000 / (front.abs() + up.abs()).max(1);
    let turn = if up < 0 { -2000 } else { 2000 };
    narrow(if front < 0 { turn - part } else { part })
}

/// The trunk is within about 33 degrees of level, and not bent forward.
fn lies(sample: &Sample, size: i32) -> bool {
    let (front, up) = (i32::from(sample.frontal), i32::from(sample.vertical));
    up.abs() * 100 < size * 55 && front * 2 > -size
}

fn narrow(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}
