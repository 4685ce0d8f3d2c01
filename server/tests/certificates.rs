//! Certificates of the server and its gateways: renewed while everybody is connected, told before they end.
//!
//! Time is injected: dates of certificates are made, and rooms are asked at a time. Not here: sockets.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "certificates/check.rs"]
mod check;
#[path = "certificates/renewed.rs"]
mod renewed;
#[path = "certificates/secrets.rs"]
mod secrets;

use std::sync::Arc;

use care::policy::dates::BUILT;
use centre::clock::Now;
use centre::config::Config;
use centre::gateways;
use door::tls::paper;
use door::{Deny, Gate, Hello};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::seat::Seat;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use server::app::{self, App, Running};

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
        gateways::gate(&self.app.gateways).admit(&hello).map(drop)
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
