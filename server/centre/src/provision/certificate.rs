//! The server's own certificate authority: a root, the server's certificate, gateways' certificates.
//!
//! Made on the first start under `data/pki`, keys readable by their owner only. A certificate lives 90
//! days; one that is made under a clock that must be wrong lives long and is replaced when the clock is
//! right. The root is signed anew with its own key long before it ends: whoever trusts the old one
//! trusts the new one. Not here: when that is done (`pki`), TLS (`door`), who is revoked (`registry`).

mod file;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use care::policy::dates::{
    AUTHORITY_LIFE, BEGINS_BEFORE, CERTIFICATE_LIFE, CERTIFICATE_LIFE_UNDATED, Life, can_be_right,
    dated,
};
use door::tls::paper;
use proto::id::GatewayId;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
    date_time_ymd,
};

pub use self::file::PkiError;
use self::file::{load, save};
use super::kek::random;

const DAY_S: i64 = 86_400;

/// A certificate and its key, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub pem: String,
    /// Its private key.
    pub key_pem: String,
    /// Its first and last second.
    pub life: Life,
}

/// The authority.
pub struct Authority {
    dir: PathBuf,
    key: KeyPair,
    issuer: Issuer<'static, KeyPair>,
    root: Mutex<(String, Life)>,
}

impl Authority {
    /// Opens the authority under `data/pki`, and makes it on the first start.
    ///
    /// # Errors
    /// A file cannot be read or written, or is damaged.
    pub fn open(data: &Path, now_ms: i64) -> Result<Self, PkiError> {
        let dir = data.join("pki");
        let (key_path, root_path) = (dir.join("root.key"), dir.join("root.pem"));
        let bad = |reason: String| PkiError::Content { path: dir.clone(), reason };
        // A second place: a whole folder that is gone must not look like a first start.
        let known_path = data.join("keys").join("root.pem");
        if door::is_blank(&key_path) {
            if root_path.exists() || known_path.exists() {
                return Err(PkiError::Lost { path: key_path });
            }
            let key = KeyPair::generate().map_err(|e| bad(e.to_string()))?;
            save(&key_path, key.serialize_pem().as_bytes())?;
        }
        let key_pem = load(&key_path)?;
        let read = || KeyPair::from_pem(&key_pem).map_err(|e| bad(e.to_string()));
        let (key, issuer) = (read()?, Issuer::new(root_params(), read()?));
        if !root_path.exists() {
            // The key comes first: with its certificate the authority counts as made.
            let fresh = || sign_root(&key, seconds(now_ms)).map_err(|e| bad(e.to_string()));
            let root = load(&known_path).or_else(|_| fresh())?;
            save(&root_path, root.as_bytes())?;
        }
        let pem = load(&root_path)?;
        if !known_path.exists() {
            save(&known_path, pem.as_bytes())?;
        }
        let life = life_of(&pem).ok_or_else(|| bad("root.pem is no certificate".to_owned()))?;
        let fits = paper::read_pem(pem.as_bytes())
            .is_some_and(|paper| paper.key == key.subject_public_key_info());
        if !fits {
            return Err(bad("root.pem and root.key do not go together".to_owned()));
        }
        Ok(Self { dir: dir.clone(), key, issuer, root: Mutex::new((pem, life)) })
    }

