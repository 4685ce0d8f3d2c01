//! What homes have said, small enough to keep for months: the inputs of the judgement, for rehearsals.
//!
//! - A *run* is one thing that was said once, or again and again at one pace: a night of summaries that tell the
//!   same is one run. Values are kept as the judgement hears them (in bed or not, moved or not), not as numbers.
//! - Each home has a *tail* in memory that becomes a row each hour. A crash loses at most that; alarms do not rest on
//!   it, and nothing waits for it.
//! - What a gateway says for a device is a voice of its own beside the device's.
//! - A home that says too much a day keeps its first `RUNS_A_DAY` runs of that day.
//!
//! Not here: SQL (`records::heard`), what a rehearsal makes of it (`rehearsal`).

pub mod run;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use care::Input;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::{Millis, Mono};

pub use self::run::{Run, Said};
use crate::clock::Clock;
use records::column::stored;
use records::heard::{self, HeardRow};
use records::refusal::{is_of_row, leave_out};
use records::{Records, Work};

/// How long what homes have said is kept.
pub const KEPT: Millis = Millis::minutes(91 * 24 * 60);
/// Runs of a tail that becomes a row at once.
const RUNS_A_ROW: usize = 512;
/// Age of a tail that becomes a row whatever it holds.
const ROW_AGE: Millis = Millis::minutes(60);
/// Most runs of one home and day: a busy home has about a thousand, a chattering contact 864,000.
const RUNS_A_DAY: u32 = 8_000;
/// Most voices of one tail; a home has at most 32 devices, and gateways speak for it and for them.
const VOICES: usize = 96;
/// Rows of one transaction, so that a press never waits long for the writer.
const AT_ONCE: usize = 64;
/// Looks for tails that are due this often.
const EVERY: std::time::Duration = std::time::Duration::from_secs(30);
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What one home said in one stretch.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stretch {
    /// When it begins, ms of the server's clock.
    #[n(0)]
    pub from: u64,
    /// Who speaks; runs name them by their place.
    #[n(1)]
    pub voices: Vec<DeviceId>,
    /// What was said, each run at the place of its first word.
    #[n(2)]
    pub runs: Vec<Run>,
    /// Places of voices that are not the device's own: a gateway speaks for it.
    #[cbor(n(3), default)]
    pub summed: Vec<u8>,
}

impl Stretch {
    /// Who speaks at a place, and whether a gateway does it for them.
    pub fn voice(&self, place: u8) -> Option<(DeviceId, bool)> {
        let device = self.voices.get(usize::from(place))?;
        Some((*device, self.summed.contains(&place)))
    }
}

#[derive(Debug)]
struct Tail {
    stretch: Stretch,
    /// The open run of each voice: place among the runs.
    open: Vec<Option<usize>>,
}

#[derive(Debug, Default)]
struct Home {
    tail: Option<Tail>,
    day: u64,
    today: u32,
}

/// What homes have said lately.
#[derive(Debug, Default)]
pub struct History {
    homes: Mutex<HashMap<i64, Home>>,
}

impl History {
    /// A home's judgement has heard this. Call it after the commit, in order.
    pub fn heard(&self, home: i64, now: Mono, note: Note) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.entry(home).or_default().hear(now, note);
    }

    /// The tail of one home as it is now.
    pub fn tail(&self, home: i64) -> Option<Stretch> {
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.get(&home)?.tail.as_ref().map(|tail| tail.stretch.clone())
    }

    /// Takes the tails that are due, at most `most`; all of them with `ends`.
    fn due(&self, now: Mono, most: usize, ends: bool) -> Vec<(i64, Stretch)> {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |tail: &Tail| {
            let begun = Mono::from_millis(tail.stretch.from);
            ends || tail.stretch.runs.len() >= RUNS_A_ROW || now.since(begun) >= ROW_AGE
        };
        let full = homes.iter_mut().filter(|(_, home)| home.tail.as_ref().is_some_and(due));
        full.take(most).filter_map(|(id, h)| Some((*id, h.tail.take()?.stretch))).collect()
    }

    /// Puts back what could not be written, so that the next turn tries again.
    fn put_back(&self, stretches: Vec<(i64, Stretch)>) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, stretch) in stretches {
            let home = homes.entry(id).or_default();
            // Who spoke meanwhile has a tail of its own already; then this stretch is lost.
            let open = vec![None; stretch.voices.len()];
            home.tail.get_or_insert(Tail { stretch, open });
        }
    }
}

/// One input, as small as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Who, and whether a gateway speaks for them: two voices, each with runs of its own.
    voice: (DeviceId, bool),
    age_ms: u32,
    said: Said,
}

