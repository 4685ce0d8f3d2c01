//! As much telemetry as a few gateways can press through the door, and how much of it is then readable.
//!
//! Each client keeps a full window in flight, so the door alone decides the speed: back-pressure, not
//! loss. Each message is a sealed summary of nine values with a moment of its own: the backlog of a
//! gateway that was away. *Stored* is what the server counts as written to the series; it ends when the
//! newest value of each home can be read back. Not here: emergencies, which a flood must not delay (`beds`).

use std::net::SocketAddr;
use std::time::Duration;

use proto::frame::Lane;
use proto::id::BootId;
use proto::topic::Topic;
use proto::up::Role;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::Watch;
use crate::enrol::{self, Place};
use crate::load::target::Target;
use crate::load::{Report, rounded};
use crate::mqtt::{Link, Said};
use crate::speaker::{Speaker, fresh_boot, login, relay, summary_len};
use crate::trouble::Outcome;

/// Messages of one client in flight: what the door allows a session.
const WINDOW: usize = 256;
/// Messages sealed and written at a time.
const BURST: usize = 64;
/// Uptime that a client claims at the start: its backlog lies between this and now.
const UPTIME_MS: u64 = 20 * 24 * 3600 * 1000;
/// Milliseconds between two messages of the backlog.
const STEP_MS: u64 = 1000;
/// How long the end waits for what is acknowledged and not yet readable, seconds.
const REST_S: f64 = 120.0;
/// Values that the server has put into the series.
pub const POINTS: &str = "hearthline_points_total";

/// Runs `clients` gateways for `span`.
pub async fn run(target: &Target, clients: usize, span: Duration) -> Outcome<Report> {
    let organisation = enrol::organisation(&target.admin, "load")?;
    let places = enrol::many(&target.admin, &organisation, clients, &[Role::BedMat])?;
    let boot = fresh_boot()?;
    let before = target.counter(POINTS).unwrap_or(0);
    let mut links = Vec::new();
    for place in &places {
        links.push(Client::connect(target.gateways, place.clone(), boot).await?);
    }
    let (watch, meter) = (Watch::start(), target.measure());
    let mut running = JoinSet::new();
    for client in links {
        running.spawn(client.flood(watch, span));
    }
    let (mut sent, mut acked) = (0, 0);
    while let Some(done) = running.join_next().await {
        let (s, a) = done??;
        sent += s;
        acked += a;
    }
    let flooded_s = watch.secs();
    let stored = readable(target, &places, before, acked, watch).await;
    let readable_s = watch.secs();
    let mut report = Report::default();
    report.put("homes", places.len());
    report.put("sent", sent);
    report.put("acked", acked);
    report.put("acked_per_s", per_second(acked, flooded_s));
    report.put("stored", stored);
    report.put("stored_per_s", per_second(stored, readable_s));
    report.put("lost", acked.saturating_sub(stored));
    report.put("doubled", stored.saturating_sub(sent));
    report.put("points", stored * summary_len() as u64);
    if let Some(meter) = meter {
        meter.put(&mut report);
    }
    report.put("wall_s", rounded(watch.secs()));
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages fits 52 bits")]
fn per_second(count: u64, seconds: f64) -> Value {
    json!((count as f64 / seconds).round())
}

/// Waits until everything acknowledged is stored, or nothing more comes; gives how much is.
async fn readable(target: &Target, places: &[Place], before: u64, acked: u64, watch: Watch) -> u64 {
    let (end, mut stored) = (watch.secs() + REST_S, 0);
    while watch.secs() < end {
        let points = target.counter(POINTS).unwrap_or(0).saturating_sub(before);
        stored = points / summary_len() as u64;
        if stored >= acked && places.iter().all(|place| is_readable(target, place)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stored
}

/// Whether the console's own call finds values of this home.
fn is_readable(target: &Target, place: &Place) -> bool {
    let path = format!("/api/homes/{}/series?quantity=load&hours=720&points=10", place.home);
    let answer = target.admin.get(&path).and_then(|answer| answer.good());
    answer.is_ok_and(|body| body.to_string().contains("at_ms"))
}

/// One gateway with a backlog.
struct Client {
    link: Link<TcpStream>,
    place: Place,
    speaker: Speaker,
    topic: String,
}

impl Client {
    async fn connect(door: SocketAddr, place: Place, boot: BootId) -> Outcome<Self> {
        let of = &place.gateway;
        let login = login(of, Lane::Telemetry, boot, 1);
        let mut link = Link::plain(door, &login).await?;
        let mut speaker = Speaker::new(of.gateway.as_device(), &of.key, of.epoch, boot);
        let topic = Topic::GatewayUp(of.gateway, Lane::Telemetry).to_string();
        let health = speaker.health(UPTIME_MS, Role::Gateway)?;
        link.publish(&topic, relay(&health)?);
        link.flush().await?;
        while !matches!(link.next().await?, Said::Acked(_)) {}
        Ok(Self { link, place, speaker, topic })
    }

    /// Sends for `span`, then waits for what is in flight; gives messages sent and acknowledged.
    async fn flood(mut self, watch: Watch, span: Duration) -> Outcome<(u64, u64)> {
        let (mut sent, mut acked, mut turn) = (0u64, 0u64, 0u16);
        let mut uptime_ms = STEP_MS;
        loop {
            let flying = usize::try_from(sent - acked)?;
            let over = watch.secs() >= span.as_secs_f64();
            if over && flying == 0 {
                return Ok((sent, acked));
            }
            if !over && flying + BURST <= WINDOW {
                for _ in 0..BURST {
                    turn = (turn + 1) % 1000;
                    uptime_ms = (uptime_ms + STEP_MS) % UPTIME_MS;
                    let frame = self.speaker.summary(self.place.home, uptime_ms, turn)?;
                    self.link.publish(&self.topic, relay(&frame)?);
                }
                self.link.flush().await?;
                sent += BURST as u64;
            } else if matches!(self.link.next().await?, Said::Acked(_)) {
                acked += 1;
            }
        }
    }
}
