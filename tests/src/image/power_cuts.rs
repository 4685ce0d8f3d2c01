//! Power cuts at random points between a press and `received`: each press must be in exactly one alert, once.
//!
//! A finger presses, the machine is killed a random time after the debounced edge, and starts again with the same
//! flash; some boots are cut as well. A press *counts* if the person heard that it was felt, or if flash holds it: it
//! is then owed, whatever came after. Each boot has one press at most, so its number names the press.
//! Not here: torn words and pages (`firmware`'s own power cuts), cuts of an update.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use firmware::device::DEBOUNCE;
use proto::id::{BootId, PressId};
use proto::up::Role;
use serde_json::Value;

use crate::book::press_of;
use crate::image::provision::{kept, last_boot};
use crate::image::room::Room;
use crate::load::Report;
use crate::qemu::{Machine, Story};
use crate::robot::Robot;
use crate::seed::Seed;
use crate::trouble::{Outcome, Trouble};

/// From the debounced edge to `received` on a machine that does little else, and as much again.
const SPAN_US: u64 = 60_000;
/// A boot is cut within this time of its start.
const BOOT_US: u64 = 80_000;
/// One boot in so many is cut too.
const BOOTS_CUT: u64 = 4;
/// Seconds until a board that was cut must be back, and until its press must be received.
const BACK_S: u64 = 40;
/// How long a robot holds an alert, ms: some presses meet an open incident, some begin one.
const HOLD_MS: u64 = 400;

/// What was done, and what must be zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toll {
    /// Power cuts.
    pub cuts: usize,
    /// Presses that count.
    pub presses: usize,
    /// Presses that no alert names.
    pub lost: usize,
    /// Presses that alerts name more than once.
    pub doubled: usize,
    /// Boots that did not come up.
    pub unbootable: usize,
}

impl Toll {
    /// Counts another run in.
    pub const fn add(&mut self, other: &Self) {
        self.cuts += other.cuts;
        self.presses += other.presses;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.unbootable += other.unbootable;
    }

    /// As numbers for a machine.
    pub fn report(&self) -> Report {
        let mut report = Report::default();
        report.put("cuts", self.cuts);
        report.put("presses", self.presses);
        report.put("lost", self.lost);
        report.put("doubled", self.doubled);
        report.put("unbootable", self.unbootable);
        report
    }
}

/// Opens a room for this and runs; `program` is also server and gateway.
pub async fn open_and_run(program: &str, cuts: usize, seed: Seed) -> Outcome<Toll> {
    let room = Room::open(program, Role::HelpButton).await?;
    run(&room.ok_or_else(|| Trouble::new("no compiler or no QEMU"))?, cuts, seed).await
}

/// Cuts the power of the board of a room so many times.
pub async fn run(room: &Room, cuts: usize, mut seed: Seed) -> Outcome<Toll> {
    let robot = Robot::start(room.scene.stage.session()?, HOLD_MS);
    let (mut toll, mut owed) = (Toll::default(), BTreeSet::new());
    let mut machine = room.linked().await?;
    while toll.cuts < cuts {
        press_and_cut(&mut machine, &mut seed)?;
        toll.cuts += 1;
        let boot = last_boot(&room.plan.flash).await?;
        let waiting = kept(&room.plan.flash).await?;
        if is_owed(&machine.story(), &waiting, boot) {
            owed.insert(boot);
        }
        if toll.cuts < cuts && seed.below(BOOTS_CUT) == 0 {
            let mut half = room.power_up()?;
            pass(seed.below(BOOT_US));
            half.kill()?;
            toll.cuts += 1;
        }
        // A boot that was cut may have brought it in.
        let waiting = kept(&room.plan.flash).await?;
        machine = match come_back(room, !waiting.is_empty()).await {
            Ok(machine) => machine,
            Err(trouble) => {
                tracing::error!("cut {}: {trouble}", toll.cuts);
                toll.unbootable += 1;
                room.linked().await?
            }
        };
        tracing::info!("{} of {cuts} cuts, {} presses owed", toll.cuts, owed.len());
    }
    drop(robot);
    toll.presses = owed.len();
    let named = named(room)?;
    for boot in owed.iter().filter(|boot| !named.contains_key(boot)) {
        tracing::error!("no alert names the press of boot {}", boot.get());
    }
    toll.lost = owed.iter().filter(|boot| !named.contains_key(boot)).count();
    toll.doubled = named.values().filter(|times| **times > 1).count();
    Ok(toll)
}

/// Whether the press of a boot counts. One that an earlier boot has left, and that this one sent again, is that one's.
pub(super) fn is_owed(story: &Story, waiting: &[PressId], boot: BootId) -> bool {
    story.sounded("felt") || waiting.iter().any(|press| press.boot == boot)
}

/// A finger, and a power cut some time after the board has felt it.
fn press_and_cut(machine: &mut Machine, seed: &mut Seed) -> Outcome {
    let after = DEBOUNCE.get() * 1000 + seed.below(SPAN_US);
    machine.bench.button(true);
    pass(after);
    machine.kill()
}

/// The board gets its power back, and what it still holds is received.
async fn come_back(room: &Room, waiting: bool) -> Outcome<Machine> {
    let machine = room.power_up()?;
    machine.until("the board to be back", BACK_S, |story| story.logged("link Up")).await?;
    if waiting {
        let done = |story: &Story| story.shown("received") || story.shown("seen");
        machine.until("its press to be received", BACK_S, done).await?;
    }
    Ok(machine)
}

/// Lets time pass, finer than a timer of the runtime does.
pub(super) fn pass(us: u64) {
    let watch = crate::clock::Watch::start();
    while watch.us() < us {
        std::thread::park_timeout(Duration::from_micros(us - watch.us().min(us)));
    }
}

/// Boots of the board that alerts name, and how many times.
pub(super) fn named(room: &Room) -> Outcome<BTreeMap<BootId, usize>> {
    let api = room.scene.stage.session()?;
    let seen: Vec<String> = {
        let book = room.scene.shared.book();
        book.alerts().filter_map(|a| Some(a.get("id")?.as_str()?.to_owned())).collect()
    };
    let mut named = BTreeMap::new();
    for id in seen {
        let alert = api.get(&format!("/api/alerts/{id}"))?.good()?;
        let list = alert.get("activations").and_then(Value::as_array);
        let list = list.ok_or_else(|| Trouble::new(format!("no activations in {alert}")))?;
        for PressId { device, boot, .. } in list.iter().filter_map(press_of) {
            if device == room.device.device {
                *named.entry(boot).or_default() += 1;
            }
        }
    }
    Ok(named)
}
