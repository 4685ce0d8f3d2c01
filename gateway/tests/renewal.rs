//! A box gets its next certificate by itself, and never stands without papers that work.
//!
//! Time is injected; the server is played by an authority. Not here: sockets (`uplink_tls`).
#![allow(clippy::unwrap_used, reason = "a test may fall")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use care::policy::dates::BUILT;
use gateway::check::findings;
use gateway::config::Config;
use gateway::credentials::{Credentials, Papers, papers};
use gateway::uplink::renewal::{Order, Renewal};
use gateway::uplink::wallet::Wallet;
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::relay::{Relay, RelayKind};
use proto::unit::{Millis, Mono};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer,
    KeyPair, PublicKeyData, date_time_ymd,
};
use tokio::sync::watch;

const DAY: i64 = 86_400;

fn day(days: i64) -> i64 {
    BUILT + days * DAY
}

fn now(minutes: u64) -> Mono {
    Mono::from_millis(1_000_000).after(Millis::minutes(minutes))
}

fn me() -> GatewayId {
    GatewayId::new(900).unwrap()
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
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

    /// A certificate for a key, from and until so many days after this program was built.
    fn sign(&self, name: GatewayId, key: &impl PublicKeyData, (from, until): (i64, i64)) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name.to_string());
        let date = |days| {
            let at = u64::try_from(day(days)).unwrap();
            date_time_ymd(1970, 1, 1) + Duration::from_secs(at)
        };
        (params.not_before, params.not_after) = (date(from), date(until));
        params.signed_by(key, &self.issuer).unwrap().pem()
    }

    fn papers(&self, life: (i64, i64)) -> Papers {
        let key = KeyPair::generate().unwrap();
        let (ca_pem, cert_pem) = (self.pem.clone(), self.sign(me(), &key, life));
        Papers { ca_pem, cert_pem, cert_key_pem: key.serialize_pem() }
    }
}

/// A box with papers that live from day 0 to day 90.
struct House {
    dir: tempfile::TempDir,
    authority: Authority,
    first: Papers,
    wallet: Arc<Wallet>,
    orders: watch::Receiver<Order>,
    renewal: Renewal,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let first = authority.papers((0, 90));
        let path = credentials(dir.path(), &first, me());
        let wallet = Arc::new(Wallet::new(std::slice::from_ref(&first)).unwrap());
        let (tell, orders) = watch::channel(Order::None);
        let place = (dir.path().to_owned(), path);
        let renewal = Renewal::new(me(), Arc::clone(&wallet), place, tell);
        Self { dir, authority, first, wallet, orders, renewal }
    }

    /// The request of a petition that was ordered since the last look, and its lane.
    fn petition(&mut self) -> Option<(Lane, CertificateSigningRequestParams)> {
        if !self.orders.has_changed().unwrap() {
            return None;
        }
        let Order::Petition(lane, envelope) = self.orders.borrow_and_update().clone() else {
            return None;
        };
        let relay = Relay::read(&envelope).unwrap();
        assert_eq!(relay.kind, RelayKind::Petition);
        let der: &[u8] = relay.bytes;
        Some((lane, CertificateSigningRequestParams::from_der(&der.into()).unwrap()))
    }

    fn up(&mut self, lanes: &[Lane]) {
        for lane in lanes {
            self.renewal.link(now(0), *lane, true);
        }
    }

    fn shows(&self) -> i64 {
        (self.wallet.life().unwrap().until - BUILT) / DAY
    }
}

fn credentials(dir: &Path, papers: &Papers, name: GatewayId) -> PathBuf {
    let text = serde_json::json!({
        "gateway": name.to_string(), "key_hex": "07".repeat(32), "epoch": 1,
        "server": { "host": "watch.room", "port": 1, "tls": true },
        "ca_pem": papers.ca_pem, "cert_pem": papers.cert_pem, "cert_key_pem": papers.cert_key_pem,
    });
    let path = dir.join("credentials.json");
    std::fs::write(&path, text.to_string()).unwrap();
    path
}

#[test]
fn a_box_asks_at_two_thirds_of_its_certificates_life_and_again_each_hour() {
    let mut it = House::new();
    it.up(&[Lane::Emergency, Lane::Telemetry]);
    it.renewal.turn(now(0), day(59));
    assert!(it.petition().is_none());
    it.renewal.turn(now(1), day(61));
    let (lane, first) = it.petition().unwrap();
    assert_eq!(lane, Lane::Telemetry, "emergencies wait for nothing");
    it.renewal.turn(now(2), day(61));
    assert!(it.petition().is_none());
    it.renewal.turn(now(62), day(61));
    let (_, again) = it.petition().unwrap();
    assert_eq!(again.public_key, first.public_key, "a late answer still fits");
}

#[test]
fn a_box_without_a_clock_asks_when_the_server_reminds_it() {
    let mut it = House::new();
    it.up(&[Lane::Emergency, Lane::Telemetry]);
    it.renewal.turn(now(0), 0);
    assert!(it.petition().is_none());
    it.renewal.reminded();
    it.renewal.turn(now(1), 0);
    assert!(it.petition().is_some());
}

