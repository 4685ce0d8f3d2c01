//! The page for support: a roll-call of the box's loops and stores, as JSON and as Prometheus text.
//!
//! `/health` answers 200 while the box itself works (`ok`): an island is a state that it is built for, which makes it
//! unhealthy and is told. Whoever restarts the box asks whether it is *alive*. Answers are written by hand: three paths,
//! one request a connection; one that dawdles makes room for the next.
//! Not here: what is out of order (`report`), figures (`figures`), alarms of people.

mod figures;
pub mod report;

use std::sync::Arc;
use std::time::Duration;

use door::admission::Rules;
use door::workers::{Turnout, Workers};
use door::{Bus, Door, Entrance, Exit, Leave, Ticket};
use proto::unit::Mono;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::spool::Usage;
use crate::uplink::wallet::Wallet;

/// Time for one request and its answer.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a request that are read.
const REQUEST_BYTES: usize = 4096;

/// What the loop says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pulse {
    /// When the loop last turned.
    pub loop_at: Mono,
    /// Whether the emergency session is up.
    pub uplink_emergency: bool,
    /// Whether the telemetry session is up.
    pub uplink_telemetry: bool,
    /// How often the emergency session was lost.
    pub uplink_lost: u64,
    /// When it last came up or was lost.
    pub uplink_since: Mono,
    /// Whether the spool has dropped records within a day.
    pub telemetry_lost: bool,
    /// Whether the bus has lost messages within a day.
    pub bus_lost: bool,
    /// Whether a file that somebody has changed is of no use.
    pub file_unread: bool,
    /// Whether the configuration is another one than at the start.
    pub config_changed: bool,
    /// Whether the store did what it was last asked.
    pub store: bool,
    /// Whether the sounder sounds.
    pub sounding: bool,
    /// Whether the sounder does as it is told.
    pub sounder: bool,
    /// Whether file handles are left.
    pub handles: bool,
    /// The store.
    pub usage: Usage,
}

/// The page and what it asks.
#[derive(Clone)]
pub struct HealthPage {
    /// The loop's word.
    pub pulse: watch::Receiver<Pulse>,
    /// Spool time.
    pub clock: Clock,
    /// The door of the devices.
    pub door: Door,
    /// The box's papers, if its server speaks TLS.
    pub wallet: Option<Arc<Wallet>>,
    /// The door of the bus.
    pub bus: Door,
    /// What turns the bus behind it.
    pub fanout: Bus,
    /// Long-lived tasks of the box.
    pub workers: Workers,
}

impl HealthPage {
    /// Everybody in the roll-call, the doors' own as well.
    pub fn turnouts(&self) -> Vec<Turnout> {
        let mut all = self.workers.roll_call();
        all.extend(self.door.workers().roll_call());
        all.extend(self.door.committer().roll_call());
        all.extend(self.fanout.workers().roll_call());
        let own = |worker: Turnout| Turnout { name: format!("bus.{}", worker.name), ..worker };
        all.extend(self.bus.workers().roll_call().into_iter().map(own));
        all
    }

    /// Whether this process is of use. If not, only a new one helps.
    pub fn alive(&self) -> bool {
        self.door.keeps() && !self.turnouts().iter().any(|worker| worker.dead)
    }

    /// Answers until its task is ended.
    pub async fn serve(self, listener: Arc<TcpListener>, rules: Rules) {
        let entrance = Entrance::new(rules);
        loop {
            let Ok((stream, peer)) = listener.accept().await else {
                // Out of file handles: others need them more than this page.
                entrance.press();
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            let exit = Arc::new(Exit::default());
            let ticket = entrance.place(peer.ip(), Arc::clone(&exit) as Arc<dyn Leave>).await;
            let page = self.clone();
            tokio::spawn(async move {
                ticket.looked();
                tokio::select! {
                    _ = tokio::time::timeout(REQUEST_WITHIN, page.answer(stream, &ticket)) => {}
                    () = exit.told() => {}
                }
            });
        }
    }

    async fn answer(&self, mut stream: TcpStream, ticket: &Ticket) -> std::io::Result<()> {
        let mut request = Vec::new();
        let mut part = [0; 512];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < REQUEST_BYTES {
            match stream.read(&mut part).await? {
                0 => break,
                n => request.extend_from_slice(&part[..n]),
            }
            ticket.heard();
        }
        let words = String::from_utf8_lossy(&request);
        let mut words = words.split(' ');
        let (status, kind, body) = match (words.next(), words.next()) {
            (Some("GET"), Some("/health")) => {
                let report = self.report();
                let body = serde_json::to_string(&report).unwrap_or_default();
                (status(report.ok), "application/json", body)
            }
            (Some("GET"), Some("/alive")) => {
                let alive = self.alive();
                (status(alive), "application/json", format!("{{\"alive\":{alive}}}"))
            }
            (Some("GET"), Some("/metrics")) => {
                ("200 OK", "text/plain; version=0.0.4", self.metrics())
            }
            _ => {
                ("404 Not Found", "text/plain", "ask for /health, /alive or /metrics\n".to_owned())
            }
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.shutdown().await
    }
}

const fn status(good: bool) -> &'static str {
    if good { "200 OK" } else { "503 Service Unavailable" }
}
