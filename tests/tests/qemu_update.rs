//! An update as a promise: from the firm's desk through server and gateway to a board, which always starts.
//!
//! The board runs in QEMU with its boot stage and two slots. Not here: cuts in great number (`image power-cuts`), and
//! every operation of flash (`firmware`).

use tests::image::slots::{FIRST, Slots};
use tests::image::swaps;
use tests::seed::Seed;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// Cuts that a test has time for.
const CUTS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn an_update_reaches_a_board_while_its_button_works() -> Outcome {
    let Some(slots) = Slots::open(PROGRAM).await? else { return Ok(()) };
    let machine = slots.room.linked().await?;
    assert!(Slots::runs(&machine, FIRST), "{}", machine.story());

    let forged = slots.offer(&slots.forged(FIRST + 9)?)?;
    slots.until(forged, "refused", 60).await?;
    assert_eq!(slots.update(forged)?["refusal"], "signature");

    let release = slots.offer(&slots.package(FIRST + 1)?)?;
    slots.until(release, "fetching", 30).await?;
    machine.bench.button(true);
    machine.light("received", 30).await?;
    machine.bench.button(false);

    slots.until(release, "confirmed", 180).await?;
    machine.until("the new image", 5, |_| Slots::runs(&machine, FIRST + 1)).await?;

    let old = slots.offer(&slots.package(FIRST)?)?;
    slots.until(old, "refused", 60).await?;
    assert_eq!(slots.update(old)?["refusal"], "not_newer");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn power_cuts_at_random_points_of_updates_always_leave_a_board_that_starts() -> Outcome {
    let Some(slots) = Slots::open(PROGRAM).await? else { return Ok(()) };
    let (toll, swaps) = swaps::run(&slots, CUTS, Seed::from_environment()).await?;
    assert_eq!((toll.lost, toll.doubled, toll.unbootable), (0, 0, 0), "{toll:?}");
    assert!(toll.cuts >= CUTS && swaps.confirmed > 0, "{toll:?} {swaps:?}");
    Ok(())
}
