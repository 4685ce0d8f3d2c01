//! Everybody at once: all gateways are cut, come back in the same moment, each with an emergency.
//!
//! The clock starts at the cut. It ends at the last PUBACK and at the last alert on an operator's
//! stream. A connection that is refused or broken is tried again after a short, drawn pause, until
//! its press is acknowledged. Not here: back-off that would spare the server; this is the worst day.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proto::frame::Lane;
use proto::id::BootId;
use proto::topic::Topic;
use proto::up::Role;
use tokio::net::TcpStream;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use crate::clock::Watch;
use crate::enrol::{self, Place};
use crate::load::beds::{received, screen};
use crate::load::crowd::GATHERING;
use crate::load::target::Target;
use crate::load::{Report, Shared, rounded};
use crate::mqtt::{Link, Said, Socket};
use crate::seed::Seed;
use crate::speaker::{Speaker, fresh_boot, login, relay};
use crate::tls::Papers;
use crate::trouble::{Outcome, Trouble};
use crate::way::Way;

/// Longest drawn pause before a refused gateway tries again, ms.
const AGAIN_MS: u64 = 200;
/// The whole run ends after this, seconds.
const PATIENCE_S: f64 = 120.0;

/// Runs it with `gateways` gateways; with papers, over mutual TLS.
pub async fn run(
    target: &Target,
    gateways: usize,
    papers: Option<Papers>,
    seed: Seed,
) -> Outcome<Report> {
    let organisation = enrol::organisation(&target.admin, "load")?;
    let places = enrol::many(&target.admin, &organisation, gateways, &[Role::HelpButton])?;
    let papers = papers.map(Arc::new);
    let (boot, shared, watch) = (fresh_boot()?, Shared::default(), Watch::start());
    let _screen = screen(target, watch, &shared);
    let gate = Arc::new(Barrier::new(places.len() + 1));
    let room = Arc::new(Semaphore::new(GATHERING));
    let mut crowd = JoinSet::new();
    for (n, place) in (0..).zip(places) {
        let caller = Caller { door: target.gateways, place, boot, seed: seed.part(n) };
        let papers = papers.clone();
        let (gate, room, shared) = (Arc::clone(&gate), Arc::clone(&room), shared.clone());
        crowd.spawn(caller.weather(papers, gate, room, watch, shared));
    }
    // Everybody is connected; the cut and the return follow in the same moment.
    gate.wait().await;
    let (cut, meter) = (watch.us(), target.measure());
    tracing::info!("{gateways} gateways are connected and cut now");
    let mut last_puback = cut;
    while let Some(done) =
        tokio::time::timeout_at(watch.at(cut + 1_000_000 * 120), crowd.join_next())
            .await
            .unwrap_or(None)
    {
        last_puback = last_puback.max(done??);
    }
    while !shared.book().all_on_screen() && watch.secs() < PATIENCE_S {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut report = Report::default();
    report.put("homes", gateways);
    let book = shared.book();
    report.put_book(&book);
    let last_alert = book.made().filter_map(|(_, life)| life.on_screen).max().unwrap_or(cut);
    report.put("last_puback_s", seconds(last_puback - cut));
    report.put("last_alert_s", seconds(last_alert.saturating_sub(cut)));
    if let Some(meter) = meter {
        meter.put(&mut report);
    }
    report.put("wall_s", rounded(watch.secs()));
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a run fit 52 bits")]
fn seconds(us: u64) -> serde_json::Value {
    rounded(us as f64 / 1e6)
}

/// One gateway of the storm.
struct Caller {
    door: SocketAddr,
    place: Place,
    boot: BootId,
    seed: Seed,
}

impl Caller {
    /// Connects, is cut, comes back with a press; gives the moment of its PUBACK.
    async fn weather(
        mut self,
        papers: Option<Arc<Papers>>,
        gate: Arc<Barrier>,
        room: Arc<Semaphore>,
        watch: Watch,
        shared: Shared,
    ) -> Outcome<u64> {
        let mut counter = 1;
        let held = room.acquire_owned().await?;
        let mut link = self.connect(papers.as_deref(), counter).await?;
        link.subscribe(&Topic::GatewayDown(self.place.gateway.gateway).to_string()).await?;
        drop(held);
        gate.wait().await;
        link.into_socket().cut();
        let button =
            self.place.devices.first().ok_or_else(|| Trouble::new("a home without button"))?;
        let mut speaker = Speaker::new(button.device, &button.key, button.epoch, self.boot);
        let (id, frame) = speaker.press(60_000)?;
        let envelope = relay(&frame)?;
        shared.book().pressed(id, watch.us());
        let topic = Topic::GatewayUp(self.place.gateway.gateway, Lane::Emergency).to_string();
        while watch.secs() < PATIENCE_S {
            counter += 1;
            match self
                .deliver(papers.as_deref(), counter, &topic, envelope.clone(), watch, &shared)
                .await
            {
                Ok(at) => {
                    shared.book().stored(id, at);
                    return Ok(at);
                }
                Err(trouble) => {
                    tracing::debug!("a gateway tries again: {trouble}");
                    let pause = self.seed.below(AGAIN_MS);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            }
        }
        Err(Trouble::new("a press was not acknowledged in time"))
    }

    async fn deliver(
        &self,
        papers: Option<&Papers>,
        counter: u32,
        topic: &str,
        envelope: bytes::Bytes,
        watch: Watch,
        shared: &Shared,
    ) -> Outcome<u64> {
        let mut link = self.connect(papers, counter).await?;
        let packet = link.publish(topic, envelope);
        link.subscribe(&Topic::GatewayDown(self.place.gateway.gateway).to_string()).await?;
        loop {
            match link.next().await? {
                Said::Acked(acked) if acked == packet => {
                    let at = watch.us();
                    tokio::spawn(linger(link, watch, shared.clone()));
                    return Ok(at);
                }
                Said::Told(word) => received(&word, watch, shared),
                Said::Acked(_) | Said::Other => {}
            }
        }
    }

    async fn connect(&self, papers: Option<&Papers>, counter: u32) -> Outcome<Link<Way>> {
        let login = login(&self.place.gateway, Lane::Emergency, self.boot, counter);
        let socket = TcpStream::connect(self.door).await?;
        socket.set_nodelay(true)?;
        let way = match papers {
            None => Way::Plain(socket),
            Some(papers) => {
                Way::Tls(Box::new(papers.connect(self.place.gateway.gateway, socket).await?))
            }
        };
        Ok(Link::over(way, &login).await?)
    }
}

/// Stays connected and hears receipts until the run ends.
async fn linger<S: Socket>(mut link: Link<S>, watch: Watch, shared: Shared) {
    while let Ok(said) = link.next().await {
        if let Said::Told(word) = said {
            received(&word, watch, &shared);
        }
    }
}
