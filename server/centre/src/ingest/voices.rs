//! Home boxes that speak with one identity: a card was copied, and both run.
//!
//! Each start of a box is a boot with a name of its own, and what it keeps goes up in the order in which it was
//! kept. So a boot that says something after a later one had begun is a second box. Not here: two devices
//! with one name, which their bytes give away (`seen`).

use std::collections::HashMap;

use proto::id::{BootId, GatewayId};
use proto::unit::{Millis, Mono};

/// Boots of one box that are remembered.
const BOOTS: usize = 8;
/// What two boots say at nearly the same time may be told in any order.
const NEAR: Millis = Millis::secs(10);

/// The latest boots of each box and when each was first heard, oldest first.
#[derive(Debug, Default)]
pub struct Voices {
    boots: HashMap<GatewayId, Vec<(BootId, Mono)>>,
}

impl Voices {
    /// A box has said something in its own name at `at`; whether another box speaks with its identity.
    pub fn heard(&mut self, gateway: GatewayId, boot: BootId, at: Mono) -> bool {
        let boots = self.boots.entry(gateway).or_default();
        let Some(newest) = boots.last().copied() else {
            boots.push((boot, at));
            return false;
        };
        if newest.0 == boot {
            return false;
        }
        if boots.iter().any(|(known, _)| *known == boot) {
            return at > newest.1.after(NEAR);
        }
        // A backlog of a boot that was never heard: it ended before the newest began.
        if at < newest.1 {
            return false;
        }
        if boots.len() >= BOOTS {
            boots.remove(0);
        }
        boots.push((boot, at));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: GatewayId = match GatewayId::new(9) {
        Some(id) => id,
        None => panic!("in range"),
    };

    fn heard(voices: &mut Voices, boot: u32, second: u64) -> bool {
        voices.heard(BOX, BootId::new(boot, boot), Mono::from_millis(second * 1000))
    }

    #[test]
    fn a_box_that_starts_again_and_tells_its_backlog_is_one_box() {
        let mut voices = Voices::default();
        for (boot, second) in [(1, 0), (1, 30), (2, 100), (1, 60), (1, 99), (2, 130), (3, 131)] {
            assert!(!heard(&mut voices, boot, second), "boot {boot} at {second}");
        }
    }

    #[test]
    fn two_boxes_with_one_identity_are_told_as_soon_as_the_first_speaks_again() {
        let mut voices = Voices::default();
        assert!(!heard(&mut voices, 1, 0));
        assert!(!heard(&mut voices, 2, 20));
        assert!(heard(&mut voices, 1, 31));
        assert!(!heard(&mut voices, 2, 50), "the later one is nobody's copy");
        assert!(heard(&mut voices, 1, 61));
    }
}
