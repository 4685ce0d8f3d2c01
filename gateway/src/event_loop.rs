//! One closed list of what can happen to the box, one loop that hears it, and what follows.
//!
//! Not here: decisions (`hub`, `uplink`), durability (`spool`).

mod acts;
mod life;
mod losses;
mod tidy;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use door::{Bus, Door};
use proto::down::Rung;
use proto::frame::Lane;
use proto::id::DeviceId;
use proto::topic::Topic;
use tokio::sync::{mpsc, watch};

use crate::clock::{self, Clock};
use crate::devices::calls;
use crate::enrol::{Link, Roster};
use crate::event::{Event, Stored};
use crate::health::Pulse;
use crate::hub::Hub;
use crate::local_alarm::LocalAlarm;
use crate::spool::{Fate, Spool, SpoolError};
use crate::uplink::Bells;
use crate::uplink::renewal::Renewal;
use crate::voice::OwnVoice;

pub use losses::Losses;

/// Presses whose rung a device is told when it comes back.
const TOLD_ON_RETURN: u32 = 16;
/// Rungs raised within this are told to a device that comes back, ms.
const LATELY: u64 = 3_600_000;
/// How often the store is tidied.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// Longest sleep of the loop, so that its pulse is seen and what failed is tried again.
const NAP_MAX: u64 = 1_000;

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
    /// What was lost, and what the server knows of it.
    pub losses: Losses,
    /// This program's version.
    pub firmware: u32,
}

impl EventLoop {
    async fn run(&mut self, events: &mut mpsc::Receiver<Event>, stop: &mut watch::Receiver<bool>) {
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
        self.learn();
        self.act();
    }

    fn learn(&mut self) {
        let now = self.clock.now();
        for (device, home, role) in self.roster.members() {
            self.hub.handle_enrolled(now, device, home, role);
        }
        match self.spool.not_received(1024) {
            Ok(rows) => {
                for row in rows.into_iter().filter(|row| !row.accepted) {
                    let own = row.press.device == self.voice.device;
                    let member = self.roster.find(row.press.device).map(|member| member.home);
                    let home = if own { self.roster.only_home() } else { member };
                    if own || home.is_some() {
                        self.hub.handle_press(now, home, row.press);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "cannot read waiting presses"),
        }
        match self.spool.unnamed() {
            Ok(unsent) => unsent.into_iter().for_each(|device| self.doubt(device)),
            Err(error) => tracing::error!(%error, "cannot read waiting presses of strangers"),
        }
    }

    fn doubt(&mut self, device: DeviceId) {
        let home = self.roster.find(device).map(|member| member.home);
        self.hub.handle_doubtful(self.clock.now(), device, home);
    }

    /// Whoever nobody can name sounds until the server has acknowledged it; if that cannot be read, it goes on.
    fn look_for_unnamed(&mut self) {
        if !self.hub.is_in_doubt() {
            return;
        }
        match self.spool.unnamed() {
            Ok(unsent) => self.hub.handle_unsent(self.clock.now(), &unsent),
            Err(error) => tracing::error!(%error, "cannot read waiting presses of strangers"),
        }
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
        self.look_for_unnamed();
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
        let who = (stored.id.device, stored.id.boot);
        if stored.doubtful {
            if (stored.lane, stored.fate) == (Lane::Emergency, Fate::New) {
                self.doubt(stored.id.device);
            }
            return;
        }
        match (stored.lane, stored.fate) {
            (Lane::Emergency, Fate::New) => {
                self.tell_stored(stored.id);
                // On a fast link the server's answer is heard before this.
                let answered = self.spool.rung(stored.id).ok().flatten();
                let answered = answered.is_some_and(|row| row.rung > Rung::Stored || row.accepted);
                // What this build cannot read may be a call; "it is nothing" is none.
                let calls = stored.up.as_ref().is_none_or(calls);
                if calls && !answered {
                    self.hub.handle_press(now, stored.home, stored.id);
                }
                self.hub.handle_heard(now, who, stored.up.as_ref());
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
                self.hub.handle_heard(now, who, stored.up.as_ref());
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
}
