//! Numbers of belief: for how long, and by what, a sensor alone may say that somebody lives.
//!
//! What is told without a pause for longer than a person would tell it is no sign of life, and is a fault a day later.
//! Capability sheets ([`crate::reading::sheet`]) say which of these hold for which kind of sensor. Not here: how long
//! nobody may be seen ([`super::pace`]).

use proto::unit::Millis;

/// Presence that is told without a pause keeps a home alive no longer than this. Source: choice,
/// docs/sources.md#presence-radar, 2 h; TIHM,
/// 34 homes, 1,802 days: 602 runs of one sensor are longer, the longest 8.2 h; the judge tells 157 alarms for 156 in
/// setting alert, and as many in calm, at the same delays.
pub const PRESENCE: Millis = Millis::minutes(2 * 60);
/// Presence rests if it is not told for so long. Source: choice, beyond the hold times and report periods of motion
/// sensors; TIHM as for [`PRESENCE`].
pub const PRESENCE_REST: Millis = Millis::minutes(12);
/// Beyond [`PRESENCE`] it still does if another sensor was believed so shortly before. Source: choice, as
/// [`PRESENCE_REST`]: two who see the same person.
pub const VOUCHED: Millis = PRESENCE_REST;
/// But without such a pause no longer than this, however many sensors tell it. Source: choice, as [`WORN`]; TIHM: none
/// above 9 h.
pub const PRESENCE_MOST: Millis = WORN;
/// What a worn sensor tells keeps a home alive no longer than this without such a pause. Source: choice, a long day as
/// for [`super::BED_OUT_LONG`]: who wears it moves it all day.
pub const WORN: Millis = Millis::minutes(18 * 60);
/// Presence without an hour's pause for [`super::ALWAYS_ON`] is none if nothing else has told of life for so long.
/// Source: choice, longer than a night in which one sensor sees who cannot sleep.
pub const STUCK_ALONE: Millis = Millis::minutes(10 * 60);
/// And it is none, whatever else lives, after so long. Source: choice, two such days; TIHM: none.
pub const STUCK: Millis = Millis::minutes(48 * 60);
/// After so long without an hour's pause and by itself a sensor accuses no other of telling nothing. Source: an hour
/// less than [`super::LIVELY_HOURS`], so that one that sticks can never do so alone.
pub const ACCUSES: Millis = Millis::minutes(7 * 60);
/// The same number for so long is a constant and no measurement. Source: choice, as for [`PRESENCE`]: no body repeats
/// its mean of a minute for two hours.
pub const CONSTANT: Millis = Millis::minutes(2 * 60);
/// And so many times. Source: choice, an hour of minutes; who tells a number an hour is given days.
pub const CONSTANT_WORDS: u8 = 60;
/// Breath, heart and restlessness of one bed keep a home alive no longer than this while a sensor of movement or of a
/// door speaks and tells nothing. Source: choice, as [`super::BED_DEAD`]: who lies longer is looked after, and seen.
pub const BED_ALONE: Millis = super::BED_DEAD;
/// A bed that weighs less than this is empty, kg. Source: choice, a blanket and what was left on it.
pub const BED_EMPTY_KG: f32 = 5.0;
/// More movements or openings a second than this are none. Source: choice, twice what a person in haste can make.
pub const COUNTS_A_SECOND: u16 = 2;

const _: () = {
    assert!(PRESENCE_REST.get() < super::MOTION_REST.get());
    assert!(PRESENCE.get() < WORN.get() && WORN.get() < super::ALWAYS_ON.get());
    assert!(STUCK_ALONE.get() < super::ALWAYS_ON.get() && super::ALWAYS_ON.get() < STUCK.get());
    assert!(ACCUSES.get() < super::LIVELY_HOURS as u64 * 60 * 60_000);
    assert!(CONSTANT_WORDS as u64 * super::READING_PERIOD.get() < CONSTANT.get());
};
