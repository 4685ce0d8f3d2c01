//! Where the records lie, as the configuration says it: in the data folder, or in a PostgreSQL.
//!
//! The address may hold a password, so it is never printed, not even where it is wrong. Not here: what is allowed in an
//! address (`records::engine::address`).

use std::path::Path;

use serde::Deserialize;

use super::{Config, ConfigError};
use records::Engine;
use records::engine::address::Address;

/// The address of a database, as it was written.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Config {
    /// Where the records lie.
    ///
    /// # Errors
    /// The address is none, is open to others on the way, or its password cannot be read.
    pub fn engine(&self) -> Result<Engine, ConfigError> {
        let Some(address) = self.address()? else { return Ok(Engine::of(None, &self.data)) };
        let address = match &self.records_password_file {
            Some(file) => address.with_password_of(file)?,
            None => address,
        };
        Ok(Engine::of(Some(&address), &self.data))
    }

    pub(super) fn address(&self) -> Result<Option<Address>, ConfigError> {
        match (&self.records, &self.records_password_file) {
            (Some(Hidden(text)), _) => Ok(Some(text.parse()?)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ConfigError::Value(
                "`records_password_file` belongs to `records`: set the address of a PostgreSQL there",
            )),
        }
    }
}

/// Why a file is not understood: without the line that it stands in if that could be an address.
pub(super) fn refused(path: &Path, source: toml::de::Error) -> ConfigError {
    let path = path.to_owned();
    let told = source.to_string();
    if told.contains("records") || told.contains("postgres") {
        return ConfigError::Line { path, why: source.message().to_owned() };
    }
    ConfigError::Parse { path, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&file).map_err(|error| format!("{error} {error:?}"))
    }

    #[test]
    fn an_address_with_a_password_is_never_printed() {
        let good = read("data = 'x'\nrecords = 'postgres://hl:hush@localhost/hl'\n").unwrap();
        let told = format!("{:?} {}", good.records, good.engine().unwrap().shown());
        assert!(!told.contains("hush") && told.contains("localhost"), "{told}");
        for text in [
            "records = 'postgres://hl:hush@db.example/hl'\ndata = 'x'\n",
            "records = 'postgres://hl:hush@localhost'\ndata = 'x'\n",
            "records = 'mysql://hl:hush@localhost/hl'\ndata = 'x'\n",
            "records = 'postgres://hl:hush@localhost/hl\ndata = 'x'\n",
            "records = ['postgres://hl:hush@localhost/hl']\ndata = 'x'\n",
        ] {
            let told = read(text).unwrap_err();
            assert!(!told.contains("hush"), "{told}");
        }
    }

    #[test]
    fn a_password_comes_from_a_file_that_is_read_when_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let text = format!(
            "data = 'x'\nrecords = 'postgres://hl@localhost/hl'\nrecords_password_file = {file:?}\n"
        );
        let config = read(&text).unwrap();
        let missing = config.engine().unwrap_err().to_string();
        assert!(missing.contains("records_password_file"), "{missing}");
        std::fs::write(&file, "hush\n").unwrap();
        let told = format!("{:?}", config.engine().unwrap());
        assert!(!told.contains("hush"), "{told}");
        let alone = read("data = 'x'\nrecords_password_file = 'secret'\n").unwrap_err();
        assert!(alone.contains("`records`"), "{alone}");
    }
}
