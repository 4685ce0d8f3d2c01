//! How many instructions a press and a sample cost, on a machine whose time goes on with its instructions.
//!
//! The image is the one that ships, with counters. A press is everything from the contact to `received`, the flash, the
//! network and the words on the serial port included, sleep not. Not here: milliseconds (`numbers`).

use std::path::Path;
use std::time::Duration;

use proto::up::Role;

use crate::image::room::Room;
use crate::qemu::{Machine, Story, compiler};
use crate::trouble::{Outcome, Trouble};

/// QEMU's clock goes on by two to this power of nanoseconds with each instruction.
const SHIFT: u32 = 3;
/// Presses that are counted.
const PRESSES: usize = 20;
/// Between two: the board is idle again.
const PAUSE: Duration = Duration::from_millis(700);
/// Seconds that anything may take here.
const SOON_S: u64 = 60;

/// What was counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Instructions of a press, the median.
    pub press: u64,
    /// Instructions of one sample of a pendant, the mean.
    pub sample: u64,
    /// The same within the dearest burst.
    pub sample_most: u64,
}

/// Counts; `program` is also server and gateway, `dir` is for the image.
pub async fn count(program: &str, dir: &Path) -> Outcome<Counted> {
    let compiler = compiler::need().ok_or_else(|| Trouble::new("no compiler"))?;
    let built = compiler.build("qemu", &["measure"])?;
    let image = dir.join("measure");
    std::fs::copy(built, &image)?;
    // A cord has no battery, whose measurements would wait for the bench meanwhile.
    let room = Room::open(program, Role::PullCord).await?;
    let mut room = room.ok_or_else(|| Trouble::new("no QEMU"))?;
    room.plan.image = image;
    room.plan.more.extend(["-icount".to_owned(), format!("shift={SHIFT}")]);
    let machine = room.linked().await?;
    let (sample, sample_most) = sample(&machine)?;
    let mut costs = Vec::with_capacity(PRESSES);
    for n in 1..=PRESSES {
        tokio::time::sleep(PAUSE).await;
        let before = worked(&machine).await?;
        machine.bench.cord(true);
        machine.until("a press to be received", SOON_S, |story| received(story) >= n).await?;
        machine.bench.cord(false);
        tokio::time::sleep(PAUSE).await;
        costs.push(worked(&machine).await?.saturating_sub(before));
    }
    costs.sort_unstable();
    tracing::warn!("instructions of a press: {costs:?}");
    let press = costs.get(PRESSES / 2).copied().unwrap_or(u64::MAX);
    Ok(Counted { press, sample, sample_most })
}

fn received(story: &Story) -> usize {
    story.of("sound").filter(|line| line.text == "received").count()
}

/// Instructions since power-up, sleep not counted.
async fn worked(machine: &Machine) -> Outcome<u64> {
    let told = |story: &Story| story.of("log").filter(|l| l.text.starts_with("worked ")).count();
    let before = told(&machine.story());
    machine.bench.count();
    machine.until("the counter", SOON_S, |story| told(story) > before).await?;
    let story = machine.story();
    let last = story.of("log").filter_map(|l| l.text.strip_prefix("worked ")).last();
    Ok(last.unwrap_or_default().parse::<u64>()? >> SHIFT)
}

/// What a sample costs: mean, and within the dearest burst.
fn sample(machine: &Machine) -> Outcome<(u64, u64)> {
    let story = machine.story();
    let told = story.of("log").find_map(|l| l.text.strip_prefix("sample "));
    let (mean, most) = told
        .and_then(|told| told.split_once(" most "))
        .ok_or_else(|| machine.failure("the image did not count samples"))?;
    Ok((mean.parse::<u64>()? >> SHIFT, most.parse::<u64>()? >> SHIFT))
}
