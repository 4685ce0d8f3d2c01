//! `kill -9` of gateway and server at random moments, under a stream of presses from real device cores.
//!
//! Devices publish through a real gateway to a real server; each round kills one of the two, or both,
//! and starts it again on the same data. An operator's stream reconnects by itself; a robot closes
//! alerts, so that incidents end and begin. At the end every press must be in exactly one alert, and
//! every one must have been on the stream. Not here: kills at chosen system calls.

use std::sync::Arc;
use std::time::Duration;

use proto::up::Role;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch as latest;

use crate::clock::Watch;
use crate::demo::world::take_notes;
use crate::device::{Order, Sim, Street};
use crate::enrol;
use crate::load::target::Target;
use crate::load::{Report, Shared, rounded};
use crate::process::Process;
use crate::robot::Robot;
use crate::seed::Seed;
use crate::stage::{Gateway, Stage};
use crate::stream::{Heard, Screen};
use crate::trouble::{Outcome, Trouble};

/// Homes whose residents press all the time.
const HOMES: u64 = 24;
/// Shortest and longest time until the next kill, ms.
const CALM_MS: (u64, u64) = (300, 1500);
/// Mean pause between two presses of one home, ms.
const PRESS_EVERY_MS: u64 = 3000;
/// How long the end waits for what is still on its way, seconds.
const REST_S: f64 = 60.0;

/// Runs `rounds` kills.
pub async fn run(target: &mut Target, rounds: usize, mut seed: Seed) -> Outcome<Report> {
    let Some(stage) = target.stage.as_mut() else {
        return Err(Trouble::new("only a server that was started here is killed; name none"));
    };
    let organisation = enrol::organisation(&stage.admin, "load")?;
    let enrolled = enrol::gateway(&stage.admin, &organisation, "load")?;
    let mut buttons = Vec::new();
    for n in 0..HOMES {
        let home = enrol::home(&stage.admin, &organisation, &format!("load {n}"), "load")?;
        buttons.push(enrol::device(&stage.admin, home, enrolled.gateway, Role::HelpButton)?);
    }
    let mut gateway = stage.gateway(&enrolled, stage.server.gateways)?;
    let (shared, watch) = (Shared::default(), Watch::start());
    let robot = Robot::start(stage.session()?, 500);
    let screen = follow(stage, watch, shared.clone(), robot.ear())?;
    let (notices, hear) = unbounded_channel();
    tokio::spawn(take_notes(hear, shared.clone(), latest::channel(0).0));
    let street = Street::open()?;
    let sims: Vec<Arc<Sim>> = (0..)
        .zip(buttons)
        .map(|(n, of)| {
            let sim =
                Sim::start(&street, of, gateway.devices, watch, notices.clone(), seed.part(n));
            Arc::new(sim)
        })
        .collect();
    let mut pressing = tokio::task::JoinSet::new();
    for (n, sim) in (100..).zip(&sims) {
        pressing.spawn(press_for_ever(Arc::clone(sim), seed.part(n)));
    }
    for round in 1..=rounds {
        let calm = CALM_MS.0 + seed.below(CALM_MS.1 - CALM_MS.0);
        tokio::time::sleep(Duration::from_millis(calm)).await;
        kill_one(stage, &mut gateway, &mut seed)?;
        tracing::info!("round {round} of {rounds}: {:?}", shared.book().verdict());
    }
    tokio::time::sleep(Duration::from_millis(CALM_MS.1)).await;
    pressing.abort_all();
    while pressing.join_next().await.is_some() {}
    settle(&sims, &shared).await;
    drop(screen);
    let missed = shared.book().made().filter(|(_, life)| life.on_screen.is_none()).count();
    audit(stage, &shared)?;
    let mut report = Report::default();
    report.put("rounds", rounds);
    report.put("homes", HOMES);
    report.put_book(&shared.book());
    report.put("closed", robot.closed());
    report.put("unpublished", sims.iter().map(|sim| sim.unnamed()).sum::<usize>());
    report.put("missed_on_screen", missed);
    report.put("rss_mb", memory(&stage.server.process, &gateway));
    report.put("wall_s", rounded(watch.secs()));
    Ok(report)
}

fn memory(server: &Process, gateway: &Gateway) -> Value {
    json!({
        "server": rounded(server.usage().rss_mb),
        "gateway": rounded(gateway.process.usage().rss_mb),
    })
}

fn follow(
    stage: &Stage,
    watch: Watch,
    shared: Shared,
    ear: std::sync::mpsc::Sender<Value>,
) -> Outcome<Screen> {
    let api = stage.session()?;
    let queue = api.clone();
    Ok(Screen::follow(&api, watch, move |at, heard| match heard {
        Heard::Alert(alert) => {
            shared.book().on_screen(&alert, at);
            // The robot's shift may be over.
            let _ = ear.send(alert);
        }
        // A screen that is told to start anew reads the queue, as the console does.
        Heard::Resync => {
            let Ok(body) = queue.get("/api/queue").and_then(|answer| answer.good()) else { return };
            for alert in body.get("alerts").and_then(Value::as_array).into_iter().flatten() {
                shared.book().on_screen(alert, at);
            }
        }
        Heard::Beat(_) | Heard::Open | Heard::Lost => {}
    }))
}

fn kill_one(stage: &mut Stage, gateway: &mut Gateway, seed: &mut Seed) -> Outcome {
    let server = &mut stage.server.process;
    match seed.below(5) {
        0 | 1 => {
            gateway.process.kill()?;
            gateway.process.again()
        }
        2 | 3 => {
            server.kill()?;
            server.again()
        }
        _ => {
            gateway.process.kill()?;
            server.kill()?;
            server.again()?;
            gateway.process.again()
        }
    }
}

async fn press_for_ever(sim: Arc<Sim>, mut seed: Seed) {
    loop {
        let pause = PRESS_EVERY_MS / 2 + seed.below(PRESS_EVERY_MS);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        sim.order(Order::Contact(true));
        tokio::time::sleep(Duration::from_millis(60)).await;
        sim.order(Order::Contact(false));
    }
}

/// Waits until every press has its server's receipt and was on the stream.
async fn settle(sims: &[Arc<Sim>], shared: &Shared) {
    let rest = Watch::start();
    loop {
        let published = sims.iter().all(|sim| sim.unnamed() == 0);
        let done = published && {
            let book = shared.book();
            book.all_on_screen() && book.made().all(|(_, life)| life.received.is_some())
        };
        if done || rest.secs() > REST_S {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Reads each alert whole: the stream lists only the newest presses of a long one.
fn audit(stage: &Stage, shared: &Shared) -> Outcome {
    let ids: Vec<String> = {
        let book = shared.book();
        book.alerts().filter_map(|a| Some(a.get("id")?.as_str()?.to_owned())).collect()
    };
    let api = stage.session()?;
    for id in ids {
        let alert = api.get(&format!("/api/alerts/{id}"))?.good()?;
        shared.book().audited(&alert);
    }
    Ok(())
}
