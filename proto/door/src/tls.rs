//! TLS for the gateway edge: 1.3 only, ring, client certificates of our own authority.
//!
//! A client certificate whose dates do not fit still opens the door: the gate is told its dates and
//! decides, since a press must not be lost to a forgotten renewal or a wrong clock. A caller without
//! certificate passes the handshake only so that the door's own watchdog can make its round; the
//! listener lets nobody else in that way. Not here: revocation (the gate), or how certificates are
//! made (the server's own authority).

pub mod dates;
pub mod paper;
mod shown;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ServerConfig, SignatureScheme};
use rustls::{DigitallySignedStruct, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::shown::Shown;

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

/// A TLS 1.3 server that asks for a client certificate below `client_roots_pem` and shows one for good.
/// All three are PEM; the chain begins with the server's own certificate.
///
/// # Errors
/// What was given is no PEM, does not fit, or vouches for nobody.
pub fn server_config(
    cert_chain_pem: &[u8],
    key_pem: &[u8],
    client_roots_pem: &[u8],
) -> Result<ServerConfig, TlsError> {
    server_showing(Shown::new(cert_chain_pem, key_pem)?, client_roots_pem, 0)
}

/// A TLS 1.3 server for programs of the household, which bring a password and no certificate.
///
/// # Errors
/// What was given is no PEM, or does not fit.
pub fn household_config(cert_chain_pem: &[u8], key_pem: &[u8]) -> Result<ServerConfig, TlsError> {
    household_showing(Shown::new(cert_chain_pem, key_pem)?)
}

/// The same with a certificate that can be changed.
///
/// # Errors
/// This machine cannot speak TLS 1.3.
pub fn household_showing(shown: Arc<Shown>) -> Result<ServerConfig, TlsError> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Unusable)?;
    Ok(config.with_no_client_auth().with_cert_resolver(shown))
}

/// The server for gateways with a certificate that can be changed, under a clock that is not believed before `built`,
/// seconds since 1970.
///
/// # Errors
/// The roots are no PEM or vouch for nobody.
pub fn server_showing(
    shown: Arc<Shown>,
    client_roots_pem: &[u8],
    built: i64,
) -> Result<ServerConfig, TlsError> {
    let pem = |source| TlsError::Pem { what: "client root", source };
    let mut roots = RootCertStore::empty();
    for root in certificates(client_roots_pem).map_err(pem)? {
        roots.add(root).map_err(TlsError::Unusable)?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = dates::AnyDate::new(roots, &provider, built)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Unusable)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(shown);
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
