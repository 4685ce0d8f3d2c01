//! Numbers of breath and heart: when a signal has a rate at all, and when a rate is worth a look.
//!
//! Not here: the limits of one person, which somebody sets ([`super::Rules`]); without them nothing is watched.

use proto::unit::Millis;

/// Span over which a breathing rate is sought. Source: choice, more than two breaths at the slowest rate.
pub const BREATH_SPAN: Millis = Millis::secs(32);
/// Slowest rate that is sought, breaths a minute. Source: choice, two and a half periods in [`BREATH_SPAN`].
pub const BREATH_SLOWEST: u16 = 5;
/// Fastest rate that is sought, breaths a minute. Source: choice, an adult in distress breathes 40.
pub const BREATH_FASTEST: u16 = 45;
/// A signal is a rhythm if it looks like itself a period later at least so much, per cent. Source: BIDMC, 34
/// recordings: from 30 to 50 the mean error falls by a third and 8 % of the windows are lost.
pub const BREATH_ALIKE_PERCENT: u8 = 50;
/// The shortest period within so much of the best likeness is the period, per cent. Source: choice, two breaths are
/// as much alike as one.
pub const BREATH_SHORTEST_PERCENT: u8 = 85;
/// A signal that is at a rail for so much of the span is clipped, per cent. Source: choice, a third of a breath.
pub const BREATH_CLIPPED_PERCENT: u8 = 33;
/// A signal that moves less than so much of its range is flat, in 1/1000. Source: choice, noise of a 10 bit converter.
pub const BREATH_FLAT_MILLI: u8 = 2;
/// A rate outside a person's limits for so long is told. Source: choice, longer than a dream, a cough, a turn in bed.
pub const VITALS_SUSTAINED: Millis = Millis::minutes(10);
/// Valid values further apart than this do not belong together. Source: choice, two lost summaries of
/// [`super::READING_PERIOD`].
pub const VITALS_GAP: Millis = Millis::minutes(3);
/// What a mat or radar can tell of breath, per minute; at the ends it is clipped. Source: choice, inside what
/// makers of contactless sensors print.
pub const MAT_BREATH: (u8, u8) = (4, 50);
/// What it can tell of the heart, per minute; at the ends it is clipped. Source: as there.
pub const MAT_HEART: (u8, u8) = (30, 200);
/// What it can tell of restlessness, per cent; at the ends it says nothing. Source: none at all and without a pause are
/// what a sensor says that does not measure.
pub const MAT_RESTLESS: (u8, u8) = (0, 100);
