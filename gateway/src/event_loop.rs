//! One closed list of what can happen to the box, one loop that hears it, and what follows.
//!
//! Not here: decisions (`hub`, `uplink`), durability (`spool`).

mod told;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use door::{Bus, Door, Who};
use proto::down::{Down, DownSeal, Receipt, Rung};
use proto::frame::{Header, Lane, seal_end};
use proto::id::{DeviceId, KeyEpoch, PressId, Seq};
use proto::key::EndSeal;
use proto::topic::Topic;
use proto::unit::Mono;
use proto::up::{Loss, Up, about};
use tokio::sync::{mpsc, watch};

use crate::bus_words;
use crate::clock::{self, Clock};
use crate::devices::{Stored, calls};
use crate::enrol::{Link, Roster};
use crate::handles::OWN;
use crate::health::Pulse;
use crate::hub::{Action, Hub};
use crate::local_alarm::LocalAlarm;
use crate::spool::{Fate, OwnFrame, RungRow, Spool, SpoolError};
use crate::uplink::Bells;
use crate::uplink::renewal::Renewal;

/// Presses whose rung a device is told when it comes back.
const TOLD_ON_RETURN: u32 = 16;
/// Rungs raised within this are told to a device that comes back, ms.
const LATELY: u64 = 3_600_000;
/// How often the store is tidied.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// Shares of tidying in one go, so that a press never waits for a long one.
const TIDY_SHARES: usize = 4;
/// Longest sleep of the loop, so that its pulse is seen and what failed is tried again.
const NAP_MAX: u64 = 1_000;
/// Fewer file handles than this are told.
const HANDLES_SPARE: usize = OWN / 2;

/// What can happen.
#[derive(Debug)]
pub enum Event {
    /// Frames are on disk.
    Stored(Vec<Stored>),
    /// Devices came or went at the gate.
    Gate,
    /// The server said something.
    Told(Bytes),
    /// A session with the server came up or went down.
    Uplink(Lane, bool),
    /// A deadline may have come.
    Tick,
    /// It is time to tidy the store.
    Tidy,
    /// The box stops.
    Stop,
}

/// How the box seals what it says itself.
pub struct OwnVoice {
    /// Its device id and this boot; the sequence number is that of the last frame.
    pub last: PressId,
    /// Generation of its keys.
    pub epoch: KeyEpoch,
    /// Its end seal of this boot.
    pub seal: EndSeal,
    /// Spool time at which this boot began.
    pub started: Mono,
}

/// The loop and its collaborators.
pub struct EventLoop {
    /// Spool time.
    pub clock: Clock,
    /// The store.
    pub spool: Spool,
    /// Who may speak.
    pub roster: Arc<Roster>,
    /// The door of the devices.
    pub door: Door,
    /// The local bus.
    pub bus: Bus,
    /// Words that the bus was too far behind to take, the newest of each topic.
    pub unsaid: BTreeMap<Topic, Bytes>,
    /// What the box knows of its homes.
    pub hub: Hub,
    /// The sounder.
    pub alarm: LocalAlarm,
    /// The box's own voice.
    pub voice: OwnVoice,
    /// Wakes the uplink.
    pub bells: Bells,
    /// The box's next certificate, if it has any.
    pub renewal: Option<Renewal>,
    /// File handles that this process may have.
    pub handles: usize,
    /// What support may see.
    pub pulse: watch::Sender<Pulse>,
    /// How often the spool had been set aside when the roster was last written.
    pub files: u64,
}

