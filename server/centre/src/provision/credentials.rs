//! What a gateway is handed when it is enrolled: who it is, its key, and where the server is.
//!
//! Written once, to a file only its owner may read; the server keeps the key wrapped and cannot show
//! it in the open again. Not here: the roster, which the server sends when the gateway listens.

use std::path::Path;

use proto::id::{GatewayId, KeyEpoch};
use proto::key::DeviceKey;
use serde::Serialize;

use super::certificate::Issued;
use super::kek::write_secret;

/// Where the server's door for gateways is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerPlace {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether it speaks TLS; plain is for loopback only.
    pub tls: bool,
}

/// The file a gateway reads as `credentials`.
#[derive(Debug, Clone, Serialize)]
pub struct Credentials {
    /// Id as printed.
    pub gateway: String,
    /// `K_dev` of the gateway, 64 hexadecimal digits.
    pub key_hex: String,
    /// Generation of the key.
    pub epoch: u16,
    /// Where to connect.
    pub server: ServerPlace,
    /// Roots to trust, with TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// Its own certificate, with TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_pem: Option<String>,
    /// The key of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_key_pem: Option<String>,
}

impl Credentials {
    /// Joins what was minted; with a certificate for TLS.
    pub fn new(
        gateway: GatewayId,
        key: &DeviceKey,
        epoch: KeyEpoch,
        server: ServerPlace,
        tls: Option<(String, Issued)>,
    ) -> Self {
        let (ca, cert, cert_key) = match tls {
            Some((ca, issued)) => (Some(ca), Some(issued.pem), Some(issued.key_pem)),
            None => (None, None, None),
        };
        Self {
            gateway: gateway.to_string(),
            key_hex: hex::encode(key.expose()),
            epoch: epoch.get(),
            server,
            ca_pem: ca,
            cert_pem: cert,
            cert_key_pem: cert_key,
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// None of its parts can fail to be written as JSON; the signature is serde's.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Writes the file, readable by its owner only.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        write_secret(path, self.json().map_err(std::io::Error::other)?.as_bytes())
    }
}
