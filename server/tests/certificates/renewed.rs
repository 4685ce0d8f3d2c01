//! The server's own papers: made anew while it runs, kept as soon as the disk takes them, believed by old and new.

use std::path::Path;
use std::sync::Arc;

use care::policy::dates::{BUILT, Life};
use centre::provision::certificate::Authority;
use centre::provision::pki::Pki;
use door::tls::dates::{AnyDate, at};
use proto::id::GatewayId;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::danger::ClientCertVerifier;

use super::{DAY, day, names};

fn leaf(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn believes(root: &str, shown: &str) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(leaf(root)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = AnyDate::new(roots, &provider, BUILT).unwrap();
    verifier.verify_client_cert(&leaf(shown), &[], at(BUILT)).is_ok()
}

/// A handshake with what the server shows now; gives the certificate that the caller saw and both ends.
fn handshake(pki: &Pki) -> (Vec<u8>, rustls::ClientConnection, rustls::ServerConnection) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(leaf(&pki.authority().root_pem())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = rustls::ServerConnection::new(pki.server_config().unwrap()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        carry(&mut client, &mut server);
    }
    (client.peer_certificates().unwrap()[0].to_vec(), client, server)
}

fn carry(client: &mut rustls::ClientConnection, server: &mut rustls::ServerConnection) {
    let mut wire = Vec::new();
    client.write_tls(&mut wire).unwrap();
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        server.read_tls(&mut rest).unwrap();
        server.process_new_packets().unwrap();
    }
    let mut wire = Vec::new();
    server.write_tls(&mut wire).unwrap();
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        client.read_tls(&mut rest).unwrap();
        client.process_new_packets().unwrap();
    }
}

/// Believes anybody: what is shown is looked at afterwards.
#[derive(Debug)]
struct Anybody;

impl rustls::client::danger::ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        let provider = rustls::crypto::ring::default_provider();
        provider.signature_verification_algorithms.supported_schemes()
    }
}

fn on_disk(dir: &Path) -> Vec<u8> {
    leaf(&std::fs::read_to_string(dir.join("pki/server.pem")).unwrap()).to_vec()
}

#[test]
fn the_servers_certificate_is_renewed_while_it_runs_and_open_sessions_live_on() {
    use std::io::{Read, Write};
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open_at(dir.path(), &names(), day(0)).unwrap();
    let (first, mut client, mut server) = handshake(&pki);
    pki.tend(day(50)).unwrap();
    assert_eq!(handshake(&pki).0, first, "young enough");
    pki.tend(day(61)).unwrap();
    let second = handshake(&pki).0;
    assert_ne!(second, first, "a new handshake sees the new one");
    assert_eq!(on_disk(dir.path()), second, "and so does the next start");
    client.writer().write_all(b"still here").unwrap();
    carry(&mut client, &mut server);
    let mut heard = [0; 10];
    server.reader().read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"still here");
    assert_eq!(pki.server_life().days_left(BUILT + 61 * DAY), 90);
}

#[test]
fn a_certificate_that_the_disk_does_not_take_is_shown_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open_at(dir.path(), &names(), day(0)).unwrap();
    let path = dir.path().join("pki/server.pem");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(pki.tend(day(61)).is_err());
    let shown = handshake(&pki).0;
    assert_eq!(pki.server_life().days_left(BUILT + 61 * DAY), 90);
    std::fs::remove_dir(&path).unwrap();
    pki.tend(day(62)).unwrap();
    assert_eq!(on_disk(dir.path()), shown, "written as soon as the disk takes it");
}

#[test]
fn files_that_do_not_go_together_are_made_anew_and_files_that_somebody_brings_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open_at(dir.path(), &names(), day(0)).unwrap();
    let other = pki.authority().server(&names(), day(3)).unwrap();
    std::fs::write(dir.path().join("pki/server.key"), &other.key_pem).unwrap();
    let again = Pki::open_at(dir.path(), &names(), day(4)).unwrap();
    assert_ne!(handshake(&again).0, handshake(&pki).0);
    again.authority().keep(&other).unwrap();
    again.tend(day(5)).unwrap();
    assert_eq!(handshake(&again).0, leaf(&other.pem).to_vec());
}

#[test]
fn a_certificate_made_without_a_clock_lives_until_the_clock_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let pki = Pki::open_at(dir.path(), &names(), 5_000).unwrap();
    let undated = handshake(&pki).0;
    assert!(pki.server_life().days_left(BUILT) > 3_000, "whatever day it really is");
    pki.tend(9_000).unwrap();
    assert_eq!(handshake(&pki).0, undated, "one is enough");
    pki.tend(day(200)).unwrap();
    assert_eq!(pki.server_life().days_left(BUILT + 200 * DAY), 90);
    // A clock that ran ahead leaves a certificate from the future behind; it goes with the clock.
    pki.tend(day(4_000)).unwrap();
    pki.tend(day(201)).unwrap();
    assert_eq!(pki.server_life().days_left(BUILT + 201 * DAY), 90);
}

#[test]
fn the_authority_is_signed_anew_and_both_generations_believe_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::open(dir.path(), day(0)).unwrap();
    let gateway = GatewayId::new(99).unwrap();
    let (old_root, old) = (authority.root_pem(), authority.gateway(gateway, day(0)).unwrap());
    authority.tend(day(4_000)).unwrap();
    assert_eq!(authority.root_pem(), old_root, "young enough");
    authority.tend(day(4_900)).unwrap();
    let (new_root, new) = (authority.root_pem(), authority.gateway(gateway, day(4_900)).unwrap());
    assert_ne!(new_root, old_root);
    let Life { until, .. } = authority.root_life();
    assert!(until > BUILT + 12_000 * DAY);
    for root in [&old_root, &new_root] {
        assert!(believes(root, &old.pem) && believes(root, &new.pem));
    }
    let again = Authority::open(dir.path(), day(4_901)).unwrap();
    assert_eq!(again.root_pem(), new_root, "it is on the disk");
}
