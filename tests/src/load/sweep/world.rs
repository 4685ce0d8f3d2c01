//! The world of one round: a server, a home box, a street of buttons, a robot that closes, a screen, and who presses.
//!
//! Not here: the fault, and what the round has shown (`sweep`).

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use proto::up::Role;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch as latest;

use super::Part;
use crate::api::Api;
use crate::clock::Watch;
use crate::demo::world::take_notes;
use crate::device::{Sim, Street};
use crate::enrol;
use crate::load::Shared;
use crate::robot::Robot;
use crate::scene::press;
use crate::seed::Seed;
use crate::stage::{Gateway, Setting, Stage};
use crate::stream::{Heard, Screen};
use crate::trouble::Outcome;

/// Homes of one round.
const HOMES: u64 = 5;

/// The world of one round.
pub(super) struct Round {
    pub(super) stage: Stage,
    pub(super) gateway: Gateway,
    pub(super) shared: Shared,
    sims: Vec<Sim>,
    pub(super) robot: Robot,
    _screen: Screen,
}

impl Round {
    pub(super) async fn open(program: &Path, dir: &Path, seed: &Seed) -> Outcome<Self> {
        let stage = Stage::open(program, dir, Setting::default())?;
        let organisation = enrol::organisation(&stage.admin, "sweep")?;
        let enrolled = enrol::gateway(&stage.admin, &organisation, "sweep")?;
        let mut buttons = Vec::new();
        for n in 0..HOMES {
            let home = enrol::home(&stage.admin, &organisation, &format!("sweep {n}"), "sweep")?;
            let role = Role::HelpButton;
            buttons.push(enrol::device(&stage.admin, home, enrolled.gateway, role)?);
        }
        let gateway = stage.gateway(&enrolled, stage.server.gateways)?;
        let (shared, watch, street) = (Shared::default(), Watch::start(), Street::open()?);
        let (notices, hear) = unbounded_channel();
        tokio::spawn(take_notes(hear, shared.clone(), latest::channel(0).0));
        let robot = Robot::start(stage.session()?, 300);
        let screen = screen(stage.session()?, watch, shared.clone());
        let sim = |(n, of)| {
            Sim::start(&street, of, gateway.devices, watch, notices.clone(), seed.part(n))
        };
        let sims: Vec<Sim> = (0..).zip(buttons).map(sim).collect();
        let round = Self { stage, gateway, shared, sims, robot, _screen: screen };
        // Everybody is connected before anything is to fail.
        for sim in &round.sims {
            press(sim).await;
        }
        round.until(20.0, |round| round.unheard() == 0 && round.made() >= round.sims.len()).await;
        Ok(round)
    }

    fn made(&self) -> usize {
        self.shared.book().made().count()
    }

    pub(super) fn unheard(&self) -> usize {
        let unnamed: usize = self.sims.iter().map(Sim::unnamed).sum();
        unnamed + self.shared.book().made().filter(|(_, life)| life.received.is_none()).count()
    }

    pub(super) async fn until(&self, seconds: f64, holds: impl Fn(&Self) -> bool) -> bool {
        let wait = Watch::start();
        while !holds(self) {
            if wait.secs() > seconds {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        true
    }

    /// The process that is to suffer dies and comes back, with this put in front of it.
    pub(super) fn restart(&mut self, part: Part, wrap: Vec<OsString>) -> Outcome {
        let process = match part {
            Part::Server => &mut self.stage.server.process,
            Part::Gateway => &mut self.gateway.process,
        };
        process.kill()?;
        process.wrap(wrap);
        process.again()
    }

    /// Presses everywhere, and a person whose wish is refused each time.
    pub(super) async fn live(&self, presses: usize) {
        for _ in 0..presses {
            for sim in &self.sims {
                press(sim).await;
                refused_wish(&self.stage.admin, &self.shared).await;
            }
        }
    }
}

/// A claim of what nobody may claim: the transaction that it opened is dropped.
async fn refused_wish(api: &Api, shared: &Shared) {
    let known = shared.book().alerts().find_map(|a| Some(a.get("id")?.as_str()?.to_owned()));
    let Some(id) = known else { return };
    let api = api.clone();
    // A server that is down refuses too.
    let _ = tokio::task::spawn_blocking(move || {
        let wish = json!({ "fence": 999_999, "outcome": 4, "cursor": 0 });
        let _ = api.post(&format!("/api/alerts/{id}/close"), &wish);
    })
    .await;
}

fn screen(api: Api, watch: Watch, shared: Shared) -> Screen {
    let queue = api.clone();
    Screen::follow(&api, watch, move |at, heard| match heard {
        Heard::Alert(alert) => shared.book().on_screen(&alert, at),
        Heard::Resync => {
            let Ok(body) = queue.get("/api/queue").and_then(|answer| answer.good()) else { return };
            for alert in body.get("alerts").and_then(Value::as_array).into_iter().flatten() {
                shared.book().on_screen(alert, at);
            }
        }
        Heard::Beat(_) | Heard::Open | Heard::Lost => {}
    })
}
