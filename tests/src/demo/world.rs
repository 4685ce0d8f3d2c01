//! The demo's world: one server, one gateway behind a proxy, and the homes that speak through it.
//!
//! The gateway finds the server through the proxy, so that a button can cut the uplink. What devices
//! and an operator's stream show is written into one book. Not here: the page (`page`).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::down::Rung;
use proto::id::HomeId;
use proto::up::Role;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch as latest;
use tokio::task::AbortHandle;

use crate::api::Api;
use crate::clock::Watch;
use crate::device::{Notice, Seen, Street};
use crate::enrol;
use crate::home::Home;
use crate::load::target::counter;
use crate::load::{Shared, rounded};
use crate::process::Usage;
use crate::proxy::{Proxy, Way};
use crate::resident::{Act, Resident};
use crate::seed::Seed;
use crate::stage::{Gateway, Setting, Stage};
use crate::stream::{Heard, Screen};
use crate::trouble::Outcome;

/// The dozen: where they live. Residents are numbered, never named.
const HOMES: usize = 12;
/// What each home has.
const ROLES: [Role; 6] =
    [Role::HelpButton, Role::PullCord, Role::BedMat, Role::Motion, Role::Door, Role::Pendant];
/// The home whose resident falls once by themselves, and the one whose resident keeps still once.
const FALLS: usize = 2;
const STILL: usize = HOMES - 1;
/// Stillness of that home is told after this instead of after hours: nobody watches a demo for half a day. The home is
/// asked first, as any other, for the shortest time that may be asked. Both pages say so.
const STILL_S: u64 = 90;
const ASK_S: u64 = 15;
const NUMBERS: [&str; HOMES] =
    ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
/// Points that the server has taken into its series.
const POINTS: &str = "hearthline_points_total";

/// All of it.
pub struct World {
    /// The homes.
    pub homes: Vec<Arc<Home>>,
    /// What was promised.
    pub shared: Shared,
    stage: Mutex<Stage>,
    gateway: Mutex<Gateway>,
    proxy: Proxy,
    lights: latest::Receiver<u64>,
    ears: Arc<Mutex<Vec<Sender<Value>>>>,
    seed: Seed,
    _screen: Screen,
}

impl World {
    /// Starts everything and waits until the gateway is there.
    pub async fn open(program: &Path, dir: &Path, watch: Watch, seed: Seed) -> Outcome<Self> {
        let stage = Stage::open(program, dir, Setting::default())?;
        let organisation = enrol::organisation(&stage.admin, "演示街道")?;
        let enrolled = enrol::gateway(&stage.admin, &organisation, "演示网关")?;
        let mut places = Vec::new();
        for (building, number) in (1..).zip(NUMBERS) {
            let (label, person) = (format!("{building}-101"), format!("演示{number}号"));
            let home = enrol::home(&stage.admin, &organisation, &label, &person)?;
            let devices = ROLES
                .iter()
                .map(|role| enrol::device(&stage.admin, home, enrolled.gateway, *role))
                .collect::<Outcome<Vec<_>>>()?;
            places.push(((home, label, person), devices));
        }
        if let Some(((home, ..), _)) = places.get(STILL) {
            shorten(&stage.admin, *home)?;
        }
        let proxy = Proxy::to(stage.server.gateways, seed.part(1000)).await?;
        let gateway = stage.gateway(&enrolled, proxy.address)?;
        let (shared, ears) = (Shared::default(), Arc::new(Mutex::new(Vec::new())));
        let screen = follow(&stage.session()?, watch, shared.clone(), Arc::clone(&ears));
        let (notices, hear) = unbounded_channel();
        let (changed, lights) = latest::channel(0);
        tokio::spawn(take_notes(hear, shared.clone(), changed));
        let street = Street::open()?;
        let homes: Vec<Arc<Home>> = (0..)
            .zip(places)
            .map(|(n, (who, devices))| {
                let seed = seed.part(n);
                Arc::new(Home::start(
                    &street,
                    who,
                    &devices,
                    gateway.devices,
                    watch,
                    &notices,
                    &seed,
                ))
            })
            .collect();
        if let Some(home) = homes.get(STILL).map(Arc::as_ref) {
            // From the start: who has just gone through the door counts as away.
            Home::keep_still(home, true);
        }
        let (stage, gateway) = (Mutex::new(stage), Mutex::new(gateway));
        Ok(Self { homes, shared, stage, gateway, proxy, lights, ears, seed, _screen: screen })
    }

    /// Everybody lives until the handle is aborted.
    pub fn live(&self, press_every: Duration) -> AbortHandle {
        let mut lives = tokio::task::JoinSet::new();
        for (n, home) in (0..).zip(&self.homes) {
            let (home, seed) = (Arc::clone(home), self.seed.part(500 + n));
            lives.spawn(async move { home.live(Resident::new(seed, press_every)).await });
        }
        tokio::spawn(async move { while lives.join_next().await.is_some() {} }).abort_handle()
    }

    /// Somebody presses soon after the start, so that a newcomer does not wait.
    pub async fn first_press(&self) {
        if let Some(home) = self.homes.first() {
            tokio::time::sleep(Duration::from_secs(2)).await;
            home.act(Act::Press).await;
        }
    }

    /// Soon somebody falls, and somebody else does not move any more, so that a newcomer sees what detectors find.
    pub async fn first_findings(&self) {
        tokio::time::sleep(Duration::from_secs(8)).await;
        if let Some(still) = self.homes.get(STILL) {
            still.act(Act::Walk).await;
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
        if let Some(home) = self.homes.get(FALLS) {
            home.act(Act::Fall).await;
        }
    }

    /// Whoever lies or keeps still gets up, so that nothing new is found while the books are closed.
    pub async fn all_up(&self) {
        for home in self.homes.iter().filter(|home| home.is_still()) {
            home.act(Act::GetUp).await;
        }
    }

    /// Also tells whoever works the alerts.
    pub fn show_to(&self, ear: Sender<Value>) {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner).push(ear);
    }

