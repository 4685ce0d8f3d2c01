//! De-duplication: which frames of which boot have been taken. Only verified frames come here.
//!
//! Telemetry is told apart by a window of frame numbers per boot; what is older than the window counts as
//! taken. Emergencies do not move it: a press may overtake a backlog of days, and its row's primary
//! key tells copies apart for ever. Not here: unverified frames, which are told apart by a hash.

use std::collections::HashMap;

use proto::id::{BootId, DeviceId, Seq};

/// Frames that a window can tell apart; a gateway has at most 64 of one device under way.
const WIDTH: u32 = 512;
/// Boots of one device that are remembered in memory.
const BOOTS: usize = 4;

/// Which frames of one boot have been taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    base: u32,
    bits: [u64; (WIDTH / 64) as usize],
}

impl Window {
    /// Reads what [`Window::bits`] wrote; shorter or longer bits are read as far as they go.
    pub fn load(base: u32, bytes: &[u8]) -> Self {
        let mut window = Self { base, ..Self::default() };
        for (word, bytes) in window.bits.iter_mut().zip(bytes.chunks(8)) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(eight);
        }
        window
    }

    /// All up to this frame count as taken.
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// One bit a frame after the base, for a row.
    pub fn bits(&self) -> Vec<u8> {
        self.bits.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Whether a frame has been taken.
    pub fn has(&self, seq: Seq) -> bool {
        let Some(place) = seq.get().checked_sub(self.base + 1) else { return true };
        place < WIDTH && self.bits[(place / 64) as usize] >> (place % 64) & 1 == 1
    }

    /// Takes a frame; says whether it is new.
    pub fn take(&mut self, seq: Seq) -> bool {
        if self.has(seq) {
            return false;
        }
        let place = seq.get() - self.base - 1;
        if place >= WIDTH {
            self.shift(place - WIDTH + 1);
        }
        let place = seq.get() - self.base - 1;
        self.bits[(place / 64) as usize] |= 1 << (place % 64);
        true
    }

    fn shift(&mut self, by: u32) {
        self.base += by;
        if by >= WIDTH {
            self.bits = Default::default();
            return;
        }
        let (words, rest) = ((by / 64) as usize, by % 64);
        self.bits.rotate_left(words);
        let end = self.bits.len() - words;
        self.bits[end..].fill(0);
        if rest > 0 {
            for i in 0..self.bits.len() {
                let next = self.bits.get(i + 1).copied().unwrap_or(0);
                self.bits[i] = self.bits[i] >> rest | next << (64 - rest);
            }
        }
    }
}

/// The windows of all devices that spoke since the start.
#[derive(Debug, Default)]
pub struct Book {
    windows: HashMap<DeviceId, Vec<(BootId, Window)>>,
}

impl Book {
    /// The window of a boot, if it is in memory.
    pub fn get(&mut self, device: DeviceId, boot: BootId) -> Option<&mut Window> {
        let boots = self.windows.get_mut(&device)?;
        boots.iter_mut().find(|(b, _)| *b == boot).map(|(_, window)| window)
    }

    /// Remembers a window that was read from its row, or a new one.
    pub fn put(&mut self, device: DeviceId, boot: BootId, window: Window) {
        let boots = self.windows.entry(device).or_default();
        boots.retain(|(b, _)| *b != boot);
        if boots.len() >= BOOTS {
            boots.remove(0);
        }
        boots.push((boot, window));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_once_whatever_the_order() {
        let mut window = Window::default();
        let mut taken = 0;
        // 1,009 is prime, so the walk meets each number once in a scattered order within the window.
        for round in 0..3 {
            for i in 0..400u32 {
                let seq = Seq::new(1 + (i * 7 + round) % 400);
                taken += u32::from(window.take(seq));
            }
        }
        assert_eq!(taken, 400);
    }

    #[test]
    fn what_is_older_than_the_window_counts_as_taken() {
        let mut window = Window::default();
        assert!(window.take(Seq::new(10_000)));
        assert!(!window.take(Seq::new(10_000 - WIDTH)));
        assert!(window.take(Seq::new(10_001 - WIDTH)));
        assert!(!window.take(Seq::new(0)));
    }

    #[test]
    fn a_window_survives_its_row() {
        let mut window = Window::default();
        for seq in [3, 900, 901, 1_200, 1_333] {
            window.take(Seq::new(seq));
        }
        assert_eq!(Window::load(window.base(), &window.bits()), window);
    }
}
