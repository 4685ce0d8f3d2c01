//! Certificates of simulated gateways: one each, signed by the server's own authority.
//!
//! Enrolment hands a real gateway its papers one by one; ten thousand of them at once are signed
//! here, with the authority that lies in the folder of a server started here. All share one private
//! key, since only the handshake is measured. Certificates of any age are made here too. Not here: how
//! the server checks them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proto::id::GatewayId;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::clock::wall_s;
use crate::enrol::GatewayBox;
use crate::trouble::{Outcome, Trouble};

/// Where a server keeps its authority, under its data.
const AUTHORITY: &str = "pki";

/// What is needed to sign and to trust.
pub struct Papers {
    dir: PathBuf,
    ca_pem: String,
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
        let key = KeyPair::generate()?;
        Ok(Self { dir, ca_pem: ca, issuer, key, roots: Arc::new(roots), provider })
    }

    /// Writes papers of this life, in seconds from now, into a gateway's credentials.
    pub fn hand_over(
        &self,
        enrolled: &mut GatewayBox,
        server: SocketAddr,
        life: (i64, i64),
    ) -> Outcome {
        let mut params = aged(Vec::new(), life)?;
        params.distinguished_name.push(DnType::CommonName, enrolled.gateway.to_string());
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&self.key, &self.issuer)?;
        let host = server.ip().to_string();
        let credentials = &mut enrolled.credentials;
        credentials["server"] =
            serde_json::json!({ "host": host, "port": server.port(), "tls": true });
        credentials["ca_pem"] = self.ca_pem.clone().into();
        credentials["cert_pem"] = certificate.pem().into();
        credentials["cert_key_pem"] = self.key.serialize_pem().into();
        Ok(())
    }

    /// Puts a certificate of this life, in seconds from now, in place of the server's own.
    pub fn put_server(&self, life: (i64, i64)) -> Outcome {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
        let mut params = aged(names, life)?;
        params.distinguished_name.push(DnType::CommonName, "hearthline server");
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&self.key, &self.issuer)?;
        std::fs::write(self.dir.join("server.key"), self.key.serialize_pem())?;
        std::fs::write(self.dir.join("server.pem"), certificate.pem())?;
        Ok(())
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

/// What a certificate says that lives from one second to another, counted from now.
fn aged(names: Vec<String>, (from, until): (i64, i64)) -> Outcome<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    let date = |seconds: i64| {
        let at = u64::try_from(wall_s() + seconds).unwrap_or_default();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(at)
    };
    (params.not_before, params.not_after) = (date(from), date(until));
    Ok(params)
}
