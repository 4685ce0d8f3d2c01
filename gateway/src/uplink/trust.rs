//! Whom the uplink believes to be the server: a certificate of the credentials' authority.
//!
//! Chain and name must always be right. Dates stand aside where this box's own clock must be wrong or
//! nobody vouches for it: a box whose clock has died must still connect. What ended before this program
//! was built is refused in any case. Not here: how links are made (`transport`).

use std::sync::Arc;

use door::tls::dates::{at, moment, seconds};
use door::tls::paper;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// What this box knows of dates without its wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    /// No right clock shows less, seconds since 1970.
    pub built: i64,
    /// Whether somebody vouches for the wall clock now.
    pub proved: fn() -> bool,
}

/// Verifies a server like the web's rules do, except that the own clock may be wrong.
#[derive(Debug)]
pub struct ClockTolerant {
    inner: Arc<WebPkiServerVerifier>,
    calendar: Calendar,
}

impl ClockTolerant {
    /// Believes what these roots vouch for.
    pub fn new(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
        calendar: Calendar,
    ) -> Result<Self, rustls::client::VerifierBuilderError> {
        let inner =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Self { inner, calendar })
    }
}

impl ServerCertVerifier for ClockTolerant {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let bad = Error::InvalidCertificate(CertificateError::BadEncoding);
        let shown = paper::read(end_entity).ok_or(bad)?.certificate;
        let proved = (self.calendar.proved)();
        let when = at(moment(&shown, seconds(now), self.calendar.built, proved));
        if when != now {
            tracing::debug!(
                from = shown.from,
                until = shown.until,
                "the server's dates stand aside"
            );
        }
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, when)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
