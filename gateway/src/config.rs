//! What a person may set, in one tree of structs; the template is printed from it.
//!
//! Every field has a default that is safe in a home except `data` and `credentials`. Unknown words
//! are refused, so a misspelt setting is never a silent default. Not here: secrets (`credentials`),
//! and numbers of policy (`care::policy`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_example::TomlExample;

/// Smallest spool that holds an emergency reserve beside data, bytes.
const SPOOL_BYTES_MIN: u64 = 256 * 1024;

/// Why a configuration cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read {0}, name an existing file with --config")]
    Read(PathBuf, #[source] std::io::Error),
    /// Not TOML, or a word or value that no setting has.
    #[error("cannot follow {0}, compare it with what `gateway config` prints")]
    Parse(PathBuf, #[source] Box<toml::de::Error>),
    /// Values that do not go together.
    #[error("cannot follow {0}: {1}")]
    Value(PathBuf, String),
}

/// Configuration of a home box.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Directory of the spool; made if it is missing. Must be on a disk, not in memory.
    #[toml_example(default = "gateway-data")]
    pub data: PathBuf,
    /// Credentials file that `server enrol gateway` wrote.
    #[toml_example(default = "gateway.json")]
    pub credentials: PathBuf,
    /// The door for devices.
    #[serde(default)]
    #[toml_example(nesting)]
    pub devices: Devices,
    /// The local bus, MQTT for displays and home automation.
    #[serde(default)]
    #[toml_example(nesting)]
    pub bus: Bus,
    /// The page for support: /health and /metrics over HTTP.
    #[serde(default)]
    #[toml_example(nesting)]
    pub health: HealthPage,
    /// Where the server is, if not where the credentials say.
    #[serde(default)]
    #[toml_example(nesting)]
    pub server: Server,
    /// What sounds in the home while the server does not have an emergency.
    #[serde(default)]
    #[toml_example(nesting)]
    pub alarm: Alarm,
    /// Bounds of the spool.
    #[serde(default)]
    #[toml_example(nesting)]
    pub limits: Limits,
    /// The file that this was read from, and its text; none where there was no file.
    #[serde(skip)]
    #[toml_example(skip)]
    pub origin: Option<(PathBuf, String)>,
}

/// The door for devices.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(default, deny_unknown_fields)]
pub struct Devices {
    /// Address to listen on. An address of the home's network is fine: frames are sealed. Port 0 takes a free one.
    #[toml_example(default = "127.0.0.1:1883")]
    pub bind: SocketAddr,
}

/// The local bus.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(default, deny_unknown_fields)]
pub struct Bus {
    /// Address to listen on. One of the home's network needs a password file.
    #[toml_example(default = "127.0.0.1:1884")]
    pub bind: SocketAddr,
    /// File with one line `name:password`; without it every program of this machine may connect.
    pub password_file: Option<PathBuf>,
    /// Certificate chain to speak TLS with, as PEM; without it passwords can be read on the home's network.
    pub certificate: Option<PathBuf>,
    /// Key of that certificate, as PEM.
    pub key: Option<PathBuf>,
}

/// The page for support.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(default, deny_unknown_fields)]
pub struct HealthPage {
    /// Address to listen on; loopback only.
    #[toml_example(default = "127.0.0.1:8080")]
    pub bind: SocketAddr,
}

/// Override of the server's address.
#[derive(Debug, Clone, Default, Deserialize, TomlExample)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Host name or address.
    pub host: Option<String>,
    /// Port.
    pub port: Option<u16>,
}

/// What sounds in the home.
#[derive(Debug, Clone, Default, Deserialize, TomlExample)]
#[serde(default, deny_unknown_fields)]
pub struct Alarm {
    /// File that becomes 1 while the alarm sounds and 0 after it, such as the brightness of a lamp or a GPIO value.
    pub file: Option<PathBuf>,
    /// Program run with the argument `on` or `off`, such as a neighbour's bell. It has done its work when it ends with 0;
    /// one that takes longer than 20 s, or is still at the other word, is ended with all that it has started and run again.
    pub command: Option<PathBuf>,
}

