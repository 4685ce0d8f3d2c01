//! De-duplication: which frames of which boot have been taken. Only verified telemetry comes here.
//!
//! A *window* tells by frame numbers what is new without knowing any bytes. A number that is used says nothing
//! yet: two devices can share a name by mistake, or one count anew. So the latest frames are remembered
//! with a piece of their end tag, the *print*: only the same print under the same number is a copy.
//! What is older than all that is told by when its gateway had it. Emergencies are not here: their rows
//! tell copies apart for ever; nor unverified frames, which are told apart by a hash.

use std::collections::HashMap;

use proto::id::{BootId, DeviceId, Seq};
use proto::unit::{Millis, Mono};

/// Numbers that a window can tell apart.
const WIDTH: u32 = 512;
/// Frames remembered with their print; a gateway has at most 64 of one device under way, and may send them again.
const PRINTS: u8 = 64;
/// What is sent again may take this much longer on its way than the first time.
const WAY: Millis = Millis::secs(10);
/// Boots of one device that are remembered in memory.
const BOOTS: usize = 4;

/// What a frame is to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Not taken before.
    New,
    /// Taken before.
    Copy,
    /// Not taken before, and its number is another frame's.
    Twice,
}

/// Which frames of one boot have been taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    base: u32,
    bits: [u64; (WIDTH / 64) as usize],
    /// Number and print of the frames taken last; `next` is the place of the next one.
    prints: Vec<u64>,
    next: u8,
    /// Frames whose print is forgotten were handed over by then; while none is, the latest of all.
    mark: Mono,
}

impl Window {
    /// Reads what [`Window::bits`] and [`Window::prints`] wrote; shorter or longer ones are read as far as they go.
    /// A row without prints is of an older build: all its frames were handed over by `touched`.
    pub fn load(base: u32, bytes: &[u8], prints: Option<&[u8]>, touched: Mono) -> Self {
        let mut window = Self { base, mark: touched, ..Self::default() };
        for (word, bytes) in window.bits.iter_mut().zip(bytes.chunks(8)) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(eight);
        }
        let Some((next, prints)) = prints.and_then(<[u8]>::split_last) else {
            window.prints = vec![0; PRINTS.into()];
            return window;
        };
        let eights = prints.chunks_exact(8).take(PRINTS.into());
        window.prints = eights.filter_map(|e| e.try_into().ok()).map(u64::from_le_bytes).collect();
        window.next = next % PRINTS;
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

    /// What is remembered of the latest frames, for a row.
    pub fn prints(&self) -> Vec<u8> {
        let bytes = self.prints.iter().flat_map(|print| print.to_le_bytes());
        bytes.chain([self.next]).collect()
    }

    /// When frames that are forgotten had been handed over at the latest, for a row.
    pub const fn mark(&self) -> Mono {
        self.mark
    }

    /// Whether a frame of this number has been taken for sure.
    pub fn has(&self, seq: Seq) -> bool {
        self.prints.iter().any(|known| number(*known) == seq.get()) || self.bit(seq) == Some(true)
    }

    /// Takes a frame with the tag `tag`, which its gateway had at `handed`, unless it is a copy.
    pub fn take(&mut self, seq: Seq, tag: &[u8], handed: Mono) -> Sight {
        let print = print(seq, tag);
        if self.prints.contains(&print) {
            return Sight::Copy;
        }
        let sight = self.judge(seq, handed);
        if sight == Sight::Copy {
            return sight;
        }
        if sight == Sight::Twice && self.bit(seq).is_none() {
            // It counts anew: from here on, so that its next numbers are new ones.
            (self.base, self.bits) = (seq.get().saturating_sub(1), Default::default());
        }
        self.set(seq);
        self.remember(print, handed);
        sight
    }

    fn judge(&self, seq: Seq, handed: Mono) -> Sight {
        if self.prints.iter().any(|known| number(*known) == seq.get()) {
            return Sight::Twice;
        }
        let forgets = self.prints.len() >= usize::from(PRINTS);
        match self.bit(seq) {
            Some(false) => Sight::New,
            // Its print is forgotten, so it is a copy unless it came to its gateway much later.
            Some(true) if handed > self.mark.after(WAY) => Sight::Twice,
            Some(true) => Sight::Copy,
            None if forgets && handed < self.mark => Sight::Copy,
            // Out of order by another way: the first of its number, as all prints are known.
            None if !forgets && handed <= self.mark => Sight::New,
            None => Sight::Twice,
        }
    }

    /// Whether a number's bit is set; none: it is older than the window.
    fn bit(&self, seq: Seq) -> Option<bool> {
        let place = seq.get().checked_sub(self.base.checked_add(1)?)?;
        Some(place < WIDTH && self.bits[(place / 64) as usize] >> (place % 64) & 1 == 1)
    }

    fn set(&mut self, seq: Seq) {
        let Some(place) = seq.get().checked_sub(self.base.saturating_add(1)) else { return };
        if place >= WIDTH {
            self.shift(place - WIDTH + 1);
        }
        let place = seq.get() - self.base - 1;
        self.bits[(place / 64) as usize] |= 1 << (place % 64);
    }

    fn remember(&mut self, print: u64, handed: Mono) {
        if self.prints.len() < usize::from(PRINTS) {
            self.prints.push(print);
            self.mark = self.mark.max(handed);
            return;
        }
        if let Some(oldest) = self.prints.get_mut(usize::from(self.next)) {
            *oldest = print;
        }
        self.next = (self.next + 1) % PRINTS;
        if self.next == 0 {
            self.mark = self.mark.max(handed);
        }
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

/// A number and the first bytes of a tag.
fn print(seq: Seq, tag: &[u8]) -> u64 {
    let tag = tag.first_chunk().copied().map_or(0, u32::from_le_bytes);
    u64::from(seq.get()) << 32 | u64::from(tag)
}

/// The number in a print.
const fn number(print: u64) -> u32 {
    (print >> 32) as u32
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
mod tests;
