//! Power cuts at random points of updates: the board always starts, old or new, and no press is lost.
//!
//! Version after version is offered. Whatever the board is at, fetching, reading back, about to restart, on trial, its
//! power goes after a random time, and comes back with the same flash. Some boots are cut before the image runs. Now and
//! then a finger presses; a press counts as in `power_cuts`. A trial that was cut too often rolls back, which is as it
//! should be: the same version is offered again. Not here: torn words and pages (`firmware`'s own power cuts).

use std::collections::BTreeSet;

use proto::id::BootId;
use proto::update::Release;

use crate::api::text;
use crate::image::power_cuts::{Toll, is_owed, named, pass};
use crate::image::provision::{kept, last_boot};
use crate::image::slots::{FIRST, Slots};
use crate::qemu::Machine;
use crate::robot::Robot;
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

/// A board is cut within this time of its link, most of the time.
const SPAN_US: u64 = 4_000_000;
/// And within this time of its start when the boot is what is cut.
const BOOT_US: u64 = 400_000;
/// One life in so many has a press, one boot in so many is cut, one life in so many may fetch on until the image is there,
/// so that restart and trial are cut too.
const PRESSES: u64 = 3;
const BOOTS_CUT: u64 = 4;
const WHOLE: u64 = 3;
/// Seconds that such a life has for it.
const FETCH_S: u64 = 20;
/// Seconds until a board that was cut must be back, and until an update that is left alone must be over.
const BACK_S: u64 = 40;
const OVER_S: u64 = 180;
/// How long a robot holds an alert, ms.
const HOLD_MS: u64 = 400;

/// What was done besides cutting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swaps {
    /// Versions that proved themselves.
    pub confirmed: u32,
    /// Trials that ended in the version of before.
    pub rolled_back: u32,
}

struct Run<'a> {
    slots: &'a Slots,
    seed: Seed,
    cuts: usize,
    toll: Toll,
    swaps: Swaps,
    owed: BTreeSet<BootId>,
}

/// Opens a room for this and runs; `program` is also server and gateway.
pub async fn open_and_run(program: &str, cuts: usize, seed: Seed) -> Outcome<(Toll, Swaps)> {
    let slots = Slots::open(program).await?;
    run(&slots.ok_or_else(|| Trouble::new("no compiler or no QEMU"))?, cuts, seed).await
}

/// Cuts the power of a board so many times while it takes one version after the other.
pub async fn run(slots: &Slots, cuts: usize, seed: Seed) -> Outcome<(Toll, Swaps)> {
    let robot = Robot::start(slots.room.scene.stage.session()?, HOLD_MS);
    let (toll, swaps, owed) = (Toll::default(), Swaps::default(), BTreeSet::new());
    let mut run = Run { slots, seed, cuts, toll, swaps, owed };
    let mut version = FIRST;
    while run.toll.cuts < cuts {
        version += 1;
        run.take(version).await?;
    }
    run.settle(version).await?;
    drop(robot);
    let Run { mut toll, swaps, owed, .. } = run;
    toll.presses = owed.len();
    let named = named(&slots.room)?;
    for boot in owed.iter().filter(|boot| !named.contains_key(boot)) {
        tracing::error!("no alert names the press of boot {}", boot.get());
        toll.lost += 1;
    }
    toll.doubled = named.values().filter(|times| **times > 1).count();
    Ok((toll, swaps))
}

impl Run<'_> {
    /// One version, until it has proved itself or there are enough cuts.
    async fn take(&mut self, version: u32) -> Outcome {
        let package = self.slots.package(version)?;
        let mut release = self.slots.offer(&package)?;
        while self.toll.cuts < self.cuts {
            let mut machine = self.come_back().await?;
            if self.seed.below(WHOLE) == 0 {
                // On a busy machine it takes longer, and the cut falls where it falls.
                let _ = self.slots.until(release, "ready", FETCH_S).await;
            }
            self.live_and_cut(&mut machine).await?;
            let stage = self.stage(release)?;
            tracing::info!("cut {} at {stage} of {version:x}", self.toll.cuts);
            match stage.as_str() {
                "confirmed" => {
                    self.swaps.confirmed += 1;
                    return Ok(());
                }
                "rolled_back" => {
                    self.swaps.rolled_back += 1;
                    release = self.slots.offer(&package)?;
                }
                "refused" => {
                    let update = self.slots.update(release)?;
                    return Err(Trouble::new(format!("a good image is refused: {update}")));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Some time with power, perhaps a press in it, and the end of it.
    async fn live_and_cut(&mut self, machine: &mut Machine) -> Outcome {
        let pressed = self.seed.below(PRESSES) == 0;
        if pressed {
            pass(self.seed.below(SPAN_US / 2));
            machine.bench.button(true);
        }
        pass(self.seed.below(SPAN_US));
        machine.kill()?;
        self.toll.cuts += 1;
        let waiting = kept(&self.slots.room.plan.flash).await?;
        let boot = last_boot(&self.slots.room.plan.flash).await?;
        if pressed && is_owed(&machine.story(), &waiting, boot) {
            self.owed.insert(boot);
        }
        if self.toll.cuts < self.cuts && self.seed.below(BOOTS_CUT) == 0 {
            let mut half = self.slots.room.power_up()?;
            pass(self.seed.below(BOOT_US));
            half.kill()?;
            self.toll.cuts += 1;
        }
        Ok(())
    }

    /// The board with power and a link; one that does not come up is counted, and must come the next time.
    async fn come_back(&mut self) -> Outcome<Machine> {
        let machine = self.slots.room.power_up()?;
        let back = machine.until("the board to be back", BACK_S, |story| story.logged("link Up"));
        let Err(trouble) = back.await else { return Ok(machine) };
        let trouble = self.slots.room.scene.failure(&trouble.to_string());
        tracing::error!("cut {}: {trouble}", self.toll.cuts);
        self.toll.unbootable += 1;
        drop(machine);
        self.slots.room.linked().await
    }

    /// Without more cuts the last version comes to stay, and every press is received.
    async fn settle(&mut self, version: u32) -> Outcome {
        let release = self.slots.offer(&self.slots.package(version)?)?;
        let machine = self.come_back().await?;
        self.slots.until(release, "confirmed", OVER_S).await?;
        self.swaps.confirmed += u32::from(self.stage(release)? == "confirmed");
        if !Slots::runs(&machine, version) {
            return Err(machine.failure(&format!("version {version:x} does not run")));
        }
        let watch = crate::clock::Watch::start();
        while !kept(&self.slots.room.plan.flash).await?.is_empty() {
            if watch.ms() > BACK_S * 1000 {
                return Err(machine.failure("flash still holds a press"));
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(())
    }

    fn stage(&self, release: Release) -> Outcome<String> {
        Ok(text(&self.slots.update(release)?, "stage")?.to_owned())
    }
}
