//! Putting a backup into an empty data folder, and going on with records whose newest rows are lost.
//!
//! The records come last, and before them an identity that says "another life": a restore that was cut short
//! is refused at the next start, and one that was not begins a new life by which gateways know that they are
//! asked for what they still have. Not here: that asking (`replay`).

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, bail};

use super::manifest::Manifest;
use super::take::make_private;
use super::{Identity, fresh_line, identity};
use crate::config::Config;
use crate::provision::{hold, kek::write_secret};
use records::opening;

const RECORDS: &str = "records.db";

/// Puts the backup in `from` into the data folder, which must be empty.
///
/// # Errors
/// The backup is not whole, a server runs on the folder, or something lies in it.
pub fn restore(config: &Config, from: &Path) -> anyhow::Result<String> {
    let data = &config.data;
    let list = Manifest::check(from)?;
    let _held = hold(data)?;
    let others = fs::read_dir(data).with_context(|| format!("read {}", data.display()))?;
    for entry in others {
        let name = entry.with_context(|| format!("read {}", data.display()))?.file_name();
        if name != "lock" {
            bail!(
                "restore into {}: {} lies in it; move what is there away and run this again",
                data.display(),
                name.to_string_lossy()
            );
        }
    }
    let (engine, holds) = (config.engine()?, list.files.iter().any(|file| file.name == RECORDS));
    match (engine.is_file(), holds) {
        (true, true) | (false, false) => {}
        (true, false) => bail!("restore {}: it holds no records", from.display()),
        (false, true) => bail!(
            "restore {}: it holds records, and the configuration names {}; take `records` out of it first",
            from.display(),
            engine.shown()
        ),
    }
    for file in list.files.iter().filter(|file| file.name != RECORDS) {
        put(from, data, &file.name)?;
    }
    let series = list.files.iter().any(|file| file.name == "series.db");
    let identity = Identity { line: fresh_line()?, high: list.high, series };
    identity::write(&identity, data).context("write keys/records.id")?;
    let first = if engine.is_file() {
        put(from, data, RECORDS)?;
        String::new()
    } else {
        format!("put the copy of {} back, then ", engine.shown())
    };
    Ok(format!(
        "restored the backup of {} into {}; {first}start the server: gateways send again what they still have\n",
        list.taken,
        data.display()
    ))
}

/// Takes the records as they lie in the folder, whatever is missing of them, and gives them a new life.
///
/// # Errors
/// A server runs on the folder, or there are no records that can be read.
pub fn in_place(config: &Config) -> anyhow::Result<String> {
    let (data, engine) = (&config.data, config.engine()?);
    if !engine.is_file() {
        bail!(
            "go on in place: the records are in {}, which loses no log; start the server",
            engine.shown()
        );
    }
    let _held = hold(data)?;
    let told = opening::tell(&data.join(RECORDS)).ok().flatten();
    let Some(told) = told else {
        bail!(
            "go on with {}: it cannot be read or holds nothing; move the folder away and restore a backup with --from",
            data.join(RECORDS).display()
        );
    };
    let series = !door::is_blank(&data.join("series.db"));
    let identity = Identity { line: fresh_line()?, high: told.high, series };
    identity::write(&identity, data).context("write keys/records.id")?;
    Ok(format!(
        "{} is taken as it is; start the server: gateways send again what they still have\n",
        data.display()
    ))
}

/// Copies one file so that it is there whole or not at all.
fn put(from: &Path, data: &Path, name: &str) -> anyhow::Result<()> {
    let tell = || format!("write {}", data.join(name).display());
    if name.contains('/') {
        let bytes = fs::read(from.join(name)).with_context(|| format!("read {name}"))?;
        return write_secret(&data.join(name), &bytes).with_context(tell);
    }
    let part = data.join(format!("{name}.part"));
    fs::copy(from.join(name), &part).with_context(tell)?;
    make_private(&part)?;
    fs::rename(&part, data.join(name)).with_context(tell)?;
    File::open(data).and_then(|folder| folder.sync_all()).with_context(tell)
}
