//! `server enrol …`: the same acts as the API's, for a shell on the server's machine.
//!
//! They work on the data directory itself and only while no server runs on it: both hold its lock.
//! Answers are JSON on standard output; keys go into files or, where none is named, are printed once.
//! Not here: staff.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use proto::id::{DeviceId, GatewayId, HomeId};
use serde_json::json;

use centre::backup::stores;
use centre::clock::{Clock, Now};
use centre::config::Config;
use centre::provision::credentials::{Credentials, ServerPlace};
use centre::provision::{DeviceInfo, Minted, Pki, Provision, ProvisionError, label, mint};
use records::contact::Contact;
use records::home::HomeRow;
use records::resident::Resident;
use records::state;

/// What can be enrolled.
#[derive(Debug, Subcommand)]
pub enum Enrol {
    /// An organisation that looks after homes.
    Org {
        /// Its name.
        #[arg(long)]
        name: String,
    },
    /// A home.
    Home {
        /// Id of its organisation.
        #[arg(long)]
        organisation: String,
        /// The shortest text that finds the door.
        #[arg(long)]
        label: String,
        /// The whole address.
        #[arg(long, default_value = "")]
        address: String,
        /// How to get in.
        #[arg(long, default_value = "")]
        entry: String,
    },
    /// A bed of a home.
    Bed {
        /// The home.
        #[arg(long)]
        home: HomeId,
        /// What it is called.
        #[arg(long)]
        label: String,
    },
    /// Who lives in a home, in place of whoever lived there.
    Resident(Person),
    /// A gateway; its credentials go into a file.
    Gateway {
        /// Id of its organisation.
        #[arg(long)]
        organisation: String,
        /// Where it stands.
        #[arg(long)]
        label: String,
        /// File for its credentials.
        #[arg(long)]
        out: PathBuf,
        /// Where it reaches this server; else the first of the configured names.
        #[arg(long)]
        host: Option<String>,
    },
    /// A device in a home.
    Device {
        /// The home.
        #[arg(long)]
        home: HomeId,
        /// The gateway it speaks through.
        #[arg(long)]
        gateway: GatewayId,
        /// `help_button`, `pull_cord`, `bed_mat`, `motion`, `door` or `pendant`.
        #[arg(long)]
        role: String,
        /// What it is called in its home.
        #[arg(long, default_value = "")]
        label: String,
    },
    /// Prints the label of a device as SVG.
    Label {
        /// The device.
        #[arg(long)]
        device: DeviceId,
    },
    /// Takes a device out of its home.
    Release {
        /// The device.
        #[arg(long)]
        device: DeviceId,
    },
    /// Refuses a gateway from now on and renews the keys of its devices.
    Revoke {
        /// The gateway.
        #[arg(long)]
        gateway: GatewayId,
    },
    /// Moves a device to another home or gateway, or enrols a released one again; its next keys follow it.
    MoveDevice {
        /// The device.
        #[arg(long)]
        device: DeviceId,
        /// The home.
        #[arg(long)]
        home: HomeId,
        /// The gateway it speaks through from now on.
        #[arg(long)]
        gateway: GatewayId,
    },
    /// Puts another gateway in the place of one: its homes, devices and keys follow, nothing is flashed anew.
    ReplaceGateway {
        /// The gateway that goes; it is refused from now on.
        old: GatewayId,
        /// The gateway that takes over, enrolled before.
        new: GatewayId,
    },
    /// Many homes at once, each with a bed, a gateway and the same devices; keys are printed.
    Batch {
        /// Id of their organisation.
        #[arg(long)]
        organisation: String,
        /// How many homes, 1 to 10,000.
        #[arg(long)]
        homes: u32,
        /// Roles of the devices of each home.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<String>,
    },
}

