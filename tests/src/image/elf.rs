//! From what a linker writes to what a slot holds: the loaded bytes of a program, from its first address to its last.
//!
//! Reads 32-bit little-endian ELF, which is what bare-metal RISC-V makes. Not here: symbols and sections.

use crate::trouble::{Outcome, Trouble};

const MAGIC: &[u8] = b"\x7FELF\x01\x01";
/// Kind of a program header that is loaded.
const LOAD: u32 = 1;
/// Largest distance between the first and the last address, bytes.
const SPAN_MAX: u32 = 4 << 20;

/// A program as it lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flat {
    /// Its first address.
    pub start: u32,
    /// Where it begins to run.
    pub entry: u32,
    /// Its bytes; gaps are zero.
    pub bytes: Vec<u8>,
}

/// Whether these bytes are such a program.
pub fn is_elf(file: &[u8]) -> bool {
    file.starts_with(MAGIC)
}

/// The loaded bytes of a program, by the addresses that they are stored at.
pub fn flatten(file: &[u8]) -> Outcome<Flat> {
    let broken = || Trouble::new("this is no program for a 32-bit machine");
    if !is_elf(file) {
        return Err(broken());
    }
    let word = |at: usize| -> Option<u32> {
        let bytes = file.get(at..at + 4)?;
        bytes.try_into().ok().map(u32::from_le_bytes)
    };
    let half = |at: usize| -> Option<usize> {
        let bytes = file.get(at..at + 2)?;
        bytes.try_into().ok().map(|bytes| usize::from(u16::from_le_bytes(bytes)))
    };
    let read = || -> Option<Flat> {
        let (entry, table, size, count) = (word(24)?, word(28)? as usize, half(42)?, half(44)?);
        let mut parts = Vec::new();
        for header in (0..count).map(|n| table + n * size) {
            let (kind, from, to, len) =
                (word(header)?, word(header + 4)?, word(header + 12)?, word(header + 16)?);
            if kind == LOAD && len > 0 {
                parts.push((to, file.get(from as usize..from as usize + len as usize)?));
            }
        }
        let start = parts.iter().map(|(to, _)| *to).min()?;
        let mut bytes = Vec::new();
        for (to, part) in parts {
            let at = to.checked_sub(start).filter(|at| *at < SPAN_MAX)? as usize;
            let end = at + part.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes.get_mut(at..end)?.copy_from_slice(part);
        }
        Some(Flat { start, entry, bytes })
    };
    read().ok_or_else(broken)
}
