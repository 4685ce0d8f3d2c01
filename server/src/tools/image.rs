//! `server image …`: the same acts as the API's, for a shell on the server's machine.
//!
//! They work on the data directory itself and only while no server runs on it. Answers are JSON.
//! Not here: signing, which happens where the firm's key is and never on a server.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use proto::id::DeviceId;
use proto::update::{Manifest, Release};
use serde_json::{Value, json};

use centre::backup::stores;
use centre::clock::Clock;
use centre::config::Config;
use centre::provision::Provision;
use centre::update::shelf::{self, By, To};
use centre::update::{self, Updates, version_text};
use records::Records;
use records::image::{self, ImageRow};

/// What can be done with images.
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Stores a signed image.
    Add {
        /// File that `image sign` has written.
        #[arg(long)]
        file: PathBuf,
    },
    /// Makes an image the one that devices are to run.
    Offer {
        /// Its release, as `add` and `list` print it.
        #[arg(long)]
        release: Release,
        /// A device; may be given more than once.
        #[arg(long, required_unless_present = "all")]
        device: Vec<DeviceId>,
        /// All devices of its hardware.
        #[arg(long, conflicts_with = "device")]
        all: bool,
        /// With `--all`: so many more, and no others.
        #[arg(long, requires = "all")]
        most: Option<usize>,
    },
    /// Takes an image back from all devices that do not run it yet.
    Withdraw {
        /// Its release.
        #[arg(long)]
        release: Release,
    },
    /// Prints the images and how many devices are how far with each.
    List,
}

impl ImageCommand {
    /// Does it; answers what to print.
    ///
    /// # Errors
    /// A server runs on the data directory, or what is asked for does not fit.
    pub async fn run(self, config: &Config) -> anyhow::Result<String> {
        let (records, provision) = stores::for_command(config).await?;
        let told = self.perform(&records, &provision).await;
        records.close().await;
        Ok(format!("{}\n", told?))
    }

    async fn perform(self, records: &Records, provision: &Provision) -> anyhow::Result<Value> {
        let (updates, _words) = Updates::load(records).await?;
        let by = By { staff: "shell", wall: Clock::resume(None).now().wall_ms };
        Ok(match self {
            Self::Add { file } => {
                let path = file.display().to_string();
                let bytes = std::fs::read(file).with_context(|| format!("read {path}"))?;
                manifest_json(&shelf::add(records, &bytes, by).await?)
            }
            Self::Offer { release, device, most, .. } => {
                let to = if device.is_empty() { To::All(most) } else { To::Devices(device) };
                let registry = provision.registry();
                let offered = shelf::offer((records, &registry, &updates), release, to, by).await?;
                json!({ "release": release.to_string(), "offered": offered.len() })
            }
            Self::Withdraw { release } => {
                let devices = shelf::withdraw(records, &updates, release, by).await?;
                json!({ "release": release.to_string(), "withdrawn": devices })
            }
            Self::List => {
                let rows = image::all(&mut *records.reader().await?).await?;
                json!({ "images": rows.iter().map(|row| row_json(row, &updates)).collect::<Vec<_>>() })
            }
        })
    }
}

/// A manifest as the API says it.
pub fn manifest_json(manifest: &Manifest) -> Value {
    json!({
        "release": manifest.release().to_string(),
        "model": manifest.hardware.model,
        "revision": manifest.hardware.revision,
        "version": version_text(manifest.version),
        "minimum": version_text(manifest.minimum),
        "size": manifest.size,
    })
}

/// An image as the API says it, with the number of devices at each stage.
pub fn row_json(row: &ImageRow, updates: &Updates) -> Value {
    let Ok(manifest) = minicbor::decode::<Manifest>(&row.manifest) else { return Value::Null };
    let mut told = manifest_json(&manifest);
    let mut stages = serde_json::Map::new();
    for (_, known) in updates.offered(manifest.release()) {
        let stage = known.offer.and_then(|offer| offer.stage).map_or("offered", update::stage_word);
        let count = stages.get(stage).and_then(Value::as_u64).unwrap_or(0);
        stages.insert(stage.to_owned(), (count + 1).into());
    }
    if let Some(fields) = told.as_object_mut() {
        fields.insert("added_ms".to_owned(), row.added_wall.into());
        fields.insert("added_by".to_owned(), row.added_by.clone().into());
        fields.insert("devices".to_owned(), stages.into());
    }
    told
}