/// A resident on the command line.
#[derive(Debug, Args)]
pub struct Person {
    /// The home.
    #[arg(long)]
    home: HomeId,
    /// Name.
    #[arg(long)]
    name: String,
    /// How to address them.
    #[arg(long, default_value = "")]
    call_as: String,
    /// `f` or `m`.
    #[arg(long, default_value = "")]
    sex: String,
    /// Year of birth.
    #[arg(long)]
    born: Option<i64>,
    /// Telephone in the home.
    #[arg(long, default_value = "")]
    phone: String,
    /// Speech and hearing, as far as it matters on a call.
    #[arg(long, default_value = "")]
    talk: String,
    /// A line of health notes, at most three times.
    #[arg(long)]
    health: Vec<String>,
    /// Lives alone.
    #[arg(long)]
    alone: bool,
    /// Whom to call, in order: `name,relation,phone`.
    #[arg(long)]
    contact: Vec<String>,
}

impl Enrol {
    /// Does it; answers what to print.
    ///
    /// # Errors
    /// A server runs on the data directory, or what is asked for does not fit.
    pub async fn run(self, config: &Config) -> anyhow::Result<String> {
        let (records, provision) = stores::for_command(config).await?;
        let stored = state::clock(&mut *records.reader().await?).await?;
        let now = Clock::resume(stored.as_ref()).now();
        let told = self.perform(&provision, config, now).await;
        records.close().await;
        told
    }

    async fn perform(
        self,
        provision: &Provision,
        config: &Config,
        now: Now,
    ) -> anyhow::Result<String> {
        let wall = now.wall_ms;
        let told = match self {
            Self::Org { name } => {
                json!({"organisation": provision.create_organisation(&name, wall).await?})
            }
            Self::Home { organisation, label, address, entry } => {
                let home = HomeRow { id: 0, organisation, label, address, entry };
                json!({"home": provision.create_home(home, wall).await?.to_string()})
            }
            Self::Bed { home, label } => {
                json!({"bed": provision.create_bed(home, &label, wall).await?})
            }
            Self::Resident(person) => person.enter(provision, wall).await?,
            Self::Gateway { organisation, label, out, host } => {
                let minted = provision.create_gateway(&organisation, &label, wall).await?;
                hand_over(&minted, config, host, &out, wall)?;
                json!({"gateway": minted.device.to_string(), "credentials": out})
            }
            Self::Device { home, gateway, role, label } => {
                let role = role_of(&role)?;
                let made = provision.create_device(home, gateway, role, &label, wall).await?;
                device_json(&made)
            }
            Self::Label { device } => return drawn(provision, device),
            Self::Release { device } => {
                provision.release(device, now).await?;
                json!({"released": device.to_string()})
            }
            Self::Revoke { gateway } => {
                let devices = provision.revoke_gateway(gateway).await?;
                let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
                json!({"revoked": gateway.to_string(), "devices": devices})
            }
            Self::MoveDevice { device, home, gateway } => {
                moved(provision, device, (home, gateway), now).await?
            }
            Self::ReplaceGateway { old, new } => {
                let devices = provision.replace_gateway(old, new).await?;
                let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
                json!({"replaced": old.to_string(), "by": new.to_string(), "devices": devices})
            }
            Self::Batch { organisation, homes, roles } => {
                let roles = roles.iter().map(|r| role_of(r)).collect::<Result<Vec<_>, _>>()?;
                let made = provision.batch(&organisation, homes, &roles, wall).await?;
                let homes: Vec<_> = made.iter().map(batch_json).collect();
                json!({"homes": homes})
            }
        };
        Ok(format!("{told}\n"))
    }
}

impl Person {
    async fn enter(
        self,
        provision: &Provision,
        wall: i64,
    ) -> Result<serde_json::Value, ProvisionError> {
        let contacts: Vec<Contact> = self.contact.iter().map(|text| contact(text)).collect();
        let Self { home, name, call_as, sex, born, phone, talk, health, alone, .. } = self;
        let health = health.join("\n");
        let resident = Resident {
            name,
            sex,
            born,
            call_as,
            phone,
            alone,
            talk,
            health,
            ..Resident::default()
        };
        let id = provision.create_resident(home, &resident, &contacts, wall).await?;
        Ok(json!({"resident": id}))
    }
}

