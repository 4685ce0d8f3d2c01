//! Certificates of the server and its gateways: renewed while everybody is connected, told before they end.
//!
//! Time is injected: dates of certificates are made, and rooms are asked at a time. Not here: sockets.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "certificates/check.rs"]
mod check;
#[path = "certificates/secrets.rs"]
mod secrets;

use std::path::Path;
use std::sync::Arc;

use care::policy::dates::{BUILT, Life};
use door::tls::{dates::AnyDate, dates::at, paper};
use door::{Deny, Gate, Hello};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::seat::Seat;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::danger::ClientCertVerifier;
use server::app::{self, App, Running};
use server::clock::Now;
use server::config::Config;
use server::gateways;
use server::provision::certificate::Authority;
use server::provision::pki::Pki;

const DAY: i64 = 86_400;
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// So many days after the program was built, as the clock shows it in ms.
fn day(days: i64) -> i64 {
    (BUILT + days * DAY) * 1_000
}

fn names() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
}

struct Room {
    app: Arc<App>,
    gateway: GatewayId,
    other: GatewayId,
    _running: Running,
    _dir: tempfile::TempDir,
}

async fn room() -> Room {
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "data = {:?}\n[gateways]\nbind = '127.0.0.1:0'\ntls = true\n[console]\nbind = '127.0.0.1:0'\n",
        dir.path()
    );
    let config: Config = toml::from_str(&text).unwrap();
    config.prepare_data().unwrap();
    let running = app::start(config).await.unwrap();
    let app = Arc::clone(&running.app);
    let organisation = app.provision.create_organisation("演示机构", 0).await.unwrap();
    let one = app.provision.create_gateway(&organisation, "one", 0).await.unwrap();
    let two = app.provision.create_gateway(&organisation, "two", 0).await.unwrap();
    let (gateway, other) = (one.device.as_gateway(), two.device.as_gateway());
    Room { app, gateway, other, _running: running, _dir: dir }
}

impl Room {
    /// A certificate that began and ends so many days from now.
    fn shown(&self, name: GatewayId, from: i64, until: i64) -> door::Certificate {
        let now = self.now().wall_ms / 1_000;
        let (from, until) = (now + from * DAY, now + until * DAY);
        door::Certificate { name: name.to_string(), serial: vec![7], from, until }
    }

    fn now(&self) -> Now {
        self.app.clock.now()
    }

    fn admit(&self, claimed: GatewayId, lane: Lane, shown: &door::Certificate) -> Result<(), Deny> {
        let client_id = Seat::Gateway(claimed, lane).to_string();
        let hello = Hello {
            peer: "127.0.0.1:9".parse().unwrap(),
            client_id: &client_id,
            login: None,
            password: None,
            certificate: Some(shown),
        };
        gateways::gate(&self.app).admit(&hello).map(drop)
    }

    fn tend(&self) -> Vec<GatewayId> {
        self.app.certificates.tend(self.now(), &self.app.registry, &self.app.faults)
    }

    fn told(&self, word: &str) -> bool {
        self.app.faults.words().contains(&word)
    }
}

#[tokio::test]
async fn a_certificate_opens_the_door_to_the_gateway_that_it_names_and_to_no_other() {
    let room = room().await;
    let shown = room.shown(room.gateway, -1, 89);
    for lane in [Lane::Emergency, Lane::Telemetry] {
        assert_eq!(room.admit(room.gateway, lane, &shown), Ok(()));
        assert_eq!(room.admit(room.other, lane, &shown), Err(Deny::NotAuthorized));
    }
    let nobody = door::Certificate { name: String::new(), ..shown };
    assert_eq!(room.admit(room.gateway, Lane::Emergency, &nobody), Err(Deny::NotAuthorized));
}

