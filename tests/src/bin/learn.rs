//! Learns the forests of the fall detector and writes their source file to standard output.
//!
//! The same recordings and seed give the same file. Not here: how forests are learned (`tests::judge::learn`).

use std::path::PathBuf;
use std::process::ExitCode;

use care::fall::Worn;
use clap::Parser;
use tests::command;
use tests::judge::Plan;
use tests::judge::falls::folds::Profile;
use tests::judge::falls::recording;
use tests::judge::learn::table::{Table, source};

/// Learns the forests of the fall detector.
#[derive(Parser)]
#[command(name = "learn", version)]
struct Options {
    /// Folder that holds the sets, one folder each.
    #[arg(long)]
    data: PathBuf,
    /// Parts of people by which the alarm is set.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=20))]
    folds: u32,
    /// Replays a run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on its streams")]
fn main() -> ExitCode {
    let options = Options::parse();
    let plan = Plan { folds: usize::try_from(options.folds).unwrap_or(5), seed: options.seed };
    command::log();
    let all = recording::all(&options.data);
    if all.is_empty() {
        eprintln!(
            "no set of falls is in {}; --data names the folder of the sets",
            options.data.display()
        );
        return ExitCode::from(2);
    }
    let tables = [("BODY", Worn::Body), ("WRIST", Worn::Wrist)].map(|(name, worn)| {
        let profile = Profile::new(&all, worn, plan);
        let (bytes, alarm) = profile.whole(plan);
        let mut sets: Vec<&str> = profile.recordings.iter().map(|r| r.set).collect();
        sets.dedup();
        let falls = profile.recordings.iter().filter(|r| r.fall).count();
        let from = format!(
            "{name}: {} people, {} trials of which {falls} falls, of {}.",
            profile.people(),
            profile.recordings.len(),
            sets.join(", "),
        );
        Table { name, bytes, alarm, from }
    });
    print!("{}", source(&tables, options.seed));
    ExitCode::SUCCESS
}
