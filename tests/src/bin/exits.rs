//! Learns the forest of the bed exit detector and writes its source file to standard output.
//!
//! The same trials and seed give the same file. Not here: how it is learned (`tests::judge::exits::train`).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::command;
use tests::judge::exits::{train, trial};

/// Learns the forest of the bed exit detector.
#[derive(Parser)]
#[command(name = "exits", version)]
struct Options {
    /// Folder that holds the sets, one folder each.
    #[arg(long)]
    data: PathBuf,
    /// Replays a run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on its streams")]
fn main() -> ExitCode {
    let options = Options::parse();
    command::log();
    let trials = trial::all(&options.data);
    if trials.is_empty() {
        eprintln!("no bed exits are in {}", options.data.display());
        return ExitCode::from(2);
    }
    let bytes = train::learn(&trials.iter().collect::<Vec<_>>(), options.seed);
    print!("{}", train::source(&trials, &bytes, options.seed));
    ExitCode::SUCCESS
}