    /// The root, for whoever must trust this server or its gateways.
    pub fn root_pem(&self) -> String {
        self.root.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// First and last second of the root.
    pub fn root_life(&self) -> Life {
        self.root.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Signs the root anew with its own key if two thirds of its life are over. The old one stays on the
    /// disk until the new one is there.
    ///
    /// # Errors
    /// The new root cannot be made or kept; the old one stays in use.
    pub fn tend(&self, now_ms: i64) -> Result<(), PkiError> {
        let now = seconds(now_ms);
        if !can_be_right(now) || !self.root_life().is_due(now, AUTHORITY_LIFE) {
            return Ok(());
        }
        let pem = sign_root(&self.key, now).map_err(|e| self.bad(&e))?;
        save(&self.dir.join("root.pem"), pem.as_bytes())?;
        let life = life_of(&pem).unwrap_or_default();
        *self.root.lock().unwrap_or_else(PoisonError::into_inner) = (pem, life);
        tracing::info!(until = life.until, "the authority's root was signed anew with its own key");
        Ok(())
    }

    /// The server's certificate for `names` as it lies on the disk, if it is whole and of these names.
    pub fn kept(&self, names: &[String]) -> Option<Issued> {
        let pem = load(&self.dir.join("server.pem")).ok()?;
        let key_pem = load(&self.dir.join("server.key")).ok()?;
        let paper = paper::read_pem(pem.as_bytes())?;
        let key = KeyPair::from_pem(&key_pem).ok()?;
        let whole = paper.key == key.subject_public_key_info() && paper.hosts == names;
        whole.then(|| Issued { life: life(&paper.certificate), pem, key_pem })
    }

    /// A new certificate of the server for `names` (DNS names or addresses); it is not on the disk yet.
    ///
    /// # Errors
    /// A name is none, or the system has no random numbers.
    pub fn server(&self, names: &[String], now_ms: i64) -> Result<Issued, PkiError> {
        let mut params = CertificateParams::new(names.to_vec()).map_err(|e| self.bad(&e))?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(|e| self.bad(&e))?;
        let (pem, life) = self.issue(params, "hearthline server", &key, now_ms)?;
        Ok(Issued { pem, key_pem: key.serialize_pem(), life })
    }

    /// Writes the server's certificate; each file is whole at every moment, and two that do not go
    /// together are made anew at the next start.
    ///
    /// # Errors
    /// The disk does not take them.
    pub fn keep(&self, issued: &Issued) -> Result<(), PkiError> {
        save(&self.dir.join("server.key"), issued.key_pem.as_bytes())?;
        save(&self.dir.join("server.pem"), issued.pem.as_bytes())
    }

    /// A client certificate for a gateway and a key made for it; its common name is the id as printed.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn gateway(&self, gateway: GatewayId, now_ms: i64) -> Result<Issued, PkiError> {
        let key = KeyPair::generate().map_err(|e| self.bad(&e))?;
        let (pem, life) = self.client(gateway, &key, now_ms)?;
        Ok(Issued { pem, key_pem: key.serialize_pem(), life })
    }

    /// A client certificate for the key of a gateway's request. Nothing else of the request counts.
    ///
    /// # Errors
    /// The request cannot be read, or its maker does not have the key.
    pub fn sign(
        &self,
        gateway: GatewayId,
        request: &[u8],
        now_ms: i64,
    ) -> Result<String, PkiError> {
        let request = CertificateSigningRequestParams::from_der(&request.into());
        let request = request.map_err(|e| self.bad(&e))?;
        Ok(self.client(gateway, &request.public_key, now_ms)?.0)
    }

    fn client(
        &self,
        gateway: GatewayId,
        key: &impl PublicKeyData,
        now_ms: i64,
    ) -> Result<(String, Life), PkiError> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, &gateway.to_string(), key, now_ms)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        name: &str,
        key: &impl PublicKeyData,
        now_ms: i64,
    ) -> Result<(String, Life), PkiError> {
        params.distinguished_name = called(name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let now = seconds(now_ms);
        let whole = if can_be_right(now) { CERTIFICATE_LIFE } else { CERTIFICATE_LIFE_UNDATED };
        let life = lives(&mut params, now, whole);
        let mut serial: [u8; 16] =
            random().map_err(|_| self.bad(&rcgen::Error::RingUnspecified))?;
        // A serial number is positive and not zero.
        serial[0] = serial[0] & 0x7F | 0x40;
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&serial));
        let certificate = params.signed_by(key, &self.issuer).map_err(|e| self.bad(&e))?;
        Ok((certificate.pem(), life))
    }

    fn bad(&self, error: &rcgen::Error) -> PkiError {
        PkiError::Content { path: self.dir.clone(), reason: error.to_string() }
    }
}

/// First and last second of a certificate.
pub const fn life(certificate: &door::Certificate) -> Life {
    Life { from: certificate.from, until: certificate.until }
}

fn life_of(pem: &str) -> Option<Life> {
    Some(life(&paper::read_pem(pem.as_bytes())?.certificate))
}

fn root_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called("hearthline root");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn sign_root(key: &KeyPair, now: i64) -> Result<String, rcgen::Error> {
    let mut params = root_params();
    lives(&mut params, now, AUTHORITY_LIFE);
    Ok(params.self_signed(key)?.pem())
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// Sets first and last second, both midnights, and answers them.
fn lives(params: &mut CertificateParams, now: i64, whole: i64) -> Life {
    let midnight = |at: i64| at.div_euclid(DAY_S) * DAY_S;
    let now = dated(now);
    let life = Life { from: midnight(now - BEGINS_BEFORE), until: midnight(now) + whole };
    let date = |at: i64| {
        date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(at).unwrap_or_default())
    };
    (params.not_before, params.not_after) = (date(life.from), date(life.until));
    life
}

const fn seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}
