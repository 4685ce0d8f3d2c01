//! The flash: NOR cells in a file of the host.
//!
//! Writing only clears bits and is done word by word, erasing sets a page a piece at a time: if the machine is killed
//! in the middle, the file holds what a chip would. The host's file outlives the machine.
//! Not here: where things lie in it (`layout`), the queue (`firmware::queue`).

use core::ffi::CStr;

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use semihosting::fs::{File, OpenOptions};
use semihosting::io::{Read, Seek, SeekFrom, Write};

use crate::layout::{FLASH, PAGE};

const WORD: usize = 4;
/// Bytes that are read, changed and written at a time.
const PIECE: usize = 256;

/// Why the flash did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlashError {
    /// Not at a word or page.
    NotAligned,
    /// Beyond the end.
    OutOfBounds,
    /// The host's file failed.
    Host,
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Host => NorFlashErrorKind::Other,
        }
    }
}

impl From<semihosting::io::Error> for FlashError {
    fn from(_: semihosting::io::Error) -> Self {
        Self::Host
    }
}

/// The flash chip.
#[derive(Debug)]
pub(crate) struct HostFlash(File);

impl HostFlash {
    /// Opens the file that holds it; the file must have the size of the flash.
    pub(crate) fn open(path: &CStr) -> Result<Self, FlashError> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() == FLASH as u64 { Ok(Self(file)) } else { Err(FlashError::Host) }
    }

    fn go(&mut self, to: u32) -> Result<(), FlashError> {
        self.0.seek(SeekFrom::Start(to.into()))?;
        Ok(())
    }

    fn fetch(&mut self, from: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.go(from)?;
        Ok(self.0.read_exact(bytes)?)
    }
}

fn check(from: u32, len: usize, align: usize) -> Result<(), FlashError> {
    if !(from as usize).is_multiple_of(align) || !len.is_multiple_of(align) {
        return Err(FlashError::NotAligned);
    }
    match (from as usize).checked_add(len) {
        Some(end) if end <= FLASH => Ok(()),
        Some(_) | None => Err(FlashError::OutOfBounds),
    }
}

impl ErrorType for HostFlash {
    type Error = FlashError;
}

impl ReadNorFlash for HostFlash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check(offset, bytes.len(), 1)?;
        self.fetch(offset, bytes)
    }

    fn capacity(&self) -> usize {
        FLASH
    }
}

impl NorFlash for HostFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let len = to.checked_sub(from).ok_or(FlashError::OutOfBounds)? as usize;
        check(from, len, PAGE)?;
        self.go(from)?;
        for _ in 0..len / PIECE {
            self.0.write_all(&[0xFF; PIECE])?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check(offset, bytes.len(), WORD)?;
        for (at, new) in (offset..).step_by(PIECE).zip(bytes.chunks(PIECE)) {
            let mut cells = [0; PIECE];
            let cells = cells.get_mut(..new.len()).ok_or(FlashError::OutOfBounds)?;
            self.fetch(at, cells)?;
            self.go(at)?;
            for (cells, new) in cells.chunks_mut(WORD).zip(new.chunks(WORD)) {
                for (cell, bits) in cells.iter_mut().zip(new) {
                    *cell &= bits;
                }
                self.0.write_all(cells)?;
            }
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for HostFlash {}
