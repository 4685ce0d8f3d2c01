//! Numbers of the night: a bed that was left while nobody is seen, and a night that is not like this person's others.
//!
//! Not here: how long a person may be out of bed ([`super::BED_OUT_NIGHT`]), which homes set for themselves.

use proto::unit::Millis;

/// Out of bed at night and seen nowhere since is important after this. Source: choice, a bathroom without a sensor;
/// docs/sources.md#long-lie has an hour on the floor as the line of harm.
pub const BED_QUIET: Millis = Millis::minutes(20);
/// So many nights of a person are known before one is called restless. Source: choice, a working week.
pub const RESTLESS_NIGHTS: u8 = 5;
/// A night with less time in bed than this is neither judged nor learned, minutes. Source: choice, half a short night.
pub const RESTLESS_LEAST_MIN: u16 = 180;
/// A night is restless above so much of the person's usual share of restless spans, per cent. Source: choice.
pub const RESTLESS_TIMES_PERCENT: u32 = 150;
/// And by so many times what nights usually differ. Source: choice, three deviations.
pub const RESTLESS_SPREADS: u32 = 3;
/// Below this share of restless spans no night is restless, per cent. Source: choice, a healthy sleeper turns 40 times
/// a night, some 5 % of minutes.
pub const RESTLESS_LEAST_PERCENT: u32 = 10;
/// A night counts one of so many in what is usual. Source: choice, about a week.
pub const RESTLESS_FADES: u32 = 8;
