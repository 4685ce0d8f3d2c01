//! The TLS edge: client certificates, silent peers, an old date, and the door's own round.
//!
//! Certificates are made here with our own small authority. Not here: what a gate makes of them.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at its first failure, prints what it ran with, and picks what it looks at"
)]

mod front;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use door::{BusLimits, Deny, DoorConfig, Edge, Gate, Hello, Limits, Pass, Verdict, Who, committer};
use front::packet::{Connect, publish};
use front::{House, Judge, PATIENCE, Plan, gateway, wait};
use proto::frame::Lane;
use proto::seat::Seat;
use proto::topic::Topic;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// An authority, and what it signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

struct Signed {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, name: &str, last_year: i32) -> Signed {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Signed { certificate, key: key.serialize_pem() }
    }

    fn edge(&self) -> Edge {
        let server = self.sign("server", 2100);
        let (chain, key) = (server.certificate.as_bytes(), server.key.as_bytes());
        Edge::Tls(Arc::new(door::tls::server_config(chain, key, self.pem.as_bytes()).unwrap()))
    }
}

/// A caller in TLS; none if it was not let through the handshake.
fn call(
    address: SocketAddr,
    authority: &Authority,
    shown: Option<&Signed>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => {
            let chain = vec![CertificateDer::from_pem_slice(shown.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = "localhost".try_into().unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

fn connect() -> Vec<u8> {
    Connect::new(4, &Seat::Gateway(gateway(1), Lane::Emergency).to_string()).bytes()
}

fn is_served(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> bool {
    let topic = Topic::GatewayUp(gateway(1), Lane::Emergency).to_string();
    let bytes = [connect(), publish(4, &topic, 1, b"help")].concat();
    let mut answer = [0; 8];
    stream.write_all(&bytes).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer == [0x20, 2, 0, 0, 0x40, 2, 0, 1]
}

/// Tells what certificate it saw in the only way a test can hear: by the CONNACK.
struct ByCertificate;

impl Gate for ByCertificate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        let certificate = hello.certificate.ok_or(Deny::Credentials)?;
        // 2025-01-01: one ends before, the other after.
        if certificate.ended(1_735_689_600) {
            return Err(Deny::Busy);
        }
        let gateway = certificate.name.parse().map_err(|_| Deny::ClientId)?;
        assert!(!certificate.serial.is_empty());
        Ok(Pass { who: Who::Gateway(gateway), lane: Some(Lane::Emergency) })
    }
}

#[test]
fn r05_silent_peers_on_the_tls_port_hold_up_nobody() {
    let authority = Authority::new();
    let house = House::build(Plan { edge: authority.edge(), ..Plan::default() });
    let address = house.door.address();
    let mut silent: Vec<_> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in silent.iter_mut().take(25) {
        // Half of a ClientHello, and then nothing.
        stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]).unwrap();
    }
    let signed = authority.sign(&gateway(1).to_string(), 2100);
    assert!(is_served(&mut call(address, &authority, Some(&signed))));
    wait("the watchdog to come round in TLS", || house.door.healthy());
    for stream in &mut silent {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        let closed = ended.as_ref().map_or_else(reset, |_| true);
        assert!(closed, "it is closed, and not only silent");
    }
    assert!(is_served(&mut call(address, &authority, Some(&signed))), "all were closed after 5 s");
}

#[test]
fn a_silent_peer_of_the_tls_port_leaves_at_once_when_its_place_is_needed() {
    let authority = Authority::new();
    let (wait_long, grace) = (Duration::from_secs(600), Duration::from_millis(50));
    let limits = Limits {
        porch: 1,
        share: 1,
        grace,
        connect: wait_long,
        handshake: wait_long,
        ..Limits::default()
    };
    let house = House::build(Plan { edge: authority.edge(), limits, ..Plan::default() });
    let mut silent = TcpStream::connect(house.door.address()).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    wait("it to stand on the porch", || house.door.counters().open == 1);
    let signed = authority.sign(&gateway(1).to_string(), 2100);
    assert!(is_served(&mut call(house.door.address(), &authority, Some(&signed))));
    let mut rest = [0];
    let closed = silent.read(&mut rest);
    assert!(
        !matches!(&closed, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock),
        "{closed:?}"
    );
}

#[test]
fn only_certificates_of_the_authority_are_let_through() {
    let authority = Authority::new();
    let foreign = Authority::new().sign(&gateway(1).to_string(), 2100);
    let house = House::build(Plan { edge: authority.edge(), ..Plan::default() });
    let address = house.door.address();
    assert!(!is_served(&mut call(address, &authority, Some(&foreign))));
    let mut nobody = call(address, &authority, None);
    let mut answer = Vec::new();
    let _ = nobody.write_all(&connect());
    let _ = nobody.read_to_end(&mut answer);
    assert_eq!(answer, [0x20, 2, 0, 5], "even the right password needs a certificate here");
}

#[test]
fn an_expired_certificate_is_seen_as_such_and_the_gate_decides() {
    let authority = Authority::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (commit, _thread) =
        committer(Judge(|_: &door::Arrival| Verdict::Kept), door::CommitLimits::default());
    let config = DoorConfig {
        bind: "127.0.0.1:0".parse().unwrap(),
        edge: authority.edge(),
        limits: Limits::default(),
    };
    let opening = door::open(config, Arc::new(ByCertificate), commit, None);
    let door = runtime.block_on(opening).unwrap();
    let current = authority.sign(&gateway(1).to_string(), 2100);
    assert!(is_served(&mut call(door.address(), &authority, Some(&current))));
    let old = authority.sign(&gateway(1).to_string(), 2021);
    let mut caller = call(door.address(), &authority, Some(&old));
    let mut answer = [0; 4];
    caller.write_all(&connect()).unwrap();
    caller.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 3]);
    let foreign = Authority::new().sign(&gateway(1).to_string(), 2021);
    assert!(!is_served(&mut call(door.address(), &authority, Some(&foreign))));
}

