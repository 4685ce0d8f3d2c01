//! The demo. It is also the server and the gateway that it starts: see `tests::process::shipped_main`.
//!
//! `demo` opens everything for a person; `demo --for 60s --json` runs alone and prints one report.
//! Not here: what the demo does (`tests::demo`).

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tests::command;
use tests::demo::{self, Wanted};
use tests::trouble::Outcome;

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
    /// Port of the demo page.
    #[arg(long, default_value_t = 0)]
    page_port: u16,
}

fn main() -> ExitCode {
    command::run(|| run(Options::parse()))
}

#[tokio::main]
async fn run(options: Options) -> Outcome<ExitCode> {
    let (data, _dir) = demo::folder(options.data.as_deref())?;
    let span = options.span.or(options.json.then_some(Duration::from_secs(60)));
    let program = demo::own_program()?;
    let wanted = Wanted { program, data, span, page_port: options.page_port };
    let Some(report) = demo::run(&wanted).await? else { return Ok(ExitCode::SUCCESS) };
    command::finish(options.json, report)
}
