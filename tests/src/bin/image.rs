//! The firmware image from outside: fill a flash for one device, measure, cut its power.
//!
//! Everything runs in QEMU; gateway and server are child processes of this one. JSON is one line, the last on
//! standard output; what happens is told on standard error. Not here: what is measured and how (`tests::image`).

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tests::image::{numbers, power_cuts, provision};
use tests::load::Report;
use tests::seed::Seed;
use tests::trouble::{Outcome, Trouble};
use tests::{demo, process};
use tracing_subscriber::EnvFilter;

/// Fills, measures and torments the firmware image.
#[derive(Parser)]
#[command(name = "image", version)]
struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Writes a minted identity into the flash file of a board, which is made if it is not there.
    Provision {
        /// The flash.
        #[arg(long)]
        flash: PathBuf,
        /// What `server enrol device` printed; `-` is standard input.
        #[arg(long)]
        card: PathBuf,
        /// The gateway's door as the machine sees it; this host is 10.0.2.2.
        #[arg(long)]
        door: SocketAddrV4,
    },
    /// Measures the image: flash, RAM, stack, and the time from a press to the gateway's word.
    Numbers {
        /// End by printing one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Cuts the power of a board at random points between presses and their receipts.
    PowerCuts {
        /// How many times.
        cuts: usize,
        /// End by printing one JSON object.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    if let Some(code) = process::shipped_main() {
        return code;
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    process::raise_file_limit();
    match run(Options::parse().act) {
        Ok(code) => code,
        Err(trouble) => {
            demo::say(&trouble.to_string());
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(act: Act) -> Outcome<ExitCode> {
    match act {
        Act::Provision { flash, card, door } => {
            let of = provision::read_card(&card)?;
            provision::provision(&flash, &of, door).await?;
            Ok(ExitCode::SUCCESS)
        }
        Act::Numbers { json } => finish(json, numbers::run(&program()?).await?),
        Act::PowerCuts { cuts, json } => {
            let toll =
                power_cuts::open_and_run(&program()?, cuts, Seed::from_environment()).await?;
            finish(json, toll.report())
        }
    }
}

fn program() -> Outcome<String> {
    let program = demo::own_program()?.into_os_string().into_string();
    program.map_err(|path| Trouble::new(format!("{} is no text", path.display())))
}

fn finish(json: bool, report: Report) -> Outcome<ExitCode> {
    let clean = report.is_clean();
    if json {
        demo::print(report.into_json())?;
    } else {
        demo::say(&format!("measured\n{}", report.table()));
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
