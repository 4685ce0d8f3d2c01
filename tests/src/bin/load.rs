//! The load generator: one mode a run, one JSON object at its end.
//!
//! It starts a server of its own as a child process, or takes one that is named.
//! Not here: what the modes do (`tests::load`).

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tests::load::beds::{self, Beds};
use tests::load::sweep::{self, Blow, Part, Sweep};
use tests::load::target::{Named, Target};
use tests::load::{disk, flood, kill, storm};
use tests::seed::Seed;
use tests::tls::Papers;
use tests::trouble::{Outcome, Trouble};
use tests::{command, demo};

/// Measures a server from outside.
#[derive(Parser)]
#[command(name = "load", version)]
struct Options {
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Args)]
struct Common {
    /// End by printing one JSON object as the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Door of gateways of a running server, with --console, --name and --password; none = start one.
    #[arg(long, requires_all = ["console", "name", "password"])]
    server: Option<SocketAddr>,
    /// Console of that server.
    #[arg(long)]
    console: Option<SocketAddr>,
    /// An administrator of that server.
    #[arg(long)]
    name: Option<String>,
    /// Its password.
    #[arg(long)]
    password: Option<String>,
}

#[derive(Subcommand)]
enum Mode {
    /// Beds that live, and presses among them.
    Beds {
        /// How many beds.
        #[arg(long, default_value_t = 1000)]
        beds: usize,
        /// Presses a second, over all beds.
        #[arg(long, default_value_t = 5.0)]
        presses_per_s: f64,
        /// For how long.
        #[arg(long = "for", value_parser = demo::span, default_value = "60s")]
        span: Duration,
        #[command(flatten)]
        common: Common,
    },
    /// As much telemetry as a few gateways can press through the door.
    Flood {
        /// How many gateways.
        #[arg(long, default_value_t = 8)]
        clients: usize,
        /// For how long.
        #[arg(long = "for", value_parser = demo::span, default_value = "15s")]
        span: Duration,
        #[command(flatten)]
        common: Common,
    },
    /// All gateways are cut and come back at once, each with an emergency.
    Storm {
        /// How many gateways.
        #[arg(long, default_value_t = 1000)]
        gateways: usize,
        /// Over mutual TLS.
        #[arg(long)]
        tls: bool,
        #[command(flatten)]
        common: Common,
    },
    /// A failing disk, or death, at chosen system calls; needs strace.
    Sweep {
        /// Whom it befalls.
        #[arg(long, value_enum)]
        part: Part,
        /// At which call.
        #[arg(long, value_enum)]
        call: Call,
        /// What happens there.
        #[arg(long, value_enum)]
        blow: Blow,
        /// Each of the first so many calls is struck once, in a round of its own.
        #[arg(long, default_value_t = 200)]
        upto: u64,
        /// So many random later calls.
        #[arg(long, default_value_t = 100)]
        later: u64,
        /// End by printing one JSON object as the last line of standard output.
        #[arg(long)]
        json: bool,
    },
    /// Disk that one bed needs with the shipped retention, over simulated days.
    Disk {
        /// How many days.
        #[arg(long, default_value_t = 365)]
        days: u32,
        /// End by printing one JSON object as the last line of standard output.
        #[arg(long)]
        json: bool,
    },
    /// kill -9 of gateway and server at random moments under a stream of presses.
    Kill {
        /// How many kills.
        #[arg(long, default_value_t = 10)]
        rounds: usize,
        #[command(flatten)]
        common: Common,
    },
}

/// The calls by which a store writes and syncs.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Call {
    Fdatasync,
    Pwrite64,
}

impl Common {
    fn named(&self) -> Option<Named> {
        Some(Named {
            gateways: self.server?,
            console: self.console?,
            name: self.name.clone()?,
            password: self.password.clone()?,
        })
    }
}

fn main() -> ExitCode {
    command::run(|| run(Options::parse().mode))
}

#[tokio::main]
async fn run(mode: Mode) -> Outcome<ExitCode> {
    let program = demo::own_program()?;
    let seed = Seed::from_environment();
    let (json, report) = match mode {
        Mode::Beds { beds, presses_per_s, span, common } => {
            let target = Target::open(&program, common.named(), false)?;
            let want = Beds { beds, presses_per_s, span };
            (common.json, beds::run(&target, &want, seed).await?)
        }
        Mode::Disk { days, json } => (json, disk::run(days, seed).await?),
        Mode::Flood { clients, span, common } => {
            let target = Target::open(&program, common.named(), false)?;
            (common.json, flood::run(&target, clients, span).await?)
        }
        Mode::Storm { gateways, tls, common } => {
            let target = Target::open(&program, common.named(), tls)?;
            let papers = if tls { Some(papers_of(&target)?) } else { None };
            (common.json, storm::run(&target, gateways, papers, seed).await?)
        }
        Mode::Sweep { part, call, blow, upto, later, json } => {
            let call = match call {
                Call::Fdatasync => "fdatasync",
                Call::Pwrite64 => "pwrite64",
            };
            (json, sweep::run(&program, &Sweep { part, call, blow, upto, later }, seed).await?)
        }
        Mode::Kill { rounds, common } => {
            let mut target = Target::open(&program, common.named(), false)?;
            (common.json, kill::run(&mut target, rounds, seed).await?)
        }
    };
    command::finish(json, report)
}

fn papers_of(target: &Target) -> Outcome<Papers> {
    let Some(stage) = &target.stage else {
        return Err(Trouble::new(
            "--tls signs with the authority of a server started here; name none",
        ));
    };
    Papers::of_server(&stage.dir.join("server"))
}
