//! A room whose board has a boot stage and two slots, and the firm's desk that makes it images.
//!
//! One program is built once; each version of it is that program, stamped and signed, so that a run may have as many
//! versions as it likes. Not here: what happens in the room (`swaps`), the desk's tool (`sign`).

use std::path::PathBuf;

use firmware::flash_model::FlashModel;
use firmware::update::slots::install;
use proto::up::Role;
use proto::update::{Hardware, Release};
use serde_json::{Value, json};

use crate::api::{Api, text};
use crate::image::room::Room;
use crate::image::sign::{FirmKey, Order};
use crate::qemu::{Machine, compiler, layout};
use crate::trouble::{Outcome, Trouble};

/// The board as it calls itself.
pub const BOARD: Hardware = Hardware { model: 1, revision: 1 };
/// Version that the factory has put in.
pub const FIRST: u32 = 0x0001_0000;
/// Seconds without a call before a board in a test restarts into another image.
const QUIET_S: u64 = 2;
/// Seed of torn words, which no flash here has.
const WHOLE: u64 = 0;

/// The room and the desk.
pub struct Slots {
    /// The home with its board.
    pub room: Room,
    firm: FirmKey,
    program: Vec<u8>,
    api: Api,
}

impl Slots {
    /// Opens a room, puts the first version into slot A of its board, and lets the boot stage have the power. None means
    /// "skip, it has been said".
    pub async fn open(program: &str) -> Outcome<Option<Self>> {
        let Some(mut room) = Room::open(program, Role::HelpButton).await? else { return Ok(None) };
        let Some(boot) = boot_stage()? else { return Ok(None) };
        let program = std::fs::read(&room.plan.image)?;
        let firm = FirmKey::draw()?;
        let (image, manifest) = firm.image(&order(FIRST), &program)?;
        let mut flash = FlashModel::<_>::new(std::fs::read(&room.plan.flash)?, WHOLE);
        install(&mut flash, &layout::UPDATE, &manifest, &image).await?;
        std::fs::write(&room.plan.flash, flash.into_store())?;
        room.plan.image = boot;
        let quiet = format!("enable=on,target=native,arg=quiet={QUIET_S}");
        room.plan.more.extend(["-semihosting-config".to_owned(), quiet]);
        let api = room.scene.stage.session()?;
        Ok(Some(Self { room, firm, program, api }))
    }

    /// Lets the board wait before it restarts into another image as long as a shipped one does.
    pub fn be_patient(&mut self) {
        for word in &mut self.room.plan.more {
            *word = word.replace(&format!(",arg=quiet={QUIET_S}"), "");
        }
    }

    /// The package of a version, signed by the firm.
    pub fn package(&self, version: u32) -> Outcome<Vec<u8>> {
        self.firm.package(&order(version), &self.program)
    }

    /// The package of a version that says what it should, signed by somebody else.
    pub fn forged(&self, version: u32) -> Outcome<Vec<u8>> {
        FirmKey::draw()?.package(&order(version), &self.program)
    }

    /// Stores a package on the server and offers it to the board.
    pub fn offer(&self, package: &[u8]) -> Outcome<Release> {
        let told = self.api.upload("/api/images", package)?.good()?;
        let release = text(&told, "release")?;
        let to = json!({ "devices": [self.room.device.device.to_string()] });
        self.api.post(&format!("/api/images/{release}/offer"), &to)?.good()?;
        release.parse().map_err(|_| Trouble::new(format!("{release} is no release")))
    }

    /// What the server knows of the board's update.
    pub fn update(&self, release: Release) -> Outcome<Value> {
        let told = self.api.get(&format!("/api/images/{release}"))?.good()?;
        let update = told.pointer("/devices/0/update").cloned();
        update.ok_or_else(|| Trouble::new(format!("no update in {told}")))
    }

    /// Waits until the server knows the board at a stage; says how far it was otherwise.
    pub async fn until(&self, release: Release, stage: &str, seconds: u64) -> Outcome {
        let watch = crate::clock::Watch::start();
        loop {
            let update = self.update(release)?;
            if text(&update, "stage")? == stage {
                return Ok(());
            }
            if watch.ms() > seconds * 1000 {
                return Err(Trouble::new(format!("waited {seconds} s for {stage}: {update}")));
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Whether the board has said since its power-up that this version runs.
    pub fn runs(machine: &Machine, version: u32) -> bool {
        machine.story().logged(&format!("image {version:x} "))
    }
}

/// What to sign a version of the board's program as.
pub fn order(version: u32) -> Order {
    Order { hardware: BOARD, version, minimum: FIRST }
}

/// The boot stage; none where it cannot be built.
fn boot_stage() -> Outcome<Option<PathBuf>> {
    compiler::need().map(|compiler| compiler.build("qemu-boot", &[])).transpose()
}
