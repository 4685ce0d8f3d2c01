//! How fast the ladder climbs for equipment, and how a notice that leaves the house is tried.
//!
//! Times of a person's own ladder stand with the other answers to "how long until a person has it?".
//! Not here: what a step does (`alert::ladder`).

use proto::unit::Millis;

/// A fault that leaves homes without a way to call is the supervisor's after this. Source:
/// docs/sources.md#answer-times, unclaimed 60 s; counted from the fault, which is 90 s of silence itself.
pub const FAULT_SUPERVISOR: Millis = Millis::secs(60);
/// The second site or the colleague on call. Source: choice, half way to the outside.
pub const FAULT_SECOND_SITE: Millis = Millis::secs(120);
/// The outside. Source: docs/sources.md#answer-times, 180 s.
pub const FAULT_EXTERNAL: Millis = Millis::secs(180);

/// A fault has a workaround within this: the homes can call again, by whatever means. Source:
/// docs/sources.md#repair-times, 2 h.
pub const FAULT_WORKAROUND: Millis = Millis::minutes(2 * 60);
/// And all is as it was within this. Source: as there, 24 h.
pub const FAULT_FIX: Millis = Millis::minutes(24 * 60);

/// First pause of a notice that was not confirmed. Source: choice, a dropped connection costs one of these.
pub const NOTICE_FIRST: Millis = Millis::secs(5);
/// Longest pause of one notice while its receiver confirms others. Source: choice, such a notice is itself at fault.
pub const NOTICE_MOST: Millis = Millis::minutes(5);
/// A receiver that does not answer is asked this often. Source: a third of [`RECEIVER_BACK`], a whole call in it.
pub const NOTICE_PROBE: Millis = Millis::secs(10);
/// A receiver that is back is used within this. Source: choice, half of what EN-style codes leave for an answer
/// (docs/sources.md#answer-times).
pub const RECEIVER_BACK: Millis = Millis::secs(30);
/// Failures in a row after which a receiver is dead, which is a fault. Source: choice, one is an accident.
pub const RECEIVER_DEAD: u32 = 3;
/// A notice that nobody has confirmed for so long is given up, and told. Source: choice, a day: whoever was to be
/// told has heard of it by telephone.
pub const NOTICE_LIFE: Millis = Millis::minutes(24 * 60);

/// A receiver that has confirmed nothing for so long is not proved. Source: choice, a month's trial of every channel.
pub const NOTICE_PROOF: Millis = Millis::minutes(30 * 24 * 60);

const _: () = assert!(FAULT_SUPERVISOR.get() < FAULT_SECOND_SITE.get());
const _: () = assert!(FAULT_EXTERNAL.get() < FAULT_WORKAROUND.get());
const _: () = assert!(FAULT_WORKAROUND.get() < FAULT_FIX.get());
const _: () = assert!(FAULT_SECOND_SITE.get() < FAULT_EXTERNAL.get());
const _: () = assert!(2 * NOTICE_PROBE.get() < RECEIVER_BACK.get());
