//! The demo. It is also the server and the gateway that it starts: see `tests::process::shipped_main`.
//!
//! `demo` opens everything for a person; `demo --for 60s --json` runs alone and prints one report.
//! Not here: what the demo does (`tests::demo`).

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tests::children;
use tests::command;
use tests::demo::{self, Wanted};
use tests::trouble::Outcome;

/// What charts and habits begin with while a person watches.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A server, a gateway and a dozen homes on this machine.
#[derive(Parser)]
#[command(name = "demo", version)]
struct Options {
    /// Run without a person for this long (90s, 2m), a robot working every alert.
    #[arg(long = "for", value_parser = demo::span)]
    span: Option<Duration>,
    /// End by printing one JSON object as the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Keep data here instead of in a temporary folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How much past the homes of a new folder have (30d); a run without a person has none unless it is asked for.
    #[arg(long, value_parser = demo::span)]
    past: Option<Duration>,
    /// Port of the demo page.
    #[arg(long, default_value_t = 0)]
    page_port: u16,
}

fn main() -> ExitCode {
    command::run(|| run(Options::parse()))
}

fn run(options: Options) -> Outcome<ExitCode> {
    let (data, _dir) = demo::folder(options.data.as_deref())?;
    let span = options.span.or(options.json.then_some(Duration::from_secs(60)));
    let month = if span.is_none() { MONTH } else { Duration::ZERO };
    let wanted = Wanted {
        program: demo::own_program()?,
        data,
        span,
        past: options.past.unwrap_or(month),
        page_port: options.page_port,
    };
    match children::until_told(move || demo::run(wanted))? {
        Some(Some(report)) => command::finish(options.json, report),
        Some(None) => Ok(ExitCode::SUCCESS),
        None if span.is_none() => Ok(ExitCode::SUCCESS),
        // Broken off: there is no report.
        None => Ok(ExitCode::FAILURE),
    }
}
