//! What the box itself knows of its homes, pure: who is fresh, what a minute of each device was like, when to sound.
//!
//! Contract: the owner calls `handle_*` with spool time, then performs every [`Action`] of
//! `next_action`, then calls `handle_timeout` no later than `poll_timeout`. Time never goes back.
//!
//! - *Island*: an emergency is stored here and the server has not said to have it. Then the home
//!   must hear it: at once if the uplink is down, else before two seconds are over.
//! - *Silent*: a device said nothing for two of its periods. It is shown, and judged by the server.
//!
//! Not here: judgement over a person's history (`care`), words of the bus (`bus_words`), storage.

mod freshness;
mod summary;

use std::collections::{BTreeMap, VecDeque};

use care::policy::{HEALTH_GATEWAY, ISLAND_ALARM, READING_PERIOD};
use proto::down::Rung;
use proto::id::{BootId, DeviceId, HomeId, PressId};
use proto::unit::{Millis, Mono};
use proto::up::{Health, Role, Up};

use freshness::Device;
pub use freshness::{Freshness, Picture};
use summary::Minute;

/// Presses that are watched for `received` at one time; the newest count.
const PENDING_MAX: usize = 1024;
/// Time from the deadline of the island alarm that its own machinery needs.
const ALARM_MARGIN: Millis = Millis::new(500);
/// Time in which the server names its open alerts after a reconnect.
const CONFIRM_WITHIN: Millis = Millis::secs(10);

/// What the world must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Say this to the server in the box's own name.
    Say(Up),
    /// What is said next is about this device alone.
    About(DeviceId),
    /// Show a device on the bus.
    ShowDevice(HomeId, DeviceId, Picture),
    /// A device is no longer here: clear it from the bus.
    ClearDevice(HomeId, DeviceId),
    /// Show how far a press has come.
    ShowRung(HomeId, PressId, Rung),
    /// Show whether a home is in alarm.
    ShowAlarm(HomeId, Alarm),
    /// Sound here, or stop.
    Sound(bool),
}

/// The alarm of one home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarm {
    /// An alert of this home is open at the server.
    pub open: bool,
    /// An emergency of this home waits here and the server does not have it.
    pub island: bool,
}

#[derive(Debug)]
struct Home {
    /// The open minute of each device that measures; no two devices share a number.
    minutes: BTreeMap<DeviceId, Minute>,
    closes: Mono,
    alarm: Alarm,
    /// An open alert that the server must name again by this time, or it is over.
    confirm_by: Option<Mono>,
}

#[derive(Debug)]
struct Pending {
    /// None: a call that a program of the household made, and which household nobody knows.
    home: Option<HomeId>,
    since: Mono,
    due: Mono,
    sounding: bool,
}

/// All homes of this box.
#[derive(Debug)]
pub struct Hub {
    started: Mono,
    firmware: u32,
    devices: BTreeMap<DeviceId, Device>,
    homes: BTreeMap<HomeId, Home>,
    pending: BTreeMap<PressId, Pending>,
    /// Emergencies without a name that the server does not have, by who made them.
    doubtful: BTreeMap<DeviceId, Pending>,
    uplink: bool,
    sounding: bool,
    next_health: Mono,
    tested: Option<Mono>,
    actions: VecDeque<Action>,
}

impl Hub {
    /// A box that starts now; the uplink is down until told otherwise. `firmware` as in [`Health`].
    pub fn new(now: Mono, firmware: u32) -> Self {
        Self {
            started: now,
            firmware,
            devices: BTreeMap::new(),
            homes: BTreeMap::new(),
            pending: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            uplink: false,
            sounding: false,
            next_health: now,
            tested: None,
            actions: VecDeque::new(),
        }
    }

    /// A device belongs to a home of this box; said again, it changes nothing.
    pub fn handle_enrolled(&mut self, now: Mono, device: DeviceId, home: HomeId, role: Role) {
        if self.devices.get(&device).is_some_and(|known| known.is(home, role)) {
            return;
        }
        self.handle_released(device);
        let opens = self.homes.len() as u64;
        self.homes.entry(home).or_insert_with(|| Home {
            minutes: BTreeMap::new(),
            // Homes of one box close their minutes at different seconds.
            closes: now.after(Millis::new(READING_PERIOD.get() + opens % 60 * 1000)),
            alarm: Alarm::default(),
            confirm_by: None,
        });
        let known = self.devices.entry(device).or_insert_with(|| Device::new(home, role, now));
        self.actions.push_back(Action::ShowDevice(home, device, known.picture()));
    }

