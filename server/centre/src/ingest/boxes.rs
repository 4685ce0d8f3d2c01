//! Home boxes that are not well though they are heard: not yet installed, coming and going, starting again and again.
//!
//! - A box that was never heard waits for its fitter: nobody is told of its silence, and after a day of it once.
//! - One that comes back a second time within a day is *unsteady*: its alert stays until it has been heard for a day, and
//!   says what it is now. Its homes are told to be without a way only when it stays away.
//! - Starts and connections are counted; too many are one fault, which ends when there was none for a day.
//!
//! Pure. Not here: rows and alerts (`batch::boxes`), two boxes with one identity (`voices`).

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use care::Often;
use care::policy::noise::{
    BOOTS_LONG, BOOTS_SHORT, CONNECTS_LONG, CONNECTS_SHORT, STEADY, WAY_UNSTEADY,
};
use proto::id::{BootId, GatewayId, HomeId};
use proto::unit::Mono;

/// How one box comes and goes.
#[derive(Debug, Clone, Copy, Default)]
struct Wave {
    /// When it came back last; none while it is away.
    back: Option<Mono>,
    /// When it went last.
    gone: Mono,
    /// How often it came back in a row.
    times: u16,
}

/// What ingest remembers of all boxes.
#[derive(Debug, Default)]
pub struct Boxes {
    heard: HashSet<GatewayId>,
    waves: HashMap<GatewayId, Wave>,
    boots: HashMap<GatewayId, (BootId, Often)>,
    /// Homes behind a box that is unsteady and away, and when they are looked at again.
    later: HashMap<HomeId, Mono>,
    /// When those that wait for their fitter were last looked for.
    looked: Option<Mono>,
}

impl Boxes {
    /// Continues with what the records hold.
    pub fn new(heard: impl IntoIterator<Item = GatewayId>) -> Self {
        Self { heard: heard.into_iter().collect(), ..Self::default() }
    }

    /// Whether it has ever been heard.
    pub(crate) fn has_heard(&self, gateway: GatewayId) -> bool {
        self.heard.contains(&gateway)
    }

    /// It has been heard, and the records know.
    pub fn hears(&mut self, gateway: GatewayId) {
        self.heard.insert(gateway);
    }

    /// It is back at `now`: how often in a row, if not for the first time within a day.
    pub fn back(&mut self, gateway: GatewayId, now: Mono) -> Option<u16> {
        let wave = self.waves.entry(gateway).or_default();
        if wave.back.is_some() {
            // The same turn, tried again.
            return (wave.times > 1).then_some(wave.times);
        }
        wave.times = wave.times.saturating_add(1);
        wave.back = Some(now);
        (wave.times > 1).then_some(wave.times)
    }

    /// It has gone at `now`: whether it comes and goes.
    pub fn gone(&mut self, gateway: GatewayId, now: Mono) -> bool {
        let Some(wave) = self.waves.get_mut(&gateway) else { return false };
        if wave.back.is_some_and(|back| now >= back.after(STEADY)) {
            self.waves.remove(&gateway);
            return false;
        }
        (wave.back, wave.gone) = (None, now);
        true
    }

    /// A person has closed it, or it is over: it is told anew.
    pub fn forget(&mut self, gateway: GatewayId) {
        self.waves.remove(&gateway);
    }

    /// Boxes that came back and have been heard for a day since.
    pub fn steady(&self, now: Mono) -> Vec<GatewayId> {
        let over = |wave: &Wave| wave.back.is_some_and(|back| now >= back.after(STEADY));
        self.waves.iter().filter(|(_, wave)| over(wave)).map(|(gateway, _)| *gateway).collect()
    }

    /// Whether a home behind this box is not yet to be told that it has no way; it is looked at again in time.
    pub fn waits(&mut self, home: HomeId, gateway: GatewayId, now: Mono) -> bool {
        let away = self.waves.get(&gateway).filter(|wave| wave.back.is_none() && wave.times > 0);
        let until = away.map(|wave| wave.gone.after(WAY_UNSTEADY)).filter(|until| *until > now);
        if let Some(until) = until {
            self.later.insert(home, until);
        }
        until.is_some()
    }