fn contact(text: &str) -> Contact {
    let mut parts = text.splitn(3, ',').map(|part| part.trim().to_owned());
    let mut next = || parts.next().unwrap_or_default();
    Contact { name: next(), relation: next(), phone: next(), ..Contact::default() }
}

fn role_of(word: &str) -> Result<proto::up::Role, ProvisionError> {
    let refused = "a role is help_button, pull_cord, bed_mat, motion, door or pendant";
    mint::role_of(word).ok_or(ProvisionError::Refused(refused))
}

fn drawn(provision: &Provision, device: DeviceId) -> anyhow::Result<String> {
    let known = provision.registry().device(device);
    let known = known.ok_or_else(|| ProvisionError::Unknown(device.to_string()))?;
    label::svg(device, known.role).context("draw the label")
}

/// A device as the API answers it once, with its key.
pub fn device_json(minted: &Minted) -> serde_json::Value {
    json!({
        "device": minted.device.to_string(),
        "key_hex": hex::encode(minted.key.expose()),
        "epoch": minted.epoch.get(),
        "role": minted.role.word(),
        "home": minted.home.map(|home| home.to_string()),
        "gateway": minted.gateway.map(|gateway| gateway.to_string()),
    })
}

/// A home of a batch as the API answers it once, with its keys.
pub fn batch_json(made: &centre::provision::batch::BatchHome) -> serde_json::Value {
    json!({
        "home": made.home.to_string(),
        "gateway": {
            "gateway": made.gateway.device.to_string(),
            "key_hex": hex::encode(made.gateway.key.expose()),
            "epoch": made.gateway.epoch.get(),
        },
        "devices": made.devices.iter().map(device_json).collect::<Vec<_>>(),
    })
}

async fn moved(
    provision: &Provision,
    device: DeviceId,
    (home, gateway): (HomeId, GatewayId),
    now: Now,
) -> Result<serde_json::Value, ProvisionError> {
    let registry = provision.registry();
    let known = || {
        let known = registry.device(device);
        known.ok_or_else(|| ProvisionError::Unknown(device.to_string()))
    };
    let before = known()?;
    provision.move_device(device, home, gateway, now).await?;
    Ok(moved_json(&before, &known()?))
}

/// A device that was moved. One that was released may have been wiped: its key is shown, so that it can be fitted anew.
pub fn moved_json(before: &DeviceInfo, after: &DeviceInfo) -> serde_json::Value {
    let mut told = json!({
        "device": after.device.to_string(),
        "epoch": after.epoch.get(),
        "role": after.role.word(),
        "home": after.home.map(|home| home.to_string()),
        "gateway": after.gateway.map(|gateway| gateway.to_string()),
    });
    if before.revoked {
        told["key_hex"] = hex::encode(after.key().expose()).into();
    }
    told
}

fn hand_over(
    minted: &Minted,
    config: &Config,
    host: Option<String>,
    out: &Path,
    wall: i64,
) -> anyhow::Result<()> {
    let gateway = minted.device.as_gateway();
    let (bind, tls) = (config.gateways.bind, config.gateways.tls);
    let named = if tls { config.gateways.names.first().cloned() } else { None };
    let host = host.or(named).unwrap_or_else(|| bind.ip().to_string());
    let server = ServerPlace { host, port: bind.port(), tls };
    let pki = if tls { Some(Pki::open(&config.data, &config.gateways.names)?) } else { None };
    let issued = match &pki {
        Some(pki) => Some((pki.authority().root_pem(), pki.authority().gateway(gateway, wall)?)),
        None => None,
    };
    let credentials = Credentials::new(gateway, &minted.key, minted.epoch, server, issued);
    credentials.save(out).with_context(|| format!("write {}", out.display()))
}
