//! The numbers of the image: its room, its stack, its time from a press to the gateway's word.
//!
//! Time runs from the debounced edge to the PUBACK as the board's log tells it, both by the clock of this host, so the
//! way through the serial port counts too. Not here: instructions (`instructions`), the other board's size.

use firmware::device::DEBOUNCE;
use proto::up::Role;
use std::time::Duration;

use crate::image::room::Room;
use crate::image::size;
use crate::image::stack::Painted;
use crate::load::{Report, rounded};
use crate::qemu::Machine;
use crate::quantile;
use crate::trouble::{Outcome, Trouble};

/// Presses that are timed.
const PRESSES: usize = 120;
/// Between two presses: below the rate of a chattering contact.
const PAUSE: Duration = Duration::from_millis(600);
/// Seconds that one may take.
const PRESS_S: u64 = 20;

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
    let stack = painted.used()?;
    let mut report = Report::default();
    report.put("flash_bytes", size.flash);
    report.put("ram_bytes", usize::try_from(size.ram)? + stack);
    report.put("stack_bytes", stack);
    let times = quantile::of_us(&mut times);
    tracing::warn!("press to PUBACK, ms: {times}");
    report.put("press_to_puback_ms", rounded(times["p99"].as_f64().unwrap_or(f64::MAX)));
    Ok(report)
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
