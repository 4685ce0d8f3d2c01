//! The table by which the chip's own boot stage picks a slot: two copies, a page each, the higher number counts.
//!
//! A cut in the middle of a write leaves one copy damaged, which the boot stage skips. The maker's code does not read a
//! table with a damaged copy, so copies are erased here until it does; what is lost thereby is written again from the
//! ledger. Not here: which slot should run (`slots`).

use esp_bootloader_esp_idf::ota::{Ota, OtaImageState};
use esp_bootloader_esp_idf::ota_updater::OtaUpdater;
use esp_bootloader_esp_idf::partitions::{AppPartitionSubType, Error, PARTITION_TABLE_MAX_LEN};
use firmware::update::Slot;

use crate::flash::{Chip, slot};

impl Chip {
    /// The slot that the table picks; none if it picks none.
    pub(crate) fn selected(&mut self) -> Option<Slot> {
        self.boot_table(|table| table.current_app_partition()).and_then(slot)
    }

    /// Lets the boot stage start a slot, and leave it again if it dies at once.
    pub(crate) fn select(&mut self, slot: Slot) -> Option<()> {
        let part = match slot {
            Slot::A => AppPartitionSubType::Ota0,
            Slot::B => AppPartitionSubType::Ota1,
        };
        for copy in [0, 1] {
            if self.boot_table(|table| table.current_app_partition()).is_none() {
                self.erase_boot_copy(copy)?;
            }
        }
        self.boot_table(|table| {
            table.set_current_app_partition(part)?;
            table.set_current_ota_state(OtaImageState::New)
        })
    }

    /// What runs does boot.
    pub(crate) fn vouch(&mut self) {
        // A table that picks none starts the first slot, and there is nothing to vouch for.
        self.boot_table(|table| match table.current_ota_state()? {
            OtaImageState::Valid => Ok(()),
            OtaImageState::New
            | OtaImageState::PendingVerify
            | OtaImageState::Invalid
            | OtaImageState::Aborted
            | OtaImageState::Undefined => table.set_current_ota_state(OtaImageState::Valid),
        });
    }

    fn boot_table<T>(
        &mut self,
        work: impl FnOnce(&mut Ota<'_, '_>) -> Result<T, Error>,
    ) -> Option<T> {
        let mut bytes = [0; PARTITION_TABLE_MAX_LEN];
        let mut updater = OtaUpdater::new(self.storage(), &mut bytes).ok()?;
        let mut table = updater.ota_data().ok()?;
        work(&mut table).ok()
    }
}
