//! How far a clock on a wall is believed, and how fast what is old may be deleted by it.
//!
//! Measured time never jumps; a wall clock does, by a bad time server, a dead battery, a hand. What must not be
//! taken back, above all deleting, waits until a wall clock is proved. Not here: certificates (`policy::dates`).

use proto::unit::Millis;

const DAY: u64 = 24 * 60;

/// A wall clock that moves by more against measured time has jumped. Source: choice, time servers move a clock in
/// step with others by less, and nobody's hours or charts are wrong by it.
pub const WALL_STEP: Millis = Millis::minutes(5);
/// A wall clock that has gone on without a jump for so long is proved. Source: choice, a working day and a night, in
/// which somebody has looked at it.
pub const WALL_PROVED: Millis = Millis::minutes(DAY);
/// After a jump away from a proved time it is followed only when it has gone on for so long. Source: choice, longer
/// than a bad time server goes unnoticed by the others, shorter than a shift.
pub const WALL_FOLLOWED: Millis = Millis::minutes(10);
/// Longest time that a machine is off and its clock still believed at once. Source: choice, a long weekend.
pub const WALL_OFF: Millis = Millis::minutes(3 * DAY);
/// No wall clock shows more than so much after the program was built. Source: choice, nobody leaves a program that
/// guards lives as it is for ten years; clocks that lose their battery show 2036, 2038, 2080, 2099, 2106.
pub const WALL_AHEAD: Millis = Millis::minutes(3_650 * DAY);
/// Where nothing is known of the time, it is so much earlier than the program. Source: choice, a month in which no
/// date that is made of it can be taken for one.
pub const WALL_UNKNOWN: Millis = Millis::minutes(30 * DAY);
/// What is old is deleted at most so many times as fast as time is measured. Source: choice, a server that was off for
/// a month has caught up after three days, and a clock that is wrong by years costs ten days of the oldest in each
/// that nobody looks at the fault.
pub const TIDY_PACE: u64 = 10;
