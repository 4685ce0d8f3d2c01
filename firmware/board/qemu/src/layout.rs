//! How the flash of this board is divided: one table.
//!
//! Pages have 4 KiB. A *slot* holds one signed image of the firmware. Not here: what the regions mean
//! (`firmware::queue`, `firmware::update`).

use firmware::queue::Layout;
use firmware::update::Partition;

/// Bytes that are erased at once.
pub(crate) const PAGE: usize = 4096;
/// Bytes of the whole flash.
pub(crate) const FLASH: usize = 1 << 20;

/// Emergencies, and the book of boot record, settings and identity.
pub(crate) const QUEUE: Layout = Layout { emergency: 0..0x8000, book: 0x8000..0x10000 };

/// The ledger of the slots, and the two slots of 384 KiB.
pub(crate) const UPDATE: Partition =
    Partition { ledger: 0x10000..0x12000, slots: [0x20000..0x80000, 0x80000..0xE0000] };
