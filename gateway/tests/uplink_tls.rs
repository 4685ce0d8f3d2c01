//! The uplink over mutual TLS: the certificate is the box's name, and a stranger's server is refused.
//!
//! Not here: how certificates are made in the field (the server's own authority).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fall")]

#[path = "scene/home.rs"]
mod scene;

use std::sync::Arc;

use door::Edge;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use scene::{ANY, Device, Home, WatchRoom, let_in, until};

/// An authority, and papers that it makes.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn papers(&self, name: &str, hosts: &[&str]) -> (String, String) {
        self.papers_from(name, hosts, 2020)
    }

    fn papers_from(&self, name: &str, hosts: &[&str], year: i32) -> (String, String) {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn edge(&self) -> Edge {
        self.edge_from(2020)
    }

    fn edge_from(&self, year: i32) -> Edge {
        let (certificate, key) = self.papers_from("server", &["127.0.0.1"], year);
        let config =
            door::tls::server_config(certificate.as_bytes(), key.as_bytes(), self.pem.as_bytes());
        Edge::Tls(Arc::new(config.unwrap()))
    }
}

fn home(room: &WatchRoom, trusts: &Authority, signed_by: &Authority) -> Home {
    let mut home = Home::new(room.address());
    let (certificate, key) = signed_by.papers(&home.gateway.to_string(), &[]);
    home.papers = Some([trusts.pem.clone(), certificate, key]);
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_travels_over_mutual_tls() {
    let authority = Authority::new();
    let room = WatchRoom::open_with(ANY, authority.edge()).await;
    let home = home(&room, &authority, &authority);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    let (press, _) = device.press();
    room.until_heard(press).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_whose_clock_is_far_behind_still_connects() {
    let authority = Authority::new();
    let room = WatchRoom::open_with(ANY, authority.edge_from(2090)).await;
    let home = home(&room, &authority, &authority);
    let mut device = Device::new(41);
    room.enrol(&device, home.home);
    let running = home.start("");
    let_in(&mut device, running.devices).await;
    let (press, _) = device.press();
    room.until_heard(press).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_authority_gets_nothing() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let room = WatchRoom::open_with(ANY, theirs.edge()).await;
    let home = home(&room, &ours, &ours);
    let log = home.path("log");
    let config = home.configure("");
    let mut command = home.command(&config);
    command.env("RUST_LOG", "gateway=debug");
    command.stderr(std::fs::File::create(&log).unwrap());
    command.stdout(std::process::Stdio::piped());
    let _running = Home::run(command);
    until("the refusal is logged", || {
        std::fs::read_to_string(&log).unwrap().contains("invalid peer certificate")
    })
    .await;
    assert!(room.heard().is_empty());
}
