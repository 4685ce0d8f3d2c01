//! How a device takes an update: when to listen, to ask, to work on flash, to restart; people always come first.
//!
//! While an emergency waits for the server nothing is asked for, written or started; one that nobody receives for a
//! day no longer holds an update up, as it lies in flash. A restart never loses one that is in memory only. An image
//! on trial proves itself by a word that went to the server and back, flash that keeps, and a whole roll-call.
//! Not here: bytes in flash (`update::bank`), which slot is started (`update::slots`).

mod stage;
mod turn;

use proto::unit::{Millis, Mono};
use proto::update::{Chunk, Manifest, Refusal, Release, Stage};

use super::FIRMWARE;
use crate::update::Terms;
use crate::update::bank::{ChunkBuf, Done, Standing, Step};
use crate::update::check::check;
use crate::update::ledger::Outcome;
use stage::{Asking, State, Work};

/// An emergency that the server has not received for this long no longer holds an update up. Source: choice, the
/// update may be what it waits for.
const PATIENCE: Millis = Millis::minutes(24 * 60);
/// A device on cells restarts into another image above this only. Source: choice, an image and its way
/// back cost less.
const BATTERY_MIN_PERCENT: u8 = 30;
/// Time between two steps on flash, in which samples and words are heard.
const PACE: Millis = Millis::new(10);
/// Pause after flash has failed.
const FLASH_PAUSE: Millis = Millis::secs(1);
/// Failures of flash in a row that end an update.
const FAILS_MAX: u8 = 3;
/// An image on trial says so this often until it is heard.
const TRIAL_SAYS: Millis = Millis::secs(10);

/// The update of one device.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    standing: Option<Standing>,
    terms: Terms,
    state: State,
    /// What is being fetched.
    manifest: Option<Manifest>,
    /// A chunk that flash does not have yet.
    chunk: Option<(u32, ChunkBuf)>,
    /// To be said as soon as somebody listens.
    tell: Option<Outcome>,
    /// How the last update ended; said on each connect.
    last: Option<Outcome>,
    /// The bank is at work.
    busy: bool,
    /// No step before this.
    next_step: Mono,
    fails: u8,
    pressed: Option<Mono>,
    all_here: bool,
}

impl Default for Update {
    fn default() -> Self {
        Self {
            standing: None,
            terms: Terms::default(),
            state: State::Rest,
            manifest: None,
            chunk: None,
            tell: None,
            last: None,
            busy: false,
            next_step: Mono::default(),
            fails: 0,
            pressed: None,
            all_here: false,
        }
    }
}

impl Update {
    fn begin(standing: Standing, terms: Terms, now: Mono) -> Self {
        let state = match (standing.trial, standing.fetch) {
            (Some(release), _) => {
                let until = now.after(terms.trial);
                State::Trial { release, until, heard: false, say: now }
            }
            (None, Some(_)) => State::Work(Work::Prepare),
            (None, None) => State::Rest,
        };
        let (manifest, last) = (standing.fetch, standing.last);
        Self { standing: Some(standing), terms, state, manifest, last, ..Self::default() }
    }

    /// Version of the image that runs.
    pub(super) fn version(&self) -> u32 {
        self.standing.map_or(FIRMWARE, |standing| standing.built.version)
    }

    /// Somebody has called for help.
    pub(super) const fn pressed(&mut self, now: Mono) {
        self.pressed = Some(now);
    }

    /// The device's own connection is up.
    pub(super) fn link_up(&mut self, now: Mono) {
        self.link_lost();
        self.tell = match (&mut self.state, self.manifest) {
            (State::Ready, Some(manifest)) => Some(outcome(manifest.release(), Stage::Ready, None)),
            (State::Trial { say, .. }, _) => {
                *say = now;
                None
            }
            (State::Rest, _) => self.last,
            (State::Ready | State::Fetch { .. } | State::Work(_) | State::Leave { .. }, _) => None,
        };
    }

    /// What was asked for does not come any more.
    pub(super) const fn link_lost(&mut self) {
        if let State::Fetch { asking, .. } = &mut self.state {
            asking.again_at_once();
        }
    }

    fn offered(&mut self, manifest: &Manifest) {
        let release = manifest.release();
        let Some(standing) = self.standing.filter(|_| !self.busy) else {
            if self.standing.is_none() {
                self.tell = Some(outcome(release, Stage::Refused, Some(Refusal::NoSlots)));
            }
            return;
        };
        if self.state.is_closing() {
            return;
        }
        if let Some(last) = self.last.filter(|last| last.release == release)
            && last.stage == Stage::Confirmed
        {
            self.tell = Some(last);
            return;
        }
        if self.manifest.as_ref() == Some(manifest) {
            if self.state == State::Ready {
                self.tell = Some(outcome(release, Stage::Ready, None));
            }
            return;
        }
        let newer = self.manifest.is_none_or(|held| manifest.version > held.version);
        let believed = check(manifest, &standing.built, standing.floor, standing.room);
        match believed.and(if newer { Ok(()) } else { Err(Refusal::Old) }) {
            Ok(()) => {
                self.manifest = Some(*manifest);
                self.chunk = None;
                self.work(Work::Accept);
            }
            Err(refusal) => self.tell = Some(outcome(release, Stage::Refused, Some(refusal))),
        }
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let (State::Fetch { next, .. }, Some(manifest)) = (&self.state, &self.manifest) else {
            return;
        };
        let whole = manifest.size.saturating_sub(*next).min(stage::CHUNK);
        let asked = chunk.release == manifest.release()
            && chunk.offset == *next
            && u32::try_from(chunk.bytes.len()) == Ok(whole);
        if asked && self.chunk.is_none() && !self.busy {
            self.chunk = ChunkBuf::from_slice(chunk.bytes).ok().map(|bytes| (*next, bytes));
        }
    }

