//! The address of a PostgreSQL as it stands in the configuration: what is allowed in it, and how it is shown.
//!
//! It may hold a password, so it is never printed as it is. Beyond this machine it is reached by TLS with a certificate
//! that is checked, or not at all. Not here: what the database behind it must be set to (`fitness`).

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions, Error};

/// What may stand behind the question mark.
const KNOWN: [&str; 10] = [
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
];
/// Where a PostgreSQL of this machine listens if nothing else is said.
const SOCKETS: &str = "/var/run/postgresql";

/// Why an address is not used; each says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address.
    #[error("`records` is no address: write postgres://USER@HOST/DATABASE")]
    Shape,
    /// It names no database.
    #[error("`records` names no database: write postgres://USER@HOST/DATABASE")]
    NoDatabase,
    /// Something in it is not known.
    #[error("`records` has `{0}`, which is not known: leave it out")]
    Unknown(String),
    /// It would be read on the way.
    #[error(
        "`records` is not on this machine: add `sslmode=verify-full`, and `sslrootcert` if its authority is your own"
    )]
    Open,
    /// The file with the password cannot be read.
    #[error("read `records_password_file` {path}: {why}")]
    Password {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
}

/// The address of a database of a PostgreSQL.
#[derive(Clone)]
pub struct Address {
    options: AnyConnectOptions,
    host: String,
    database: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the PostgreSQL database {} at {}", self.database, self.host)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.host).field(&self.database).finish()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut options: AnyConnectOptions = text.parse().map_err(|_| AddressError::Shape)?;
        let url = &mut options.database_url;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(AddressError::Shape);
        }
        let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if let Some((key, _)) = asked.iter().find(|(key, _)| !KNOWN.contains(&key.as_str())) {
            return Err(AddressError::Unknown(key.clone()));
        }
        let of = |name: &str| {
            asked.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        let host = of("host").or_else(|| url.host_str().map(|host| host.replace("%2F", "/")));
        let host = host.filter(|host| !host.is_empty()).unwrap_or_else(|| {
            url.query_pairs_mut().append_pair("host", SOCKETS);
            SOCKETS.to_owned()
        });
        let path = url.path().trim_matches('/').to_owned();
        let database = of("dbname").unwrap_or(path);
        if database.is_empty() {
            return Err(AddressError::NoDatabase);
        }
        let mode = of("sslmode");
        match (near(&host), mode.as_deref()) {
            (true, Some(_)) | (false, Some("verify-full")) => {}
            (true, None) => {
                let mode = if host.starts_with('/') { "disable" } else { "prefer" };
                url.query_pairs_mut().append_pair("sslmode", mode);
            }
            (false, _) => return Err(AddressError::Open),
        }
        if of("application_name").is_none() {
            url.query_pairs_mut().append_pair("application_name", "hearthline");
        }
        Ok(Self { options, host, database })
    }
}

impl Address {
    /// The same with the password that stands in a file.
    ///
    /// # Errors
    /// The file cannot be read, or is empty.
    pub fn with_password_of(mut self, path: &Path) -> Result<Self, AddressError> {
        let fail = |why: String| AddressError::Password { path: path.display().to_string(), why };
        let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(fail("it is empty".to_owned()));
        }
        self.options.database_url.query_pairs_mut().append_pair("password", password);
        Ok(self)
    }

    pub(super) fn options(&self) -> Result<AnyConnectOptions, Error> {
        AnyConnectOptions::from_url(&self.options.database_url)
    }

    #[cfg(debug_assertions)]
    pub(super) fn name(&self) -> &str {
        &self.database
    }

    /// The same server, another database.
    #[cfg(debug_assertions)]
    pub(super) fn database(mut self, name: &str) -> Self {
        self.options.database_url.query_pairs_mut().append_pair("dbname", name);
        name.clone_into(&mut self.database);
        self
    }
}

/// Whether nobody stands between: a socket of this machine, or its own address.
fn near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    host.starts_with('/') || host == "localhost" || loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }

    #[test]
    fn what_would_be_read_on_the_way_is_refused() {
        for text in [
            "postgres://hl@db.example/hl",
            "postgres://hl@db.example/hl?sslmode=require",
            "postgres://hl@10.0.0.1/hl?sslmode=disable",
            "postgres://hl@/hl?host=10.0.0.1",
            "postgres:///hl?host=db.example",
        ] {
            assert!(matches!(read(text), Err(AddressError::Open | AddressError::Shape)), "{text}");
        }
        for text in [
            "postgres://hl@db.example/hl?sslmode=verify-full",
            "postgres://hl@127.0.0.1:5433/hl",
            "postgres://hl@[::1]/hl",
            "postgres://hl@%2Frun%2Fpg/hl",
            "postgresql:///hl?host=/run/pg&user=hl",
            "postgres:///hl",
        ] {
            read(text).unwrap();
        }
    }

    #[test]
    fn what_is_no_address_or_not_known_says_what_to_write() {
        assert_eq!(read("mysql://a/b").unwrap_err(), AddressError::Shape);
        assert_eq!(read("records.db").unwrap_err(), AddressError::Shape);
        assert_eq!(read("postgres://hl@localhost").unwrap_err(), AddressError::NoDatabase);
        let odd = read("postgres://hl@localhost/hl?options=-csynchronous_commit=off").unwrap_err();
        assert!(odd.to_string().contains("`options`"), "{odd}");
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "from-a-file\n").unwrap();
        let address = read("postgres://hl:in-the-url@localhost/hl?password=in-the-query").unwrap();
        let address = address.with_password_of(&file).unwrap();
        let shown = format!("{address} {address:?}");
        for secret in ["in-the-url", "in-the-query", "from-a-file"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("hl") && shown.contains("localhost"), "{shown}");
        let options = address.options().unwrap();
        let (_, last) = options.database_url.query_pairs().last().unwrap();
        assert_eq!(last, "from-a-file");
    }
}
