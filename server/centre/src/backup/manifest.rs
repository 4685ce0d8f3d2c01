//! The list of a backup: what is in it, of which moment, with a checksum of every file.
//!
//! It is written last, so a backup without one is not whole. Not here: making and restoring.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name of the list in the folder.
pub const FILE: &str = "manifest.json";
/// Version that this build writes and the newest it reads.
const VERSION: u32 = 1;

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the list.
    pub version: u32,
    /// Version of the server that made it.
    pub server: String,
    /// When, ms since 1970.
    pub taken_ms: i64,
    /// The same as people write it.
    pub taken: String,
    /// Life of the records; none if they are of an older build.
    pub line: Option<i64>,
    /// Time of the server's clock in the records.
    pub high: i64,
    /// Highest cursor of the queue in the records.
    pub cursor: i64,
    /// Everything else in the folder.
    pub files: Vec<Entry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

impl Manifest {
    /// Lists these files of a folder.
    pub fn of(folder: &Path, names: &[String], taken_ms: i64) -> anyhow::Result<Self> {
        let files = names.iter().map(|name| Entry::of(folder, name)).collect::<Result<_, _>>()?;
        let taken = jiff::Timestamp::from_millisecond(taken_ms).unwrap_or_default().to_string();
        let server = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self {
            version: VERSION,
            server,
            taken_ms,
            taken,
            line: None,
            high: 0,
            cursor: 0,
            files,
        })
    }

    /// Reads the list of a folder and holds every file against it.
    pub fn check(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read(&path).with_context(|| {
            format!("read {}: name a folder that `server backup` wrote to its end", path.display())
        })?;
        let list: Self = serde_json::from_slice(&text)
            .with_context(|| format!("read {}: take another backup", path.display()))?;
        if list.version > VERSION {
            bail!(
                "read {}: it is of version {}, run the newer server",
                path.display(),
                list.version
            );
        }
        for entry in &list.files {
            let plain =
                Path::new(&entry.name).components().all(|c| matches!(c, Component::Normal(_)));
            if !plain {
                bail!("follow {}: it names {:?} outside of the folder", path.display(), entry.name);
            }
            if Entry::of(folder, &entry.name)? != *entry {
                bail!(
                    "restore {}: it is not as it was taken, use another backup",
                    folder.join(&entry.name).display()
                );
            }
        }
        Ok(list)
    }
}

impl Entry {
    fn of(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let tell = || format!("read {} of the backup", path.display());
        let mut file = File::open(&path).with_context(tell)?;
        let (mut digest, mut block, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
        loop {
            let read = file.read(&mut block).with_context(tell)?;
            if read == 0 {
                break;
            }
            digest.update(block.get(..read).unwrap_or_default());
            bytes += read as u64;
        }
        let sha256 = hex::encode(digest.finalize());
        Ok(Self { name: name.to_owned(), bytes, sha256 })
    }
}
