//! The page for support: a roll-call of the box's loops and stores, as JSON and as Prometheus text.
//!
//! `/health` answers 200 only if the store works, the loop has turned lately, both doors have just
//! acknowledged their own watchdogs, the sounder does as it is told and file handles are left; the uplink is
//! told and not judged, since an island is a state that the box is built for. Answers are written by hand:
//! two paths, one request a connection; one that dawdles makes room for the next.
//! Not here: alarms of people.

mod bus;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use door::admission::Rules;
use door::{Door, Entrance, Exit, Leave, Ticket};
use proto::unit::{Millis, Mono};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::clock::{self, Clock};
use crate::spool::Usage;
use crate::uplink::wallet::Wallet;

/// The loop turns at least once a second; silence this long means that it hangs.
const LOOP_WITHIN: Millis = Millis::secs(5);
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
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    event_loop: bool,
    store: bool,
    door: bool,
    bus: bool,
    sounder: bool,
    handles: bool,
    uplink: bool,
    uplink_telemetry: bool,
    local_alarm: bool,
    reserve: bool,
    /// Days that the box's certificate has left, below zero after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days: Option<i64>,
    emergencies_waiting: u64,
    telemetry_waiting: u64,
    lost: u64,
}

impl HealthPage {
    fn report(&self) -> Report {
        let pulse = *self.pulse.borrow();
        let event_loop = self.clock.now().since(pulse.loop_at) <= LOOP_WITHIN;
        let store = pulse.store;
        let (door, bus) = (self.door.healthy(), self.bus.healthy());
        let Pulse { sounder, handles, .. } = pulse;
        Report {
            ok: event_loop && store && door && bus && sounder && handles,
            event_loop,
            store,
            door,
            bus,
            sounder,
            handles,
            uplink: pulse.uplink_emergency,
            uplink_telemetry: pulse.uplink_telemetry,
            local_alarm: pulse.sounding,
            reserve: pulse.usage.reserve,
            certificate_days: self.certificate_days(),
            emergencies_waiting: pulse.usage.emergencies_waiting,
            telemetry_waiting: pulse.usage.telemetry_waiting,
            lost: pulse.usage.lost,
        }
    }

    fn certificate_days(&self) -> Option<i64> {
        let life = self.wallet.as_ref()?.life()?;
        Some(life.days_left(care::policy::dates::dated(clock::wall_s())))
    }

    fn metrics(&self) -> String {
        let pulse = *self.pulse.borrow();
        let (usage, door) = (pulse.usage, self.door.counters());
        let mut text = String::new();
        let mut say = |name: &str, kind: &str, value: u64| {
            let _ = writeln!(text, "# TYPE hearthline_gateway_{name} {kind}");
            let _ = writeln!(text, "hearthline_gateway_{name} {value}");
        };
        say("uplink_up", "gauge", u64::from(pulse.uplink_emergency));
        say("local_alarm", "gauge", u64::from(pulse.sounding));
        say("sounder_works", "gauge", u64::from(pulse.sounder));
        say("connections_open", "gauge", door.open);
        say("connections_evicted_total", "counter", door.turned_away);
        say("accept_failures_total", "counter", door.accept_failures);
        say("spool_bytes", "gauge", usage.bytes);
        say("spool_emergencies_waiting", "gauge", usage.emergencies_waiting);
        say("spool_telemetry_waiting", "gauge", usage.telemetry_waiting);
        say("spool_raw", "gauge", usage.raw);
        say("spool_reserve", "gauge", u64::from(usage.reserve));
        say("spool_failures_total", "counter", usage.failures);
        say("lost_total", "counter", usage.lost);
        say("sessions", "gauge", door.sessions);
        say("sessions_admitted_total", "counter", door.admitted);
        say("sessions_denied_total", "counter", door.denied);
        say("breaches_total", "counter", door.breaches);
        say("arrivals_total", "counter", door.arrivals);
        say("acknowledged_total", "counter", door.acknowledged);
        say("refused_total", "counter", door.refused);
        say("told_total", "counter", door.told);
        if let Some(counters) = self.bus.bus_counters() {
            bus::write(&mut text, &counters);
        }
        if let Some(days) = self.certificate_days() {
            let _ = writeln!(text, "# TYPE hearthline_gateway_certificate_days gauge");
            let _ = writeln!(text, "hearthline_gateway_certificate_days {days}");
        }
        text
    }

    /// Answers until its task is ended.
    pub async fn serve(self, listener: TcpListener, rules: Rules) {
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
                let status = if report.ok { "200 OK" } else { "503 Service Unavailable" };
                (status, "application/json", serde_json::to_string(&report).unwrap_or_default())
            }
            (Some("GET"), Some("/metrics")) => {
                ("200 OK", "text/plain; version=0.0.4", self.metrics())
            }
            _ => ("404 Not Found", "text/plain", "ask for /health or /metrics\n".to_owned()),
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
