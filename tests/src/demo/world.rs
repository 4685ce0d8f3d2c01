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
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch as latest;
use tokio::task::AbortHandle;

use crate::api::Api;
use crate::clock::Watch;
use crate::demo::past::{self, Made};
use crate::demo::roll::{self, Roll};
use crate::demo::say;
use crate::device::{Notice, Seen, Street};
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

/// The home whose resident falls once by themselves, and the one whose resident keeps still once.
const FALLS: usize = 2;
const STILL: usize = 11;
/// Stillness of that home is told after this instead of after hours: nobody watches a demo for half a day. The home is
/// asked first, as any other, for the shortest time that may be asked. Both pages say so.
const STILL_S: u64 = 90;
const ASK_S: u64 = 15;
/// Points that the server has taken into its series.
const POINTS: &str = "hearthline_points_total";

/// All of it.
pub struct World {
    /// The homes.
    pub homes: Vec<Arc<Home>>,
    /// What was promised.
    pub shared: Shared,
    /// What was there before.
    pub made: Made,
    roll: Roll,
    stage: Mutex<Stage>,
    gateway: Mutex<Gateway>,
    proxy: Proxy,
    lights: latest::Receiver<u64>,
    ears: Arc<Mutex<Vec<Sender<Value>>>>,
    seed: Seed,
    _screen: Screen,
}

impl World {
    /// Starts everything and waits until the gateway is there. A new folder gets `past` to begin with.
    pub async fn open(
        program: &Path,
        dir: &Path,
        past: Duration,
        (watch, seed): (Watch, Seed),
    ) -> Outcome<Self> {
        let known = roll::find(dir)?;
        if known.is_none() {
            roll::begin(dir)?;
        }
        let mut stage = Stage::open(program, dir, Setting::default())?;
        let (roll, made) = match known {
            Some(roll) => (roll, Made::default()),
            None => settle(&mut stage, past, &seed).await?,
        };
        let proxy = Proxy::to(stage.server.gateways, seed.part(1000)).await?;
        let gateway = stage.gateway(&roll.gateway, proxy.address)?;
        let (shared, ears) = (Shared::default(), Arc::new(Mutex::new(Vec::new())));
        let screen = follow(&stage.session()?, watch, shared.clone(), Arc::clone(&ears));
        let (notices, hear) = unbounded_channel();
        let (changed, lights) = latest::channel(0);
        tokio::spawn(take_notes(hear, shared.clone(), changed));
        let street = Street::open()?;
        let homes: Vec<Arc<Home>> = (0..)
            .zip(&roll.homes)
            .map(|(n, lived)| {
                let (door, seed) = (gateway.devices, seed.part(n));
                let who = (lived.home, lived.label.clone(), lived.person.clone());
                let devices = &lived.devices;
                Arc::new(Home::start(&street, who, devices, door, watch, &notices, &seed))
            })
            .collect();
        if let Some(home) = homes.get(STILL).map(Arc::as_ref) {
            // From the start: who has just gone through the door counts as away.
            Home::keep_still(home, true);
        }
        let (stage, gateway) = (Mutex::new(stage), Mutex::new(gateway));
        Ok(Self {
            homes,
            shared,
            made,
            roll,
            stage,
            gateway,
            proxy,
            lights,
            ears,
            seed,
            _screen: screen,
        })
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

    /// One-time codes of who works here, with how they are called.
    pub fn codes(&self) -> Outcome<Vec<(&'static str, String)>> {
        self.roll.codes(&self.admin())
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
        let (gateway, alarm) = match self.gateway.try_lock() {
            Ok(mut gateway) => (gateway.process.is_alive(), sounds(&gateway.alarm)),
            Err(_) => (false, false),
        };
        let uplink = self.proxy.way() == Way::Open;
        json!({ "homes": homes, "uplink": uplink, "gateway": gateway, "alarm": gateway && alarm })
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gateway(&self) -> MutexGuard<'_, Gateway> {
        self.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the sounder of a box is on: it writes so into a file instead of making a noise.
fn sounds(file: &Path) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.trim() == "1")
}

/// Enters who lives and works here, and gives their homes a past while the server rests.
async fn settle(stage: &mut Stage, past: Duration, seed: &Seed) -> Outcome<(Roll, Made)> {
    let roll = roll::enter(&stage.admin)?;
    if let Some(lived) = roll.homes.get(STILL) {
        shorten(&stage.admin, lived.home)?;
    }
    let mut made = Made::default();
    if !past.is_zero() {
        stage.server.process.end()?;
        let config = stage.dir.join("server.toml");
        let homes: Vec<_> = roll.homes.iter().map(|l| (l.home, l.devices.clone())).collect();
        let gateway = roll.gateway.gateway;
        let told = (past, roll.operator());
        match past::make(&config, gateway, &homes, told, &seed.part(2000)).await {
            Ok(lived) => made = lived,
            // Homes without a past are still homes.
            Err(trouble) => say(&format!("no past: {trouble}")),
        }
        stage.server.process.again()?;
        stage.admin = stage.session()?;
    }
    roll.keep(&stage.dir)?;
    Ok((roll, made))
}

/// Compresses hours of stillness to what a watcher has patience for, by the home's own rules.
fn shorten(admin: &Api, home: HomeId) -> Outcome {
    let rules = json!({ "still_min_s": STILL_S, "still_max_s": STILL_S, "ask_s": ASK_S });
    admin.post(&format!("/api/homes/{home}/rules"), &rules)?.good()?;
    Ok(())
}

fn view_of(home: &Home) -> Value {
    let devices = home
        .devices
        .iter()
        .map(|sim| json!({ "role": sim.role.word(), "light": sim.light(), "on": sim.is_on() }));
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