#[test]
fn what_makes_no_tls_server_says_what_is_wrong() {
    let authority = Authority::new();
    let server = authority.sign("server", 2100);
    let other = authority.sign("other", 2100);
    let make = |chain: &str, key: &str, roots: &str| {
        let made = door::tls::server_config(chain.as_bytes(), key.as_bytes(), roots.as_bytes());
        made.map(drop).map_err(|error| error.to_string())
    };
    assert!(make(&server.certificate, &server.key, &authority.pem).is_ok());
    let cases = [
        (make("no pem", &server.key, &authority.pem), "no TLS server"),
        (make(&server.certificate, "no pem", &authority.pem), "private key"),
        (make(&server.certificate, &other.key, &authority.pem), "the key fits"),
        (make(&server.certificate, &server.key, ""), "client roots"),
    ];
    for (made, hint) in cases {
        let sentence = made.expect_err(hint);
        assert!(sentence.contains(hint), "{sentence}");
    }
}

#[test]
fn a_program_of_the_household_speaks_tls_with_a_password_and_without_a_certificate() {
    let authority = Authority::new();
    let server = authority.sign("bus", 2100);
    let (chain, key) = (server.certificate.as_bytes(), server.key.as_bytes());
    let edge = Edge::Household(Some(Arc::new(door::tls::household_config(chain, key).unwrap())));
    let (limits, bus) = (Limits::household(), Some(BusLimits::default()));
    // Another address than loopback: here the edge has its own rule.
    let house = House::build(Plan { edge, limits, bus, bind: "0.0.0.0:0" });
    let address = ([127, 0, 0, 1], house.door.address().port()).into();
    let known = Connect::local(4, "panel");
    let password = front::packet::field(front::PASSWORD);
    let with = Connect {
        flags: known.flags | 0x40,
        payload: [known.payload.clone(), vec![password]].concat(),
        ..known.clone()
    };
    let device = Connect::new(4, &Seat::Device(front::device(1)).to_string());
    for (connect, code) in [(with, 0), (known, 5), (device, 5)] {
        let mut panel = call(address, &authority, None);
        panel.write_all(&connect.bytes()).unwrap();
        let mut answer = [0; 4];
        panel.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, code]);
    }
    wait("its watchdog to come round", || house.door.healthy());
}
