//! The power goes in the middle of any flash operation: what was kept is there, nothing is doubled with other bytes,
//! and no nonce comes back.
//!
//! A *life* here is one power-up of a real core over a real queue on modelled flash, with small pages so that they fill
//! and turn over. The oracle knows only what was offered, kept, received and said. Every boot is offered the same
//! random number, so a lost boot counter cannot hide behind a new life.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use firmware::device::{Action, Device, Input, LinkEvent, Sample};
use firmware::flash_model::FlashModel;
use firmware::link::Jitter;
use firmware::queue::{EMERGENCY_SLOTS, FlashQueue, QueueError};
use firmware::settings::Settings;
use proto::down::Rung;
use proto::frame::Header;
use proto::id::{BootId, PressId};
use proto::unit::{Millis, Mono};
use proto::up::Role;

use crate::bench::{by_server, keys, now_or_never, receipt};

type Flash = FlashModel<Vec<u8>, 512>;
/// Pages: three for emergencies, three for the book.
const SIZE: usize = 6 * 512;
const RANDOM: u32 = 0xABCD;

/// Script of one life: press, or the server receives the oldest that waits.
const SCRIPT: &[u8] = b"pprprrpppprrrrpprprpprrrpprpr";

#[derive(Default)]
struct Oracle {
    boots: BTreeSet<BootId>,
    offered: BTreeMap<PressId, Vec<u8>>,
    kept: BTreeSet<PressId>,
    received: BTreeSet<PressId>,
    said: BTreeMap<PressId, Vec<u8>>,
}

struct Life<'a> {
    queue: FlashQueue<Flash>,
    device: Device,
    now: Mono,
    oracle: &'a mut Oracle,
    label: String,
}

fn new_flash(seed: u64) -> Flash {
    Flash::erased(vec![0; SIZE], seed)
}

fn queue(flash: Flash) -> FlashQueue<Flash> {
    let layout = FlashQueue::halves(&flash).unwrap();
    FlashQueue::new(flash, layout).unwrap()
}

/// One power-up; ends with the script or with the power.
fn live(flash: Flash, oracle: &mut Oracle, label: &str) -> Flash {
    let mut queue = queue(flash);
    let Some((boot, found)) = wake(&mut queue) else { return cut(queue, label) };
    assert!(oracle.boots.insert(boot), "{label}: boot {boot:?} came back");
    let device =
        Device::new(&Settings::default(), keys(Role::HelpButton), boot, Mono::default(), 1);
    let now = Mono::default();
    let mut life = Life { queue, device, now, oracle, label: label.into() };
    life.found(&found);
    for frame in &found {
        life.device.handle(life.now, Input::Restored(frame));
    }
    for step in SCRIPT {
        let alive = match step {
            b'p' => life.press(),
            _ => life.receive(),
        };
        if alive.is_err() {
            return cut(life.queue, label);
        }
    }
    life.queue.release()
}

fn wake(queue: &mut FlashQueue<Flash>) -> Option<(BootId, Vec<Vec<u8>>)> {
    let boot = now_or_never(queue.begin_boot(RANDOM)).ok()?;
    let found = now_or_never(queue.restore()).ok()?;
    Some((boot, found.iter().map(|frame| frame.to_vec()).collect()))
}

/// An error is only ever the power's fault.
fn cut(queue: FlashQueue<Flash>, label: &str) -> Flash {
    let flash = queue.release();
    assert!(flash.is_cut(), "{label}: flash failed with its power on");
    flash
}

impl Life<'_> {
    /// What an earlier life left in flash, against what the oracle knows.
    fn found(&self, found: &[Vec<u8>]) {
        let label = &self.label;
        let ids: BTreeSet<PressId> =
            found.iter().map(|frame| Header::parse(frame).unwrap().0.id).collect();
        for frame in found {
            let id = Header::parse(frame).unwrap().0.id;
            assert_eq!(
                Some(frame),
                self.oracle.offered.get(&id),
                "{label}: {id:?} has other bytes"
            );
        }
        for id in self.oracle.kept.difference(&self.oracle.received) {
            assert!(ids.contains(id), "{label}: {id:?} was kept and is lost");
        }
    }

    fn press(&mut self) -> Result<(), QueueError> {
        for down in [true, false] {
            self.input(Input::Sample(Sample::Button(down)))?;
            self.now = self.now.after(Millis::new(100));
            self.input(Input::Tick)?;
        }
        // Far enough apart to be no chatter.
        self.now = self.now.after(Millis::new(600));
        self.input(Input::Tick)
    }

    fn receive(&mut self) -> Result<(), QueueError> {
        let waits = |id: &&PressId| !self.oracle.received.contains(id);
        let oldest = self.oracle.said.keys().find(waits).copied();
        let Some(press) = oldest.filter(|id| self.oracle.offered.contains_key(id)) else {
            return Ok(());
        };
        self.oracle.received.insert(press);
        self.input(Input::Down(&by_server(&receipt(press, Rung::Received), 1)))
    }

    fn input(&mut self, input: Input<'_>) -> Result<(), QueueError> {
        self.device.handle(self.now, input);
        while let Some(action) = self.device.next_action() {
            self.perform(action)?;
        }
        Ok(())
    }

    fn perform(&mut self, action: Action) -> Result<(), QueueError> {
        match action {
            Action::Keep { slot, frame } => {
                let id = Header::parse(&frame).unwrap().0.id;
                self.oracle.offered.insert(id, frame.to_vec());
                match now_or_never(self.queue.keep(&frame)) {
                    Ok(()) => {
                        self.oracle.kept.insert(id);
                        self.device.handle(self.now, Input::Kept(slot));
                    }
                    Err(QueueError::Full) => self.device.handle(self.now, Input::KeepFailed(slot)),
                    Err(error) => return Err(error),
                }
            }
            Action::Forget(press) => now_or_never(self.queue.forget(press))?,
            Action::Connect(_) => self.device.handle(self.now, Input::Link(LinkEvent::Up)),
            Action::Publish { token, frame, .. } => {
                let id = Header::parse(&frame).unwrap().0.id;
                let before = self.oracle.said.insert(id, frame.to_vec());
                let same = before.is_none_or(|before| before == frame[..]);
                assert!(same, "{}: {id:?} was said with other bytes", self.label);
                self.device.handle(self.now, Input::Link(LinkEvent::Acked(token)));
            }
            Action::Store(_)
            | Action::Disconnect
            | Action::Light(_)
            | Action::Sound(_)
            | Action::Bank(_)
            | Action::Restart => {}
        }
        Ok(())
    }
}

