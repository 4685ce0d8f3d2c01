//! The server's own certificate authority: a root, the server's certificate, gateways' certificates.
//!
//! Made on the first start under `data/pki`, keys readable by their owner only. A gateway's
//! certificate names it by id and lives 90 days; the server's own is renewed at the start when a
//! third of its life is left. Not here: TLS itself (`door`), and who is revoked (`registry`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::id::GatewayId;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::kek::{random, write_secret};
use crate::clock::Clock;

const DAY_MS: i64 = 86_400_000;
/// Life of the root.
const ROOT_DAYS: i64 = 7_300;
/// Life of what the root signs.
const LEAF_DAYS: i64 = 90;
/// The server's own certificate is renewed when so little of its life is left.
const RENEW_DAYS: i64 = 30;
/// Clocks of home boxes may be behind by so much.
const BEFORE_DAYS: i64 = 2;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("use certificate file {path}: check rights and free space")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A key or certificate is not what it should be.
    #[error("make or read certificates under {path}: {reason}")]
    Content {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A certificate and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub pem: String,
    /// Its private key.
    pub key_pem: String,
    /// End of its life, ms since 1970 UTC, at midnight.
    pub until_ms: i64,
}

/// The authority.
pub struct Authority {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    root_pem: String,
}

impl Authority {
    /// Opens the authority under `data/pki`, and makes it on the first start.
    ///
    /// # Errors
    /// A file cannot be read or written, or is damaged.
    pub fn open(data: &Path, now_ms: i64) -> Result<Self, PkiError> {
        let dir = data.join("pki");
        let (key_path, root_path) = (dir.join("root.key"), dir.join("root.pem"));
        let bad = |error: rcgen::Error| PkiError::Content {
            path: dir.clone(),
            reason: error.to_string(),
        };
        if !key_path.exists() {
            let key = KeyPair::generate().map_err(bad)?;
            let mut params = root_params();
            lives(&mut params, now_ms, ROOT_DAYS);
            let root = params.self_signed(&key).map_err(bad)?;
            save(&root_path, root.pem().as_bytes())?;
            // The key last: with it the authority counts as made.
            save(&key_path, key.serialize_pem().as_bytes())?;
        }
        let key = KeyPair::from_pem(&load(&key_path)?).map_err(bad)?;
        let issuer = Issuer::new(root_params(), key);
        Ok(Self { issuer, root_pem: load(&root_path)?, dir: dir.clone() })
    }

    /// The root, for whoever must trust this server or its gateways.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The server's certificate for `names` (DNS names or addresses), kept until it must be renewed
    /// or the names change.
    ///
    /// # Errors
    /// A file cannot be read or written, or a name is none.
    pub fn server(&self, names: &[String], now_ms: i64) -> Result<Issued, PkiError> {
        let path = |end: &str| self.dir.join(format!("server.{end}"));
        let told = load(&path("about")).unwrap_or_default();
        let kept = told.trim().split_once(' ').filter(|(_, of)| *of == names.join(" "));
        let until_ms = kept.and_then(|(until, _)| until.parse::<i64>().ok()).unwrap_or(0);
        if until_ms - now_ms > RENEW_DAYS * DAY_MS
            && let (Ok(pem), Ok(key_pem)) = (load(&path("pem")), load(&path("key")))
        {
            return Ok(Issued { pem, key_pem, until_ms });
        }
        let mut params = CertificateParams::new(names.to_vec()).map_err(|e| self.bad(&e))?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let issued = self.issue(params, "hearthline server", now_ms)?;
        save(&path("pem"), issued.pem.as_bytes())?;
        save(&path("key"), issued.key_pem.as_bytes())?;
        let about = format!("{} {}\n", issued.until_ms, names.join(" "));
        save(&path("about"), about.as_bytes())?;
        Ok(issued)
    }

    /// A client certificate for a gateway; its common name is the id as printed.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn gateway(&self, gateway: GatewayId, now_ms: i64) -> Result<Issued, PkiError> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, &gateway.to_string(), now_ms)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        name: &str,
        now_ms: i64,
    ) -> Result<Issued, PkiError> {
        params.distinguished_name = called(name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let until_ms = lives(&mut params, now_ms, LEAF_DAYS);
        let mut serial: [u8; 16] =
            random().map_err(|_| self.bad(&rcgen::Error::RingUnspecified))?;
        // A serial number is positive and not zero.
        serial[0] = serial[0] & 0x7F | 0x40;
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&serial));
        let key = KeyPair::generate().map_err(|e| self.bad(&e))?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(|e| self.bad(&e))?;
        Ok(Issued { pem: certificate.pem(), key_pem: key.serialize_pem(), until_ms })
    }

    fn bad(&self, error: &rcgen::Error) -> PkiError {
        PkiError::Content { path: self.dir.clone(), reason: error.to_string() }
    }
}

/// The authority together with the names this server is called by: what its TLS edge needs.
pub struct Pki {
    authority: Authority,
    server: Issued,
}

impl Pki {
    /// Opens or makes both; a server certificate that is old or of other names is renewed.
    ///
    /// # Errors
    /// A file cannot be read or written, or a name is none.
    pub fn open(data: &Path, names: &[String]) -> Result<Self, PkiError> {
        let now_ms = Clock::resume(None).now().wall_ms;
        let authority = Authority::open(data, now_ms)?;
        let server = authority.server(names, now_ms)?;
        Ok(Self { authority, server })
    }

    /// What signs.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// TLS that asks gateways for a certificate of this authority.
    ///
    /// # Errors
    /// The files do not fit each other.
    pub fn server_config(&self) -> Result<Arc<rustls::ServerConfig>, door::tls::TlsError> {
        let (chain, key) = (self.server.pem.as_bytes(), self.server.key_pem.as_bytes());
        door::tls::server_config(chain, key, self.authority.root_pem().as_bytes()).map(Arc::new)
    }
}

fn root_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called("hearthline root");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// Sets first and last day; answers the last as ms since 1970.
fn lives(params: &mut CertificateParams, now_ms: i64, days: i64) -> i64 {
    let until_ms = (now_ms / DAY_MS + days) * DAY_MS;
    let date = |at_ms: i64| {
        let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let number = |n: i8| n.unsigned_abs();
        date_time_ymd(i32::from(day.year()), number(day.month()), number(day.day()))
    };
    params.not_before = date(now_ms - BEFORE_DAYS * DAY_MS);
    params.not_after = date(until_ms);
    until_ms
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), PkiError> {
    write_secret(path, bytes).map_err(|source| PkiError::File { path: path.to_owned(), source })
}

fn load(path: &Path) -> Result<String, PkiError> {
    std::fs::read_to_string(path).map_err(|source| PkiError::File { path: path.to_owned(), source })
}
