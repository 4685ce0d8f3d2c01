//! What the box says of itself: who has answered the roll-call, and all that is out of order in words.
//!
//! `ok` is the box itself, `healthy` its promises as well: with the uplink down no call reaches anybody but the home.
//! Neither is a reason to start it again; `alive` is. Not here: figures (`figures`).

use proto::unit::Millis;
use serde::Serialize;

use super::{HealthPage, Pulse};
use crate::clock;

/// The loop turns at least once a second; silence this long means that it hangs.
const LOOP_WITHIN: Millis = Millis::secs(5);

/// One thing that is out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What, as a word that stays the same.
    pub code: &'static str,
    /// The same for people.
    pub text: &'static str,
    /// Whether a promise is broken by it.
    pub broken: bool,
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether this process is of use. If not, start it again.
    pub alive: bool,
    /// Whether no promise is broken.
    pub healthy: bool,
    /// Whether the box itself works.
    pub ok: bool,
    event_loop: bool,
    store: bool,
    door: bool,
    bus: bool,
    sounder: bool,
    handles: bool,
    uplink: bool,
    uplink_telemetry: bool,
    local_alarm: bool,
    reserve: bool,
    /// Days that the box's certificate has left, below zero after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days: Option<i64>,
    emergencies_waiting: u64,
    telemetry_waiting: u64,
    lost: u64,
    /// Words of all that is out of order.
    pub faults: Vec<&'static str>,
    /// The same with sentences.
    pub says: Vec<Said>,
}

/// A word, its sentence, whether it stands, whether a promise is broken by it.
type Word = (&'static str, &'static str, bool, bool);

/// What stands of files that somebody has changed.
const fn of_files(pulse: &Pulse) -> [Word; 2] {
    let unread = "A changed file cannot be used: what it said before stays in force";
    let changed = "The configuration has changed: it counts after a new start";
    [
        ("file_unread", unread, pulse.file_unread, false),
        ("config_changed", changed, pulse.config_changed, false),
    ]
}

impl HealthPage {
    /// Calls the roll.
    pub fn report(&self) -> Report {
        let pulse = *self.pulse.borrow();
        let event_loop = self.clock.now().since(pulse.loop_at) <= LOOP_WITHIN;
        let (door, bus) = (self.door.healthy(), self.bus.healthy());
        let Pulse { store, sounder, handles, usage, .. } = pulse;
        let certificate_days = self.certificate_days();
        let says = self.says(&pulse, [event_loop, door, bus], certificate_days);
        Report {
            alive: self.alive(),
            healthy: !says.iter().any(|said| said.broken),
            ok: event_loop && store && door && bus && sounder && handles,
            event_loop,
            store,
            door,
            bus,
            sounder,
            handles,
            uplink: pulse.uplink_emergency,
            uplink_telemetry: pulse.uplink_telemetry,
            local_alarm: pulse.sounding,
            reserve: usage.reserve,
            certificate_days,
            emergencies_waiting: usage.emergencies_waiting,
            telemetry_waiting: usage.telemetry_waiting,
            lost: usage.lost,
            faults: says.iter().map(|said| said.code).collect(),
            says,
        }
    }

    fn says(
        &self,
        pulse: &Pulse,
        [event_loop, door, bus]: [bool; 3],
        certificate: Option<i64>,
    ) -> Vec<Said> {
        let turnouts = self.turnouts();
        let still = turnouts.iter().any(|worker| worker.still);
        let restarts = turnouts.iter().any(|worker| worker.restarting);
        let words = [
            ("loop_still", "The box's loop does not turn", !event_loop, true),
            ("store_fails", "The store does not take what it is told", !pulse.store, true),
            ("door_fails", "The door of the devices does not answer its own call", !door, true),
            ("bus_fails", "The local bus does not answer its own call", !bus, true),
            (
                "sounder_failed",
                "The home's sounder does not do as it is told",
                !pulse.sounder,
                true,
            ),
            ("handles_short", "File handles run short", !pulse.handles, true),
            ("worker_still", "A part of the box stands still", still, true),
            ("worker_restarts", "A part of the box is restarted again and again", restarts, true),
            (
                "uplink_down",
                "The server is not reached: calls sound in the home alone",
                !pulse.uplink_emergency,
                true,
            ),
            (
                "uplink_telemetry_down",
                "What devices measure does not reach the server",
                !pulse.uplink_telemetry,
                false,
            ),
            (
                "disk_full",
                "The disk is full: what is left of it is for emergencies",
                !pulse.usage.reserve,
                true,
            ),
            (
                "certificate_ended",
                "The box's certificate has ended",
                certificate.is_some_and(|days| days < 0),
                false,
            ),
            (
                "telemetry_lost",
                "Records were dropped for want of room within a day",
                pulse.telemetry_lost,
                false,
            ),
            ("bus_lost", "The local bus has lost messages within a day", pulse.bus_lost, false),
        ];
        let said = words.into_iter().chain(of_files(pulse)).filter(|(_, _, stands, _)| *stands);
        said.map(|(code, text, _, broken)| Said { code, text, broken }).collect()
    }

    pub(super) fn certificate_days(&self) -> Option<i64> {
        let life = self.wallet.as_ref()?.life()?;
        Some(life.days_left(care::policy::dates::dated(clock::wall_s())))
    }
}
