//! The flash of the board, and where things lie in it.
//!
//! The partition table is the only source of places (`partitions.csv`): they are read from it at each boot. Offsets are
//! those of the whole chip. A page takes some 50 ms to erase, and nothing else runs meanwhile: the chip runs from the
//! same flash. Not here: what the regions mean (`firmware::queue`).

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use esp_bootloader_esp_idf::partitions::{
    AppPartitionSubType, PARTITION_TABLE_MAX_LEN, PartitionType, read_partition_table,
};
use esp_hal::peripherals::FLASH;
use esp_storage::{FlashStorage, FlashStorageError};
use firmware::queue::Layout;
use firmware::update::{Partition, Slot};

/// Bytes that are moved at a time: aligned memory of its own, since the driver would else take a page of stack.
const PIECE: usize = 256;

/// The flash chip.
pub(crate) struct Chip {
    storage: FlashStorage<'static>,
    /// Start of the boot stage's table, a page for each of its two copies.
    boot_table: u32,
    running: Option<Slot>,
}

/// Where things lie.
pub(crate) struct Places {
    /// Emergencies, and the book of boot record, settings, identity and access.
    pub(crate) queue: Layout,
    /// The two slots for images, and which of them should run.
    pub(crate) update: Partition,
}

/// Aligned as the driver wants it.
#[repr(align(4))]
struct Piece([u8; PIECE]);

/// Why the flash did nothing.
#[derive(Debug)]
pub(crate) struct CellError(FlashStorageError);

impl NorFlashError for CellError {
    fn kind(&self) -> NorFlashErrorKind {
        match self.0 {
            FlashStorageError::NotAligned => NorFlashErrorKind::NotAligned,
            FlashStorageError::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}

impl From<FlashStorageError> for CellError {
    fn from(error: FlashStorageError) -> Self {
        Self(error)
    }
}

impl Chip {
    /// Opens the chip and reads its partition table; none if the table lacks something.
    pub(crate) fn open(flash: FLASH<'static>) -> Option<(Self, Places)> {
        let mut chip = FlashStorage::new(flash);
        let mut bytes = [0; PARTITION_TABLE_MAX_LEN];
        let table = read_partition_table(&mut chip, &mut bytes).ok()?;
        let find = |label: &str| {
            let place = table.iter().find(|place| place.label_as_str() == label)?;
            Some(place.offset()..place.offset().checked_add(place.len())?)
        };
        let queue = Layout { emergency: find("press")?, book: find("book")? };
        let update = Partition { ledger: find("ledger")?, slots: [find("ota_0")?, find("ota_1")?] };
        let boot_table = find("otadata")?.start;
        let running = table.booted_partition().ok().flatten();
        let running = running.and_then(|place| match place.partition_type() {
            PartitionType::App(part) => slot(part),
            _ => None,
        });
        Some((Self { storage: chip, boot_table, running }, Places { queue, update }))
    }

    /// The slot that the image runs from; none if the table does not say.
    pub(crate) const fn running(&self) -> Option<Slot> {
        self.running
    }

    /// The maker's driver.
    pub(crate) const fn storage(&mut self) -> &mut FlashStorage<'static> {
        &mut self.storage
    }

    /// Erases a copy of the boot stage's table.
    pub(crate) fn erase_boot_copy(&mut self, copy: u32) -> Option<()> {
        let from = self.boot_table + copy * FlashStorage::SECTOR_SIZE;
        self.storage.erase(from, from + FlashStorage::SECTOR_SIZE).ok()
    }
}

impl ErrorType for Chip {
    type Error = CellError;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = FlashStorage::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), CellError> {
        let mut piece = Piece([0; PIECE]);
        for (at, part) in (offset..).step_by(PIECE).zip(bytes.chunks_mut(PIECE)) {
            let (read, _) = piece.0.split_at_mut(part.len());
            self.storage.read_nor(at, read)?;
            part.copy_from_slice(read);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.storage.capacity()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = FlashStorage::WRITE_SIZE;
    const ERASE_SIZE: usize = FlashStorage::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), CellError> {
        Ok(self.storage.erase(from, to)?)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), CellError> {
        let mut piece = Piece([0; PIECE]);
        for (at, part) in (offset..).step_by(PIECE).zip(bytes.chunks(PIECE)) {
            let (told, _) = piece.0.split_at_mut(part.len());
            told.copy_from_slice(part);
            self.storage.write_nor(at, told)?;
        }
        Ok(())
    }
}

/// Writing twice clears more bits, as on every NOR flash. With flash encryption it would not: leave that off.
impl MultiwriteNorFlash for Chip {}

/// The slot of a part of flash; the boot stage takes the first if nothing is picked.
pub(crate) fn slot(part: AppPartitionSubType) -> Option<Slot> {
    if part == AppPartitionSubType::Ota1 {
        Some(Slot::B)
    } else if part == AppPartitionSubType::Ota0 || part == AppPartitionSubType::Factory {
        Some(Slot::A)
    } else {
        None
    }
}
