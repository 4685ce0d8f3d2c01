//! Configuration: one struct tree, read once and checked before any port is bound.
//!
//! The template that `server config` prints is made from these structs (`template`), so that it cannot drift.
//! Unknown keys are errors. Secrets stand in files of their own, never in this one.
//! Not here: thresholds of judgement, which are policy (`care::policy`).

pub mod console;
pub mod database;
mod template;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_example::TomlExample;

use self::console::Console;
use self::database::Hidden;
use crate::handles::{self, Asked, Division};
use crate::rules::RulesForm;
use crate::zone::Zone;
use records::engine::address::AddressError;
use series::Retention;

/// Most receivers of notices; each has threads of its own.
const RECEIVERS_MAX: usize = 8;

/// Everything a server can be told.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of all stores; made if missing, readable by this user alone.
    #[toml_example(default = "data")]
    pub data: PathBuf,
    /// A PostgreSQL that keeps the records instead of a file in the data folder, version 15 or newer. By TLS
    /// (`sslmode=verify-full`, `sslrootcert`) unless it is on this machine.
    #[toml_example(default = "postgres://hearthline@localhost/hearthline")]
    pub records: Option<Hidden>,
    /// File that holds its password. Without it the one in the address, or in the file that `PGPASSFILE` names.
    #[toml_example(default = "records.password")]
    pub records_password_file: Option<PathBuf>,
    /// The door for gateways.
    #[serde(default)]
    #[toml_example(nesting)]
    pub gateways: Gateways,
    /// The console and the API.
    #[serde(default)]
    #[toml_example(nesting)]
    pub console: Console,
    /// Where measured values are kept.
    #[serde(default)]
    #[toml_example(nesting)]
    pub series: SeriesConfig,
    /// How an alert leaves the house when nobody answers.
    #[serde(default)]
    #[toml_example(nesting)]
    pub notify: Notify,
    /// Time zone of the homes, as in the IANA list: which hour is night there.
    #[serde(default = "china")]
    #[toml_example(default = "Asia/Shanghai")]
    pub time_zone: String,
    /// How the homes of this area are judged, as in the API's rules of a home; a home of its own rules has those.
    #[serde(default)]
    #[toml_example(skip)]
    pub rules: RulesForm,
    /// The file that this was read from, and its text; none where there was no file.
    #[serde(skip)]
    #[toml_example(skip)]
    pub origin: Option<(PathBuf, String)>,
}

fn china() -> String {
    "Asia/Shanghai".to_owned()
}

/// The door for gateways.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(deny_unknown_fields, default)]
pub struct Gateways {
    /// Address and port. Anything but loopback needs `tls = true`.
    #[toml_example(default = "127.0.0.1:1884")]
    pub bind: SocketAddr,
    /// Mutual TLS 1.3 with the server's own certificate authority, made on the first start in `data/pki`.
    #[toml_example(default = false)]
    pub tls: bool,
    /// Names and addresses in the server's certificate.
    #[toml_example(default = ["localhost", "127.0.0.1"])]
    pub names: Vec<String>,
    /// Most sessions, two a gateway. Without it 24,000, or fewer where the file handles of this process do not allow as many.
    #[toml_example(default = 24000)]
    pub connections: Option<usize>,
}

/// Where measured values are kept.
#[derive(Debug, Clone, Default, Deserialize, TomlExample)]
#[serde(deny_unknown_fields, default)]
pub struct SeriesConfig {
    /// `embedded`, or `influx` together with the section below.
    #[toml_example(enum, default = "embedded")]
    pub store: Store,
    /// How long each resolution is kept.
    #[toml_example(skip)]
    pub retention: Retention,
    /// An InfluxDB 2.
    #[toml_example(skip)]
    #[cfg(feature = "influx")]
    pub influx: Option<series::influx::Settings>,
}

/// Which store keeps measured values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// A file in the data folder.
    #[default]
    Embedded,
    /// An InfluxDB 2.
    #[cfg(feature = "influx")]
    Influx,
}

