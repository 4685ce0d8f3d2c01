//! A small stage for one test: given some homes, when something happens, then the book shows it.
//!
//! Everything runs as it ships. Waits are for a condition and have an end; a failure prints the end
//! of both logs. Not here: the demo's dozen (`demo`), or load.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proto::id::HomeId;
use proto::up::Role;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch as latest;

use crate::api::Api;
use crate::book::{Book, Verdict};
use crate::clock::Watch;
use crate::demo::world::take_notes;
use crate::device::{Notice, Order, Sim, Street};
use crate::enrol::{self, Enrolled, GatewayBox};
use crate::load::Shared;
use crate::proxy::Proxy;
use crate::seed::Seed;
use crate::stage::{Gateway, Setting, Stage};
use crate::stream::{Heard, Screen};
use crate::tls;
use crate::trouble::{Outcome, Trouble};

/// Time between two looks at a condition.
const LOOK: Duration = Duration::from_millis(10);
/// How long a finger stays on a button.
const TOUCH: Duration = Duration::from_millis(80);

/// A stage with one gateway and some homes, each with a button.
pub struct Scene {
    /// The server.
    pub stage: Stage,
    /// The gateway.
    pub gateway: Gateway,
    /// As the server knows it.
    pub enrolled: GatewayBox,
    /// Whose it all is.
    pub organisation: Value,
    /// Between gateway and server.
    pub proxy: Proxy,
    /// The homes.
    pub homes: Vec<HomeId>,
    /// The button of each home.
    pub buttons: Vec<Sim>,
    /// What was promised.
    pub shared: Shared,
    /// Time of this scene.
    pub watch: Watch,
    street: Street,
    notices: UnboundedSender<Notice>,
    seed: Seed,
    _screen: Screen,
    _dir: TempDir,
}

impl Scene {
    /// Sets it up with the binary `program`, which is also server and gateway. With certificates whose lives are chosen
    /// nobody need be let in; else every button is.
    pub async fn open(program: &str, homes: u64, setting: Setting) -> Outcome<Self> {
        let (watch, seed) = (Watch::start(), Seed::from_environment());
        let lives = setting.lives;
        let dir = tempfile::Builder::new().prefix("hearthline-scene-").tempdir()?;
        let stage = Stage::open(Path::new(program), dir.path(), setting)?;
        let organisation = enrol::organisation(&stage.admin, "scene")?;
        let mut enrolled = enrol::gateway(&stage.admin, &organisation, "scene")?;
        let proxy = Proxy::to(stage.server.gateways, seed.part(1)).await?;
        if let Some(lives) = lives {
            let papers = tls::Papers::of_server(&dir.path().join("server"))?;
            papers.hand_over(&mut enrolled, proxy.address, lives.gateway)?;
            if let Some(life) = lives.server {
                papers.put_server(life)?;
            }
        }
        let mut made = Vec::new();
        for n in 0..homes {
            let home = enrol::home(&stage.admin, &organisation, &format!("演示{n}室"), "演示")?;
            let role = Role::HelpButton;
            made.push(enrol::device(&stage.admin, home, enrolled.gateway, role)?);
        }
        let gateway = stage.gateway(&enrolled, proxy.address)?;
        let shared = Shared::default();
        let screen = screen(&stage.session()?, watch, shared.clone());
        let (notices, hear) = unbounded_channel();
        tokio::spawn(take_notes(hear, shared.clone(), latest::channel(0).0));
        let street = Street::open()?;
        let homes = made.iter().map(|of| of.home).collect();
        let mut scene = Self {
            stage,
            gateway,
            enrolled,
            organisation,
            proxy,
            homes,
            buttons: Vec::new(),
            shared,
            watch,
            street,
            notices,
            seed,
            _screen: screen,
            _dir: dir,
        };
        scene.buttons = made.into_iter().map(|of| scene.power_up(of)).collect();
        if lives.is_none() {
            for button in &scene.buttons {
                button.let_in().await.map_err(|trouble| scene.failure(&trouble.to_string()))?;
            }
        }
        Ok(scene)
    }

    /// Powers another device up in this scene.
    pub fn power_up(&mut self, of: Enrolled) -> Sim {
        let seed = self.seed.part(self.seed.clone().draw());
        self.seed.draw();
        Sim::start(&self.street, of, self.gateway.devices, self.watch, self.notices.clone(), seed)
    }

    /// A finger on the button of home `n`.
    pub async fn press(&self, n: usize) -> Outcome {
        let button = self.buttons.get(n).ok_or_else(|| Trouble::new("no such home"))?;
        press(button).await;
        Ok(())
    }

    /// Waits until the book shows it; `what` completes "waited for".
    pub async fn until(
        &self,
        what: &str,
        seconds: u64,
        mut shows: impl FnMut(&Book) -> bool,
    ) -> Outcome {
        let wait = Watch::start();
        while !shows(&self.shared.book()) {
            if wait.ms() > seconds * 1000 {
                let book = format!("{:#?}", self.shared.book().made().collect::<Vec<_>>());
                return Err(self.failure(&format!("waited {seconds} s for {what}\n{book}")));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// The same for anything else.
    pub async fn until_true(
        &self,
        what: &str,
        seconds: u64,
        mut holds: impl FnMut() -> bool,
    ) -> Outcome {
        self.until(what, seconds, |_| holds()).await
    }

    /// What must be zero, after every alert has been read whole.
    #[expect(clippy::print_stderr, reason = "who reads a failed run needs the alerts it is about")]
    pub fn verdict(&self) -> Outcome<Verdict> {
        let ids: Vec<String> = {
            let book = self.shared.book();
            book.alerts().filter_map(|a| Some(a.get("id")?.as_str()?.to_owned())).collect()
        };
        let api: Api = self.stage.session()?;
        for id in ids {
            let alert = api.get(&format!("/api/alerts/{id}"))?.good()?;
            self.shared.book().audited(&alert);
        }
        for wrong in self.shared.book().wrongs() {
            eprintln!("lost or doubled: {wrong}");
        }
        Ok(self.shared.book().verdict())
    }

    /// What went wrong, with the end of both logs.
    pub fn failure(&self, what: &str) -> Trouble {
        let server = self.stage.server.process.log_tail();
        let gateway = self.gateway.process.log_tail();
        Trouble::new(format!("{what}\n-- server\n{server}\n-- gateway\n{gateway}"))
    }
}

/// A finger on a button, and off it long enough for the next touch to be another one.
pub async fn press(button: &Sim) {
    button.order(Order::Contact(true));
    tokio::time::sleep(TOUCH).await;
    button.order(Order::Contact(false));
    tokio::time::sleep(TOUCH).await;
}

/// Alerts of a kind among those seen.
pub fn of_kind<'a>(book: &'a Book, kind: &str) -> Vec<&'a Value> {
    book.alerts().filter(|a| a.get("kind").and_then(Value::as_str) == Some(kind)).collect()
}

fn screen(api: &Api, watch: Watch, shared: Shared) -> Screen {
    let queue = Arc::new(api.clone());
    Screen::follow(api, watch, move |at, heard| match heard {
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
