//! The flash of a board as a file: filled for one device, and read after its power was cut.
//!
//! What the server minted for a device is written to the area of settings and identity by the very code that the
//! device reads it with. Not here: minting (`server`), how the flash is divided (the board's own table).

use std::net::SocketAddrV4;
use std::path::Path;

use firmware::access::Access;
use firmware::flash_model::FlashModel;
use firmware::provision::{Blank, IdentityBuf, Voucher};
use firmware::queue::FlashQueue;
use proto::frame::Header;
use proto::id::{BootId, PressId};

use crate::enrol::{self, Enrolled};
use crate::qemu::layout::{FLASH, QUEUE};
use crate::trouble::{Outcome, Trouble};

/// The machine's network is a cable, which needs no name.
const NETWORK: &str = "cable";
/// Seed of torn words, which no flash here has.
const WHOLE: u64 = 0;

/// The identity of a device as its flash holds it.
pub fn identity(of: &Enrolled) -> IdentityBuf {
    let voucher = Voucher { device: of.device, key: of.key.clone(), role: of.role };
    Blank.claim(voucher).enrol(of.epoch, Some(of.home)).to_bytes()
}

/// Reads what `server enrol device` printed from a file, or from standard input where it is called `-`.
pub fn read_card(card: &Path) -> Outcome<Enrolled> {
    let text = if card == Path::new("-") {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(card)?
    };
    enrol::card(&serde_json::from_str(&text)?)
}

/// Writes an identity and the way to its gateway into a flash file; a file that is not there is made, erased.
pub async fn provision(flash: &Path, of: &Enrolled, door: SocketAddrV4) -> Outcome {
    let access = Access::new(NETWORK, "", door);
    let access = access.ok_or_else(|| Trouble::new(format!("{door} is no door")))?;
    let mut queue = open(flash)?;
    queue.store_identity(&identity(of)).await?;
    queue.store_access(&access).await?;
    Ok(std::fs::write(flash, queue.release().into_store())?)
}

/// The presses that a flash file holds.
pub async fn kept(flash: &Path) -> Outcome<Vec<PressId>> {
    let frames = open(flash)?.restore().await?;
    let ids = frames.iter().filter_map(|frame| Header::parse(frame).ok());
    Ok(ids.map(|(header, _)| header.id).collect())
}

/// The boot that a flash file has begun last.
pub async fn last_boot(flash: &Path) -> Outcome<BootId> {
    // On a copy in memory: the flash itself is left as it is.
    let next = open(flash)?.begin_boot(0).await?;
    Ok(BootId::from_raw(next.get() - 1))
}

fn open(flash: &Path) -> Outcome<FlashQueue<FlashModel<Vec<u8>>>> {
    let store = match std::fs::read(flash) {
        Ok(bytes) if bytes.len() == FLASH => bytes,
        Ok(bytes) => {
            let text = format!("{} has {} bytes, want {FLASH}", flash.display(), bytes.len());
            return Err(Trouble::new(text));
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => vec![0xFF; FLASH],
        Err(e) => return Err(Trouble::from(e).during(&format!("read {}", flash.display()))),
    };
    Ok(FlashQueue::new(FlashModel::new(store, WHOLE), QUEUE)?)
}
