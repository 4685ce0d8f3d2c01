//! The box's next certificate: asked for over its own session when two thirds of the last one are over.
//!
//! The key is made here and stays here; only a request for it goes up. An answer is on the disk before it is
//! used, beside what was there; the telemetry lane then connects with it, so that it is proved while the old
//! one still counts, and the emergency lane stays up and takes it at its next connection. A box without a clock
//! asks when the server reminds it. Not here: which set a link takes (`wallet`).

use std::path::PathBuf;
use std::sync::Arc;

use care::policy::dates::{CERTIFICATE_LIFE, Life, can_be_right};
use door::tls::paper;
use minicbor::bytes::ByteSlice;
use proto::RELAY_MAX;
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::relay::{Relay, RelayKind};
use proto::unit::{Millis, Mono};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData};
use tokio::sync::watch;

use super::wallet::Wallet;
use crate::credentials::{Credentials, Papers, papers};

/// A petition without an answer is made again after this.
const AGAIN: Millis = Millis::minutes(60);
/// The emergency lane carries a petition only where the telemetry lane has not come up for so long.
const ALONE: Millis = Millis::secs(3);

/// What the lanes must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Nothing yet.
    None,
    /// Send this petition.
    Petition(Lane, Vec<u8>),
    /// There are new papers: prove them.
    Prove,
}

/// Gets the next certificate.
pub struct Renewal {
    gateway: GatewayId,
    wallet: Arc<Wallet>,
    /// Data folder of the box.
    data: PathBuf,
    /// The credentials file, of which stored papers are the successors.
    credentials: PathBuf,
    orders: watch::Sender<Order>,
    /// Since when a lane is up: emergency, telemetry.
    up: [Option<Mono>; 2],
    pending: Option<KeyPair>,
    asked: Option<Mono>,
    reminded: bool,
}

impl Renewal {
    /// For a box that shows certificates; stored papers go into its data folder.
    pub fn new(
        gateway: GatewayId,
        wallet: Arc<Wallet>,
        (data, credentials): (PathBuf, PathBuf),
        orders: watch::Sender<Order>,
    ) -> Self {
        Self {
            gateway,
            wallet,
            data,
            credentials,
            orders,
            up: [None; 2],
            pending: None,
            asked: None,
            reminded: false,
        }
    }

    /// A lane came up or went down.
    pub fn link(&mut self, now: Mono, lane: Lane, up: bool) {
        let slot = usize::from(lane == Lane::Telemetry);
        self.up[slot] = up.then(|| self.up[slot].unwrap_or(now));
    }

    /// The server says that the certificate is due by its clock.
    pub fn reminded(&mut self) {
        self.reminded = true;
    }

    /// Asks if it is time; `wall` is the wall clock, seconds since 1970.
    pub fn turn(&mut self, now: Mono, wall: i64) {
        let Some(life) = self.wallet.life() else { return };
        let due = can_be_right(wall) && life.is_due(wall, CERTIFICATE_LIFE);
        let again = self.asked.is_none_or(|at| now.since(at) >= pause(life));
        if !(due || self.reminded) || !again {
            return;
        }
        let lane = match self.up {
            [_, Some(_)] => Lane::Telemetry,
            [Some(since), None] if now.since(since) >= ALONE => Lane::Emergency,
            _ => return,
        };
        match self.request() {
            Some(envelope) => {
                tracing::info!(?lane, "asking for the next certificate");
                self.asked = Some(now);
                self.orders.send_replace(Order::Petition(lane, envelope));
            }
            None => tracing::error!("no request for a certificate can be made"),
        }
    }

    /// The server's answer. What does not fit the key that was asked for is not for us, or late.
    pub fn answered(&mut self, chain: &str, roots: &str) {
        let name = self.gateway.to_string();
        let fits = |key: &KeyPair| {
            paper::read_pem(chain.as_bytes()).is_some_and(|paper| {
                paper.key == key.subject_public_key_info() && paper.certificate.name == name
            })
        };
        let Some(key) = self.pending.take_if(|key| fits(key)) else {
            tracing::warn!("papers came that do not fit the key that was asked for");
            return;
        };
        let new = Papers {
            ca_pem: roots.to_owned(),
            cert_pem: chain.to_owned(),
            cert_key_pem: key.serialize_pem(),
        };
        if let Err(error) = self.wallet.put(&new) {
            tracing::error!(error = &error as &dyn std::error::Error, "new papers are of no use");
            return;
        }
        self.keep(&new);
        self.reminded = false;
        self.asked = None;
        tracing::info!("new papers are here");
        self.orders.send_replace(Order::Prove);
    }

    /// Writes new papers beside those of the credentials. Without a disk they count until the box stops; then
    /// it asks again.
    fn keep(&self, new: &Papers) {
        let origin = Credentials::load(&self.credentials).ok().and_then(|of| of.papers);
        let kept = match origin {
            Some(origin) => papers::save(&self.data, &origin.cert_pem, new),
            None => Err(std::io::ErrorKind::NotFound.into()),
        };
        if let Err(error) = kept {
            tracing::error!(%error, "new papers are not on the disk");
        }
    }

    /// The envelope of a request for the pending key, which is made if there is none.
    fn request(&mut self) -> Option<Vec<u8>> {
        if self.pending.is_none() {
            self.pending = KeyPair::generate().ok();
        }
        let key = self.pending.as_ref()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.gateway.to_string());
        let request = params.serialize_request(key).ok()?;
        let bytes: &[u8] = request.der();
        let bytes: &ByteSlice = bytes.into();
        let relay = Relay { kind: RelayKind::Petition, age: Millis::default(), bytes };
        minicbor::to_vec(relay).ok().filter(|envelope| envelope.len() <= RELAY_MAX)
    }
}

/// The pause before the same question: an hour, less where certificates live for seconds.
fn pause(life: Life) -> Millis {
    let part = life.until.saturating_sub(life.from) / 20;
    Millis::secs(u64::try_from(part).unwrap_or(0).max(1)).min(AGAIN)
}
