//! When a certificate is verified: a wrong clock must not cut off whoever has the right chain and name.
//!
//! *Built* is the date that a program cannot be older than; a clock before it is wrong. Chain, name and
//! usage are always verified as webpki does, at a moment inside the certificate's own dates; what is
//! judged here is only whether its dates may stand aside. Not here: what a gate makes of it.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore};
use rustls::{Error, SignatureScheme};

use super::{TlsError, paper};
use crate::Certificate;

/// The moment at which to verify a certificate under a clock that shows `now`, seconds since 1970.
///
/// A certificate that has not begun is verified at its beginning: whoever signed it had another clock.
/// One that has ended is verified at its end only where the clock is not `proved`, and never if it
/// ended before the program was built.
pub const fn moment(certificate: &Certificate, now: i64, built: i64, proved: bool) -> i64 {
    let wrong = now < built;
    let now = if wrong { built } else { now };
    if certificate.until < built {
        return now;
    }
    if now > certificate.until && !wrong && proved {
        return now;
    }
    inside(certificate, now)
}

/// The moment closest to `now` at which a certificate was valid.
const fn inside(certificate: &Certificate, now: i64) -> i64 {
    if now < certificate.from {
        certificate.from
    } else if now > certificate.until {
        certificate.until
    } else {
        now
    }
}

/// Seconds since 1970 as rustls counts them; before that is the beginning.
pub fn at(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Seconds since 1970 of a time of rustls.
pub fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Verifies a client certificate like webpki does, whatever its dates: the gate is told them and decides.
#[derive(Debug)]
pub struct AnyDate {
    inner: Arc<dyn ClientCertVerifier>,
    algorithms: WebPkiSupportedAlgorithms,
    built: i64,
}

impl AnyDate {
    /// Believes what these roots vouch for, and no clock before `built`.
    pub fn new(
        roots: RootCertStore,
        provider: &Arc<CryptoProvider>,
        built: i64,
    ) -> Result<Self, TlsError> {
        let inner =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .allow_unauthenticated()
                .build()
                .map_err(TlsError::Roots)?;
        Ok(Self { inner, algorithms: provider.signature_verification_algorithms, built })
    }
}

impl ClientCertVerifier for AnyDate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bad = Error::InvalidCertificate(CertificateError::BadEncoding);
        let shown = paper::read(end_entity).ok_or(bad)?.certificate;
        let now = seconds(now).max(self.built);
        self.inner.verify_client_cert(end_entity, intermediates, at(inside(&shown, now)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
