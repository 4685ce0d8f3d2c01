//! The way to the server: one session for each lane, and the certificates that they wear.
//!
//! Not here: how a session lives (`uplink::driver`), and when a certificate is renewed (`uplink::renewal`).

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use proto::frame::Lane;
use tokio::sync::{mpsc, watch};

use super::Built;
use crate::config::Config;
use crate::credentials::{Credentials, papers};
use crate::event_loop::Event;
use crate::uplink::Bells;
use crate::uplink::driver::{self, Uplink};
use crate::uplink::renewal::{Order, Renewal};
use crate::uplink::transport::TransportError;
use crate::uplink::wallet::Wallet;

impl Built {
    pub(super) fn renewal(&self, orders: &watch::Sender<Order>) -> Option<Renewal> {
        let wallet = self.wallet.clone()?;
        let place = (self.config.data.clone(), self.config.credentials.clone());
        Some(Renewal::new(self.credentials.gateway, wallet, place, orders.clone()))
    }

    pub(super) fn connect(
        self,
        bells: Bells,
        events: mpsc::Sender<Event>,
        (orders, quiet): (watch::Sender<Order>, &watch::Receiver<bool>),
    ) -> [tokio::task::JoinHandle<()>; 2] {
        let shared = Arc::new(Uplink {
            spool: self.spool,
            clock: self.clock,
            bells,
            endpoint: self.endpoint,
            hop: self.credentials.key.hop(self.credentials.epoch),
            boot: self.boot,
            proofs: AtomicU32::new(0),
            events,
            emergency_up: watch::channel(false).0,
            orders,
            turns: [watch::channel(None).0, watch::channel(None).0],
        });
        let [emergency, telemetry] = self.readers;
        [
            tokio::spawn(driver::run(
                Arc::clone(&shared),
                Lane::Emergency,
                emergency,
                quiet.clone(),
            )),
            tokio::spawn(driver::run(shared, Lane::Telemetry, telemetry, quiet.clone())),
        ]
    }
}

/// The papers of a box whose server speaks TLS.
pub fn wallet(
    config: &Config,
    credentials: &Credentials,
) -> Result<Option<Arc<Wallet>>, TransportError> {
    let papers = credentials.papers.as_ref().filter(|_| credentials.server.tls);
    let made = papers.map(|papers| Wallet::new(&papers::all(&config.data, papers)));
    Ok(made.transpose()?.map(Arc::new))
}
