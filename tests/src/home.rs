//! A simulated home: rooms with devices of the real core, and a person who moves through them.
//!
//! An act of the person becomes what sensors would see: load on the mat, motion, a door, a contact.
//! Not here: what a device makes of it (`device`, and the real core behind it).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proto::id::HomeId;
use proto::up::Role;
use tokio::sync::mpsc::UnboundedSender;

use crate::clock::Watch;
use crate::device::{Notice, Order, Sim, Street};
use crate::enrol::Enrolled;
use crate::resident::gait::Motion;
use crate::resident::{Act, Resident};
use crate::seed::Seed;

/// Weight of a person in bed, grams.
const PERSON_G: i32 = 61_500;
/// How long a finger stays on the button, ms.
const PRESS_MS: u64 = 120;
/// How long a press by mistake is held: past the device's cancel.
const CANCEL_MS: u64 = 3300;
/// How long it takes to get up from the floor and take a step, ms.
const UP_MS: u64 = 3000;
/// How long a door stands open, ms.
const DOOR_MS: u64 = 400;

/// A home with its devices running.
pub struct Home {
    /// Which home.
    pub home: HomeId,
    /// Where, for a reader.
    pub label: String,
    /// Who lives there.
    pub person: String,
    /// The devices.
    pub devices: Vec<Sim>,
    /// Whether the person lies on the floor, or has been asked not to move.
    motionless: AtomicBool,
}

impl Home {
    /// Starts the devices of a home at the gateway's door.
    pub fn start(
        street: &Street,
        (home, label, person): (HomeId, String, String),
        devices: &[Enrolled],
        door: SocketAddr,
        watch: Watch,
        notices: &UnboundedSender<Notice>,
        seed: &Seed,
    ) -> Self {
        let devices = (1..)
            .zip(devices)
            .map(|(n, of)| {
                Sim::start(street, of.clone(), door, watch, notices.clone(), seed.part(n))
            })
            .collect();
        Self { home, label, person, devices, motionless: AtomicBool::new(false) }
    }

    /// The device of a role.
    pub fn device(&self, role: Role) -> Option<&Sim> {
        self.devices.iter().find(|sim| sim.role == role)
    }

    /// Makes the sensors see what the person does; takes as long as the act does.
    pub async fn act(&self, act: Act) {
        let tell = |role: Role, order: Order| {
            if let Some(sim) = self.device(role) {
                sim.order(order);
            }
        };
        let pause = |ms| tokio::time::sleep(Duration::from_millis(ms));
        match act {
            Act::ToBed => tell(Role::BedMat, Order::Load(PERSON_G)),
            Act::Up => tell(Role::BedMat, Order::Load(0)),
            Act::Walk => {
                tell(Role::Pendant, Order::Wearer(Motion::Walk));
                tell(Role::Motion, Order::Motion);
            }
            Act::Fall => {
                self.motionless.store(true, Ordering::Relaxed);
                tell(Role::BedMat, Order::Load(0));
                tell(Role::Pendant, Order::Wearer(Motion::Fall));
            }
            Act::GetUp => {
                self.motionless.store(false, Ordering::Relaxed);
                tell(Role::Pendant, Order::Wearer(Motion::GetUp));
                pause(UP_MS).await;
                tell(Role::Motion, Order::Motion);
            }
            Act::ThroughDoor => {
                tell(Role::Door, Order::Door(true));
                pause(DOOR_MS).await;
                tell(Role::Door, Order::Door(false));
            }
            Act::Press | Act::Mistake => {
                tell(Role::HelpButton, Order::Contact(true));
                pause(if act == Act::Press { PRESS_MS } else { CANCEL_MS }).await;
                tell(Role::HelpButton, Order::Contact(false));
            }
            Act::Pull => {
                tell(Role::PullCord, Order::Contact(true));
                pause(PRESS_MS).await;
                tell(Role::PullCord, Order::Contact(false));
            }
        }
    }

    /// From now on the person does nothing by themselves, or lives on.
    pub fn keep_still(&self, still: bool) {
        self.motionless.store(still, Ordering::Relaxed);
    }

    /// Whether the person does nothing by themselves.
    pub fn is_still(&self) -> bool {
        self.motionless.load(Ordering::Relaxed)
    }

    /// Lives until the task is dropped. Who lies on the floor or keeps still does nothing of what they would do.
    pub async fn live(&self, mut resident: Resident) {
        loop {
            let (pause, act) = resident.then();
            tokio::time::sleep(pause).await;
            if !self.is_still() {
                self.act(act).await;
            }
        }
    }
}
