//! TLS for the gateway edge: 1.3 only, ring, client certificates of our own authority.
//!
//! A client certificate whose dates have passed still opens the door: it is flagged in
//! [`Certificate::expired`] and the gate decides, since a press must not be lost to a forgotten
//! renewal. A caller without certificate passes the handshake only so that the door's own watchdog
//! can make its round; the listener lets nobody else in that way. Not here: revocation (the gate),
//! or how certificates are made (the server's own authority).

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore};
use rustls::{ClientConfig, ServerConfig, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::Certificate;

/// Why no TLS edge can be made of what was given.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text that is not PEM of the kind that is needed.
    #[error("the {what} is not readable as PEM, give a PEM file of it")]
    Pem {
        /// Which of the three.
        what: &'static str,
        /// What the reader found.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// Key and certificate do not fit, or a certificate cannot be used.
    #[error("certificate, key and client roots make no TLS server, check that the key fits")]
    Unusable(#[source] rustls::Error),
    /// The client roots cannot verify anybody.
    #[error("the client roots hold no certificate of an authority")]
    Roots(#[source] rustls::server::VerifierBuilderError),
}

/// A TLS 1.3 server that asks for a client certificate below `client_roots_pem`.
/// All three are PEM; the chain begins with the server's own certificate.
pub fn server_config(
    cert_chain_pem: &[u8],
    key_pem: &[u8],
    client_roots_pem: &[u8],
) -> Result<ServerConfig, TlsError> {
    let pem = |what| move |source| TlsError::Pem { what, source };
    let chain = certificates(cert_chain_pem).map_err(pem("certificate chain"))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(pem("private key"))?;
    let mut roots = RootCertStore::empty();
    for root in certificates(client_roots_pem).map_err(pem("client root"))? {
        roots.add(root).map_err(TlsError::Unusable)?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = ExpiryTolerant::new(roots, &provider)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Unusable)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain, key)
        .map_err(TlsError::Unusable)?;
    // Ten thousand idle sessions: no tickets to keep, and records that do not need large buffers.
    config.send_tls13_tickets = 0;
    config.max_fragment_size = Some(4_096);
    Ok(config)
}

/// The watchdog's own call: it reaches itself, so whose certificate it sees is no question.
pub(crate) async fn call_self(
    stream: TcpStream,
    address: IpAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Myself { algorithms }))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(address.into(), stream).await
}

/// Takes any certificate: only for a connection of this process to itself.
#[derive(Debug)]
struct Myself {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Myself {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

/// What a verified certificate says, at `now`.
pub(crate) fn read(certificate: &CertificateDer<'_>, now: UnixTime) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let name = parsed.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
    let until = parsed.validity().not_after.timestamp();
    let expired = u64::try_from(until).is_ok_and(|until| until < now.as_secs());
    Some(Certificate { name, serial: parsed.raw_serial().to_vec(), expired })
}

/// Verifies a client certificate like webpki does, except that an old date is no reason to refuse.
#[derive(Debug)]
struct ExpiryTolerant {
    inner: Arc<dyn ClientCertVerifier>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ExpiryTolerant {
    fn new(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let inner =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .allow_unauthenticated()
                .build()
                .map_err(TlsError::Roots)?;
        Ok(Self { inner, algorithms: provider.signature_verification_algorithms })
    }

    /// A time at which the certificate was valid, if it only is too old.
    fn last_valid(end_entity: &CertificateDer<'_>) -> Option<UnixTime> {
        let (_, parsed) = X509Certificate::from_der(end_entity).ok()?;
        let until = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(until)))
    }
}

impl ClientCertVerifier for ExpiryTolerant {
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
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verify = |at| self.inner.verify_client_cert(end_entity, intermediates, at);
        match verify(now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => {
                let at = Self::last_valid(end_entity)
                    .ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
                verify(at)
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
