//! Whom a box with a wrong clock believes: the right chain, the right name, and no certificate older than itself.
//!
//! Not here: connections (`uplink_tls`).
#![allow(clippy::unwrap_used, reason = "a test may fall")]

use std::sync::Arc;

use care::policy::dates::BUILT;
use door::tls::dates::at;
use gateway::uplink::trust::{Calendar, ClockTolerant};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName};

const DAY: i64 = 86_400;

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

    /// The server's certificate, from and until so many days after this program was built.
    fn server(&self, from: i64, until: i64) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["watch.room".to_owned()]).unwrap();
        let day = |days: i64| {
            let seconds = u64::try_from(BUILT + days * DAY).unwrap();
            date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds)
        };
        params.not_before = day(from);
        params.not_after = day(until);
        params.signed_by(&key, &self.issuer).unwrap().der().clone()
    }

    /// Whether a box believes a server that it calls by `name` while its clock shows `now`.
    fn believes(&self, shown: &CertificateDer<'_>, name: &str, now: i64, proved: bool) -> bool {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let calendar = Calendar { built: BUILT, proved: if proved { || true } else { || false } };
        let trust = ClockTolerant::new(roots, provider, calendar).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        trust.verify_server_cert(shown, &[], &name, &[], at(now)).is_ok()
    }
}

#[test]
fn a_box_whose_clock_has_died_believes_its_server_whatever_year_it_shows() {
    let authority = Authority::new();
    for (from, until) in [(-30, 60), (300, 390)] {
        let shown = authority.server(from, until);
        // 1970, 2001, the day before the program was built; nobody vouches for any of them.
        for now in [0, 978_307_200, BUILT - DAY] {
            assert!(authority.believes(&shown, "watch.room", now, false));
            assert!(authority.believes(&shown, "watch.room", now, true));
        }
        // A year that is far too late, and nobody vouches for it.
        assert!(authority.believes(&shown, "watch.room", BUILT + 30_000 * DAY, false));
    }
}

#[test]
fn a_right_clock_still_refuses_what_has_ended() {
    let authority = Authority::new();
    let shown = authority.server(0, 90);
    assert!(authority.believes(&shown, "watch.room", BUILT + 89 * DAY, true));
    assert!(!authority.believes(&shown, "watch.room", BUILT + 91 * DAY, true));
}

#[test]
fn what_ended_before_the_program_was_built_is_refused_under_every_clock() {
    let authority = Authority::new();
    let shown = authority.server(-90, -1);
    for now in [0, BUILT - 40 * DAY, BUILT, BUILT + DAY] {
        assert!(!authority.believes(&shown, "watch.room", now, false), "{now}");
    }
}

#[test]
fn no_clock_forgives_a_wrong_chain_or_a_wrong_name() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (right, wrong) = (ours.server(-30, 60), theirs.server(-30, 60));
    for now in [0, BUILT, BUILT + 30_000 * DAY] {
        for proved in [true, false] {
            assert!(!ours.believes(&wrong, "watch.room", now, proved), "chain at {now}");
            assert!(!ours.believes(&right, "other.room", now, proved), "name at {now}");
        }
    }
}
