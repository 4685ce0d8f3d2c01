//! Durable frames a second through the door, and the time from a press to the event on a screen.
//!
//! The bench starts its own binary again as the server. It prints numbers and judges nothing; run it
//! on a quiet machine with `cargo bench -p tests`. Not here: large loads (`load`).

use std::process::ExitCode;
use std::time::Duration;

use tests::load::beds::{self, Beds};
use tests::load::flood;
use tests::load::target::Target;
use tests::seed::Seed;
use tests::trouble::Outcome;
use tests::{demo, process};

/// Gateways of the flood; four fill the windows of a door on two cores.
const CLIENTS: usize = 4;
/// Length of each part.
const SPAN: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    if let Some(code) = process::shipped_main() {
        return code;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            demo::say(&trouble.to_string());
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run() -> Outcome {
    let program = demo::own_program()?;
    let target = Target::open(&program, None, false)?;
    let report = flood::run(&target, CLIENTS, SPAN).await?;
    demo::say(&format!("durable frames through the door\n{}", report.table()));
    drop(target);
    let target = Target::open(&program, None, false)?;
    let want = Beds { beds: 100, presses_per_s: 10.0, span: SPAN };
    let report = beds::run(&target, &want, Seed::new(1)).await?;
    demo::say(&format!("press to screen\n{}", report.table()));
    Ok(())
}
