//! The two slots of this board: what the image that runs knows of itself, and its bank.
//!
//! The stamp is written when an image is signed; one that nobody has signed believes no key and takes no update. A
//! machine that was started without the boot stage has no ledger, and so no bank.
//! Not here: which slot is started (`board/qemu-boot`).

use firmware::device::FIRMWARE;
use firmware::update::Built;
use firmware::update::bank::Bank;
use firmware::update::stamp::Stamp;
use proto::update::Hardware;

use crate::flash::HostFlash;
use crate::layout;

/// Number and revision of this board. Source: choice, the machine is the first model there was.
const HARDWARE: Hardware = Hardware { model: 1, revision: 1 };

static STAMP: Stamp =
    Stamp::new(&Built { hardware: HARDWARE, version: FIRMWARE, key: [0; 32] });

/// The bank, and what this image is; none if there is one place for an image only.
pub(crate) async fn open(flash: &mut HostFlash) -> Option<(Bank, Built)> {
    let built = STAMP.built();
    let bank = Bank::open(flash, layout::UPDATE, &built).await?;
    Some((bank, built))
}