/// How an alert leaves the house when nobody answers.
#[derive(Debug, Clone, Default, Deserialize, TomlExample)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// A signed HTTP call; none = the ladder ends in the house, and `/health` says so.
    #[toml_example(skip)]
    pub webhook: Option<Webhook>,
    /// Further receivers of the same notices; each has a queue of its own.
    #[toml_example(skip)]
    pub also: Vec<Webhook>,
    /// Programs that follow alerts: each is told what is raised, told, claimed and closed, of each home in order.
    #[toml_example(skip)]
    pub events: Vec<Webhook>,
}

impl Notify {
    /// Everybody who is told.
    pub fn receivers(&self) -> impl Iterator<Item = &Webhook> {
        self.webhook.iter().chain(&self.also)
    }
}

/// A signed HTTP call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// File that holds the shared secret, at least 32 characters.
    pub secret_file: PathBuf,
}

impl Default for Gateways {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 1884)),
            tls: false,
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            connections: None,
        }
    }
}

/// Why a configuration is not used; each says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("read configuration {path}: {source}; `server config` prints a template")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what the template says.
    #[error("understand configuration {path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The same, where the line itself is nobody's to read.
    #[error("understand configuration {path}: {why}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A value that may not be.
    #[error("use configuration: {0}")]
    Value(&'static str),
    /// The address of the records cannot be used.
    #[error("use configuration: {0}")]
    Records(#[from] AddressError),
    /// More file handles are needed than there are.
    #[error("use configuration: {0}")]
    Handles(String),
    /// The data folder cannot be used.
    #[error(
        "use data folder {path}: {source}; make it writable for this user or set another `data`"
    )]
    Data {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Config {
    /// The commented template.
    pub fn template() -> String {
        template::text()
    }

    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config: Self =
            toml::from_str(&text).map_err(|source| database::refused(path, source))?;
        config.check()?;
        config.origin = Some((path.to_owned(), text));
        Ok(config)
    }

    /// Checks what one value says of another. Touches nothing.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.gateways.tls && !self.gateways.bind.ip().is_loopback() {
            return Err(ConfigError::Value(
                "`gateways.bind` is not loopback: set `gateways.tls = true`",
            ));
        }
        self.console.check()?;
        self.address()?;
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return Err(ConfigError::Value(
                "`time_zone` is not in the IANA list, such as Asia/Shanghai",
            ));
        }
        #[cfg(feature = "influx")]
        if self.series.store == Store::Influx && self.series.influx.is_none() {
            return Err(ConfigError::Value(
                "`series.store` is influx: add the section [series.influx]",
            ));
        }
        if self.notify.receivers().count() > RECEIVERS_MAX
            || self.notify.events.len() > RECEIVERS_MAX
        {
            return Err(ConfigError::Value("`notify` names more than 8 receivers: merge some"));
        }
        Ok(())
    }

    /// File handles for everybody, after all that may be had have been asked for.
    pub fn divide_handles(&self) -> Result<Division, ConfigError> {
        let asked = Asked {
            gateways: self.gateways.connections,
            consoles: self.console.connections,
            tls: self.gateways.tls,
        };
        handles::divide(door::handles::raise(), asked).map_err(ConfigError::Handles)
    }

    /// Minutes after midnight in the homes' time zone; UTC if the zone is unknown to this machine.
    pub fn minute_of_day(&self, wall_ms: i64) -> u16 {
        Zone::named(&self.time_zone).minute_of_day(wall_ms)
    }

    /// Makes the data folder and proves that it takes files.
    pub fn prepare_data(&self) -> Result<(), ConfigError> {
        let path = &self.data;
        let fail = |source| ConfigError::Data { path: path.clone(), source };
        std::fs::create_dir_all(path).map_err(fail)?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(path, mode).map_err(fail)?;
        let probe = path.join(".writable");
        std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_named() {
        let error = toml::from_str::<Config>("data = 'x'\n[gateways]\nbnd = '127.0.0.1:1'\n");
        assert!(error.unwrap_err().to_string().contains("bnd"));
    }

    #[test]
    fn nothing_but_loopback_is_bound_without_tls() {
        let config: Config =
            toml::from_str("data = 'x'\n[gateways]\nbind = '0.0.0.0:1884'\n").unwrap();
        assert!(config.check().unwrap_err().to_string().contains("tls = true"));
    }
}
