//! What the person in the room sees and hears: a light that climbs with the receipts, and sounds for its steps.
//!
//! While emergencies wait, the light shows the one that is worst off; when the last is received it shows that, and
//! whether somebody has it, for as long as the incident may take. Sounds are said once.
//! Not here: blink patterns and melodies, which are the board's.

use care::policy::INCIDENT_WINDOW;
use heapless::Deque;
use proto::down::Rung;
use proto::id::PressId;
use proto::unit::{Millis, Mono};

use super::press::Presses;

/// A press that found no place at all is shown for this long. Source: choice, as long as a person looks twice.
const NOT_HELD_SHOWN: Millis = Millis::secs(30);
const SOUNDS: usize = 8;
/// Received emergencies whose `seen` is still worth a word.
const DONE: usize = 4;

/// What the light says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Nothing waits.
    Idle,
    /// On its way: fast blink.
    Sending,
    /// The gateway has it: slow blink.
    Stored,
    /// The server has it: solid.
    Received,
    /// A person has it.
    Seen,
    /// Nobody has confirmed it in time: long red, "telephone for help". The device keeps trying.
    Failed,
    /// The gateway does not know this device, which calls as a stranger.
    Refused,
    /// An installer looks for this one.
    Identify,
}

/// What the device says aloud, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// A press was felt.
    Felt,
    /// The server has it: two beeps.
    Received,
    /// A person has it: the voice, where there is a speaker.
    Seen,
    /// Nobody has confirmed it: buzz pattern.
    Failed,
    /// Self-test.
    Test,
    /// An installer looks for this one.
    Identify,
}

/// Light and sounds of one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ladder {
    shown: Option<Light>,
    done: Deque<(PressId, Rung, Mono), DONE>,
    sounds: Deque<Sound, SOUNDS>,
    not_held_until: Option<Mono>,
    identify_until: Option<Mono>,
}

impl Ladder {
    /// Says something aloud; if too much waits to be said, the oldest is left out.
    pub(crate) fn say(&mut self, sound: Sound) {
        if self.sounds.is_full() {
            self.sounds.pop_front();
        }
        // There is room: the oldest has just left.
        let _ = self.sounds.push_back(sound);
    }

    pub(crate) fn next_sound(&mut self) -> Option<Sound> {
        self.sounds.pop_front()
    }

    /// An emergency has been forgotten at this rung.
    pub(crate) fn done(&mut self, now: Mono, id: PressId, rung: Rung) {
        if self.done.is_full() {
            self.done.pop_front();
        }
        // There is room: the oldest has just left.
        let _ = self.done.push_back((id, rung, now));
        self.say(if rung == Rung::Seen { Sound::Seen } else { Sound::Received });
    }

    /// A receipt for one that is no longer held: only `seen` is news, and only once.
    pub(crate) fn seen(&mut self, id: PressId, rung: Rung) {
        let known = self.done.iter_mut().find(|(done, _, _)| *done == id);
        if let Some((_, reached, _)) = known
            && *reached < rung
        {
            *reached = rung;
            self.say(Sound::Seen);
        }
    }

    /// A press found no place at all.
    pub(crate) fn not_held(&mut self, now: Mono) {
        self.not_held_until = Some(now.after(NOT_HELD_SHOWN));
        self.say(Sound::Failed);
    }

    pub(crate) fn identify(&mut self, now: Mono, span: Millis) {
        self.identify_until = Some(now.after(span));
        self.say(Sound::Identify);
    }

    /// The light, if it must change.
    pub(crate) fn change(&mut self, now: Mono, presses: &Presses, refused: bool) -> Option<Light> {
        let light = self.light(now, presses, refused);
        if self.shown == Some(light) {
            return None;
        }
        self.shown = Some(light);
        Some(light)
    }

    fn light(&self, now: Mono, presses: &Presses, refused: bool) -> Light {
        let later = |until: Option<Mono>| until.is_some_and(|until| now < until);
        let unstored = presses.iter().any(|press| press.rung.is_none());
        let failed = presses.iter().any(|press| press.failed && press.rung.is_none());
        // Not even as a stranger's word: nobody has it at all, whoever has refused us before.
        let unheard = presses.iter().any(|press| press.failed && !press.known());
        let waiting = presses.iter().next().is_some();
        let recent = |at: Mono| now.since(at) < INCIDENT_WINDOW;
        let last = self.done.back().filter(|(_, _, at)| recent(*at)).map(|(_, rung, _)| *rung);
        if unheard || later(self.not_held_until) {
            Light::Failed
        } else if unstored && refused {
            Light::Refused
        } else if failed {
            Light::Failed
        } else if unstored {
            Light::Sending
        } else if waiting {
            Light::Stored
        } else if later(self.identify_until) {
            Light::Identify
        } else {
            match last {
                Some(Rung::Seen) => Light::Seen,
                Some(Rung::Received | Rung::Stored) => Light::Received,
                None => Light::Idle,
            }
        }
    }

    /// When the light changes by itself.
    pub(crate) fn deadline(&self, now: Mono) -> Option<Mono> {
        let last = self.done.back().map(|(_, _, at)| at.after(INCIDENT_WINDOW));
        [last, self.not_held_until, self.identify_until]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}
