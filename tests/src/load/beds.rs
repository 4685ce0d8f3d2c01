//! Beds that live: a summary of nine values a minute and bed, and presses at random beds.
//!
//! Each bed holds one real connection. A bed that will press also holds its emergency lane, made
//! before the clock starts, as a gateway does. The clock of a press starts at its publish; it ends
//! at PUBACK (stored), at the server's receipt (received) and at the event on a stream (screen).
//! Not here: enrolment, which is over before anything is measured.

use std::time::Duration;

use bytes::Bytes;
use proto::down::Rung;
use proto::frame::Lane;
use proto::id::{BootId, PressId};
use proto::relay::GatewayDown;
use proto::topic::Topic;
use proto::up::Role;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::Watch;
use crate::enrol::{self, Place};
use crate::load::crowd::Crowd;
use crate::load::target::Target;
use crate::load::{Report, Shared, rounded};
use crate::mqtt::{Link, Said};
use crate::seed::Seed;
use crate::speaker::{Speaker, fresh_boot, login, relay, summary_len};
use crate::stream::{Heard, Screen};
use crate::trouble::Outcome;

/// Microseconds between two summaries of a bed.
const MINUTE_US: u64 = 60_000_000;
/// How long the end waits for what is still on its way, seconds.
const REST_S: f64 = 15.0;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Beds {
    /// How many beds.
    pub beds: usize,
    /// Presses a second, over all beds.
    pub presses_per_s: f64,
    /// For how long.
    pub span: Duration,
}

/// One bed's button and its lane.
struct Presser {
    place: Place,
    /// Moments of its presses, microseconds of the watch, in order.
    due: Vec<u64>,
}

/// Runs it.
pub async fn run(target: &Target, want: &Beds, mut seed: Seed) -> Outcome<Report> {
    let organisation = enrol::organisation(&target.admin, "load")?;
    let places = enrol::many(&target.admin, &organisation, want.beds, &[Role::HelpButton])?;
    let boot = fresh_boot()?;
    tracing::info!("{} beds enrolled, connecting", places.len());
    let mut crowd = Crowd::gather(target.gateways, &places, boot).await?;
    for n in 0..crowd.len() {
        crowd.health(n, 1000).await?;
    }
    let shared = Shared::default();
    let watch = Watch::start();
    let _screen = screen(target, watch, &shared);
    let lanes = plan(want, &places, &mut seed);
    let mut pressers = JoinSet::new();
    let mut links = Vec::new();
    for (n, presser) in lanes.into_iter().enumerate() {
        let login = login(&presser.place.gateway, Lane::Emergency, boot, 2);
        let mut link = Link::plain(target.gateways, &login).await?;
        link.subscribe(&Topic::GatewayDown(presser.place.gateway.gateway).to_string()).await?;
        links.push((n, presser, link));
    }
    settle(&mut crowd).await;
    let (start, meter) = (watch.us(), target.measure());
    tracing::info!("{} lanes of pressing beds are open; the clock starts", links.len());
    for (_, presser, link) in links {
        pressers.spawn(press(presser, link, boot, watch, start, shared.clone()));
    }
    let span = u64::try_from(want.span.as_micros())?;
    drive(&mut crowd, watch, start, span).await?;
    let wait = Watch::start();
    while wait.secs() < REST_S && !(crowd.acked() >= crowd.sent() && shared.book().all_on_screen())
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut report = Report::default();
    report.put("homes", places.len());
    report.put_book(&shared.book());
    // The first word of each bed is its health, not a summary.
    let summaries = crowd.acked().saturating_sub(crowd.len() as u64);
    report.put("points", summaries * summary_len() as u64);
    report.put("unacknowledged", crowd.sent().saturating_sub(crowd.acked()));
    report.put("broken", crowd.broken());
    if let Some(meter) = meter {
        meter.put(&mut report);
    }
    report.put("wall_s", rounded(watch.secs()));
    pressers.abort_all();
    Ok(report)
}

