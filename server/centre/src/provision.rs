//! Who belongs where: organisations, homes, people, gateways, devices, and their keys.
//!
//! - *Enrolling* mints an id and a key and puts a thing into a home; *releasing* takes it out again;
//!   *revoking* a gateway raises the key epoch of everything that spoke through it, *replacing* it also gives that
//!   to another one. A device hears of its new epoch from the server and answers under it: no key travels to it.
//! - A device's key lies in the database wrapped with a key that lies outside of it ([`kek`]).
//! - [`Registry`] is the whole of it in memory, read without waiting by whoever verifies a frame. It
//!   follows each commit and is never ahead of one.
//!
//! Not here: staff and their rights (`auth`), and how a device is spoken to (`door`).

pub mod batch;
pub mod certificate;
pub mod credentials;
pub mod enrol;
pub mod kek;
pub mod label;
pub mod mint;
pub mod person;
pub mod pki;
pub mod registry;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::id::{DeviceId, GatewayId, HomeId, KeyEpoch};
use proto::key::DeviceKey;
use proto::unit::Mono;
use proto::up::Role;

use records::device::DeviceRow;
use records::key_epoch::Epochs;
use records::placement::{self, Placement};
use records::{Records, device, key_epoch};

use self::kek::{Kek, KekError};
pub use self::pki::Pki;
pub use self::registry::{DeviceInfo, GatewayInfo, Left, Registry};

