//! What each command of this crate does: it is server and gateway too, logs beside its report, and ends by that report.
//!
//! Standard output is for the report alone. Not here: what a command measures or shows.

use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::load::Report;
use crate::trouble::Outcome;
use crate::{demo, process};

/// Runs a command, or the server or gateway that a command has started in its own image.
pub fn run(work: impl FnOnce() -> Outcome<ExitCode>) -> ExitCode {
    if let Some(code) = process::shipped_main() {
        return code;
    }
    log();
    work().unwrap_or_else(|trouble| {
        demo::say(&trouble.to_string());
        ExitCode::FAILURE
    })
}

/// Logs beside the report; only what a person should look into, unless `RUST_LOG` says otherwise.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .init();
}

/// Ends with what was measured; a failure if anything was lost, doubled or did not come up.
pub fn finish(json: bool, report: Report) -> Outcome<ExitCode> {
    let clean = report.is_clean();
    if json {
        demo::print(report.into_json())?;
    } else {
        demo::say(&format!("measured\n{}", report.table()));
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
