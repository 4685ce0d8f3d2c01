//! Taking a backup while the server runs.
//!
//! Order matters: what a gateway was told is kept is in the inbox until its rows are committed, so the inbox comes
//! first and the records after it; measured values are on disk before the rows that stand for them, so the
//! series comes last. What falls between is then in two of them and not in none. Not here: putting it back (`restore`).

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context as _, bail};

use super::manifest::{FILE, Manifest};
use crate::config::{Config, Store};
use crate::provision::kek::write_secret;
use records::opening::{self, Found};
use records::{Engine, has_lived};

/// Folders of secrets, and the file that is about the folder itself and stays in it.
const SECRETS: [&str; 2] = ["keys", "pki"];
const OWN: &str = "keys/records.id";

/// Takes a backup of the data folder into `to`, which must be empty or not there; says what was taken.
///
/// # Errors
/// The records are lost or cannot be read; the folder cannot be used.
pub fn take(config: &Config, to: &Path, now_ms: i64) -> anyhow::Result<String> {
    let data = &config.data;
    let engine = config.engine()?;
    if is_nothing(&engine, data)? {
        bail!("back up {}: no server has run on it", data.display());
    }
    make_folder(to)?;
    let mut names = Vec::new();
    let mut stores = vec!["inbox.db"];
    if engine.is_file() {
        stores.push("records.db");
    }
    if config.series.store == Store::Embedded {
        stores.push("series.db");
    }
    for store in stores {
        if door::is_blank(&data.join(store)) {
            continue;
        }
        let copy = to.join(store);
        opening::snapshot(&data.join(store), &copy).with_context(|| format!("copy {store}"))?;
        make_private(&copy)?;
        names.push(store.to_owned());
    }
    for folder in SECRETS {
        copy_secrets(data, to, folder, &mut names)?;
    }
    let told = match engine.is_file() {
        true => opening::tell(&to.join("records.db"))?.unwrap_or_default(),
        false => opening::Told::default(),
    };
    let list = Manifest {
        line: told.line,
        high: told.high,
        cursor: told.cursor,
        ..Manifest::of(to, &names, now_ms)?
    };
    write_secret(&to.join(FILE), &serde_json::to_vec_pretty(&list)?)
        .with_context(|| format!("write {}", to.join(FILE).display()))?;
    let bytes: u64 = list.files.iter().map(|file| file.bytes).sum();
    let elsewhere = elsewhere(&engine);
    let away = match config.series.store {
        Store::Embedded => "",
        Store::Influx => "; measured values are in InfluxDB and have a backup of their own",
    };
    Ok(format!(
        "backup of {} in {}: {} files, {bytes} bytes; it holds the keys, keep it as closed as the server{elsewhere}{away}\n",
        list.taken,
        to.display(),
        list.files.len(),
    ))
}

/// Whether no server has run on the folder.
fn is_nothing(engine: &Engine, data: &Path) -> anyhow::Result<bool> {
    Ok(if engine.is_file() { opening::examine(data)? == Found::Nothing } else { !has_lived(data) })
}

/// What is not in the copy: a database has its own.
fn elsewhere(engine: &Engine) -> String {
    if engine.is_file() {
        return String::new();
    }
    format!(
        "; the records are in {}: copy them now, after this, with pg_dump or as its base backup",
        engine.shown()
    )
}

fn make_folder(to: &Path) -> anyhow::Result<()> {
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("back up to {}: it is not empty, name a new folder", to.display());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(to)
        .and_then(|()| fs::set_permissions(to, PermissionsExt::from_mode(0o700)))
        .with_context(|| format!("make {}", to.display()))
}

/// A copy is for this user alone, and on disk before the list names it.
pub(super) fn make_private(copy: &Path) -> anyhow::Result<()> {
    fs::set_permissions(copy, PermissionsExt::from_mode(0o600))
        .and_then(|()| File::open(copy)?.sync_all())
        .with_context(|| format!("close {} to others", copy.display()))
}

fn copy_secrets(
    data: &Path,
    to: &Path,
    folder: &str,
    names: &mut Vec<String>,
) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(data.join(folder)) else { return Ok(()) };
    for entry in entries {
        let entry = entry.with_context(|| format!("read {folder}"))?;
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        let is_part = Path::new(&name).extension().is_some_and(|end| end == "part");
        if name == OWN || is_part || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let bytes = fs::read(entry.path()).with_context(|| format!("read {name}"))?;
        write_secret(&to.join(&name), &bytes).with_context(|| format!("copy {name}"))?;
        names.push(name);
    }
    Ok(())
}
