//! When a frame was said, on the server's own clock, without trusting anybody else's.
//!
//! A device tells its uptime. Each frame that came without delay tells when its boot began at the latest; the
//! earliest of these is the boot's *zero*. Zero plus the uptime of a press dates it, however long it
//! waited. Not here: wall clocks.

use std::collections::HashMap;

use care::policy::LATE_AFTER;
use proto::id::{BootId, DeviceId};
use proto::unit::{Millis, Mono};

/// Zeros of the latest boot of each device.
#[derive(Debug, Default)]
pub struct Dating {
    zeros: HashMap<DeviceId, (BootId, Option<Mono>)>,
}

/// When something was said, and whether that is too long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Server's clock.
    pub at: Mono,
    /// Whether help by it is late.
    pub late: bool,
}

impl Dating {
    /// Learns from a frame that says the uptime of its sending, handed over at `handed`.
    pub fn learn(&mut self, device: DeviceId, boot: BootId, uptime: Millis, handed: Mono) {
        let zero = Mono::from_millis(handed.millis().saturating_sub(uptime.get()));
        match self.zeros.get_mut(&device) {
            Some((known, at)) if *known == boot => *at = at.map(|at| zero.min(at)),
            _ => {
                self.zeros.insert(device, (boot, Some(zero)));
            }
        }
    }

    /// Two voices speak as this boot, so it has no zero: what either says is dated by its arrival.
    pub fn doubt(&mut self, device: DeviceId, boot: BootId) {
        self.zeros.insert(device, (boot, None));
    }

    /// Dates what happened at `uptime` of a boot and was handed over at `handed`.
    pub fn date(
        &self,
        (device, boot): (DeviceId, BootId),
        uptime: Millis,
        handed: Mono,
        now: Mono,
    ) -> Dated {
        let at = match self.zeros.get(&device) {
            Some((known, Some(zero))) if *known == boot => zero.after(uptime).min(handed),
            _ => handed,
        };
        Dated { at, late: now.since(at) > LATE_AFTER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_of_two_hours_ago_is_dated_by_uptime_alone() {
        let (device, boot) = (DeviceId::new(7).unwrap(), BootId::new(1, 1));
        let mut dating = Dating::default();
        let now = Mono::from_millis(10_000_000);
        dating.learn(device, boot, Millis::new(7_300_000), now);
        let dated = dating.date((device, boot), Millis::new(100_000), now, now);
        assert_eq!(dated, Dated { at: Mono::from_millis(2_800_000), late: true });
    }

    #[test]
    fn of_two_voices_with_one_name_none_is_dated_by_the_uptime_of_the_other() {
        let who = (DeviceId::new(7).unwrap(), BootId::new(1, 1));
        let (mut dating, now) = (Dating::default(), Mono::from_millis(10_000_000));
        dating.learn(who.0, who.1, Millis::new(9_000_000), now);
        dating.doubt(who.0, who.1);
        dating.learn(who.0, who.1, Millis::new(9_000_000), now);
        let dated = dating.date(who, Millis::new(5_000), now, now);
        assert_eq!(dated, Dated { at: now, late: false });
    }

    #[test]
    fn an_unknown_boot_is_dated_by_its_arrival() {
        let dating = Dating::default();
        let now = Mono::from_millis(10_000);
        let who = (DeviceId::new(7).unwrap(), BootId::new(1, 1));
        assert_eq!(dating.date(who, Millis::new(5), now, now), Dated { at: now, late: false });
    }
}
