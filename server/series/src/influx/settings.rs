//! Where InfluxDB is, by what right it is spoken to, and what it may cost to wait for it.
//!
//! Addresses and names that cannot be right are refused before anything is sent. Not here: the store itself (`influx`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use influxdb2::Client;

use super::lines;
use crate::{Retention, SeriesError};

/// The section `[series.influx]` of a configuration.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Base address, such as `http://127.0.0.1:8086`.
    pub url: String,
    /// Name of the organisation.
    pub org: String,
    /// File that holds the token and nothing else.
    pub token_file: PathBuf,
    /// Name of the bucket of raw points; `server influx` makes it.
    pub bucket: String,
}

/// Where InfluxDB is and what it may cost to wait for it.
#[derive(Debug, Clone)]
pub struct InfluxConfig {
    /// `http://host:port` or `https://host:port`, no path.
    pub url: String,
    /// Name of the organisation.
    pub org: String,
    /// Name of the bucket for raw points; roll-ups go to `<bucket>_15m` and `<bucket>_1h`.
    pub bucket: String,
    /// API token with rights to read and write these buckets.
    pub token: String,
    /// File that the token was read from; when it says another one, that one counts.
    pub token_file: Option<PathBuf>,
    /// How long its buckets are to keep points; none: they are left as they are.
    pub keep: Option<Retention>,
    /// File for batches that InfluxDB will never take.
    pub dead_letters: PathBuf,
    /// Longest wait for one answer.
    pub patience: Duration,
    /// Tries before the caller is told, 1 to 10.
    pub tries: u32,
}

impl InfluxConfig {
    /// Usual waits for a store at `url`.
    pub fn new(
        url: impl Into<String>,
        org: impl Into<String>,
        bucket: impl Into<String>,
        token: impl Into<String>,
        dead_letters: impl Into<PathBuf>,
    ) -> Self {
        Self {
            url: url.into(),
            org: org.into(),
            bucket: bucket.into(),
            token: token.into(),
            token_file: None,
            keep: None,
            dead_letters: dead_letters.into(),
            patience: Duration::from_secs(10),
            tries: 4,
        }
    }

    /// Reads the token and joins what the configuration says.
    ///
    /// # Errors
    /// The token file cannot be read.
    pub fn of(settings: &Settings, data: &Path) -> Result<Self, SeriesError> {
        let token = std::fs::read_to_string(&settings.token_file).map_err(|error| {
            let file = settings.token_file.display();
            let reason = format!("the token file {file} cannot be read: {error}");
            SeriesError::Influx { url: settings.url.clone(), reason }
        })?;
        let dead = data.join("influx-dead.lp");
        let Settings { url, org, bucket, .. } = settings;
        let made = Self::new(&**url, &**org, &**bucket, token.trim(), dead);
        Ok(Self { token_file: Some(settings.token_file.clone()), ..made })
    }

    /// The token that its file says now, or the last one that was read.
    pub(super) fn token_now(&self) -> String {
        let file = self.token_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        file.map_or_else(|| self.token.clone(), |text| text.trim().to_owned())
    }

    pub(super) fn client(&self) -> Result<Client, SeriesError> {
        let bad = |reason: &str| self.error(reason);
        let rest = self
            .url
            .strip_prefix("http://")
            .or_else(|| self.url.strip_prefix("https://"))
            .ok_or_else(|| bad("the address must begin with http:// or https://"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if rest.is_empty() || !rest.chars().all(plain) {
            return Err(bad("the address must be scheme, host and port without a path"));
        }
        if !self.token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(bad("the token holds a character that no token has"));
        }
        if ![&self.org, &self.bucket].into_iter().all(|name| lines::plain_name(name)) {
            return Err(bad(
                "organisation and bucket are letters, digits, space, dot, dash, underscore",
            ));
        }
        let client = influxdb2::ClientBuilder::new(&*self.url, &*self.org, &*self.token).build();
        client.map_err(|error| bad(&error.to_string()))
    }

    pub(super) fn error(&self, reason: &str) -> SeriesError {
        let reason = reason.chars().take(300).collect();
        SeriesError::Influx { url: self.url.clone(), reason }
    }
}
