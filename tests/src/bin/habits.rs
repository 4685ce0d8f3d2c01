//! Prints what is usual of people's stillness, from the TIHM homes below a path: the table with which homes begin.
//!
//! `cargo run --release --bin habits -- --data DIR`, then put it into `care::policy::USUAL_STILL`. Not here:
//! what a home then learns of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::command;
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
    let options = Options::parse();
    command::log();
    let Some(set) = homes::tihm(&options.data) else {
        eprintln!("there is no folder tihm below that path");
        return ExitCode::FAILURE;
    };
    println!("{}", usual::source(&usual::usual(set.homes.iter(), &set.outages)));
    ExitCode::SUCCESS
}