    fn work(&mut self, work: Work) {
        self.fails = 0;
        self.state = State::Work(work);
    }

    fn fetch(&mut self, next: u32) {
        self.state = State::Fetch { next, asking: Asking::default() };
    }

    /// It is over, for now or for good.
    fn end(&mut self, last: Outcome) {
        self.manifest = None;
        self.chunk = None;
        self.state = State::Rest;
        self.last = Some(last);
        self.tell = Some(last);
    }

    fn ended(&mut self, stage: Stage, refusal: Option<Refusal>) {
        if let Some(manifest) = self.manifest {
            self.end(outcome(manifest.release(), stage, refusal));
        }
    }

    /// The next step for the bank. `calm`: nobody waits for help; `quiet`: nobody has for a while.
    fn step(&mut self, now: Mono, calm: bool, quiet: bool) -> Option<Step> {
        // A chunk comes at the pace of the link, and samples are heard before the next one.
        let paced = self.chunk.is_none() || self.fails > 0;
        if self.busy || paced && now < self.next_step {
            return None;
        }
        let step = match (&self.state, self.manifest) {
            (State::Work(Work::Confirm), _) => Step::Confirm,
            (State::Work(Work::RollBack), _) => Step::RollBack(Refusal::Trial),
            _ if !calm => return None,
            (State::Work(Work::Accept), Some(manifest)) => Step::Accept(manifest),
            (State::Work(Work::Prepare), _) => Step::Prepare,
            (State::Work(Work::Verify), _) => Step::Verify,
            (State::Work(Work::Drop(refusal)), _) => Step::Drop(*refusal),
            (State::Work(Work::Swap), _) if quiet => Step::Swap,
            (State::Ready, _) if quiet => {
                self.work(Work::Swap);
                Step::Swap
            }
            (State::Fetch { .. }, _) => {
                let (offset, bytes) = self.chunk.take()?;
                Step::Fill { offset, bytes }
            }
            (
                State::Rest
                | State::Ready
                | State::Trial { .. }
                | State::Leave { .. }
                | State::Work(Work::Accept | Work::Swap),
                _,
            ) => return None,
        };
        self.busy = true;
        Some(step)
    }

    /// What a step has come to.
    fn banked(&mut self, now: Mono, done: Done) {
        self.busy = false;
        self.next_step = now.after(PACE);
        if done == Done::Failed {
            return self.failed(now);
        }
        self.fails = 0;
        let size = self.manifest.map_or(0, |manifest| manifest.size);
        match (&mut self.state, done) {
            (State::Work(Work::Accept), _) => self.work(Work::Prepare),
            (State::Work(Work::Prepare), Done::At(next)) => self.fetch(next),
            (State::Fetch { .. }, Done::At(next)) if next >= size => self.work(Work::Verify),
            (State::Fetch { next, asking }, Done::At(there)) => {
                *next = there;
                asking.came(there);
            }
            (State::Work(Work::Verify), Done::Whole) => {
                self.state = State::Ready;
                let release = self.manifest.map(|manifest| manifest.release());
                self.tell = release.map(|release| outcome(release, Stage::Ready, None));
            }
            (State::Work(Work::Verify), Done::Differs(times)) => {
                let last = times >= crate::update::FETCHES;
                self.work(if last { Work::Drop(Refusal::Digest) } else { Work::Prepare });
            }
            (State::Work(Work::Drop(refusal)), _) => {
                let refusal = *refusal;
                self.ended(Stage::Refused, Some(refusal));
            }
            (State::Work(Work::Swap), _) => self.state = State::Leave { swap: true },
            (State::Work(Work::RollBack), _) => self.state = State::Leave { swap: false },
            (State::Work(Work::Confirm), _) => {
                let release = self.standing.as_mut().and_then(|standing| standing.trial.take());
                if let Some(release) = release {
                    self.end(outcome(release, Stage::Confirmed, None));
                }
            }
            (
                State::Work(Work::Prepare | Work::Verify)
                | State::Fetch { .. }
                | State::Rest
                | State::Ready
                | State::Trial { .. }
                | State::Leave { .. },
                _,
            ) => {}
        }
    }

    fn failed(&mut self, now: Mono) {
        self.fails = self.fails.saturating_add(1);
        self.next_step = now.after(FLASH_PAUSE);
        if self.fails < FAILS_MAX {
            return self.link_lost();
        }
        match self.state {
            // The boot stage counts what cannot be written here.
            State::Work(Work::Confirm | Work::RollBack) => {
                self.state = State::Leave { swap: false };
            }
            State::Work(_) | State::Fetch { .. } | State::Rest | State::Ready => {
                self.ended(Stage::Refused, Some(Refusal::Flash));
            }
            State::Trial { .. } | State::Leave { .. } => {}
        }
    }

    /// An image on trial has proved itself, or its time is over.
    fn try_out(&mut self, now: Mono) {
        if let State::Trial { until, heard, .. } = self.state {
            if heard && self.all_here {
                self.work(Work::Confirm);
            } else if now >= until {
                self.work(Work::RollBack);
            }
        }
    }
}

const fn outcome(release: Release, stage: Stage, refusal: Option<Refusal>) -> Outcome {
    Outcome { release, stage, refusal }
}
