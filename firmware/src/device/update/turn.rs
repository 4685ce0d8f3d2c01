//! What the whole device does for its update: hears orders, says how far it is, acts and wakes for it.
//!
//! People come first: while somebody waits for help nothing is asked for, written or started. Not here: the states of
//! an update and what moves it on (`update`).

use proto::unit::{Mono, Percent};
use proto::up::Up;
use proto::update::{Order, Progress, Stage};

use super::stage::{State, Work};
use super::{BATTERY_MIN_PERCENT, PATIENCE, TRIAL_SAYS, Update, outcome};
use crate::device::{Action, Device, Guise};
use crate::update::bank::{Done, Standing};
use crate::update::ledger::Outcome;
use crate::update::{Terms, UPDATES};

impl Device {
    /// This device has two slots, and this is what it has found there.
    pub fn with_slots(mut self, standing: Standing, terms: Terms) -> Self {
        self.give_slots(standing, terms);
        self
    }

    pub(crate) fn give_slots(&mut self, standing: Standing, terms: Terms) {
        if !UPDATES {
            return;
        }
        let pressed = self.update.pressed;
        self.update = Update { pressed, ..Update::begin(standing, terms, self.now) };
    }

    #[inline(never)]
    pub(in crate::device) fn order(&mut self, order: &Order<'_>) {
        match order {
            Order::Offer(manifest) => self.update.offered(manifest),
            Order::Chunk(chunk) => self.update.chunk(chunk),
            Order::Heard(release) => {
                if let State::Trial { release: tried, heard, .. } = &mut self.update.state {
                    *heard |= tried == release;
                }
            }
        }
    }

    pub(in crate::device) fn banked(&mut self, done: Done) {
        if UPDATES {
            self.update.banked(self.now, done);
        }
    }

    pub(in crate::device) const fn all_here(&mut self) {
        self.update.all_here = true;
    }

    /// What time and link have brought: a trial that is over, something to say.
    pub(in crate::device) fn update_turns(&mut self) {
        if !UPDATES {
            return;
        }
        self.update.try_out(self.now);
        if self.session.up() != Some(Guise::Itself) {
            return;
        }
        if let Some(told) = self.update.tell.take() {
            self.say_progress(told, None);
        }
        let (now, calm) = (self.now, self.calm());
        let idle = self.update.chunk.is_none() && !self.update.busy;
        let size = self.update.manifest.map(|manifest| (manifest.release(), manifest.size));
        match (&mut self.update.state, size) {
            (State::Fetch { next, asking }, Some((release, size))) if calm && idle => {
                let next = *next;
                if let Some(chunks) = asking.ask(now, next, size, &mut self.jitter) {
                    let told = outcome(release, Stage::Fetching, None);
                    self.say_progress(told, Some((next, chunks)));
                }
            }
            (State::Trial { release, heard: false, say, .. }, _) if *say <= now => {
                *say = now.after(TRIAL_SAYS);
                let told = outcome(*release, Stage::Trial, None);
                self.say_progress(told, None);
            }
            (
                State::Fetch { .. }
                | State::Trial { .. }
                | State::Rest
                | State::Work(_)
                | State::Ready
                | State::Leave { .. },
                _,
            ) => {}
        }
    }

    /// What the update asks of the world; behind everything else.
    pub(in crate::device) fn update_action(&mut self) -> Option<Action> {
        if !UPDATES {
            return None;
        }
        let (calm, quiet) = (self.calm(), self.quiet());
        if let State::Leave { swap } = self.update.state {
            return (self.may_leave() && (quiet || !swap)).then_some(Action::Restart);
        }
        self.update.step(self.now, calm, quiet).map(Action::Bank)
    }

    /// When the update wants to be asked again.
    pub(in crate::device) fn update_deadline(&self) -> Option<Mono> {
        if !UPDATES {
            return None;
        }
        let up = self.session.up() == Some(Guise::Itself);
        let (calm, update) = (self.calm(), &self.update);
        if update.busy {
            return None;
        }
        let quiet_at = update.pressed.map_or(self.now, |at| at.after(update.terms.quiet));
        let work = update.next_step;
        match &update.state {
            State::Rest => None,
            State::Work(Work::Confirm | Work::RollBack) => Some(work),
            State::Work(Work::Swap) | State::Ready if calm && self.charged() => {
                Some(quiet_at.max(work))
            }
            State::Leave { swap } if self.may_leave() => {
                let quiet = (calm && self.charged()).then_some(quiet_at);
                if *swap { quiet } else { Some(work) }
            }
            State::Fetch { asking, .. } if calm => {
                if update.chunk.is_some() {
                    Some(work)
                } else {
                    asking.due(self.now).filter(|_| up)
                }
            }
            State::Work(Work::Accept | Work::Prepare | Work::Verify | Work::Drop(_)) if calm => {
                Some(work)
            }
            State::Trial { until, heard, say, .. } => {
                let say = (up && !heard).then_some(*say);
                Some(say.map_or(*until, |say| say.min(*until)))
            }
            State::Work(_) | State::Ready | State::Fetch { .. } | State::Leave { .. } => None,
        }
    }

    fn say_progress(&mut self, told: Outcome, ask: Option<(u32, u8)>) {
        let uptime = self.uptime(self.now);
        let up = Up::Update(Progress {
            uptime,
            release: told.release,
            running: self.update.version().into(),
            stage: told.stage,
            next: ask.map(|(next, _)| next),
            chunks: ask.map(|(_, chunks)| chunks),
            refusal: told.refusal,
            hardware: self.update.standing.map(|standing| standing.built.hardware),
        });
        if let Some((id, frame)) = self.voice.say(&up) {
            self.report.push(uptime, id, frame);
        }
    }

    /// A restart now would lose no call, not even one that is just being made.
    fn may_leave(&self) -> bool {
        !self.presses.in_memory() && !self.sense.touched()
    }

    /// Nobody waits for help.
    fn calm(&self) -> bool {
        !self.presses.waits(self.now, PATIENCE)
    }

    /// Nobody has called for help for a while, and a restart is not the last thing that the cells do.
    fn quiet(&self) -> bool {
        let long = |at| self.now.since(at) >= self.update.terms.quiet;
        self.calm() && self.update.pressed.is_none_or(long) && self.charged()
    }

    fn charged(&self) -> bool {
        self.battery.map(Percent::get).is_none_or(|level| level >= BATTERY_MIN_PERCENT)
    }
}