/// An operator's stream that writes into the book.
pub fn screen(target: &Target, watch: Watch, shared: &Shared) -> Screen {
    let shared = shared.clone();
    Screen::follow(&target.admin, watch, move |at, heard| {
        if let Heard::Alert(alert) = heard {
            shared.book().on_screen(&alert, at);
        }
    })
}

/// Chance decides who presses when; a bed presses again only when every bed has.
fn plan(want: &Beds, places: &[Place], seed: &mut Seed) -> Vec<Presser> {
    let span_us = u64::try_from(want.span.as_micros()).unwrap_or(u64::MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let presses = (want.presses_per_s * want.span.as_secs_f64()).max(0.0) as usize;
    let mut order: Vec<usize> = (0..places.len()).collect();
    for n in (1..order.len()).rev() {
        order.swap(n, seed.index(n + 1));
    }
    let mut pressers: Vec<Presser> = order
        .iter()
        .take(presses)
        .filter_map(|n| places.get(*n))
        .map(|place| Presser { place: place.clone(), due: Vec::new() })
        .collect();
    let lanes = pressers.len().max(1);
    for n in 0..presses {
        if let Some(presser) = pressers.get_mut(n % lanes) {
            presser.due.push(seed.below(span_us));
        }
    }
    pressers.iter_mut().for_each(|presser| presser.due.sort_unstable());
    pressers
}

/// Waits until the crowd's first words are acknowledged.
async fn settle(crowd: &mut Crowd) {
    let wait = Watch::start();
    while crowd.acked() < crowd.sent() && wait.secs() < REST_S {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends each bed's summary once a minute, spread evenly.
async fn drive(crowd: &mut Crowd, watch: Watch, start: u64, span: u64) -> Outcome {
    let beds = crowd.len() as u64;
    let mut sent = 0;
    while sent < u64::MAX && beds > 0 {
        let due = sent * MINUTE_US / beds;
        if due >= span {
            break;
        }
        tokio::time::sleep_until(watch.at(start + due)).await;
        let uptime_ms = 60_000 + due / 1000;
        crowd.summary(usize::try_from(sent % beds)?, uptime_ms).await?;
        sent += 1;
    }
    tokio::time::sleep_until(watch.at(start + span)).await;
    Ok(())
}

/// One bed's button: presses when due, and writes down how far each press came.
async fn press(
    presser: Presser,
    mut link: Link<TcpStream>,
    boot: BootId,
    watch: Watch,
    start: u64,
    shared: Shared,
) -> Outcome {
    let Some(button) = presser.place.devices.first() else { return Ok(()) };
    let mut speaker = Speaker::new(button.device, &button.key, button.epoch, boot);
    let topic = Topic::GatewayUp(presser.place.gateway.gateway, Lane::Emergency).to_string();
    let mut waiting: Vec<(u16, PressId)> = Vec::new();
    let mut due = presser.due.into_iter().map(|at| watch.at(start + at)).peekable();
    loop {
        let next = due.peek().copied();
        let said = tokio::select! {
            said = link.next() => Some(said?),
            () = tokio::time::sleep_until(next.unwrap_or_else(|| watch.at(u64::MAX / 4))), if next.is_some() => None,
        };
        match said {
            None => {
                due.next();
                let (id, frame) = speaker.press(60_000 + watch.ms())?;
                let packet = link.publish(&topic, relay(&frame)?);
                shared.book().pressed(id, watch.us());
                waiting.push((packet, id));
                link.flush().await?;
            }
            Some(Said::Acked(packet)) => {
                if let Some(n) = waiting.iter().position(|(waits, _)| *waits == packet) {
                    shared.book().stored(waiting.swap_remove(n).1, watch.us());
                }
            }
            Some(Said::Told(word)) => received(&word, watch, &shared),
            Some(Said::Other) => {}
        }
    }
}

/// Notes a receipt that the server sends towards the device.
pub fn received(word: &Bytes, watch: Watch, shared: &Shared) {
    if let Ok(GatewayDown::Forward { hint: Some(hint), .. }) = GatewayDown::read(word)
        && hint.rung == Rung::Received
    {
        shared.book().received(hint.press, watch.us());
    }
}
