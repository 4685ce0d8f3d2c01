//! The judge: runs every detector over the recordings below a path, and says how right it was.
//!
//! The recordings stay where they are. Not here: how a detector is judged (`tests::judge`).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Map, Value};
use tests::command;
use tests::judge::{JUDGES, Plan};

/// Runs every detector as shipped over real recordings.
#[derive(Parser)]
#[command(name = "judge", version)]
struct Options {
    /// Folder that holds the sets, one folder each.
    #[arg(long)]
    data: PathBuf,
    /// Deal subjects into so many parts and judge each by a model of the others; 1 = the model as shipped.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    folds: u32,
    /// Replays a run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End by printing one JSON object as the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Only detectors whose name begins so.
    #[arg(long)]
    only: Option<String>,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on its streams")]
fn main() -> ExitCode {
    let options = Options::parse();
    command::log();
    if !options.data.is_dir() {
        eprintln!(
            "{} is no folder; --data names the one that holds the sets",
            options.data.display()
        );
        return ExitCode::from(2);
    }
    let plan = Plan { folds: usize::try_from(options.folds).unwrap_or(1), seed: options.seed };
    let mut all = Map::new();
    for (name, judge) in JUDGES {
        if options.only.as_ref().is_some_and(|only| !name.starts_with(only.as_str())) {
            continue;
        }
        if let Some(section) = judge(&options.data, plan) {
            println!("== {name}\n\n{}", section.table);
            all.extend(section.numbers);
        } else {
            eprintln!("{name}: none of its sets is in {}, skipped", options.data.display());
        }
    }
    if options.json {
        println!("{}", Value::Object(all));
    }
    ExitCode::SUCCESS
}