/// Bounds of the spool.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most bytes of the spool's data; telemetry is shed before it grows past this.
    #[toml_example(default = 1073741824)]
    pub spool_bytes: u64,
    /// Bytes set aside for emergencies on a full disk: at least 10,000 presses fit in the default.
    #[toml_example(default = 16777216)]
    pub reserve_bytes: u64,
    /// Days that raw readings stay here.
    #[toml_example(default = 7)]
    pub raw_days: u16,
    /// Hours that frames stay here after the server has acknowledged them.
    #[toml_example(default = 72)]
    pub sent_hours: u16,
    /// Most device sessions. Without it 2,000, or fewer where the file handles of this process do not allow as many.
    #[toml_example(default = 2000)]
    pub connections: Option<usize>,
}

const fn loopback() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
}

impl Default for Devices {
    fn default() -> Self {
        Self { bind: loopback() }
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self { bind: loopback(), password_file: None, certificate: None, key: None }
    }
}

impl Default for HealthPage {
    fn default() -> Self {
        Self { bind: loopback() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            spool_bytes: 1 << 30,
            reserve_bytes: 16 << 20,
            raw_days: 7,
            sent_hours: 72,
            connections: None,
        }
    }
}

impl Config {
    /// A commented configuration with every setting.
    pub fn template() -> String {
        Self::toml_example()
    }

    /// Reads and checks a file; binds and makes nothing.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|e| ConfigError::Read(path.to_owned(), e))?;
        let config = Self::parse(&text, path)?;
        Ok(Self { origin: Some((path.to_owned(), text)), ..config })
    }

    /// Checks a text; `path` is named in the error.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|e| ConfigError::Parse(path.to_owned(), Box::new(e)))?;
        let wrong = |why: &str| Err(ConfigError::Value(path.to_owned(), why.to_owned()));
        if !config.bus.bind.ip().is_loopback() && config.bus.password_file.is_none() {
            return wrong(
                "[bus] bind beyond loopback needs a password_file, or bind to 127.0.0.1:1884",
            );
        }
        if config.bus.certificate.is_some() != config.bus.key.is_some() {
            return wrong("[bus] certificate and key go together, set both or none");
        }
        if !config.health.bind.ip().is_loopback() {
            return wrong("[health] bind must be a loopback address such as 127.0.0.1:8080");
        }
        if config.limits.spool_bytes < SPOOL_BYTES_MIN {
            return wrong("[limits] spool_bytes must be 262144 or more");
        }
        if config.limits.raw_days == 0 || config.limits.connections == Some(0) {
            return wrong("[limits] raw_days and connections must be 1 or more");
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_template_is_a_configuration() {
        let config = Config::parse(&Config::template(), Path::new("template")).unwrap();
        assert_eq!(config.limits.raw_days, Limits::default().raw_days);
        assert_eq!(config.limits.spool_bytes, Limits::default().spool_bytes);
    }

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        let text = "data = \"d\"\ncredentials = \"c\"\n[limits]\nraw_dayz = 3\n";
        let error = Config::parse(text, Path::new("box.toml")).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("raw_dayz"), "{cause}");
    }

    #[test]
    fn the_bus_stays_on_this_machine_unless_it_has_a_password() {
        let text = "data = \"d\"\ncredentials = \"c\"\n[bus]\nbind = \"0.0.0.0:1884\"\n";
        assert!(matches!(Config::parse(text, Path::new("x")), Err(ConfigError::Value(..))));
        let half = format!("{text}password_file = \"p\"\ncertificate = \"c\"\n");
        assert!(matches!(Config::parse(&half, Path::new("x")), Err(ConfigError::Value(..))));
        assert!(Config::parse(&format!("{text}password_file = \"p\"\n"), Path::new("x")).is_ok());
    }
}