impl Note {
    /// What is kept of an input; none = nothing that a rehearsal needs.
    pub fn of(now: Mono, input: &Input<'_>) -> Option<Self> {
        let nobody = DeviceId::new(0)?;
        match input {
            Input::Heard { id, at, trust: care::Trust::Verified, up } => {
                let age_ms = u32::try_from(now.since(*at).get()).unwrap_or(u32::MAX);
                let summed = matches!(up, proto::up::Up::Reading(r) if r.home.is_some());
                Some(Self { voice: (id.device, summed), age_ms, said: Said::of(up)? })
            }
            Input::Gateway { up } => {
                let voice = (nobody, false);
                Some(Self { voice, age_ms: 0, said: Said::Gateway { up: *up } })
            }
            Input::Heard { .. }
            | Input::Enrolled { .. }
            | Input::Released { .. }
            | Input::Unreadable { .. }
            | Input::Closed { .. }
            | Input::Tick
            | Input::Clock { .. }
            | Input::Rules(_)
            | Input::Residents
            | Input::Resumed => None,
        }
    }
}

impl Home {
    fn hear(&mut self, now: Mono, note: Note) {
        if self.day != now.millis() / DAY_MS {
            (self.day, self.today) = (now.millis() / DAY_MS, 0);
        }
        let tail = self.tail.get_or_insert_with(|| Tail {
            stretch: Stretch {
                from: now.millis(),
                voices: Vec::new(),
                runs: Vec::new(),
                summed: Vec::new(),
            },
            open: Vec::new(),
        });
        if tail.hear(now, note, self.today < RUNS_A_DAY) {
            self.today += 1;
        }
    }
}

impl Tail {
    /// Says whether it took a new run.
    fn hear(&mut self, now: Mono, note: Note, room: bool) -> bool {
        let is = |place: &u8| self.stretch.voice(*place) == Some(note.voice);
        let voice = match (0..=u8::MAX).take(self.stretch.voices.len()).find(is) {
            Some(place) => usize::from(place),
            None if self.stretch.voices.len() < VOICES => {
                let place = self.open.len();
                self.stretch.voices.push(note.voice.0);
                self.stretch.summed.extend(u8::try_from(place).ok().filter(|_| note.voice.1));
                self.open.push(None);
                place
            }
            None => return false,
        };
        let at = u32::try_from(now.since(Mono::from_millis(self.stretch.from)).get());
        let (Ok(at), Ok(place)) = (at, u8::try_from(voice)) else { return false };
        if let Some(open) = self.open[voice].and_then(|n| self.stretch.runs.get_mut(n))
            && open.goes_on(at, note.age_ms, &note.said)
        {
            return false;
        }
        if !room {
            return false;
        }
        self.open[voice] = note.said.repeats().then_some(self.stretch.runs.len());
        self.stretch.runs.push(Run::new(at, note.age_ms, place, note.said));
        true
    }
}

/// Keeps what homes have said as rows.
pub struct Archive {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where it is kept.
    pub records: Records,
    /// What is in memory.
    pub history: Arc<History>,
}

/// Writes tails that are due, and forgets what is too old, until the process ends.
pub async fn run(archive: Arc<Archive>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        keep(&archive, false).await;
    }
}

/// Writes the tails that are due, or with `ends` all.
pub async fn keep(archive: &Archive, ends: bool) {
    loop {
        let now = archive.clock.mono();
        let due = archive.history.due(now, AT_ONCE, ends);
        let full = due.len() == AT_ONCE;
        match write(archive, now, &due).await {
            Ok(()) => {}
            Err(error) if is_of_row(&error) => {
                for one in &due {
                    // No alarm rests on it: what is refused is lost, and counted.
                    match write(archive, now, core::slice::from_ref(one)).await {
                        Err(error) if is_of_row(&error) => {
                            leave_out(&error, "what a home has said", one.0)
                        }
                        Ok(()) | Err(_) => {}
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "history waits for the records");
                archive.history.put_back(due);
                return;
            }
        }
        if !full {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn write(archive: &Archive, now: Mono, due: &[(i64, Stretch)]) -> Result<(), records::Error> {
    let row = |(home, stretch): &(i64, Stretch)| {
        let inputs = minicbor::to_vec(stretch).ok()?;
        let from = stored(Mono::from_millis(stretch.from));
        Some(HeardRow { home: *home, from, to: stored(now), inputs })
    };
    let rows: Vec<HeardRow> = due.iter().filter_map(row).collect();
    let mut writer = archive.records.begin_for(Work::Other).await?;
    heard::put(&mut writer, &rows).await?;
    heard::forget(&mut writer, stored(now) - stored(Mono::from_millis(KEPT.get()))).await?;
    writer.commit().await
}
