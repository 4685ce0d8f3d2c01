//! When has somebody gone out at night and not come back, and when does an empty bed of the evening count?
//!
//! Not here: a bed that was left at night ([`super::night`]), and what a home may set beside this ([`super::Rules`]).

use minicbor::{Decode, Encode};
use proto::unit::Millis;

/// Doors are watched from here, minutes after local midnight. Source: choice,
/// docs/sources.md#night-exit, 23:00; settable.
pub const WANDER_FROM: u16 = 23 * 60;
/// Until here. Source: as there, 05:00; settable.
pub const WANDER_UNTIL: u16 = 5 * 60;
/// Out by a door and not back for so long is an alarm. Source: as there, 10 min; settable. TIHM, 34 homes without beds,
/// 1,718 nights: 540 nightly passages, 167 alarms, 118 of them in one home.
pub const WANDER_AFTER: Millis = Millis::minutes(10);
/// Door words that are nearer to each other are one passage; movement so soon after somebody came in from outside may be
/// the door's own. Source: choice, an opening and its closing, and the shortest hold time of infra-red sensors.
pub const PASSAGE: Millis = Millis::secs(30);
/// A bed that was left so long before the night begins, or less, was left for the evening. Source: choice, after supper.
pub const EVENING: Millis = Millis::minutes(4 * 60);

/// When doors are watched, and how long somebody may be out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct DoorWatch {
    /// Minutes after local midnight, below 1440; equal to `until` = never.
    #[n(0)]
    pub from: u16,
    /// Minutes after local midnight, below 1440.
    #[n(1)]
    pub until: u16,
    /// Longest time out; none = not watched.
    #[n(2)]
    pub after: Option<Millis>,
}

impl Default for DoorWatch {
    fn default() -> Self {
        Self { from: WANDER_FROM, until: WANDER_UNTIL, after: Some(WANDER_AFTER) }
    }
}

impl DoorWatch {
    /// How long somebody who goes out at a local minute of the day may be out; none = nobody waits.
    pub fn limit(&self, minute_of_day: u16) -> Option<Millis> {
        self.after.filter(|_| super::rules::within(self.from, self.until, minute_of_day))
    }
}

const _: () = {
    assert!(PASSAGE.get() < super::DOOR_SETTLE.get());
    assert!(super::DOOR_SETTLE.get() + super::ASK.get() < WANDER_AFTER.get());
    assert!(WANDER_FROM < 1440 && WANDER_UNTIL < 1440);
};
