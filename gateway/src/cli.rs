//! Every command of the program on one page.
//!
//! `run` is the box, `check` looks at the configuration and all it names and binds nothing, `config`
//! prints a commented template, `losses` what was lost, `renew` gives up a spool that is lost. Exit codes follow sysexits: 64 the order or the configuration is
//! wrong, 65 a file's content is, 69 an address is taken, 73 a directory cannot be written, 74 the
//! disk fails, 78 the data was written by a newer version. Not here: what running means (`start`).

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::credentials::Credentials;
use crate::handles::{self, Division};
use crate::start::{self, StartError};
use crate::{check, clock, losses};

/// Exit code for an order or a configuration that cannot be followed.
pub const EX_USAGE: u8 = 64;
/// Exit code for a file whose content is wrong.
const EX_DATA: u8 = 65;

#[derive(Debug, Parser)]
#[command(name = "gateway", version, about = "The home box of Hearthline")]
struct Cli {
    #[command(subcommand)]
    order: Order,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Runs the box until SIGTERM.
    Run {
        /// Configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Prints a configuration with every setting, its default and what it means.
    Config,
    /// Looks at the configuration, secrets, certificates and rights and says what is wrong.
    Check {
        /// Configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Prints what was lost and what waits, as JSON, and what the running box says of itself.
    Losses {
        /// Configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Begins a new spool where the old one is lost, keeping what can be read; the server is told at the next start.
    Renew {
        /// Configuration, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// The whole program: `args` as the operating system gives them, the program's own name first.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => {
            let _ = told.print();
            return ExitCode::from(if told.use_stderr() { EX_USAGE } else { 0 });
        }
    };
    let done = match cli.order {
        Order::Run { config } => load(&config).and_then(|(c, k)| start::run(divide(&c)?, c, k)),
        Order::Config => {
            say(&Config::template());
            Ok(())
        }
        Order::Losses { config } => {
            load(&config).and_then(|(config, _)| Ok(losses::told(&config)?)).map(|told| say(&told))
        }
        Order::Renew { config } => load(&config).and_then(|(config, _)| start::renew(&config)),
        Order::Check { config } => match load(&config).and_then(|c| divide(&c.0).map(|_| c)) {
            Ok((config, credentials)) => return look_at(&config, &credentials),
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// What `check` answers: each finding on a line of its own.
fn look_at(config: &Config, credentials: &Credentials) -> ExitCode {
    let found = check::findings(config, credentials, clock::wall_s());
    for finding in &found {
        let _ = writeln!(std::io::stderr(), "gateway: {}", finding.replace('\n', " "));
    }
    if found.is_empty() {
        say(&format!("gateway {} is configured\n", credentials.gateway));
        return ExitCode::SUCCESS;
    }
    ExitCode::from(EX_DATA)
}

fn load(path: &Path) -> Result<(Config, Credentials), StartError> {
    let config = Config::load(path)?;
    let credentials = Credentials::load(&config.credentials)?;
    Ok((config, credentials))
}

/// File handles for everybody, after all that may be had have been asked for.
fn divide(config: &Config) -> Result<Division, StartError> {
    let limit = door::handles::raise();
    handles::divide(limit, config.limits.connections).map_err(StartError::Handles)
}

fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// One sentence: what failed, on what, and the cause behind it.
fn complain(error: &StartError) {
    let mut line = format!("gateway: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(error.to_string().trim_end());
        cause = error.source();
    }
    let _ = writeln!(std::io::stderr(), "{}", line.replace('\n', " "));
}
