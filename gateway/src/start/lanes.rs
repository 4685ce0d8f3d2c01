//! The way to the server: where it is, one session for each lane, and the certificates that they wear.
//!
//! Not here: how a session lives (`uplink::driver`), and when a certificate is renewed (`uplink::renewal`).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use door::workers::{End, Rhythm, Workers};
use proto::frame::Lane;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::{Built, StartError};
use crate::config::Config;
use crate::credentials::{Address, Credentials, papers};
use crate::event::Event;
use crate::spool::Reader;
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
        workers: &Workers,
    ) -> [JoinHandle<()>; 2] {
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
            lane(workers, "uplink.emergency", (&shared, Lane::Emergency, emergency), quiet),
            lane(workers, "uplink.telemetry", (&shared, Lane::Telemetry, telemetry), quiet),
        ]
    }
}

/// Keeps one lane going; each of its lives has a reader of its own.
fn lane(
    workers: &Workers,
    name: &str,
    (shared, lane, reader): (&Arc<Uplink>, Lane, Reader),
    quiet: &watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (shared, quiet, mut first) = (Arc::clone(shared), quiet.clone(), Some(reader));
    workers.keep(name, Rhythm::Vital(driver::TURNS), move || {
        let (shared, quiet, first) = (Arc::clone(&shared), quiet.clone(), first.take());
        async move {
            let reader = match first {
                Some(reader) => reader,
                None => {
                    shared.fallen(lane).await;
                    match shared.spool.reader() {
                        Ok(reader) => reader,
                        Err(error) => {
                            tracing::error!(%error, "a lane cannot read the spool");
                            return End::Unasked;
                        }
                    }
                }
            };
            driver::run(shared, lane, reader, quiet).await;
            End::Asked
        }
    })
}

/// Where the server is. Without TLS it is on this machine, or nobody is called: a home's words travel no network in
/// the clear, and whoever answers in the server's name could say that it has an emergency.
pub fn address(config: &Config, credentials: &Credentials) -> Result<Address, StartError> {
    let mut address = credentials.server.clone();
    if let Some(host) = &config.server.host {
        address.host.clone_from(host);
    }
    address.port = config.server.port.unwrap_or(address.port);
    if address.tls || is_here(&address.host) {
        Ok(address)
    } else {
        Err(StartError::Plain(address.host))
    }
}

/// Whether a host is this machine, whatever a name service says.
fn is_here(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => bare.strip_suffix('.').unwrap_or(bare).eq_ignore_ascii_case("localhost"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_loopback_and_nothing_that_merely_looks_like_it() {
        for here in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
            "LocalHost",
            "localhost.",
        ] {
            assert!(is_here(here), "{here}");
        }
        for far in [
            "10.0.0.1",
            "0.0.0.0",
            "::",
            "localhost.example",
            "127.0.0.1.nip.io",
            "server",
            "",
            "2130706433",
        ] {
            assert!(!is_here(far), "{far}");
        }
    }
}
