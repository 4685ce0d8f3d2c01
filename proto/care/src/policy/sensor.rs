//! When is a sensor that speaks nevertheless dead, stuck, chattering or put aside?
//!
//! Not here: when one that does not speak is silent ([`super::DEVICE_SILENT`]), and for how long a sensor alone may say
//! that somebody lives ([`super::life`]).

use proto::unit::Millis;

// When is a sensor that speaks nevertheless dead, stuck or put aside?

/// A motion sensor that sees nothing this long while the home is lively is a fault. Source:
/// docs/sources.md#silent-faults, 24 h.
pub const MOTION_DEAD: Millis = Millis::minutes(24 * 60);
/// The same for a bed that never changes. Source: choice, a night away and a day.
pub const BED_DEAD: Millis = Millis::minutes(48 * 60);
/// The same for a door that never opens. Source: choice, somebody is brought food or goes out within a fortnight.
pub const DOOR_DEAD: Millis = Millis::minutes(14 * 24 * 60);
/// A home is lively enough to tell a dead sensor after so many hours with life elsewhere. Source: choice, half of the
/// waking hours of a day.
pub const LIVELY_HOURS: u8 = 8;
/// A sensor that never rests for this long sees something that is no person. Source: choice, every sleeper leaves it
/// more, and what a battery device repeats with its hourly health is no rest; TIHM: 4 such days in 1,802, with 60 min 1.
pub const MOTION_REST: Millis = Millis::minutes(75);
/// Going on without such a rest for this long it is stuck. Source: docs/sources.md#silent-faults, always
/// true for 24 h.
pub const ALWAYS_ON: Millis = Millis::minutes(24 * 60);
/// A pendant that lies still this long while the home is lively is not worn. Source:
/// docs/sources.md#wearing, who does not wear it; 4 h of waking is a choice.
pub const NOT_WORN: Millis = Millis::minutes(4 * 60);
/// Hours with life elsewhere by day before that is said. Source: as there.
pub const NOT_WORN_HOURS: u8 = 4;
/// Mains lost by several devices of one home within this is one cause. Source: choice, they tell it within a health
/// period and a reconnect.
pub const OUTAGE_WINDOW: Millis = Millis::minutes(5);

// What is a chattering contact?

/// So many activations of one device within [`CHATTER_WINDOW`] are a stuck or bouncing contact. Source: choice,
/// debounced presses of a person in fear stay below 2/s; a bouncing contact makes 10/s.
pub const CHATTER_COUNT: u8 = 20;
/// Window of [`CHATTER_COUNT`]. Source: as there.
pub const CHATTER_WINDOW: Millis = Millis::secs(10);
/// A chattering contact that rests this long is sound again. Source: choice, as long as an incident stays open.
pub const CHATTER_QUIET: Millis = Millis::minutes(10);
