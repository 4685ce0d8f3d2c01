//! NOR flash in memory, as simulated homes and tests use it: it clears bits, erases pages, and can lose its power.
//!
//! The store is any slice: an array, a `Vec`, or a mapped file, so a simulated device keeps its flash between runs
//! (`into_store`, then `new` on the same bytes). A *cut* is armed for the n-th word or page operation from now: that
//! operation is done in part (*torn word*: some of its bits; *half-erased page*: some of its words and bits), and
//! every later one fails until `power_on`. The same seed tears in the same way.
//! Not here: wear, read disturbance, timing.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use crate::link::Jitter;

/// Bytes of a write word.
pub const WORD: usize = 4;

/// Why the flash did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelError {
    /// Not at a word or page.
    NotAligned,
    /// Beyond the end.
    OutOfBounds,
    /// The power is gone.
    NoPower,
}

impl NorFlashError for ModelError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NoPower => NorFlashErrorKind::Other,
        }
    }
}

/// A flash with pages of `PAGE` bytes over a store of bytes.
#[derive(Debug, Clone)]
pub struct FlashModel<S, const PAGE: usize = 4096> {
    store: S,
    /// Operations until the power goes; none = never.
    cut_in: Option<u64>,
    powered: bool,
    operations: u64,
    tear: Jitter,
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const PAGE: usize> FlashModel<S, PAGE> {
    /// A flash with the content of `store`; 0xFF is erased. The seed decides how words and pages tear.
    pub const fn new(store: S, seed: u64) -> Self {
        Self { store, cut_in: None, powered: true, operations: 0, tear: Jitter::new(seed) }
    }

    /// A flash that is erased, whatever `store` held.
    pub fn erased(mut store: S, seed: u64) -> Self {
        store.as_mut().fill(0xFF);
        Self::new(store, seed)
    }

    /// The power goes in the middle of the operation after `operations` more of them.
    pub const fn cut_after(&mut self, operations: u64) {
        self.cut_in = Some(operations);
    }

    /// The power is back, and no cut is armed.
    pub const fn power_on(&mut self) {
        self.powered = true;
        self.cut_in = None;
    }

    /// Whether a cut has happened.
    pub const fn is_cut(&self) -> bool {
        !self.powered
    }

    /// Word writes and page erasures so far.
    pub const fn operations(&self) -> u64 {
        self.operations
    }

    /// The content.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Counts an operation: true if it is done in whole, false if the power goes in its middle.
    fn operate(&mut self) -> Result<bool, ModelError> {
        if !self.powered {
            return Err(ModelError::NoPower);
        }
        self.operations += 1;
        match &mut self.cut_in {
            Some(0) => {
                self.powered = false;
                Ok(false)
            }
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(true),
        }
    }

    fn noise(&mut self) -> u8 {
        self.tear.below(256).to_le_bytes()[0]
    }

    fn check(&self, from: u32, len: usize, align: usize) -> Result<usize, ModelError> {
        let from = from as usize;
        if !from.is_multiple_of(align) || !len.is_multiple_of(align) {
            return Err(ModelError::NotAligned);
        }
        match from.checked_add(len) {
            Some(end) if end <= self.store.as_ref().len() => Ok(from),
            Some(_) | None => Err(ModelError::OutOfBounds),
        }
    }

    fn write_word(&mut self, at: usize, word: &[u8]) -> Result<(), ModelError> {
        let whole = self.operate()?;
        for (offset, byte) in word.iter().enumerate() {
            // Bits that should be cleared and are not yet stay set.
            let late = if whole { 0 } else { self.noise() };
            if let Some(cell) = self.store.as_mut().get_mut(at + offset) {
                *cell &= byte | late;
            }
        }
        if whole { Ok(()) } else { Err(ModelError::NoPower) }
    }

    fn erase_page(&mut self, at: usize) -> Result<(), ModelError> {
        let whole = self.operate()?;
        for offset in 0..PAGE {
            // Some words are erased, some untouched, some in between.
            let set = match (whole, self.tear.below(3)) {
                (true, _) | (false, 0) => 0xFF,
                (false, 1) => 0,
                (false, _) => self.noise(),
            };
            if let Some(cell) = self.store.as_mut().get_mut(at + offset) {
                *cell |= set;
            }
        }
        if whole { Ok(()) } else { Err(ModelError::NoPower) }
    }
}

impl<S, const PAGE: usize> ErrorType for FlashModel<S, PAGE> {
    type Error = ModelError;
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const PAGE: usize> ReadNorFlash for FlashModel<S, PAGE> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), ModelError> {
        if !self.powered {
            return Err(ModelError::NoPower);
        }
        let from = self.check(offset, bytes.len(), 1)?;
        let stored = self.store.as_ref().get(from..from + bytes.len());
        bytes.copy_from_slice(stored.ok_or(ModelError::OutOfBounds)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.store.as_ref().len()
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const PAGE: usize> NorFlash for FlashModel<S, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), ModelError> {
        let len = to.checked_sub(from).ok_or(ModelError::OutOfBounds)?;
        let start = self.check(from, len as usize, PAGE)?;
        (start..start + len as usize).step_by(PAGE).try_for_each(|page| self.erase_page(page))
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), ModelError> {
        let start = self.check(offset, bytes.len(), WORD)?;
        (start..)
            .step_by(WORD)
            .zip(bytes.chunks(WORD))
            .try_for_each(|(at, w)| self.write_word(at, w))
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const PAGE: usize> MultiwriteNorFlash for FlashModel<S, PAGE> {}
