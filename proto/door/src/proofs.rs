//! Connect proofs that have been used: each counts once, for ever. Pure.
//!
//! A proof is a boot and a counter, tagged with a key. Of the latest boots the last counter is remembered; a boot
//! that is forgotten leaves the *floor* of its life, below which nothing of that life counts any more. Lives are drawn
//! at random: of each a floor is remembered, and where there are too many, the *ground* below which no life counts
//! that is not remembered. A box draws a life with each start and counts on; a device that counts anew each time is broken.
//! Not here: whose key made a proof, and where this is kept.

use std::collections::BTreeMap;

use proto::id::BootId;

/// Boots whose last counter is remembered: more than are ever awake at the same time.
const BOOTS: usize = 32;
/// Lives of one device whose floor is remembered. A life is drawn when a device is new or was reset.
const LIVES: usize = 1_024;
/// Bytes of a boot with its counter, of what stands before all boots, and of a life with its floor.
const BOOT_LEN: usize = 12;
const HEAD_LEN: usize = 5;
const FLOOR_LEN: usize = 8;

/// What a proof is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// New, of the boot that came last or of a new one.
    Next,
    /// New, of a boot that another has followed: nobody returns to a boot, so two speak with one name.
    Return,
    /// Used before, or older than what is remembered.
    Used,
}

/// The proofs of one identity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proofs {
    /// Boots and the last counter of each, in the order in which they spoke last.
    boots: Vec<(BootId, u32)>,
    /// Of each life the highest boot counter that is forgotten.
    floors: BTreeMap<u32, u32>,
    /// Highest floor that is forgotten.
    ground: u32,
}

impl Proofs {
    /// What a proof is; changes nothing.
    pub fn look(&self, boot: BootId, counter: u32) -> Proof {
        let (life, number) = parts(boot);
        if let Some(place) = self.boots.iter().position(|(known, _)| *known == boot) {
            let (last, newest) = (self.boots[place].1, place + 1 == self.boots.len());
            return match (counter > last, newest) {
                (false, _) => Proof::Used,
                (true, true) => Proof::Next,
                (true, false) => Proof::Return,
            };
        }
        let floor = self.floors.get(&life).copied().unwrap_or(self.ground);
        // Nothing is forgotten yet of a life that has neither.
        if number <= floor && floor > 0 { Proof::Used } else { Proof::Next }
    }

    /// Uses a proof, if it is new.
    pub fn take(&mut self, boot: BootId, counter: u32) -> Proof {
        let told = self.look(boot, counter);
        if told == Proof::Used {
            return told;
        }
        self.boots.retain(|(known, _)| *known != boot);
        self.boots.push((boot, counter));
        if self.boots.len() > BOOTS {
            let (life, number) = parts(self.boots.remove(0).0);
            let floor = self.floors.entry(life).or_default();
            *floor = number.max(*floor);
        }
        let lowest = self.floors.iter().min_by_key(|(_, floor)| **floor);
        if let Some((life, floor)) = lowest.filter(|_| self.floors.len() > LIVES) {
            let (life, floor) = (*life, *floor);
            self.ground = self.ground.max(floor);
            self.floors.remove(&life);
        }
        told
    }

    /// Boots that were noted without their counters: nothing of them counts any more.
    pub fn note_past(&mut self, boots: &[BootId]) {
        let unknown = |boot: &&BootId| !self.boots.iter().any(|(known, _)| known == *boot);
        let past: Vec<_> = boots.iter().filter(unknown).map(|boot| (*boot, u32::MAX)).collect();
        self.boots.splice(0..0, past);
    }