    /// Homes that are to be looked at again.
    pub(crate) fn take_later(&mut self, now: Mono) -> Vec<HomeId> {
        let due: Vec<_> =
            self.later.iter().filter(|(_, until)| **until <= now).map(|(home, _)| *home).collect();
        self.later.retain(|_, until| *until > now);
        due
    }

    /// It speaks in a boot, at `at`: how often it has started lately, if that is too often.
    pub fn starts(&mut self, gateway: GatewayId, boot: BootId, at: Mono) -> Option<u16> {
        let (known, often) = self.boots.entry(gateway).or_insert_with(|| (boot, Often::default()));
        // A backlog of an earlier boot is no start; another life is one.
        let life = |boot: BootId| boot.get() >> 32;
        if life(*known) == life(boot) && boot.counter() <= known.counter() {
            return None;
        }
        *known = boot;
        often.happens(at);
        often.beyond(BOOTS_SHORT, BOOTS_LONG)
    }

    /// When it will not have started for a day; none = it has not since this server began.
    pub fn rests(&self, gateway: GatewayId) -> Option<Mono> {
        self.boots.get(&gateway).map(|(_, often)| often.rests())
    }

    /// Whether those that wait for their fitter are to be looked for now; after a start they have their time to speak.
    pub fn looks(&mut self, now: Mono, every: proto::unit::Millis) -> bool {
        let due = self.looked.is_some_and(|at| now.since(at) >= every);
        if due || self.looked.is_none() {
            self.looked = Some(now);
        }
        due
    }
}

/// How often boxes connect; counted at the door.
#[derive(Debug, Default)]
pub struct Links {
    all: Mutex<HashMap<GatewayId, Often>>,
}

impl Links {
    /// One of its two sessions begins: how often lately, if that is too often.
    pub fn connects(&self, gateway: GatewayId, now: Mono) -> Option<u16> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let often = all.entry(gateway).or_default();
        often.happens(now);
        often.beyond(CONNECTS_SHORT, CONNECTS_LONG)
    }

    /// When it will not have connected for a day; none = it has not since this server began.
    pub fn rests(&self, gateway: GatewayId) -> Option<Mono> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&gateway).map(Often::rests)
    }
}

#[cfg(test)]
mod tests {
    use proto::unit::Millis;

    use super::*;

    const BOX: GatewayId = match GatewayId::new(9) {
        Some(id) => id,
        None => panic!("in range"),
    };

    fn minute(n: u64) -> Mono {
        Mono::from_millis(0).after(Millis::minutes(n))
    }

    #[test]
    fn a_box_that_comes_back_twice_within_a_day_is_unsteady_until_it_has_been_heard_for_one() {
        let mut boxes = Boxes::default();
        assert!(!boxes.gone(BOX, minute(1)));
        assert_eq!(boxes.back(BOX, minute(5)), None);
        assert!(boxes.gone(BOX, minute(60)));
        assert_eq!(boxes.back(BOX, minute(64)), Some(2));
        assert_eq!(boxes.steady(minute(64 + 24 * 60 - 1)), []);
        assert_eq!(boxes.steady(minute(64 + 24 * 60)), [BOX]);
        assert!(!boxes.gone(BOX, minute(64 + 24 * 60)), "what goes after a good day is new");
    }

    #[test]
    fn a_box_that_starts_six_times_an_hour_is_told_and_its_backlog_is_no_start() {
        let mut boxes = Boxes::default();
        let mut starts = |n, at| boxes.starts(BOX, BootId::new(1, n), minute(at));
        for n in 1..=6 {
            assert_eq!(starts(n, n.into()), None, "start {n}");
        }
        assert_eq!(starts(3, 7), None, "what it said before");
        assert_eq!(starts(7, 8), Some(6));
    }

    #[test]
    fn a_box_that_connects_every_two_minutes_is_told() {
        let links = Links::default();
        let told = (0..30).filter_map(|n| links.connects(BOX, minute(n))).count();
        assert_eq!(told, 1);
    }
}