#[test]
fn a_cut_in_any_flash_operation_loses_and_doubles_nothing() {
    let mut cuts = 0;
    for operation in 0.. {
        let mut oracle = Oracle::default();
        let label = format!("cut in operation {operation}");
        let mut flash = new_flash(operation);
        flash.cut_after(operation);
        flash = live(flash, &mut oracle, &label);
        if !flash.is_cut() {
            break;
        }
        cuts += 1;
        for _ in 0..2 {
            flash.power_on();
            flash = live(flash, &mut oracle, &label);
        }
        assert!(!oracle.boots.is_empty());
    }
    assert!(cuts > 150, "the script keeps flash busy: {cuts}");
}

#[test]
fn two_thousand_cuts_at_random_lose_and_double_nothing() {
    let seed = std::env::var("SIM_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("SIM_SEED={seed}");
    let mut random = Jitter::new(seed);
    let mut cuts = 0;
    while cuts < 2_000 {
        let mut oracle = Oracle::default();
        let mut flash = new_flash(random.below(u64::MAX));
        for life in 0..40 {
            let longest = if random.below(3) == 0 { 12 } else { 300 };
            let after = random.below(longest);
            flash.power_on();
            flash.cut_after(after);
            flash = live(flash, &mut oracle, &format!("SIM_SEED={seed} cut {cuts} life {life}"));
            cuts += u32::from(flash.is_cut());
        }
        flash.power_on();
        let flash = live(flash, &mut oracle, &format!("SIM_SEED={seed} last life"));
        assert!(!flash.is_cut());
    }
}

#[test]
fn a_full_region_refuses_the_newest_and_keeps_the_oldest() {
    let mut queue = queue(new_flash(1));
    let boot = now_or_never(queue.begin_boot(RANDOM)).unwrap();
    let frame = |n: u8| -> Vec<u8> {
        let id = PressId {
            device: keys(Role::HelpButton).device,
            boot,
            seq: proto::id::Seq::new(n.into()),
        };
        let header =
            Header { class: proto::frame::Class::Emergency, epoch: Default::default(), id };
        [&header.to_bytes()[..], &[n; 40]].concat()
    };
    let slots = u8::try_from(EMERGENCY_SLOTS).unwrap();
    for n in 0..slots {
        now_or_never(queue.keep(&frame(n))).unwrap();
    }
    assert_eq!(now_or_never(queue.keep(&frame(slots))), Err(QueueError::Full));
    assert_eq!(
        now_or_never(queue.keep(&frame(0))),
        Ok(()),
        "one that is there is not written again"
    );
    let found = now_or_never(queue.restore()).unwrap();
    assert_eq!(
        found.iter().map(|f| f.to_vec()).collect::<Vec<_>>(),
        (0..slots).map(frame).collect::<Vec<_>>()
    );
}

#[test]
fn a_wiped_device_begins_a_new_life() {
    let mut queue = queue(new_flash(1));
    let first = now_or_never(queue.begin_boot(1)).unwrap();
    let second = now_or_never(queue.begin_boot(2)).unwrap();
    assert_eq!((first, second), (BootId::new(1, 1), BootId::new(1, 2)));
    now_or_never(queue.wipe()).unwrap();
    assert_eq!(now_or_never(queue.begin_boot(3)), Ok(BootId::new(3, 1)));
}

#[test]
fn the_boot_counter_turns_its_pages_over_for_thousands_of_boots() {
    let mut queue = queue(new_flash(1));
    for counter in 1..=2_000 {
        assert_eq!(now_or_never(queue.begin_boot(7)), Ok(BootId::new(7, counter)));
    }
}
