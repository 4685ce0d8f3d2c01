//! A home with one board in it, in front of a real gateway and a real server.
//!
//! The image is built once a run; a machine without a compiler or QEMU is told so and gets no room. Not here: what
//! happens in it.

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::OnceLock;

use proto::up::Role;
use tempfile::TempDir;

use crate::enrol::{self, Enrolled};
use crate::image::provision::provision;
use crate::qemu::compiler;
use crate::qemu::machine::{HOST, Machine, Plan};
use crate::scene::Scene;
use crate::stage::{Gateway, Setting};
use crate::tools::{self, Tool};
use crate::trouble::{Outcome, Trouble};

/// Seconds until a board that has power must have a link.
pub const LINK_S: u64 = 20;

/// The home, and all that is behind it.
pub struct Room {
    /// Server, gateway, and what a screen shows.
    pub scene: Scene,
    /// The board, as the server knows it.
    pub device: Enrolled,
    /// How the board gets its power.
    pub plan: Plan,
    _dir: TempDir,
}

impl Room {
    /// Builds the image, enrols a device of this role and fills its flash; `program` is also server and gateway. None
    /// means "skip, it has been said".
    pub async fn open(program: &str, role: Role) -> Outcome<Option<Self>> {
        let Some(image) = image()? else { return Ok(None) };
        let scene = Scene::open(program, 1, Setting::default()).await?;
        let home = *scene.homes.first().ok_or_else(|| Trouble::new("no home"))?;
        let device = enrol::device(&scene.stage.admin, home, scene.enrolled.gateway, role)?;
        let dir = tempfile::Builder::new().prefix("hearthline-board-").tempdir()?;
        let flash = dir.path().join("flash");
        provision(&flash, &device, door_of(&scene.gateway)).await?;
        let plan = Plan { image, flash, dir: dir.path().to_owned(), more: Vec::new() };
        Ok(Some(Self { scene, device, plan, _dir: dir }))
    }

    /// Gives the board its power.
    pub fn power_up(&self) -> Outcome<Machine> {
        self.plan.start()
    }

    /// Gives the board its power, and waits until it has a link.
    pub async fn linked(&self) -> Outcome<Machine> {
        let machine = self.power_up()?;
        machine.until("the link", LINK_S, |story| story.logged("link Up")).await?;
        Ok(machine)
    }
}

/// The door of a gateway as a board sees it.
pub fn door_of(gateway: &Gateway) -> SocketAddrV4 {
    SocketAddrV4::new(HOST, gateway.devices.port())
}

/// The image; none where it cannot be built or run.
pub fn image() -> Outcome<Option<PathBuf>> {
    static BUILT: OnceLock<Result<Option<PathBuf>, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let (Some(compiler), Some(_)) = (compiler::need(), tools::need(Tool::Qemu)) else {
            return Ok(None);
        };
        compiler.build("qemu", &[]).map(Some).map_err(|trouble| trouble.to_string())
    });
    built.clone().map_err(Trouble::new)
}
