//! The way to the gateway: when to connect and as whom, and when a silent link counts as dead.
//!
//! A device that its gateway refuses and that holds an emergency nobody has taken connects as a *stranger* in
//! between, and then tries as itself again. Not here: sockets and MQTT (`body`'s link), what is published.

use proto::unit::{Millis, Mono};

use crate::link::{Backoff, Jitter};

/// A CONNECT without an answer for this long is given up. Source: technical, twice the door's own 5 s.
const CONNECT_WITHIN: Millis = Millis::secs(10);
/// A publication without PUBACK for this long means that the link is dead. Source: technical, the door commits a
/// group within 5 ms; half of policy's 10 s leaves time for a second way.
pub(crate) const ACK_WITHIN: Millis = Millis::secs(5);

/// MQTT 3.1.1: bad user name or password, not authorised; MQTT 5: the same two.
const REFUSALS: [u8; 4] = [4, 5, 0x86, 0x87];

/// As whom the link is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guise {
    Itself,
    Stranger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits until then, and connects.
    Resting(Mono),
    /// The shell tries to connect since then.
    Connecting(Guise, Mono),
    /// The link is up.
    Up(Guise),
}

/// What the shell should do with the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Connect(Guise),
    Disconnect,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    state: State,
    backoff: Backoff,
    close: bool,
    next: Guise,
    /// The gateway has refused us as ourselves, and not taken us since.
    pub(crate) refused: bool,
}

impl Session {
    pub(crate) fn new(now: Mono) -> Self {
        Self {
            state: State::Resting(now),
            backoff: Backoff::default(),
            close: false,
            next: Guise::Itself,
            refused: false,
        }
    }

    pub(crate) const fn up(&self) -> Option<Guise> {
        match self.state {
            State::Up(guise) if !self.close => Some(guise),
            State::Up(_) | State::Resting(_) | State::Connecting(..) => None,
        }
    }

    /// What to do now, if anything. `unheard`: an emergency waits that no gateway has.
    pub(crate) fn step(&mut self, now: Mono, unheard: bool, jitter: &mut Jitter) -> Option<Step> {
        if let State::Connecting(_, since) = self.state
            && now.since(since) >= CONNECT_WITHIN
        {
            self.give_up(now, jitter);
        }
        if self.close {
            self.close = false;
            return Some(Step::Disconnect);
        }
        match self.state {
            State::Resting(until) if until <= now => {
                let stranger = self.next == Guise::Stranger && unheard;
                let guise = if stranger { Guise::Stranger } else { Guise::Itself };
                self.next = Guise::Itself;
                self.state = State::Connecting(guise, now);
                Some(Step::Connect(guise))
            }
            // As a stranger there is nothing left to say: try as ourselves again.
            State::Up(Guise::Stranger) if !unheard => {
                self.rest(now, jitter);
                Some(Step::Disconnect)
            }
            State::Resting(_) | State::Connecting(..) | State::Up(_) => None,
        }
    }

    pub(crate) fn came_up(&mut self) {
        if let State::Connecting(guise, _) = self.state {
            self.state = State::Up(guise);
            self.refused &= guise == Guise::Stranger;
        }
    }

    pub(crate) fn went_down(&mut self, now: Mono, jitter: &mut Jitter) {
        self.close = false;
        if !matches!(self.state, State::Resting(_)) {
            self.rest(now, jitter);
        }
    }

    /// The gateway refused the connection. True if it does not know us.
    pub(crate) fn refusal(&mut self, now: Mono, code: u8, unheard: bool, j: &mut Jitter) -> bool {
        let unknown = REFUSALS.contains(&code);
        let itself = matches!(self.state, State::Connecting(Guise::Itself, _));
        self.refused |= unknown && itself;
        self.rest(now, j);
        if unknown && itself {
            self.next = Guise::Stranger;
            if unheard {
                self.state = State::Resting(now);
            }
        }
        unknown
    }

    /// The gateway does answer: the next fault is a new one.
    pub(crate) const fn alive(&mut self) {
        self.backoff.reset();
    }

    /// Our keys have changed: connect anew, at once.
    pub(crate) const fn anew(&mut self, now: Mono) {
        self.close = !matches!(self.state, State::Resting(_));
        self.backoff.reset();
        self.next = Guise::Itself;
        self.state = State::Resting(now);
    }

    /// The link does not answer.
    pub(crate) fn give_up(&mut self, now: Mono, jitter: &mut Jitter) {
        self.close = true;
        self.rest(now, jitter);
    }

    /// An emergency has just been made: do not sit out a pause.
    pub(crate) fn hurry(&mut self, now: Mono) {
        if matches!(self.state, State::Resting(_)) {
            self.backoff.reset();
            self.state = State::Resting(now);
            if self.refused {
                self.next = Guise::Stranger;
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        match self.state {
            State::Resting(until) => Some(until),
            State::Connecting(_, since) => Some(since.after(CONNECT_WITHIN)),
            State::Up(_) => None,
        }
    }

    fn rest(&mut self, now: Mono, jitter: &mut Jitter) {
        self.state = State::Resting(now.after(self.backoff.pause(jitter)));
    }
}