    /// A device has left.
    pub fn handle_released(&mut self, device: DeviceId) {
        if let Some(gone) = self.devices.remove(&device) {
            if let Some(home) = self.homes.get_mut(&gone.home()) {
                home.minutes.remove(&device);
            }
            self.actions.push_back(Action::ClearDevice(gone.home(), device));
        }
    }

    /// A frame of this boot has been stored for the first time.
    pub fn handle_heard(&mut self, now: Mono, (device, boot): (DeviceId, BootId), up: Option<&Up>) {
        let Some(known) = self.devices.get_mut(&device) else { return };
        let before = known.picture();
        let age = known.hear(now, boot, up);
        let (home, picture) = (known.home(), known.picture());
        if picture != before {
            self.actions.push_back(Action::ShowDevice(home, device, picture));
        }
        // A pendant's own words go up as they are.
        let summed = up.filter(|_| picture.role != Role::Pendant);
        if let (Some(up), Some(home)) = (summed, self.homes.get_mut(&home)) {
            home.minutes.entry(device).or_default().take(now, age, up);
        }
    }

    /// A device has connected and listens, or its session has ended.
    pub fn handle_link(&mut self, device: DeviceId, connected: bool) {
        let Some(known) = self.devices.get_mut(&device) else { return };
        let before = known.picture();
        known.link(connected);
        let (home, picture) = (known.home(), known.picture());
        if picture != before {
            self.actions.push_back(Action::ShowDevice(home, device, picture));
        }
    }

    /// A press is stored here and not yet at the server; also called for those found at the start.
    pub fn handle_press(&mut self, now: Mono, home: Option<HomeId>, press: PressId) {
        self.actions.extend(home.map(|home| Action::ShowRung(home, press, Rung::Stored)));
        if self.pending.len() >= PENDING_MAX {
            let oldest = self.pending.iter().min_by_key(|(_, p)| p.since).map(|(id, _)| *id);
            oldest.map(|id| self.pending.remove(&id));
        }
        let waits = self.waits(now, home);
        self.pending.entry(press).or_insert(waits);
        self.sound(now);
    }

    /// An emergency that nobody here can name is stored; also called for those found at the start. No receipt will name it
    /// either: it waits until [`Hub::handle_unsent`] does not know it any more.
    pub fn handle_doubtful(&mut self, now: Mono, device: DeviceId, home: Option<HomeId>) {
        if self.doubtful.len() < PENDING_MAX {
            let waits = self.waits(now, home);
            self.doubtful.entry(device).or_insert(waits);
        }
        self.sound(now);
    }

    /// Whether emergencies without a name wait, so that [`Hub::handle_unsent`] must be told which.
    pub fn is_in_doubt(&self) -> bool {
        !self.doubtful.is_empty()
    }

    /// Who has made emergencies without a name that the server has not acknowledged; all others are the server's.
    pub fn handle_unsent(&mut self, now: Mono, unsent: &[DeviceId]) {
        self.doubtful.retain(|device, _| unsent.contains(device));
        self.sound(now);
    }

    /// What is stored here and not at the server, and by when its home must hear it.
    fn waits(&self, now: Mono, home: Option<HomeId>) -> Pending {
        let allowed = Millis::new(ISLAND_ALARM.get().saturating_sub(ALARM_MARGIN.get()));
        let due = if self.uplink { now.after(allowed) } else { now };
        Pending { home, since: now, due, sounding: false }
    }

    /// The server has said how far a press has come.
    pub fn handle_rung(&mut self, now: Mono, press: PressId, rung: Rung) {
        let own = self.pending.get(&press).and_then(|waits| waits.home);
        if let Some(home) = self.devices.get(&press.device).map(Device::home).or(own) {
            self.actions.push_back(Action::ShowRung(home, press, rung));
        }
        if rung >= Rung::Received && self.pending.remove(&press).is_some() {
            self.sound(now);
        }
    }

    /// People have an emergency that gets no rung: nobody verified it.
    pub fn handle_accepted(&mut self, now: Mono, press: PressId) {
        if self.pending.remove(&press).is_some() {
            self.sound(now);
        }
    }