    /// Whether every press is on the screen, received at its device, and every alert is closed.
    pub fn is_settled(&self) -> bool {
        let book = self.shared.book();
        let received = book.made().all(|(_, life)| life.received.is_some());
        let closed = book.alerts().count() == book.in_state("closed");
        book.all_on_screen() && received && closed
    }

    /// Reads every alert whole, so that the book does not rest on the stream alone.
    pub fn audit(&self) -> Outcome {
        let ids: Vec<String> = {
            let book = self.shared.book();
            book.alerts().filter_map(|a| Some(a.get("id")?.as_str()?.to_owned())).collect()
        };
        let admin = self.session()?;
        for id in ids {
            let alert = admin.get(&format!("/api/alerts/{id}"))?.good()?;
            self.shared.book().audited(&alert);
        }
        Ok(())
    }

    /// A new administrator's session.
    pub fn session(&self) -> Outcome<Api> {
        self.stage().session()
    }

    /// The administrator's session.
    pub fn admin(&self) -> Api {
        self.stage().admin.clone()
    }

    /// Where the console is.
    pub fn console(&self) -> SocketAddr {
        self.stage().server.console
    }

    /// Points that the server has stored.
    pub fn points(&self) -> u64 {
        let metrics = self.admin().get("/metrics").and_then(|answer| answer.good());
        let text = metrics.ok().and_then(|body| body.as_str().map(str::to_owned));
        text.and_then(|text| counter(&text, POINTS)).unwrap_or(0)
    }

    /// Memory of both processes, MB.
    pub fn memory(&self) -> Value {
        let server = self.stage().server.process.usage().rss_mb;
        let gateway = Usage::of(self.gateway().process.pid()).rss_mb;
        json!({ "server": rounded(server), "gateway": rounded(gateway) })
    }

    /// Cuts the uplink, or opens it again.
    pub fn cut_uplink(&self, cut: bool) {
        self.proxy.set(if cut { Way::Cut } else { Way::Open });
    }

    /// `kill -9` of the gateway.
    pub fn kill_gateway(&self) -> Outcome {
        self.gateway().process.kill()
    }

    /// Starts the gateway again.
    pub fn start_gateway(&self) -> Outcome {
        let mut gateway = self.gateway();
        if gateway.process.is_alive() { Ok(()) } else { gateway.process.again() }
    }

    /// `kill -9` of the server.
    pub fn kill_server(&self) -> Outcome {
        self.stage().server.process.kill()
    }

    /// Starts the server again.
    pub fn start_server(&self) -> Outcome {
        let mut stage = self.stage();
        if stage.server.process.is_alive() { Ok(()) } else { stage.server.process.again() }
    }

    /// Changes whenever a light does.
    pub fn lights(&self) -> latest::Receiver<u64> {
        self.lights.clone()
    }

    /// What the page shows.
    pub fn view(&self) -> Value {
        let mut homes: Vec<Value> = self.homes.iter().map(|home| view_of(home)).collect();
        if let Some(home) = homes.get_mut(STILL) {
            home["note"] = format!("静止 {STILL_S} 秒即报（实际以小时计），先问 {ASK_S} 秒。Stillness is told after {STILL_S} s here instead of hours, the home is asked for {ASK_S} s.").into();
        }
        let gateway = self.gateway.try_lock().is_ok_and(|mut g| g.process.is_alive());
        json!({ "homes": homes, "uplink": self.proxy.way() == Way::Open, "gateway": gateway })
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gateway(&self) -> MutexGuard<'_, Gateway> {
        self.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compresses hours of stillness to what a watcher has patience for, by the home's own rules.
fn shorten(admin: &Api, home: HomeId) -> Outcome {
    let rules = json!({ "still_min_s": STILL_S, "still_max_s": STILL_S, "ask_s": ASK_S });
    admin.post(&format!("/api/homes/{home}/rules"), &rules)?.good()?;
    Ok(())
}

fn view_of(home: &Home) -> Value {
    let devices = home.devices.iter().map(|sim| {
        json!({ "role": enrol::role_word(sim.role), "light": sim.light(), "on": sim.is_on() })
    });
    json!({
        "home": home.home.to_string(), "label": home.label, "person": home.person,
        "devices": devices.collect::<Vec<_>>(), "still": home.is_still(),
    })
}

/// An operator's stream that writes into the book and tells the ears.
fn follow(api: &Api, watch: Watch, shared: Shared, ears: Arc<Mutex<Vec<Sender<Value>>>>) -> Screen {
    Screen::follow(api, watch, move |at, heard| {
        if let Heard::Alert(alert) = heard {
            shared.book().on_screen(&alert, at);
            for ear in ears.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                // An ear that has gone hears nothing.
                let _ = ear.send(alert.clone());
            }
        }
    })
}

/// Writes down what devices show.
pub async fn take_notes(
    mut hear: UnboundedReceiver<Notice>,
    shared: Shared,
    changed: latest::Sender<u64>,
) {
    while let Some(notice) = hear.recv().await {
        match notice.seen {
            Seen::Pressed(press) => shared.book().pressed(press, notice.at_us),
            Seen::Receipt(receipt) => {
                // Whatever the rung, the gateway has it.
                shared.book().stored(receipt.press, notice.at_us);
                if receipt.rung >= Rung::Received {
                    shared.book().received(receipt.press, notice.at_us);
                }
            }
            Seen::Light => changed.send_modify(|n| *n += 1),
        }
    }
}
