//! Certificates of simulated gateways: one each, signed by the server's own authority.
//!
//! Enrolment hands a real gateway its papers one by one; ten thousand of them at once are signed
//! here, with the authority that lies in the folder of a server started here. All share one private
//! key, since only the handshake is measured. Not here: how the server checks them.

use std::path::Path;
use std::sync::Arc;

use proto::id::GatewayId;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::trouble::{Outcome, Trouble};

/// Where a server keeps its authority, under its data.
const AUTHORITY: &str = "pki";

/// What is needed to sign and to trust.
pub struct Papers {
    issuer: Issuer<'static, KeyPair>,
    key: KeyPair,
    roots: Arc<rustls::RootCertStore>,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl Papers {
    /// Reads the authority of the server whose data lies in `data`.
    pub fn of_server(data: &Path) -> Outcome<Self> {
        let dir = data.join(AUTHORITY);
        let ca = std::fs::read_to_string(dir.join("root.pem"))?;
        let ca_key = std::fs::read_to_string(dir.join("root.key"))?;
        let issuer = Issuer::from_ca_cert_pem(&ca, KeyPair::from_pem(&ca_key)?)?;
        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(ca.as_bytes()) {
            roots.add(root.map_err(|e| Trouble::new(e.to_string()))?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(Self { issuer, key: KeyPair::generate()?, roots: Arc::new(roots), provider })
    }

    /// Speaks TLS 1.3 over an open socket as this gateway.
    pub async fn connect(
        &self,
        gateway: GatewayId,
        socket: TcpStream,
    ) -> Outcome<TlsStream<TcpStream>> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, gateway.to_string());
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&self.key, &self.issuer)?;
        let key = PrivateKeyDer::from_pem_slice(self.key.serialize_pem().as_bytes());
        let key = key.map_err(|e| Trouble::new(e.to_string()))?;
        let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_client_auth_cert(vec![certificate.der().clone()], key)?;
        let name = ServerName::from(socket.peer_addr()?.ip());
        Ok(TlsConnector::from(Arc::new(config)).connect(name, socket).await?)
    }
}