    /// Presses of a home that the server has not said to have.
    pub fn waiting_in(&self, home: HomeId) -> Vec<PressId> {
        self.pending
            .iter()
            .filter(|(_, waits)| waits.home == Some(home))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The server has said whether an alert of a home is open.
    pub fn handle_alarm(&mut self, home: HomeId, open: bool) {
        let Some(known) = self.homes.get_mut(&home) else { return };
        known.confirm_by = None;
        if known.alarm.open != open {
            known.alarm.open = open;
            self.actions.push_back(Action::ShowAlarm(home, known.alarm));
        }
    }

    /// Whether the home is to sound now.
    pub const fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// The emergency session came up or went down.
    pub fn handle_uplink(&mut self, now: Mono, up: bool) {
        self.uplink = up;
        if up {
            // The server names every open alert after a reconnect; one that ended meanwhile it does not.
            for home in self.homes.values_mut().filter(|home| home.alarm.open) {
                home.confirm_by = Some(now.after(CONFIRM_WITHIN));
            }
        } else {
            for waiting in self.pending.values_mut().chain(self.doubtful.values_mut()) {
                waiting.due = waiting.due.min(now);
            }
        }
        self.sound(now);
    }

    /// The box has tested itself: store, door and uplink answered.
    pub fn handle_tested(&mut self, now: Mono) {
        self.tested = Some(now);
    }

    /// Deadlines may have come.
    pub fn handle_timeout(&mut self, now: Mono) {
        self.sound(now);
        for (id, device) in &mut self.devices {
            if device.turn_silent(now) {
                let shown = Action::ShowDevice(device.home(), *id, device.picture());
                self.actions.push_back(shown);
            }
        }
        let uptime = now.since(self.started);
        for (id, home) in &mut self.homes {
            if home.confirm_by.is_some_and(|by| now >= by) {
                home.confirm_by = None;
                home.alarm.open = false;
                self.actions.push_back(Action::ShowAlarm(*id, home.alarm));
            }
            if now < home.closes {
                continue;
            }
            for (device, minute) in &mut home.minutes {
                if let Some(reading) = minute.close(now, uptime, *id) {
                    self.actions.push_back(Action::About(*device));
                    self.actions.push_back(Action::Say(Up::Reading(reading)));
                }
            }
            while home.closes <= now {
                home.closes = home.closes.after(READING_PERIOD);
            }
        }
        if now >= self.next_health {
            self.next_health = now.after(HEALTH_GATEWAY);
            self.actions.push_back(Action::Say(Up::Health(self.health(uptime))));
        }
    }

    /// When `handle_timeout` must be called at the latest.
    pub fn poll_timeout(&self) -> Mono {
        let pending = self.pending.values().chain(self.doubtful.values());
        let pending = pending.filter(|p| !p.sounding).map(|p| p.due);
        let homes = self.homes.values().map(|home| match home.confirm_by {
            Some(by) => home.closes.min(by),
            None => home.closes,
        });
        let silent = self.devices.values().filter_map(Device::silent_at);
        pending.chain(homes).chain(silent).fold(self.next_health, Mono::min)
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    fn health(&self, uptime: Millis) -> Health {
        Health {
            uptime,
            period_s: HEALTH_GATEWAY.get() / 1000,
            battery: None,
            signal: None,
            firmware: self.firmware.into(),
            tested: self.tested.map(|at| at.since(self.started)),
            role: Role::Gateway,
        }
    }

    /// Decides, from all pending presses at once, what is in alarm and whether to sound.
    fn sound(&mut self, now: Mono) {
        let (pending, doubtful) = (&mut self.pending, &mut self.doubtful);
        for waiting in pending.values_mut().chain(doubtful.values_mut()) {
            waiting.sounding |= now >= waiting.due;
        }
        let waiting = || self.pending.values().chain(self.doubtful.values());
        for (id, home) in &mut self.homes {
            let island = waiting().any(|p| p.sounding && p.home == Some(*id));
            if island != home.alarm.island {
                home.alarm.island = island;
                self.actions.push_back(Action::ShowAlarm(*id, home.alarm));
            }
        }
        let sounding = waiting().any(|p| p.sounding);
        if sounding != self.sounding {
            self.sounding = sounding;
            self.actions.push_back(Action::Sound(sounding));
        }
    }
}