/// Why something cannot be enrolled, moved or released.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// A key cannot be minted, wrapped or unwrapped.
    #[error(transparent)]
    Kek(#[from] KekError),
    /// The database refused.
    #[error("write who belongs where: check the disk of the records")]
    Records(#[from] records::Error),
    /// What is asked for does not fit; the sentence says what to change.
    #[error("{0}")]
    Refused(&'static str),
    /// Nothing has this id.
    #[error("nothing is enrolled as {0}, read the id again")]
    Unknown(String),
    /// Another program holds the data directory.
    #[error("use {0}: a server runs on it; enrol through its API, or stop it first")]
    Taken(PathBuf),
    /// The lock file cannot be made.
    #[error("make {path}: check that the data directory can be written")]
    Lock {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A row holds what no server has written.
    #[error("read the row of device {0}: it is damaged, restore the records from a backup")]
    Damaged(i64),
}

/// What is handed out when a thing is enrolled: the key is in the open here and nowhere later.
#[derive(Debug, Clone)]
pub struct Minted {
    /// Who.
    pub device: DeviceId,
    /// `K_dev`.
    pub key: DeviceKey,
    /// Generation of the keys derived from it.
    pub epoch: KeyEpoch,
    /// As what.
    pub role: Role,
    /// In which home; none for a gateway.
    pub home: Option<HomeId>,
    /// Through which gateway; none for a gateway.
    pub gateway: Option<GatewayId>,
}

impl Minted {
    fn info(&self) -> DeviceInfo {
        let place = (self.home, self.gateway);
        DeviceInfo::new(self.device, self.role, self.epoch, self.key.clone(), place)
    }

    fn row(&self, kek: &Kek, label: &str) -> Result<DeviceRow, KekError> {
        Ok(DeviceRow {
            id: column(self.device.get()),
            role: self.role,
            label: label.to_owned(),
            home: self.home.map(|home| column(home.get())),
            gateway: self.gateway.map(|gateway| column(gateway.get())),
            epoch: i64::from(self.epoch.get()),
            wrapped: kek.wrap(self.device, &self.key)?,
            revoked: false,
        })
    }
}

/// Enrols, moves and releases. One per server.
pub struct Provision {
    records: Records,
    registry: Arc<Registry>,
    kek: Kek,
    damaged: Vec<i64>,
    /// Held as long as this lives: a server and `server enrol` are never at it together.
    _lock: File,
}

impl Provision {
    /// Reads every device into the registry; makes the wrapping key on the first start.
    ///
    /// # Errors
    /// Another program holds the directory; the key file is missing or another one; a row is damaged.
    pub async fn open(data: &Path, records: Records) -> Result<Self, ProvisionError> {
        let lock = hold(data)?;
        let mut reader = records.reader().await?;
        let (rows, none) = (device::all(&mut reader).await?, device::none(&mut reader).await?);
        let epochs = key_epoch::all(&mut reader).await?;
        let placements = placement::all(&mut reader).await?;
        drop(reader);
        let epochs: HashMap<i64, Epochs> = epochs.into_iter().map(|e| (e.device, e)).collect();
        let kek = Kek::open(data, none)?;
        let registry = Registry::new();
        let (mut infos, mut refused) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in &rows {
            match info(row, epochs.get(&row.id), &kek) {
                Ok(info) => infos.push(info),
                Err(error) => refused.push((row.id, error)),
            }
        }
        // All refused means another key file; a few are rows of their own that are damaged.
        if refused.len() > infos.len()
            && let Some((_, error)) = refused.pop()
        {
            return Err(error);
        }
        for (device, error) in &refused {
            tracing::error!(
                device,
                error = error as &dyn std::error::Error,
                "a device is unknown: its row is damaged"
            );
        }
        let damaged = refused.into_iter().map(|(device, _)| device).collect();
        registry.put_all(infos);
        for (device, left) in placements.iter().filter_map(left) {
            registry.leaves(device, left);
        }
        Ok(Self { records, registry: Arc::new(registry), kek, damaged, _lock: lock })
    }

    /// Devices whose rows are damaged, so that nobody can hear them.
    pub fn damaged(&self) -> impl Iterator<Item = DeviceId> {
        self.damaged.iter().filter_map(|id| DeviceId::new(id.unsigned_abs()))
    }

    /// The table in memory.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// Reads the rows of devices again that were changed here, after the commit that changed them.
    async fn refresh(&self, devices: &[DeviceId]) -> Result<(), ProvisionError> {
        let mut reader = self.records.reader().await?;
        for id in devices {
            let row = device::find(&mut reader, column(id.get())).await?;
            let row = row.ok_or_else(|| ProvisionError::Unknown(id.to_string()))?;
            let epochs = key_epoch::find(&mut reader, row.id).await?;
            self.registry.put(info(&row, epochs.as_ref(), &self.kek)?);
        }
        Ok(())
    }
}

/// Takes the directory for this program; the system gives it back when the program ends, however it ends.
pub(crate) fn hold(data: &Path) -> Result<File, ProvisionError> {
    let path = data.join("lock");
    let file = File::create(&path);
    let file = file.map_err(|source| ProvisionError::Lock { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ProvisionError::Taken(data.to_owned())),
        Err(TryLockError::Error(source)) => Err(ProvisionError::Lock { path, source }),
    }
}

/// An id as a column holds it: below 2^50, so its order stays.
pub(crate) const fn column(id: u64) -> i64 {
    id.cast_signed()
}

/// A place that a device has left as the table in memory holds it.
fn left(row: &Placement) -> Option<(DeviceId, Left)> {
    let home = HomeId::new(row.home.cast_unsigned())?;
    let until = Mono::from_millis(row.until_mono.unsigned_abs());
    Some((DeviceId::new(row.device.cast_unsigned())?, Left { home, until }))
}

/// A row and its key as the table in memory holds them.
fn info(row: &DeviceRow, epochs: Option<&Epochs>, kek: &Kek) -> Result<DeviceInfo, ProvisionError> {
    let damaged = || ProvisionError::Damaged(row.id);
    let id = DeviceId::new(row.id.cast_unsigned()).ok_or_else(damaged)?;
    let home = match row.home {
        Some(home) => Some(HomeId::new(home.cast_unsigned()).ok_or_else(damaged)?),
        None => None,
    };
    let gateway = match row.gateway {
        Some(gateway) => Some(GatewayId::new(gateway.cast_unsigned()).ok_or_else(damaged)?),
        None => None,
    };
    let epoch_of = |n: i64| u16::try_from(n).map(KeyEpoch::new).map_err(|_| damaged());
    let epoch = epoch_of(row.epoch)?;
    let key = kek.unwrap(id, &row.wrapped)?;
    let mut info = DeviceInfo::new(id, row.role, epoch, key, (home, gateway));
    info.revoked = row.revoked;
    // Without what is known of its answers a device is still heard: under the keys of its row, and those before.
    if let Some(epochs) = epochs
        && let (Ok(heard), Ok(oldest)) = (epoch_of(epochs.heard), epoch_of(epochs.oldest))
    {
        (info.heard, info.oldest) = (heard, oldest);
    }
    Ok(info)
}