    /// For a store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(self.boots.len()).unwrap_or(u8::MAX)];
        bytes.extend(self.ground.to_be_bytes());
        for (boot, counter) in &self.boots {
            bytes.extend(boot.get().to_be_bytes());
            bytes.extend(counter.to_be_bytes());
        }
        for (life, floor) in &self.floors {
            bytes.extend(life.to_be_bytes());
            bytes.extend(floor.to_be_bytes());
        }
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) has written, as far as it goes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let head = bytes.split_first_chunk::<HEAD_LEN>();
        let Some(([len, ground @ ..], rest)) = head else { return Self::default() };
        let (boots, floors) = rest.split_at((usize::from(*len) * BOOT_LEN).min(rest.len()));
        let boots = boots.as_chunks::<BOOT_LEN>().0.iter().map(|b| {
            let (boot, counter) = b.split_at(8);
            let boot = BootId::from_raw(boot.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)));
            (boot, counter.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)))
        });
        let floors = floors.as_chunks::<FLOOR_LEN>().0.iter().map(|b| {
            let number = |part: &[u8]| part.iter().fold(0, |n, byte| n << 8 | u32::from(*byte));
            (number(&b[..4]), number(&b[4..]))
        });
        let (boots, floors) = (boots.collect(), floors.collect());
        Self { boots, floors, ground: u32::from_be_bytes(*ground) }
    }
}

/// Life and boot counter.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of a number")]
const fn parts(boot: BootId) -> (u32, u32) {
    ((boot.get() >> 32) as u32, boot.get() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(life: u32, number: u32) -> BootId {
        BootId::new(life, number)
    }

    #[test]
    fn a_proof_counts_once_for_ever_however_many_boots_have_followed() {
        let mut proofs = Proofs::default();
        let mut used = Vec::new();
        for number in 1..=200 {
            for counter in 1..=3 {
                assert_eq!(proofs.take(boot(7, number), counter), Proof::Next);
                used.push((boot(7, number), counter));
            }
            for (boot, counter) in &used {
                assert_eq!(proofs.look(*boot, *counter), Proof::Used, "{boot:?} {counter}");
            }
            proofs = Proofs::from_bytes(&proofs.to_bytes());
        }
        assert!(proofs.to_bytes().len() < 1_024, "bounded");
    }

    #[test]
    fn lives_are_never_forgotten_and_are_bounded() {
        let mut proofs = Proofs::default();
        let lives = u32::try_from(LIVES + BOOTS + 1).unwrap();
        for life in 1..=lives {
            assert_eq!(proofs.take(boot(life, 1), 1), Proof::Next, "{life}");
        }
        let proofs = Proofs::from_bytes(&proofs.to_bytes());
        assert!((1..=lives).all(|life| proofs.look(boot(life, 1), 1) == Proof::Used));
        assert_eq!(proofs.look(boot(lives + 1, 1), 1), Proof::Used, "a device that forgets itself");
        assert_eq!(proofs.look(boot(lives, 1), 2), Proof::Next, "its present life goes on");
        assert!(proofs.to_bytes().len() < 16_384);
    }

    #[test]
    fn a_box_that_draws_a_life_with_each_start_is_always_let_in_and_no_proof_of_it_counts_again() {
        let mut proofs = Proofs::default();
        for start in 1..=5_000u32 {
            let drawn = start.wrapping_mul(2_654_435_761);
            assert_eq!(proofs.take(boot(drawn, start), 1), Proof::Next, "start {start}");
            assert_eq!(proofs.take(boot(drawn, start), 2), Proof::Next, "start {start}");
        }
        let used = |start: u32| proofs.look(boot(start.wrapping_mul(2_654_435_761), start), 2);
        assert!((1..=5_000).all(|start| used(start) == Proof::Used));
        assert!(proofs.to_bytes().len() < 16_384);
    }

    #[test]
    fn a_boot_that_comes_back_is_told_from_the_next_one() {
        let mut proofs = Proofs::default();
        let takes = [(1, 1), (2, 1), (1, 2), (2, 2), (2, 3)];
        let told = takes.map(|(number, counter)| proofs.take(boot(7, number), counter));
        assert_eq!(told, [Proof::Next, Proof::Next, Proof::Return, Proof::Return, Proof::Next]);
    }

    #[test]
    fn boots_that_an_older_build_noted_do_not_count_again() {
        let mut proofs = Proofs::default();
        proofs.take(boot(7, 9), 4);
        proofs.note_past(&[boot(7, 8), boot(7, 9)]);
        assert_eq!(proofs.look(boot(7, 8), 99), Proof::Used);
        assert_eq!(
            (proofs.look(boot(7, 9), 4), proofs.look(boot(7, 9), 5)),
            (Proof::Used, Proof::Next)
        );
    }
}