#[tokio::test]
async fn an_expired_gateway_keeps_its_emergency_lane_under_a_fault_until_it_is_revoked() {
    let room = room().await;
    let old = room.shown(room.gateway, -4_000, -3_900);
    assert_eq!(room.admit(room.gateway, Lane::Emergency, &old), Ok(()));
    assert_eq!(room.admit(room.gateway, Lane::Telemetry, &old), Err(Deny::NotAuthorized));
    assert_eq!(room.tend(), [room.gateway], "it is asked for a petition");
    assert!(room.told("certificate_ended") && !room.told("certificate_ends"));
    assert_eq!(room.app.certificates.facts(room.now().wall_ms / 1_000).ended, 1);
    room.app.provision.revoke_gateway(room.gateway).await.unwrap();
    assert_eq!(room.admit(room.gateway, Lane::Emergency, &old), Err(Deny::NotAuthorized));
    assert_eq!(room.tend(), []);
    assert!(!room.told("certificate_ended"));
}

#[tokio::test]
async fn a_certificate_that_ends_within_two_weeks_is_a_fault_until_another_one_is_worn() {
    let room = room().await;
    room.admit(room.gateway, Lane::Emergency, &room.shown(room.gateway, -76, 15)).unwrap();
    room.tend();
    assert!(!room.told("certificate_ends"));
    room.admit(room.gateway, Lane::Emergency, &room.shown(room.gateway, -79, 13)).unwrap();
    room.tend();
    assert!(room.told("certificate_ends"));
    let facts = room.app.certificates.facts(room.now().wall_ms / 1_000);
    assert_eq!((facts.gateways, facts.ending, facts.ended), (Some(13), 1, 0));
    assert!(facts.server.is_some_and(|days| days > 80));
    assert!(facts.authority.is_some_and(|days| days > 7_000));
    room.admit(room.gateway, Lane::Telemetry, &room.shown(room.gateway, -1, 89)).unwrap();
    room.tend();
    assert!(!room.told("certificate_ends"));
}

#[tokio::test]
async fn a_certificate_from_the_future_is_let_in_and_replaced_and_tells_of_a_wrong_clock() {
    let room = room().await;
    let shown = room.shown(room.gateway, 300, 390);
    for lane in [Lane::Emergency, Lane::Telemetry] {
        assert_eq!(room.admit(room.gateway, lane, &shown), Ok(()));
    }
    assert_eq!(room.app.certificates.facts(room.now().wall_ms / 1_000).ahead, 1);
    assert_eq!(room.tend(), [room.gateway]);
}

#[tokio::test]
async fn a_gateway_that_is_due_is_reminded_and_gets_papers_for_its_own_key_alone() {
    let room = room().await;
    room.admit(room.gateway, Lane::Telemetry, &room.shown(room.gateway, -40, 52)).unwrap();
    assert_eq!(room.tend(), [], "not yet");
    room.admit(room.gateway, Lane::Telemetry, &room.shown(room.gateway, -63, 29)).unwrap();
    assert_eq!(room.tend(), [room.gateway]);
    assert_eq!(room.tend(), [], "once an hour");
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::default().serialize_request(&key).unwrap();
    let sign = |bytes: &[u8]| {
        room.app.certificates.sign(room.now(), &room.app.registry, room.gateway, bytes)
    };
    let (chain, roots) = sign(request.der()).unwrap();
    let paper = paper::read_pem(chain.as_bytes()).unwrap();
    assert_eq!(paper.key, key.subject_public_key_info());
    assert_eq!(paper.certificate.name, room.gateway.to_string(), "whatever the request says");
    assert_eq!(roots, room.app.certificates.pki().unwrap().authority().root_pem());
    assert!(chain.len() + roots.len() < 3_000, "fits into one word to a gateway");
    assert_eq!(sign(request.der()), None, "one at a time");
    let stranger =
        room.app.certificates.sign(room.now(), &room.app.registry, room.other, request.der());
    assert_eq!(stranger, None, "one that shows no certificate has none to renew");
}

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
