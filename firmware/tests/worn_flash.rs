//! Flash that says "written" and has written nothing: no boot begins on it, so no nonce comes back.
//!
//! Not here: power that goes in the middle of a write (`power_cut`).

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use firmware::flash_model::{FlashModel, ModelError};
use firmware::queue::{FlashQueue, QueueError};
use proto::id::BootId;

use crate::bench::now_or_never;

type Model = FlashModel<Vec<u8>, 512>;

/// A flash whose cells may be worn out.
struct Worn {
    flash: Model,
    worn: bool,
}

impl ErrorType for Worn {
    type Error = ModelError;
}

impl ReadNorFlash for Worn {
    const READ_SIZE: usize = <Model as ReadNorFlash>::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), ModelError> {
        self.flash.read(offset, bytes).await
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl NorFlash for Worn {
    const WRITE_SIZE: usize = <Model as NorFlash>::WRITE_SIZE;
    const ERASE_SIZE: usize = <Model as NorFlash>::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), ModelError> {
        if self.worn { Ok(()) } else { self.flash.erase(from, to).await }
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), ModelError> {
        if self.worn { Ok(()) } else { self.flash.write(offset, bytes).await }
    }
}

impl MultiwriteNorFlash for Worn {}

#[test]
fn a_boot_whose_record_cannot_be_read_back_says_nothing() {
    for boots in 1..4 {
        let flash = Worn { flash: FlashModel::erased(vec![0; 6 * 512], 1), worn: false };
        let layout = FlashQueue::halves(&flash).unwrap();
        let mut queue = FlashQueue::new(flash, layout).unwrap();
        for counter in 1..=boots {
            assert_eq!(now_or_never(queue.begin_boot(9)), Ok(BootId::new(9, counter)));
        }
        queue.flash().worn = true;
        assert_eq!(
            now_or_never(queue.begin_boot(9)),
            Err(QueueError::Flash),
            "after {boots} boots"
        );
    }
}
