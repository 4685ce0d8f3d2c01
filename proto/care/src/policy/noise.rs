//! When is what comes and goes one fault, and when does a device start or connect too often?
//!
//! A fault that is told anew each time it comes back is read by nobody. The first time is told and passes as it came; from
//! the second on it is one fault that stands until all has been well for [`STEADY`]. Not here: when a device is silent.

use proto::unit::Millis;

/// What has passed and comes again within this is unsteady, and so is what has not been well for so long. Source: choice,
/// a day: what a day's weather, sun or habit does to a radio or a plug comes back within it.
pub const STEADY: Millis = Millis::minutes(24 * 60);
/// So many starts within [`OFTEN_SHORT`] are no fitter's and no update's. Source: choice, a new cell, two tests and an
/// update are five.
pub const BOOTS_SHORT: u16 = 6;
/// So many within a day are none either. Source: choice, one every two hours.
pub const BOOTS_LONG: u16 = 12;
/// The shorter of the two spans in which starts and connections are counted; the longer is a day. Source: choice.
pub const OFTEN_SHORT: Millis = Millis::minutes(60);
/// A person who has closed it is not told again sooner. Source: choice, time to get a ladder.
pub const TOLD_AGAIN: Millis = Millis::minutes(60);
/// A cell at or above this is a fresh one, per cent: the fault ends at once. Source: choice, no tired cell recovers so far.
pub const BATTERY_FRESH_PERCENT: u8 = 80;
/// A contact that is the first to go and so soon after its device has started was closed before. Source: choice, debounce
/// and the start of a slow chip fit into it, and hardly a hand does.
pub const AT_BOOT: Millis = Millis::secs(2);
/// Times that a box may connect within [`OFTEN_SHORT`]. Source: choice, once every two minutes; a sound line holds for
/// days, and a box that is cut each time waits at most 30 s.
pub const CONNECTS_SHORT: u16 = 30;
/// And within a day. Source: choice, once every six minutes.
pub const CONNECTS_LONG: u16 = 240;
/// Homes behind a box that is unsteady are told to be without a way after this. Source: choice, the box's own fault is told
/// at once.
pub const WAY_UNSTEADY: Millis = Millis::minutes(10);

const _: () = {
    assert!(OFTEN_SHORT.get() < STEADY.get() && BOOTS_SHORT < BOOTS_LONG);
    assert!(super::BATTERY_GOOD_PERCENT < BATTERY_FRESH_PERCENT);
    assert!(AT_BOOT.get() < super::CANCEL_HOLD.get());
    assert!(super::GATEWAY_SILENT.get() < WAY_UNSTEADY.get());
};
