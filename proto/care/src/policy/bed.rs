//! How long may a person be out of bed, and when has somebody left it?
//!
//! Not here: a bed that was left while nobody is seen, and restless nights ([`super::night`]).

use proto::unit::Millis;

// How long may a person be out of bed?

/// Night begins, minutes after midnight. Source: choice, 22:00; settable per home.
pub const NIGHT_FROM: u16 = 22 * 60;
/// Night ends, minutes after midnight. Source: choice, 06:00; settable per home.
pub const NIGHT_UNTIL: u16 = 6 * 60;
/// Out of bed at night for longer is important. Source: choice, a bathroom and a glass of
/// water; settable per home.
pub const BED_OUT_NIGHT: Millis = Millis::minutes(30);
/// Out of bed for longer is worth a look at any hour, also when the hour is unknown. Source: choice, a long day of
/// 18 h; above every healthy day.
pub const BED_OUT_LONG: Millis = Millis::minutes(18 * 60);
/// A load-cell mat tells "out" this much after the fact at most. Source: device core's debounce; radars on sale
/// need 30-40 s (docs/sources.md#radar-delays) and get an own line when they come.
pub const MAT_DELAY: Millis = Millis::secs(10);
/// Share of a summary's span in bed at or above which the person is in bed, per cent. Source: choice, the majority.
pub const IN_BED_SHARE: f32 = 50.0;
/// Share of a summary's span in bed at or below which the person is out, per cent. Source: choice, a minute with
/// less than 6 s in bed; between both nothing is concluded.
pub const OUT_OF_BED_SHARE: f32 = 10.0;

// When has somebody who wears a sensor left the bed?

/// A worn sensor tells "out" and "in" this much after the fact. Source: UCI 427 room S1; 20 s was no better.
pub const EXIT_DELAY: Millis = Millis::secs(10);
/// Belief above which somebody in bed has left it, in 64ths of log odds. Source: UCI 427 room S1, the middle of where
/// recall and precision of unseen stretches of trials are level.
pub const EXIT_OUT: i32 = 16;
/// Belief below which somebody who left is back in bed, in 64ths of log odds. Source: as there.
pub const EXIT_BACK: i32 = -80;
