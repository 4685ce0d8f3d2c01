//! Takes the pictures of the README anew, all of them, from the demo as it is now.
//!
//! `cargo run --release --bin pictures`. Not here: what they show (`tests::pictures`).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::trouble::Outcome;
use tests::{children, command, demo, pictures};

/// Takes the pictures of the README.
#[derive(Parser)]
#[command(name = "pictures", version)]
struct Options {
    /// Folder to write them into.
    #[arg(long, default_value = "tests/pictures")]
    into: PathBuf,
}

fn main() -> ExitCode {
    command::run(|| run(Options::parse()))
}

fn run(options: Options) -> Outcome<ExitCode> {
    let (data, _folder) = demo::folder(None)?;
    let program = demo::own_program()?;
    let taken = children::until_told(move || async move {
        pictures::take(&program, &data, &options.into).await
    })?;
    Ok(if taken.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
