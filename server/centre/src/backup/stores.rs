//! The data folder at a start, before anything is opened: room, lost records, damaged stores.
//!
//! Records that are lost are refused. A damaged inbox or series is renamed with the date and told: the server runs on
//! new ones, and gateways send again what the inbox held. Not here: who is told (`faults`).

use std::path::Path;

use care::Seen;
use door::Reserve;

use super::{Identity, fresh_line, identity};
use crate::clock::{Clock, Now};
use crate::config::{Config, Store};
use crate::inbox::InboxLimits;
use crate::provision::Provision;
use records::Records;
use records::line::{self, Line};
use records::opening::{self, Found};
use records::state;

/// Room that a start needs on the disk, bytes: logs and shared memory of three stores.
const START_BYTES: u64 = 4 << 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stores {
    /// Whether the records are of another life, or from before.
    older: bool,
    /// What the folder knows of records that lie elsewhere: whether they are from before shows when they are open.
    elsewhere: Option<Option<Identity>>,
    /// Faults to tell once the server runs.
    pub told: Vec<Seen>,
}

/// Makes the folder ready to be opened.
///
/// # Errors
/// The records are lost, or a damaged store cannot be renamed.
pub fn prepare(config: &Config) -> anyhow::Result<Stores> {
    let data = &config.data;
    let mut reserve = Reserve::new(data.join("inbox.reserve"), InboxLimits::default().reserve);
    if reserve.begin(0, START_BYTES) {
        tracing::error!(
            "disk is full, the server starts on the emergency reserve: free some space"
        );
    }
    let is_file = config.engine()?.is_file();
    let found = if is_file { opening::examine(data)? } else { Found::Sound };
    let wall_ms = Clock::resume(None).now().wall_ms;
    let mut told = Vec::new();
    // The records alone may be there because somebody has enrolled homes before the first run.
    let known = Identity::read(data);
    if set_aside(&data.join("inbox.db"), known.is_some(), wall_ms)? {
        told.push(Seen::InboxAside);
    }
    let had_series = known.is_some_and(|known| known.series);
    if config.series.store == Store::Embedded
        && set_aside(&data.join("series.db"), had_series, wall_ms)?
    {
        told.push(Seen::SeriesAside);
    }
    let elsewhere = (!is_file).then_some(known);
    Ok(Stores { older: found == Found::Older, elsewhere, told })
}

/// The records for a command on a folder that no server runs on. What it writes would cover the tracks of rows that are
/// lost, so a new life begins first, and gateways are asked once the server runs.
///
/// # Errors
/// A server runs on the folder, or the records are lost.
pub async fn for_command(config: &Config) -> anyhow::Result<(Records, Provision)> {
    let engine = config.engine()?;
    let older = engine.is_file() && opening::examine(&config.data)? == Found::Older;
    let records = Records::open_at(engine).await?;
    let provision = Provision::open(&config.data, records.clone()).await?;
    if older {
        let stored = state::clock(&mut *records.reader().await?).await?;
        let now = Clock::resume(stored.as_ref()).now();
        let found = Stores { older, elsewhere: None, told: Vec::new() };
        let (line, high) = found.live(&records, now).await?;
        note(config, line, high).await;
    }
    Ok((records, provision))
}

/// Sets a damaged store aside; says whether there is none now where one is `expected`, or was damaged.
fn set_aside(path: &Path, expected: bool, wall_ms: i64) -> anyhow::Result<bool> {
    if !path.exists() {
        return Ok(expected);
    }
    if !door::is_blank(path) && opening::is_sound(path) {
        return Ok(false);
    }
    if !expected && std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Ok(false);
    }
    let aside = door::set_aside(path, wall_ms).map_err(|error| {
        anyhow::anyhow!("set {} aside: {error}; check the rights of its folder", path.display())
    })?;
    tracing::error!(aside = %aside.display(), "store is damaged, a new one runs");
    Ok(true)
}

impl Stores {
    /// Records that lie elsewhere are seen only now that they are open, before their clock goes on: they are from
    /// before if they know less than the folder, or stand beside a folder that knows of none.
    ///
    /// # Errors
    /// The records refuse.
    pub async fn seen(self, records: &Records) -> Result<Self, records::Error> {
        let Some(known) = self.elsewhere else { return Ok(self) };
        let mut reader = records.reader().await?;
        let line = line::line(&mut reader).await?.map(|line| line.line);
        let high = state::clock(&mut reader).await?.map_or(0, |known| known.high);
        let older = match known {
            Some(known) => line != Some(known.line) || high < known.high,
            None => line.is_some(),
        };
        Ok(Self { older, ..self })
    }

    /// Gives the records their life: the one they have, or a new one if they were restored. Says as well how
    /// far their clock is written.
    ///
    /// # Errors
    /// The records refuse, or there are no random numbers.
    pub async fn live(&self, records: &Records, now: Now) -> anyhow::Result<(Line, i64)> {
        let mut writer = records.begin().await?;
        let known = line::line(&mut writer).await?;
        let mono = i64::try_from(now.mono.millis()).unwrap_or(i64::MAX);
        let line = match known {
            Some(known) if !self.older => known,
            None if !self.older => {
                Line { line: fresh_line()?, restored_wall: None, restored_mono: None }
            }
            _ => {
                tracing::warn!("records are from before, gateways are asked for what they lack");
                let (restored_wall, restored_mono) = (Some(now.wall_ms), Some(mono));
                Line { line: fresh_line()?, restored_wall, restored_mono }
            }
        };
        line::put_line(&mut writer, &line).await?;
        let high = state::clock(&mut writer).await?.map_or(0, |known| known.high);
        writer.commit().await?;
        Ok((line, high))
    }
}

/// Notes in the folder how far the rows have come; call it after the commit that brought them there.
pub async fn note(config: &Config, line: Line, high: i64) {
    let (data, series) = (config.data.clone(), config.series.store == Store::Embedded);
    let identity = Identity { line: line.line, high, series };
    let written = tokio::task::spawn_blocking(move || identity::write(&identity, &data)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!(%error, "the folder's identity cannot be written");
    }
}
