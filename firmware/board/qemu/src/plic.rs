//! The interrupt controller: which lines may interrupt, and which one does.
//!
//! Not here: who answers (`interrupts`).

use crate::mmio::PLIC;

/// Priority of each line, four bytes a line.
const PRIORITY: usize = 0;
const ENABLED: usize = 0x2000;
const THRESHOLD: usize = 0x20_0000;
/// Reading claims the next line, writing completes it.
const CLAIM: usize = 0x20_0004;

/// Lets every line through that is allowed.
pub(crate) fn open() {
    PLIC.at(THRESHOLD).write(0);
}

/// Lets a line interrupt.
pub(crate) fn allow(line: u32) {
    PLIC.at(PRIORITY + 4 * line as usize).write(1);
    let enabled = PLIC.at(ENABLED).read();
    PLIC.at(ENABLED).write(enabled | 1 << line);
}

/// Claims the next line that interrupts; 0 for none.
pub(crate) fn claim() -> u32 {
    PLIC.at(CLAIM).read()
}

/// A line was answered.
pub(crate) fn complete(line: u32) {
    PLIC.at(CLAIM).write(line);
}
