//! Prints what is usual of people's stillness, from the TIHM homes below a path: the table with which homes begin.
//!
//! `cargo run --release --bin habits -- --data DIR`, then put it into `care::policy::USUAL_STILL`. Not here:
//! what a home then learns of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::judge::inactivity::{homes, usual};

/// Prints the habits of a population.
#[derive(Parser)]
#[command(name = "habits", version)]
struct Options {
    /// Folder that holds the sets, one folder each.
    #[arg(long)]
    data: PathBuf,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on its streams")]
fn main() -> ExitCode {
    match homes::tihm(&Options::parse().data) {
        Ok(Some(set)) => {
            let table = usual::usual(set.homes.iter(), &set.outages);
            println!("{}", usual::source(&table));
            ExitCode::SUCCESS
        }
        Ok(None) => {
            eprintln!("there is no folder tihm below that path");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
