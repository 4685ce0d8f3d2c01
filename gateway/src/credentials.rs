//! Who this box is: its id, its key, and how it knows the server. One JSON file, written by the server.
//!
//! The key is the gateway's own `K_dev`: it seals the box's own words end to end and, on a plain
//! loopback link, proves who connects. Not here: keys of devices, which come over the wire (`enrol`).

pub mod papers;

use std::path::{Path, PathBuf};

use proto::id::{GatewayId, KeyEpoch};
use proto::key::DeviceKey;
use serde::Deserialize;

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file is not there or not readable.
    #[error("cannot read {0}, make it with `server enrol gateway`")]
    Read(PathBuf, #[source] std::io::Error),
    /// Not the JSON that the server writes.
    #[error("cannot use {0}, make it again with `server enrol gateway`")]
    Parse(PathBuf, #[source] serde_json::Error),
    /// A value that is not what its name says.
    #[error("cannot use {0}: {1}, make it again with `server enrol gateway`")]
    Value(PathBuf, &'static str),
}

#[derive(Deserialize)]
struct File {
    gateway: String,
    key_hex: String,
    epoch: u16,
    server: Address,
    ca_pem: Option<String>,
    cert_pem: Option<String>,
    cert_key_pem: Option<String>,
}

/// Where the server's door is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether it speaks TLS; without it the server must be on this machine.
    #[serde(default)]
    pub tls: bool,
}

/// Certificates for a server that speaks TLS, as PEM text.
#[derive(Clone, PartialEq, Eq)]
pub struct Papers {
    /// Roots that vouch for the server.
    pub ca_pem: String,
    /// This box's certificate chain.
    pub cert_pem: String,
    /// Its private key.
    pub cert_key_pem: String,
}

/// Who this box is.
#[derive(Clone)]
pub struct Credentials {
    /// Its id, which is also its device id.
    pub gateway: GatewayId,
    /// Its `K_dev`.
    pub key: DeviceKey,
    /// Generation of the keys derived from it.
    pub epoch: KeyEpoch,
    /// Where the server is.
    pub server: Address,
    /// Certificates, if the server speaks TLS.
    pub papers: Option<Papers>,
}

impl Credentials {
    /// Reads a credentials file.
    pub fn load(path: &Path) -> Result<Self, CredentialsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| CredentialsError::Read(path.to_owned(), e))?;
        Self::parse(&text, path)
    }

    /// Reads a text; `path` is named in the error.
    pub fn parse(text: &str, path: &Path) -> Result<Self, CredentialsError> {
        let file: File =
            serde_json::from_str(text).map_err(|e| CredentialsError::Parse(path.to_owned(), e))?;
        let wrong = |why| CredentialsError::Value(path.to_owned(), why);
        let gateway = file.gateway.parse().map_err(|_| wrong("gateway is not an id"))?;
        let key = key_from_hex(&file.key_hex).ok_or(wrong("key_hex is not 64 hex digits"))?;
        let papers = match (file.ca_pem, file.cert_pem, file.cert_key_pem) {
            (Some(ca_pem), Some(cert_pem), Some(cert_key_pem)) => {
                Some(Papers { ca_pem, cert_pem, cert_key_pem })
            }
            _ => None,
        };
        if file.server.tls && papers.is_none() {
            return Err(wrong("a server with tls needs ca_pem, cert_pem and cert_key_pem"));
        }
        let epoch = KeyEpoch::new(file.epoch);
        Ok(Self { gateway, key, epoch, server: file.server, papers })
    }
}

fn key_from_hex(text: &str) -> Option<DeviceKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(DeviceKey::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_file_says_who_and_where() {
        let id = GatewayId::new(7).unwrap();
        let text = format!(
            "{{\"gateway\":\"{id}\",\"key_hex\":\"{}\",\"epoch\":3,\"server\":{{\"host\":\"h\",\"port\":9,\"tls\":false}}}}",
            "0f".repeat(32)
        );
        let read = Credentials::parse(&text, Path::new("c")).unwrap();
        assert_eq!((read.gateway, read.epoch.get(), read.server.port), (id, 3, 9));
        assert_eq!(read.key.expose(), &[15; 32]);
    }

    #[test]
    fn a_key_is_sixty_four_hex_digits_and_nothing_that_a_number_could_be_written_with() {
        let id = GatewayId::new(7).unwrap();
        let read = |key: &str| {
            let text = format!(
                "{{\"gateway\":\"{id}\",\"key_hex\":\"{key}\",\"epoch\":3,\"server\":{{\"host\":\"h\",\"port\":9,\"tls\":false}}}}"
            );
            Credentials::parse(&text, Path::new("c")).map(drop).map_err(|error| error.to_string())
        };
        assert!(read(&"Af".repeat(32)).is_ok());
        for key in
            ["+f".repeat(32), " f".repeat(32), "0f".repeat(31), "0f".repeat(33), "0x".repeat(32)]
        {
            let told = read(&key).unwrap_err();
            assert!(told.contains("key_hex is not 64 hex digits"), "{key}: {told}");
        }
    }

    #[test]
    fn a_misread_id_or_key_is_named() {
        let text = "{\"gateway\":\"X\",\"key_hex\":\"00\",\"epoch\":3,\"server\":{\"host\":\"h\",\"port\":9}}";
        let told = Credentials::parse(text, Path::new("c")).err().unwrap().to_string();
        assert!(told.contains("gateway is not an id"), "{told}");
    }
}
