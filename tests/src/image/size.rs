//! How much room a program takes, from the table of its sections.
//!
//! *Flash* is what is stored: code, constants and the first values of variables. *RAM* is what variables take while it
//! runs; the *stack* has the rest of the memory map. Reads 32-bit little-endian ELF. Not here: how much of the stack is
//! used (`stack`).

use std::ops::Range;
use std::path::Path;

use crate::trouble::{Outcome, Trouble};

/// Section that holds no bytes of the file.
const EMPTY: u32 = 8;
const WRITABLE: u32 = 1;
const LOADED: u32 = 2;

/// Room of one program, bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Stored.
    pub flash: u32,
    /// Variables.
    pub ram: u32,
    /// Where the stack may grow.
    pub stack: Range<u32>,
}

/// Measures a program file.
pub fn of(program: &Path) -> Outcome<Size> {
    let file = std::fs::read(program)?;
    let size = read(&file);
    size.ok_or_else(|| Trouble::new(format!("{} is no 32-bit program", program.display())))
}

fn read(file: &[u8]) -> Option<Size> {
    let word = |at: usize| word(file, at);
    let half = |at: usize| Some(usize::try_from(word(at)? & 0xFFFF).unwrap_or(0));
    if !file.starts_with(b"\x7FELF\x01\x01") {
        return None;
    }
    let place = |n: u32| usize::try_from(n).ok();
    let (table, entry, count, names) = (place(word(32)?)?, half(46)?, half(48)?, half(50)?);
    let names = place(word(table + names * entry + 16)?)?;
    let mut size = Size { flash: 0, ram: 0, stack: 0..0 };
    for at in (0..count).map(|n| table + n * entry) {
        let (kind, flags, start, bytes) =
            (word(at + 4)?, word(at + 8)?, word(at + 12)?, word(at + 20)?);
        let name = file.get(names + place(word(at)?)?..)?.split(|byte| *byte == 0).next()?;
        if name == b".stack" {
            size.stack = start..start + bytes;
        } else if flags & LOADED != 0 && name != b".heap" {
            size.flash += if kind == EMPTY { 0 } else { bytes };
            size.ram += if flags & WRITABLE == 0 { 0 } else { bytes };
        }
    }
    Some(size)
}

/// The program without a claim on the memory of its stack.
pub fn without_stack(mut file: Vec<u8>, stack: &Range<u32>) -> Outcome<Vec<u8>> {
    let claim = || -> Option<(usize, u32)> {
        let (table, entry) = (word(&file, 28)? as usize, (word(&file, 42)? & 0xFFFF) as usize);
        let count = (word(&file, 44)? & 0xFFFF) as usize;
        (0..count).map(|n| table + n * entry).find_map(|at| {
            let (start, bytes) = (word(&file, at + 8)?, word(&file, at + 20)?);
            let holds = start <= stack.start && stack.end <= start.checked_add(bytes)?;
            holds.then_some((at + 20, stack.start - start))
        })
    };
    let (at, bytes) = claim().ok_or_else(|| Trouble::new("no segment holds the stack"))?;
    file.splice(at..at + 4, bytes.to_le_bytes());
    Ok(file)
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(file.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
