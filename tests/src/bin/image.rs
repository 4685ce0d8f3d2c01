//! The firmware image from outside: fill a flash for one device, measure, cut its power.
//!
//! Everything runs in QEMU; gateway and server are child processes of this one. JSON is one line, the last on
//! standard output; what happens is told on standard error. Not here: what is measured and how (`tests::image`).

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use proto::update::Hardware;
use serde_json::json;
use tests::image::esp32c6::fitting::{self, Fitting};
use tests::image::{numbers, power_cuts, provision, sign, swaps};
use tests::seed::Seed;
use tests::trouble::{Outcome, Trouble};
use tests::{command, demo};

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
    /// Writes the files that are flashed to an ESP32-C6 beside its image: press.bin, book.bin, ledger.bin.
    Fit {
        /// What `server enrol device` printed; `-` is standard input.
        #[arg(long)]
        card: PathBuf,
        /// The home's wireless network.
        #[arg(long)]
        network: String,
        /// File with the network's passphrase; none = an open network.
        #[arg(long)]
        passphrase: Option<PathBuf>,
        /// The gateway's door in the home.
        #[arg(long)]
        door: SocketAddrV4,
        /// A pendant is worn at the wrist.
        #[arg(long)]
        wrist: bool,
        /// The image that the board starts with, as `elf2image` made it.
        #[arg(long)]
        image: PathBuf,
        /// Folder for the files.
        #[arg(long)]
        to: PathBuf,
    },
    /// Measures the image: flash, RAM, stack, and the time from a press to the gateway's word.
    Numbers {
        /// End by printing one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Draws the firm's key into a new file that only its owner can read; prints the public half.
    Keygen {
        /// The file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Signs a program as an image of one version: writes `FILE.signed`, which a server stores.
    Sign {
        /// The firm's key.
        #[arg(long)]
        key: PathBuf,
        /// Number of the board that it is for.
        #[arg(long)]
        model: u16,
        /// Revision of that board.
        #[arg(long)]
        hardware: u16,
        /// Its version, such as 1.2.3.
        #[arg(long)]
        version: String,
        /// Oldest version that may run once it has proved itself.
        #[arg(long, default_value = "0.0.0")]
        minimum: String,
        /// The program as a linker wrote it, or a finished image.
        #[arg(long)]
        file: PathBuf,
    },
    /// Cuts the power of boards at random points: two thirds between presses and their receipts, one during updates.
    PowerCuts {
        /// How many times in all.
        cuts: usize,
        /// End by printing one JSON object.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    command::run(|| run(Options::parse().act))
}

#[tokio::main]
async fn run(act: Act) -> Outcome<ExitCode> {
    match act {
        Act::Provision { flash, card, door } => {
            let of = provision::read_card(&card)?;
            provision::provision(&flash, &of, door).await?;
            Ok(ExitCode::SUCCESS)
        }
        Act::Fit { card, network, passphrase, door, wrist, image, to } => {
            let of = provision::read_card(&card)?;
            let passphrase = passphrase.map(std::fs::read_to_string).transpose()?;
            let fitting =
                Fitting::new(of, (&network, passphrase.as_deref().unwrap_or("")), door, wrist)?;
            for (at, file) in fitting::write(&to, &fitting, &std::fs::read(image)?).await? {
                demo::say(&format!("{at:#x} {}", file.display()));
            }
            Ok(ExitCode::SUCCESS)
        }
        Act::Keygen { out } => {
            demo::print(json!({ "public_key": sign::keygen(&out)?, "key": out }))?;
            Ok(ExitCode::SUCCESS)
        }
        Act::Sign { key, model, hardware, version, minimum, file } => {
            let hardware = Hardware { model, revision: hardware };
            let (version, minimum) = (sign::version(&version)?, sign::version(&minimum)?);
            let order = sign::Order { hardware, version, minimum };
            let (file, manifest) = sign::sign(&key, &order, &file)?;
            let release = manifest.release().to_string();
            demo::print(json!({ "release": release, "size": manifest.size, "file": file }))?;
            Ok(ExitCode::SUCCESS)
        }
        Act::Numbers { json } => command::finish(json, numbers::run(&program()?).await?),
        Act::PowerCuts { cuts, json } => {
            let (program, seed) = (program()?, Seed::from_environment());
            let during_updates = cuts / 3;
            let mut toll =
                power_cuts::open_and_run(&program, cuts - during_updates, seed.part(1)).await?;
            let (more, swaps) = swaps::open_and_run(&program, during_updates, seed.part(2)).await?;
            tracing::warn!("of updates: {more:?} {swaps:?}");
            toll.add(&more);
            command::finish(json, toll.report())
        }
    }
}

fn program() -> Outcome<String> {
    let program = demo::own_program()?.into_os_string().into_string();
    program.map_err(|path| Trouble::new(format!("{} is no text", path.display())))
}
