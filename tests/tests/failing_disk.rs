//! A disk that fails once, or for a while: what was acknowledged is there, and everything goes on afterwards.
//!
//! A sample of the sweep that `load sweep` plays whole. Not here: how stores react inside (`server`, `gateway`).

use std::path::Path;

use tests::load::sweep::{Blow, Fault, Part, Shown, round};
use tests::seed::Seed;
use tests::trouble::Outcome;

const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

async fn holds(
    part: Part,
    call: &'static str,
    blow: Blow,
    first: u64,
    every: Option<u64>,
) -> Outcome {
    let seed = Seed::from_environment();
    let fault = Fault { part, call, blow, first, every };
    let Some(shown) = round(Path::new(PROGRAM), fault, 4, (60.0, &seed)).await? else {
        return Ok(());
    };
    assert_eq!(shown, Shown { presses: shown.presses, ..Shown::default() }, "{fault:?}");
    assert!(shown.presses >= 20, "{shown:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_once_in_a_while_costs_the_server_no_press_and_no_close() -> Outcome {
    holds(Part::Server, "fdatasync", Blow::Eio, 9, Some(23)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_of_the_server_that_is_full_now_and_then_costs_no_press_and_no_close() -> Outcome {
    holds(Part::Server, "pwrite64", Blow::Enospc, 40, Some(57)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_once_in_a_while_costs_the_gateway_no_press() -> Outcome {
    holds(Part::Gateway, "fdatasync", Blow::Eio, 7, Some(19)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_of_the_gateway_that_is_full_now_and_then_costs_no_press() -> Outcome {
    holds(Part::Gateway, "pwrite64", Blow::Enospc, 40, Some(57)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_hears_received_after_the_server_died_at_a_sync() -> Outcome {
    holds(Part::Server, "fdatasync", Blow::Kill, 15, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_hears_received_after_the_gateway_died_at_a_sync() -> Outcome {
    holds(Part::Gateway, "fdatasync", Blow::Kill, 11, None).await
}
