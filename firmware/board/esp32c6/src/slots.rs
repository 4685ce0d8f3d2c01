//! Two slots for images: sees to it at each boot that the slot runs that should.
//!
//! The ledger of `firmware::update` is the truth; the boot stage's table only follows it. If another slot should run,
//! the table is written and the chip restarts. An image that has come as far as here boots, and the boot stage is told;
//! whether it also works is the ledger's trial. One that dies before it comes here is left by a boot stage that was
//! built with rollback, and by no other. Not here: signatures and downloads (`firmware::update`), the table (`boot`).

use firmware::device::FIRMWARE;
use firmware::update::bank::Bank;
use firmware::update::slots::choose;
use firmware::update::{Built, Partition};
use proto::update::Hardware;

use crate::flash::Chip;
use crate::{log, power};

/// Number and revision of this board. Source: choice, the first of its kind.
const HARDWARE: Hardware = Hardware { model: 6, revision: 1 };
/// The firm's public key, 64 hexadecimal digits at build time; without it nothing can be updated from afar.
const KEY: Option<[u8; 32]> = match option_env!("UPDATE_KEY") {
    Some(text) => key(text.as_bytes()),
    None => None,
};

/// The bank of this device, and what the image that runs knows of itself; none if it takes no updates.
pub(crate) async fn settle(chip: &mut Chip, at: Partition) -> Option<(Bank, Built)> {
    let built = Built { hardware: HARDWARE, version: FIRMWARE, key: KEY? };
    let choice = choose(chip, &at).await?;
    if chip.running() == Some(choice.slot) {
        chip.vouch();
    } else if choice.trial || chip.selected() != Some(choice.slot) {
        log::line(format_args!("to the other slot"));
        chip.select(choice.slot)?;
        power::restart();
    } else {
        // Better the image that runs than none; its trial, if it had one, was counted.
        log::line(format_args!("the boot stage does not take the other slot"));
    }
    Some((Bank::open(chip, at, &built).await?, built))
}

const fn key(text: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    let mut at = 0;
    while at < 64 {
        let digit = match text[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        bytes[at / 2] = bytes[at / 2] << 4 | digit;
        at += 1;
    }
    Some(bytes)
}
