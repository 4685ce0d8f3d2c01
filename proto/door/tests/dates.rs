//! Certificates under wrong clocks: dates stand aside where they must, chain and name never do.
#![allow(clippy::unwrap_used, reason = "a test may fall")]

use std::sync::Arc;

use door::Certificate;
use door::tls::dates::{AnyDate, at, moment};
use door::tls::paper::{read, read_pem};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

const DAY: i64 = 86_400;
/// 2026-11-01, 2027-02-01 and the like, seconds since 1970.
const BUILT: i64 = 1_793_491_200;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), root }
    }

    /// A client certificate from the first of January of one year to that of another.
    fn sign(&self, from: i32, until: i32) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "box");
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.signed_by(&key, &self.issuer).unwrap().der().clone()
    }

    fn verifier(&self) -> AnyDate {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        AnyDate::new(roots, &Arc::new(rustls::crypto::ring::default_provider()), BUILT).unwrap()
    }
}

#[test]
fn no_clock_of_a_server_cuts_off_a_client_of_its_own_authority() {
    let authority = Authority::new();
    let verifier = authority.verifier();
    let lives = [(2020, 2021), (2026, 2027), (2026, 2090), (2089, 2090)];
    let clocks = [0, 978_307_200, BUILT - 1, BUILT + 400 * DAY, BUILT + 30_000 * DAY];
    for (from, until) in lives {
        let shown = authority.sign(from, until);
        for now in clocks {
            let verified = verifier.verify_client_cert(&shown, &[], at(now));
            assert!(verified.is_ok(), "{from}-{until} at {now}: {:?}", verified.err());
        }
    }
}

#[test]
fn a_client_of_another_authority_is_refused_under_every_clock() {
    let verifier = Authority::new().verifier();
    let other = Authority::new();
    for (from, until) in [(2020, 2021), (2026, 2090), (2089, 2090)] {
        let shown = other.sign(from, until);
        for now in [0, BUILT, BUILT + 30_000 * DAY] {
            assert!(verifier.verify_client_cert(&shown, &[], at(now)).is_err());
        }
    }
}

#[test]
fn dates_stand_aside_only_where_the_clock_must_be_wrong_or_nobody_vouches_for_it() {
    let life = |from: i64, until: i64| Certificate {
        name: String::new(),
        serial: Vec::new(),
        from: BUILT + from * DAY,
        until: BUILT + until * DAY,
    };
    let now = |days: i64| BUILT + days * DAY;
    // A dead clock: the moment lies inside the dates.
    assert_eq!(moment(&life(10, 100), 0, BUILT, true), now(10));
    assert_eq!(moment(&life(-10, 100), 0, BUILT, true), now(0));
    // A right clock: now, and an end is an end.
    assert_eq!(moment(&life(10, 100), now(50), BUILT, true), now(50));
    assert_eq!(moment(&life(10, 100), now(101), BUILT, true), now(101));
    // A clock that nobody has set: the end stands aside.
    assert_eq!(moment(&life(10, 100), now(9_000), BUILT, false), now(100));
    // Whoever signed it had a clock that ran ahead.
    assert_eq!(moment(&life(4_000, 4_090), now(5), BUILT, true), now(4_000));
    // What ended before the program was made is old, whatever the clock says.
    assert_eq!(moment(&life(-90, -1), 0, BUILT, false), now(0));
    assert_eq!(moment(&life(-90, -1), now(7), BUILT, false), now(7));
}

#[test]
fn a_certificate_is_read_as_it_was_made() {
    let made = Authority::new().sign(2026, 2027);
    let paper = read(&made).unwrap();
    assert_eq!((paper.certificate.name.as_str(), paper.hosts), ("box", vec!["localhost".into()]));
    assert_eq!(paper.certificate.until - paper.certificate.from, 365 * DAY);
    assert!(paper.certificate.ended(paper.certificate.until + 1));
    assert!(!paper.certificate.ended(paper.certificate.until));
    assert_eq!(read_pem(b"no certificate"), None);
}
