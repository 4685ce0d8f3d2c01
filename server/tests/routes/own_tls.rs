//! The console with a certificate of its own: a browser elsewhere reaches it by TLS, without a proxy.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use server::router::{Certificate, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::room::Room;

fn connector(certificate: &CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_speaks_tls_itself_with_a_given_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("desk.crt"), folder.path().join("desk.key"));
    let made = rcgen::generate_simple_self_signed(["desk.local".to_owned()]).unwrap();
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let room = Room::told(&format!(
        "names = ['https://desk.local']\ncertificate_file = {chain:?}\nkey_file = {key:?}"
    ))
    .await;
    let certificate = Certificate::open(&room.app.config.console).unwrap();
    assert!(certificate.is_some());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(serve(Arc::clone(&room.app), listener, certificate, std::future::pending()));

    // Somebody who says nothing keeps nobody out.
    let silent = TcpStream::connect(at).await.unwrap();
    let socket = TcpStream::connect(at).await.unwrap();
    let name = ServerName::try_from("desk.local").unwrap();
    let mut socket = connector(made.cert.der()).connect(name, socket).await.unwrap();
    let ask = "GET /setup HTTP/1.1\r\nhost: desk.local\r\nconnection: close\r\n\r\n";
    socket.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security"), "{answer}");
    drop(silent);

    let mut plain = TcpStream::connect(at).await.unwrap();
    plain.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("200"), "plain HTTP is not answered");
}
