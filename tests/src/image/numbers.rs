//! The numbers of the image: its room, its stack, its time from a press to the gateway's word.
//!
//! Time runs from the debounced edge to the PUBACK as the board's log tells it, both by the clock of this host, so the
//! way through the serial port counts too. Not here: how instructions are counted (`instructions`).

use std::ops::Range;
use std::time::Duration;

use firmware::device::DEBOUNCE;
use proto::up::Role;

use crate::image::room::Room;
use crate::image::slots::{FIRST, Slots};
use crate::image::stack::Painted;
use crate::image::{esp32c6, instructions, size};
use crate::load::{Report, rounded};
use crate::qemu::{Machine, compiler};
use crate::quantile;
use crate::trouble::{Outcome, Trouble};

/// Presses that are timed.
const PRESSES: usize = 120;
/// Between two presses: below the rate of a chattering contact.
const PAUSE: Duration = Duration::from_millis(600);
/// Seconds that one may take.
const PRESS_S: u64 = 20;
/// Seconds that fetching an image may take.
const UPDATE_S: u64 = 180;

/// Measures; `program` is also server and gateway.
pub async fn run(program: &str) -> Outcome<Report> {
    let room = Room::open(program, Role::HelpButton).await?;
    let mut room = room.ok_or_else(|| Trouble::new("no compiler or no QEMU"))?;
    let size = size::of(&room.plan.image)?;
    let painted = Painted::prepare(&mut room.plan, size.stack.clone())?;
    let machine = room.linked().await?;
    let mut times = Vec::with_capacity(PRESSES);
    for _ in 0..PRESSES {
        times.push(time_one(&machine).await?);
        tokio::time::sleep(PAUSE).await;
    }
    let stack = painted.used()?.max(stack_of_update(program, size.stack).await?);
    drop(machine);
    let counted = instructions::count(program, &room.plan.dir).await?;
    tracing::warn!("{counted:?}");
    let mut report = Report::default();
    report.put("flash_bytes", size.flash);
    report.put("flash_bytes_without_update", without_update()?);
    report.put("instructions_per_press", counted.press);
    report.put("instructions_per_sample", counted.sample);
    report.put("esp32c6_image_bytes", esp32c6::build()?);
    report.put("ram_bytes", usize::try_from(size.ram)? + stack);
    report.put("stack_bytes", stack);
    let times = quantile::of_us(&mut times);
    tracing::warn!("press to PUBACK, ms: {times}");
    report.put("press_to_puback_ms", rounded(times["p99"].as_f64().unwrap_or(f64::MAX)));
    Ok(report)
}

/// Bytes of stack while an image is fetched and verified, and the button pressed.
async fn stack_of_update(program: &str, stack: Range<u32>) -> Outcome<usize> {
    let slots = Slots::open(program).await?;
    let mut slots = slots.ok_or_else(|| Trouble::new("no compiler or no QEMU"))?;
    slots.be_patient();
    let painted = Painted::prepare(&mut slots.room.plan, stack)?;
    let machine = slots.room.linked().await?;
    let release = slots.offer(&slots.package(FIRST + 1)?)?;
    slots.until(release, "ready", UPDATE_S).await?;
    time_one(&machine).await?;
    painted.used()
}

/// Bytes of flash that the image takes where it cannot be updated.
fn without_update() -> Outcome<u32> {
    let compiler = compiler::need().ok_or_else(|| Trouble::new("no compiler"))?;
    Ok(size::of(&compiler.build_with("qemu", &["--no-default-features"])?)?.flash)
}

/// Presses once; gives the time from the debounced edge to the PUBACK, microseconds.
async fn time_one(machine: &Machine) -> Outcome<u64> {
    let before = machine.story().of("log").filter(|line| acked(&line.text)).count();
    let edge = machine.bench.button(true);
    let receipts = machine.story().of("sound").filter(|line| line.text == "received").count();
    machine
        .until("a press to be received", PRESS_S, |story| {
            story.of("sound").filter(|line| line.text == "received").count() > receipts
        })
        .await?;
    machine.bench.button(false);
    let story = machine.story();
    let heard = story.of("log").filter(|line| acked(&line.text)).nth(before);
    let heard = heard.ok_or_else(|| machine.failure("received without a PUBACK"))?.heard_us;
    Ok(heard.saturating_sub(edge + DEBOUNCE.get() * 1000))
}

fn acked(text: &str) -> bool {
    text.starts_with("link Acked")
}