impl EventLoop {
    /// Hears and acts until `stop` is true.
    pub async fn run(mut self, mut events: mpsc::Receiver<Event>, mut stop: watch::Receiver<bool>) {
        self.start();
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let roster = Arc::clone(&self.roster);
        loop {
            let nap = self.hub.poll_timeout().since(self.clock.now()).get().min(NAP_MAX);
            let event = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => Event::Stop,
                _ = tidy.tick() => Event::Tidy,
                () = roster.rung() => Event::Gate,
                event = events.recv() => event.unwrap_or(Event::Stop),
                () = tokio::time::sleep(Duration::from_millis(nap)) => Event::Tick,
            };
            if matches!(event, Event::Stop) {
                break;
            }
            let done = tokio::task::block_in_place(|| self.handle(event));
            if let Err(error) = done {
                tracing::error!(error = &error as &dyn std::error::Error, "spool failed the loop");
            }
        }
        if self.alarm.is_sounding() {
            tracing::warn!("stopping while emergencies wait; they are on disk");
        }
    }

    /// What was so before the box stopped is so again.
    fn start(&mut self) {
        let now = self.clock.now();
        for (device, home, role) in self.roster.members() {
            self.hub.handle_enrolled(now, device, home, role);
        }
        match self.spool.not_received(1024) {
            Ok(rows) => {
                for row in rows {
                    if let Some(member) = self.roster.find(row.press.device) {
                        self.hub.handle_press(now, member.home, row.press);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "cannot read waiting presses"),
        }
        self.act();
    }

    fn handle(&mut self, event: Event) -> Result<(), SpoolError> {
        let done = match event {
            Event::Stored(stored) => {
                stored.into_iter().for_each(|stored| self.on_stored(&stored));
                Ok(())
            }
            Event::Gate => self.on_gate(),
            Event::Told(word) => self.on_told(&word),
            Event::Uplink(lane, up) => {
                self.on_uplink(lane, up);
                Ok(())
            }
            Event::Tidy => self.on_tidy(),
            Event::Tick | Event::Stop => Ok(()),
        };
        self.hub.handle_timeout(self.clock.now());
        self.act();
        if let Some(renewal) = &mut self.renewal {
            renewal.turn(self.clock.now(), clock::wall_s());
        }
        self.pulse.send_modify(|pulse| {
            pulse.loop_at = self.clock.now();
            pulse.store &= done.is_ok();
        });
        done
    }

    fn on_stored(&mut self, stored: &Stored) {
        let now = self.clock.now();
        let device = stored.id.device;
        if stored.doubtful {
            if (stored.lane, stored.fate) == (Lane::Emergency, Fate::New) {
                self.hub.handle_doubtful(now, stored.home);
            }
            return;
        }
        match (stored.lane, stored.fate) {
            (Lane::Emergency, Fate::New) => {
                self.tell_stored(stored.id);
                // On a fast link the server's answer is heard before this.
                let answered = self.spool.rung(stored.id).ok().flatten();
                let answered = answered.is_some_and(|row| row.rung > Rung::Stored);
                // What this build cannot read may be a call; "it is nothing" is none.
                let calls = stored.up.as_ref().is_none_or(calls);
                if let Some(home) = stored.home.filter(|_| calls && !answered) {
                    self.hub.handle_press(now, home, stored.id);
                }
                self.hub.handle_heard(now, device, stored.up.as_ref());
            }
            (Lane::Emergency, Fate::Again(rung)) => {
                let told = self.spool.rung(stored.id).ok().flatten();
                match told {
                    Some(row) if row.rung > Rung::Stored => self.tell_rung(&row),
                    _ if rung.is_some() => self.tell_stored(stored.id),
                    _ => {}
                }
            }
            (Lane::Telemetry, Fate::New) => {
                self.hub.handle_heard(now, device, stored.up.as_ref());
            }
            (_, Fate::Again(_) | Fate::Shed | Fate::Refused) => {}
        }
    }

    fn on_gate(&mut self) -> Result<(), SpoolError> {
        let (news, proofs) = self.roster.news();
        for (device, link) in news.links {
            self.hub.handle_link(device, link == Link::Listening);
            if link == Link::Listening {
                let lately = self.clock.now().millis().saturating_sub(LATELY);
                for row in self.spool.rungs_of(device, TOLD_ON_RETURN)? {
                    // A device that still holds an older press repeats it, and is told then.
                    if row.rung == Rung::Stored || row.at.millis() >= lately {
                        self.tell_rung(&row);
                    }
                }
            }
        }
        if proofs.is_empty() { Ok(()) } else { self.spool.note_proofs(&proofs) }
    }

    fn on_uplink(&mut self, lane: Lane, up: bool) {
        if lane == Lane::Emergency {
            self.hub.handle_uplink(self.clock.now(), up);
        }
        if let Some(renewal) = &mut self.renewal {
            renewal.link(self.clock.now(), lane, up);
        }
        if up && lane == Lane::Emergency {
            // Answers may have been lost with the last link.
            let asked = self.ask_again(self.clock.now());
            self.pulse.send_modify(|pulse| pulse.store &= asked.is_ok());
        }
        self.pulse.send_modify(|pulse| match lane {
            Lane::Emergency => pulse.uplink_emergency = up,
            Lane::Telemetry => pulse.uplink_telemetry = up,
        });
    }

    fn on_tidy(&mut self) -> Result<(), SpoolError> {
        let now = self.clock.now();
        if self.files != self.spool.files() {
            self.files = self.spool.files();
            self.roster.rows().iter().try_for_each(|row| self.spool.enrol(row))?;
        }
        for _share in 0..TIDY_SHARES {
            if !self.spool.tidy(now)? {
                break;
            }
        }
        let voice = &mut self.voice;
        self.spool.tell_loss(now, &mut |count| {
            let uptime = now.since(voice.started);
            voice.say(&Up::Loss(Loss { count, since: None, uptime, home: None }))
        })?;
        let usage = self.spool.usage()?;
        if self.door.healthy() {
            self.hub.handle_tested(now);
        }
        let short = door::handles::short(self.handles, HANDLES_SPARE);
        if short {
            tracing::error!(limit = self.handles, "file handles run short");
        }
        self.pulse.send_modify(|pulse| {
            pulse.usage = usage;
            pulse.store = true;
            pulse.handles = !short;
        });
        self.ask_again(now)
    }

    fn ask_again(&self, now: Mono) -> Result<(), SpoolError> {
        if self.spool.ask_again(now)? {
            self.bells.of(Lane::Emergency).notify_one();
        }
        Ok(())
    }

    /// Shows a word on the bus, or keeps it until the bus has caught up.
    fn show(&mut self, topic: Topic, word: Bytes) {
        if !self.bus.publish(topic, true, word.clone()) {
            self.unsaid.insert(topic, word);
        }
    }

    /// Performs what the hub has decided.
    fn act(&mut self) {
        let mut own = Vec::new();
        for (topic, word) in std::mem::take(&mut self.unsaid) {
            self.show(topic, word);
        }
        let mut device = None;
        while let Some(action) = self.hub.next_action() {
            match action {
                Action::About(one) => device = Some(one),
                Action::Say(up) => own.extend(self.voice.say_about(device.take(), &up)),
                Action::ShowDevice(home, device, picture) => {
                    let word = bus_words::device(home, device, picture);
                    self.show(Topic::BusState(home, device), word);
                }
                Action::ClearDevice(home, device) => {
                    self.show(Topic::BusState(home, device), Bytes::new());
                    self.show(Topic::BusReceipt(home, device), Bytes::new());
                }
                Action::ShowRung(home, press, rung) => {
                    let word = bus_words::receipt(press, rung);
                    self.show(Topic::BusReceipt(home, press.device), word);
                }
                Action::ShowAlarm(home, alarm) => {
                    let word = bus_words::alarm(home, alarm);
                    self.show(Topic::BusAlarm(home), word);
                }
                Action::Sound(on) => {
                    self.alarm.sound(on);
                    self.pulse.send_modify(|pulse| pulse.sounding = on);
                }
            }
        }
        own.extend(self.tend_sounder());
        if own.is_empty() {
            return;
        }
        let frames: Vec<OwnFrame<'_>> =
            own.iter().map(|(id, bytes)| OwnFrame { id: *id, bytes }).collect();
        match self.spool.put_own(self.clock.now(), &frames) {
            Ok(()) => self.bells.of(Lane::Telemetry).notify_one(),
            Err(error) => tracing::error!(%error, "own words are lost"),
        }
    }

    /// Makes the sounder do as it was told; a word to the server if that has changed.
    fn tend_sounder(&mut self) -> Option<(PressId, Vec<u8>)> {
        let now = self.clock.now();
        let sounder = self.alarm.tend(now);
        self.pulse.send_if_modified(|pulse| {
            let before = std::mem::replace(&mut pulse.sounder, sounder);
            before != sounder
        });
        let kind = self.alarm.news(now)?;
        let uptime = now.since(self.voice.started);
        self.voice.say(&Up::Event(proto::up::Event { kind, uptime, count: None }))
    }

    fn tell_stored(&self, press: PressId) {
        let Some(member) = self.roster.find(press.device) else { return };
        let Some(nonce) = nonce() else { return };
        let word = Down::Receipt(Receipt { press, rung: Rung::Stored });
        if let Ok(sealed) = DownSeal::gateway(&member.key).seal(press.device, nonce, &word) {
            self.tell(press.device, &sealed);
        }
    }

    fn tell_rung(&self, row: &RungRow) {
        match &row.sealed {
            Some(sealed) => self.tell(row.press.device, sealed),
            None => self.tell_stored(row.press),
        }
    }

    fn tell(&self, device: DeviceId, sealed: &[u8]) {
        let payload = Bytes::copy_from_slice(sealed);
        let told = self.door.tell(Who::Device(device), Topic::DeviceDown(device), payload);
        tracing::debug!(%device, ?told, "told");
    }
}

impl OwnVoice {
    /// Seals a word as the box's next frame.
    fn say(&mut self, up: &Up) -> Option<(PressId, Vec<u8>)> {
        self.say_about(None, up)
    }

    /// The same, about one device.
    fn say_about(&mut self, device: Option<DeviceId>, up: &Up) -> Option<(PressId, Vec<u8>)> {
        let seq = self.last.seq.next()?;
        let body = device.map_or_else(|| up.to_body(), |device| about::to_body(up, device)).ok()?;
        let id = PressId { seq, ..self.last };
        let header = Header { class: up.class(), epoch: self.epoch, id };
        let frame = seal_end(&header, &body, &self.seal).ok()?;
        self.last.seq = seq;
        Some((id, frame.to_vec()))
    }

    /// Before the first frame of a boot.
    pub const fn before_first() -> Seq {
        Seq::new(0)
    }
}

/// A nonce from the system's source; without one nothing is sealed.
fn nonce() -> Option<[u8; 24]> {
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}
