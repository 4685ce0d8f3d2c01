//! What the console is told: where it listens, what it is called, who stands in front of it.
//!
//! Its names are the only addresses that browsers may use beside the listener's own; a name with `https` means that TLS
//! is in front, whatever a proxy says of it. Not here: what is done with a request (`router`).

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use toml_example::TomlExample;

use super::ConfigError;

/// The console and the API.
#[derive(Debug, Clone, Deserialize, TomlExample)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Address and port. Anything but loopback needs `certificate_file` and `key_file`.
    #[toml_example(default = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Addresses under which browsers open the console, such as `https://desk.local`. Beside them only the listener's own.
    #[toml_example(default = [])]
    pub names: Vec<String>,
    /// Addresses of proxies that are believed when they say for whom they ask (X-Forwarded-For).
    #[toml_example(default = [])]
    pub proxies: Vec<IpAddr>,
    /// Certificate chain, PEM: with it and its key the console speaks TLS itself. Read again when the file changes.
    #[toml_example(default = "desk.crt")]
    pub certificate_file: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[toml_example(default = "desk.key")]
    pub key_file: Option<PathBuf>,
    /// A listener of its own for `/health` and `/metrics`, loopback only; with it the console answers neither.
    #[toml_example(default = "127.0.0.1:8081")]
    pub operations: Option<SocketAddr>,
    /// The telephone number that staff call when the link is lost; shown on the link-lost card.
    #[toml_example(default = "")]
    pub fallback_phone: String,
    /// Most connections of people who have logged in. Without it 1,024, or fewer where file handles do not allow as many.
    #[toml_example(default = 1024)]
    pub connections: Option<usize>,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            names: Vec::new(),
            proxies: Vec::new(),
            certificate_file: None,
            key_file: None,
            operations: None,
            fallback_phone: String::new(),
            connections: None,
        }
    }
}

impl Console {
    /// Certificate and key, where the console speaks TLS itself.
    pub fn certificate(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.certificate_file.as_ref().zip(self.key_file.as_ref())
    }

    /// Whether browsers come by TLS, to the console itself or to a proxy in front of it.
    pub fn tls(&self) -> bool {
        self.certificate().is_some() || self.names.iter().any(|name| name.starts_with("https:"))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |why| Err(ConfigError::Value(why));
        if self.certificate_file.is_some() != self.key_file.is_some() {
            return wrong("`console.certificate_file` and `console.key_file` belong together");
        }
        if !self.bind.ip().is_loopback() && self.certificate().is_none() {
            return wrong(
                "`console.bind` is not loopback: set `console.certificate_file` and `console.key_file`, or bind 127.0.0.1 and put a TLS proxy in front",
            );
        }
        if self.operations.is_some_and(|bind| !bind.ip().is_loopback()) {
            return wrong("`console.operations` is not loopback: it has no lock, bind 127.0.0.1");
        }
        if !self.names.iter().all(|name| is_origin(name)) {
            return wrong(
                "`console.names` are addresses as browsers show them, small letters and no path, such as https://desk.local",
            );
        }
        let plain = self.names.iter().any(|name| name.starts_with("http:"));
        if plain && self.tls() {
            return wrong("`console.names` mix http and https: whoever has TLS has it everywhere");
        }
        Ok(())
    }
}

fn is_origin(name: &str) -> bool {
    let rest = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://"));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    rest.is_some_and(|host| !host.is_empty() && host.chars().all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(text: &str) -> Result<Console, String> {
        let console: Console = toml::from_str(text).map_err(|error| error.to_string())?;
        console.check().map(|()| console).map_err(|error| error.to_string())
    }

    #[test]
    fn what_would_be_open_to_the_house_is_refused() {
        for (text, word) in [
            ("bind = '0.0.0.0:443'", "certificate_file"),
            ("bind = '0.0.0.0:443'\ncertificate_file = 'a'", "belong together"),
            ("operations = '0.0.0.0:1'", "loopback"),
            ("names = ['desk.local']", "console.names"),
            ("names = ['https://desk.local/']", "console.names"),
            ("names = ['https://desk.local', 'http://desk.local']", "mix"),
        ] {
            assert!(console(text).unwrap_err().contains(word), "{text}");
        }
        let own = console("bind = '0.0.0.0:443'\ncertificate_file = 'a'\nkey_file = 'b'").unwrap();
        assert!(own.tls());
        assert!(console("names = ['https://desk.local:8443']").unwrap().tls());
        assert!(!console("names = ['http://desk.local']").unwrap().tls());
    }
}