#[test]
fn a_box_that_has_only_its_emergency_lane_asks_over_it() {
    let mut it = House::new();
    it.renewal.turn(now(0), day(100));
    assert!(it.petition().is_none(), "nobody listens");
    it.up(&[Lane::Emergency]);
    it.renewal.turn(now(0), day(100));
    assert!(it.petition().is_none(), "the telemetry lane may still come up");
    it.renewal.turn(now(1), day(100));
    assert_eq!(it.petition().unwrap().0, Lane::Emergency);
}

#[test]
fn new_papers_are_on_the_disk_beside_the_old_ones_and_are_shown_next() {
    let mut it = House::new();
    it.up(&[Lane::Emergency, Lane::Telemetry]);
    it.renewal.turn(now(1), day(61));
    let (_, request) = it.petition().unwrap();
    let chain = it.authority.sign(me(), &request.public_key, (60, 150));
    let roots = it.authority.pem.clone();
    it.renewal.answered(&chain, &roots);
    assert_eq!(*it.orders.borrow_and_update(), Order::Prove);
    assert_eq!(it.shows(), 150);
    let kept = papers::all(it.dir.path(), &it.first);
    assert_eq!(kept.len(), 2);
    assert!(kept[0].cert_pem == chain && kept[1] == it.first);
    it.renewal.turn(now(90), day(62));
    assert!(it.petition().is_none(), "young again");
    it.renewal.answered(&chain, &roots);
    assert_eq!(papers::all(it.dir.path(), &it.first).len(), 2, "a second answer is none");
}

#[test]
fn papers_for_another_key_or_another_box_are_refused() {
    let mut it = House::new();
    it.up(&[Lane::Emergency, Lane::Telemetry]);
    it.renewal.turn(now(1), day(61));
    let (_, request) = it.petition().unwrap();
    let roots = it.authority.pem.clone();
    let stranger = KeyPair::generate().unwrap();
    let other = GatewayId::new(901).unwrap();
    let wrong_key = it.authority.sign(me(), &stranger, (60, 150));
    let wrong_name = it.authority.sign(other, &request.public_key, (60, 150));
    for chain in [wrong_key.as_str(), wrong_name.as_str(), "no certificate"] {
        it.renewal.answered(chain, &roots);
        assert_eq!(it.shows(), 90);
    }
    let right = it.authority.sign(me(), &request.public_key, (60, 150));
    it.renewal.answered(&right, "no roots");
    assert_eq!(it.shows(), 90, "roots that vouch for nobody are of no use");
}

#[test]
fn papers_that_fail_give_way_to_the_old_ones_until_these_fail_too() {
    let it = House::new();
    let (old, _) = it.wallet.choose().unwrap();
    it.wallet.put(&it.authority.papers((60, 150))).unwrap();
    let (new, _) = it.wallet.choose().unwrap();
    assert_ne!(new, old);
    it.wallet.failed(new);
    assert_eq!(it.wallet.choose().unwrap().0, old);
    it.wallet.worked(old);
    assert_eq!(it.wallet.choose().unwrap().0, old, "what works stays");
    it.wallet.failed(old);
    assert_eq!(it.wallet.choose().unwrap().0, new, "the newest among equals");
    it.wallet.worked(new);
    assert_eq!(it.wallet.choose().unwrap().0, new);
}

#[test]
fn check_names_what_is_wrong_with_papers_secrets_and_rights() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let look = |papers: &Papers, name: GatewayId, more: &str, at: i64| {
        let path = credentials(dir.path(), papers, name);
        let text = format!("data = {:?}\ncredentials = {path:?}\n{more}", dir.path().join("data"));
        let config = Config::parse(&text, Path::new("box.toml")).unwrap();
        findings(&config, &Credentials::load(&path).unwrap(), at).join("\n")
    };
    let papers = authority.papers((0, 90));
    assert_eq!(look(&papers, me(), "", day(1)), "");
    assert!(look(&papers, me(), "", day(80)).contains("ends in 10 days"));
    assert!(look(&papers, me(), "", day(95)).contains("has ended"));
    assert!(look(&papers, me(), "", 0).contains("clock"));
    assert!(look(&papers, GatewayId::new(901).unwrap(), "", day(1)).contains("certificate is of"));
    let torn = Papers { cert_key_pem: authority.papers((0, 90)).cert_key_pem, ..papers.clone() };
    assert!(look(&torn, me(), "", day(1)).contains("do not go together"));
    let secret = format!("[bus]\npassword_file = {:?}\n", dir.path().join("none"));
    assert!(look(&papers, me(), &secret, day(1)).contains("password_file"));
    let alarm = format!("[alarm]\ncommand = {:?}\n", dir.path().join("credentials.json"));
    assert!(look(&papers, me(), &alarm, day(1)).contains("no program"));
    std::fs::write(dir.path().join("data"), "a file where the folder should be").unwrap();
    assert!(look(&papers, me(), "", day(1)).contains("data folder"));
}
