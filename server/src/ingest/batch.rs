//! One batch from rows of the inbox to committed rows of the records, and what follows the commit.
//!
//! Order: open and believe, drop copies, judge on copies of the homes, measured values to the series, one
//! transaction, screens, receipts, inbox. Memory takes over what the batch changed only after the commit.
//! Not here: the loop (`ingest`), and what rows look like (`records`).

mod alone;
mod commit;
mod deadline;
mod hear;
mod known;
mod way;

pub use self::known::gateway_twice;

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use care::{GatewayWatch, Input, OUTPUTS_MAX, Output, Trust};
use heapless::Vec as Few;
use proto::frame::Lane;
use proto::id::{DeviceId, GatewayId, HomeId};
use proto::unit::{Millis, Mono};

use crate::app::App;
use crate::clock::Now;
use crate::history::Note;
use crate::inbox::InboxRow;
use crate::ingest::Command;
use crate::ingest::dating::Dating;
use crate::ingest::homes::{Homes, Work};
use crate::ingest::judge::{Cause, Sheet, number};
use crate::ingest::read::{Loud, Reader, Said};
use crate::ingest::seen::{Book, Window};
use crate::ingest::voices::Voices;
use crate::ingest::way::Ways;
use crate::records::state::Quarantined;
use crate::records::{open, state};
use crate::series::{Point, SeriesError};

/// A home is told the time of day this often.
const CLOCK_EVERY: Millis = Millis::minutes(60);

/// Why a batch was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The records refused.
    #[error("write what homes said")]
    Records(#[from] sqlx::Error),
    /// The series refused.
    #[error("keep measured values")]
    Series(#[from] SeriesError),
    /// A record made the judgement panic.
    #[error("judge a record: it panics, see the log before")]
    Panic,
    /// The desk has closed an alert that a signal was about to join: judge again.
    #[error("join an alert: it was closed in the same moment")]
    Raced,
}

impl IngestError {
    /// Whether the disk is full.
    fn is_full(&self) -> bool {
        match self {
            Self::Records(error) => crate::records::is_full(error),
            Self::Series(error) => error.is_full(),
            Self::Panic | Self::Raced => false,
        }
    }
}

/// Everything ingest remembers.
pub struct Batcher {
    app: Arc<App>,
    reader: Reader,
    book: Book,
    dating: Dating,
    voices: Voices,
    homes: Homes,
    watches: HashMap<GatewayId, GatewayWatch>,
    silent: HashMap<GatewayId, String>,
    ways: Ways,
    enrolled: HashSet<DeviceId>,
    taken: [i64; 2],
    /// Times in a row that the records refused the first record that waits.
    tries: u32,
}

/// What one batch has gathered.
#[derive(Default)]
struct Pending {
    sheet: Sheet,
    work: Work,
    points: Vec<Point>,
    seen: Vec<(DeviceId, proto::id::BootId, Window)>,
    answers: Vec<(proto::id::PressId, proto::down::Rung)>,
    /// Presses that came by another gateway than their device's own.
    elsewhere: Vec<(GatewayId, proto::id::PressId)>,
    aside: Vec<Quarantined>,
    silent: Vec<(GatewayId, Option<String>)>,
    turned: Vec<(GatewayId, GatewayWatch)>,
    enrolled: Vec<DeviceId>,
    notes: Vec<(i64, Note)>,
}

impl Batcher {
    /// Reads what the records hold. Every home hears that nobody listened until now.
    pub async fn new(app: Arc<App>) -> Result<Self, IngestError> {
        let now = app.clock.now();
        let mut reader = app.records.reader().await?;
        let homes = Homes::load(state::all_care(&mut reader).await?, now.mono);
        let told = open::silent_gateways(&mut reader).await?;
        drop(reader);
        let silent: HashMap<_, _> = told
            .into_iter()
            .filter_map(|(g, alert)| Some((GatewayId::new(g.unsigned_abs())?, alert)))
            .collect();
        let watch = |gateway: GatewayId| match silent.contains_key(&gateway) {
            true => GatewayWatch::down(now.mono),
            false => GatewayWatch::new(now.mono),
        };
        let watches = app.registry.gateways().into_iter().map(|g| (g, watch(g))).collect();
        let ways = way::load(&app).await?;
        Ok(Self {
            ways,
            app,
            reader: Reader::default(),
            book: Book::default(),
            dating: Dating::default(),
            voices: Voices::default(),
            homes,
            watches,
            silent,
            enrolled: HashSet::new(),
            taken: [0; 2],
            tries: 0,
        })
    }

    /// Highest row of a lane that has been taken.
    pub fn taken(&self, lane: Lane) -> i64 {
        self.taken[lane as usize]
    }

    async fn batch(&mut self, lane: Lane, rows: &[InboxRow]) -> Result<(), IngestError> {
        let now = self.app.clock.now();
        let mut pending = Pending::default();
        let mut said = Vec::with_capacity(rows.len());
        for row in rows {
            let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
                self.reader.read(row, &self.app.registry)
            }));
            said.push((row, read.map_err(|_| IngestError::Panic)?));
        }
        let known = self.known(&said).await?;
        for (row, said) in said {
            self.heard(row.gateway, row.mono);
            match said {
                Said::Word(word) => self.word(now, row, word, &known, &mut pending).await?,
                Said::Unreadable { device, home, hash, press } => {
                    let what = (hash.as_slice(), press);
                    self.unreadable(now, row, (device, home), what, &mut pending).await?;
                }
                Said::Petition(request) => self.app.certificates.petition(row.gateway, request),
                Said::Aside(reason, loud) => {
                    self.app.health.put_aside();
                    pending.aside.push(self.aside(row, reason));
                    let shouts = match loud {
                        Loud::Yes => true,
                        Loud::No => false,
                        Loud::ByLane => lane == Lane::Emergency,
                    };
                    if shouts {
                        self.nameless(now, row, &mut pending).await?;
                    }
                }
            }
        }
        self.commit(now, pending).await
    }

    fn heard(&mut self, gateway: GatewayId, at: Mono) {
        self.ways.heard(gateway);
        self.watches.entry(gateway).or_insert_with(|| GatewayWatch::new(at)).heard(at);
    }

    fn aside(&self, row: &InboxRow, reason: &str) -> Quarantined {
        Quarantined {
            id: crate::ingest::judge::row_id(self.app.clock.now()),
            gateway: number(row.gateway.get()),
            wall: row.wall_ms,
            reason: reason.to_owned(),
            bytes: row.bytes.clone(),
        }
    }

    /// Does what people have ordered.
    pub async fn command(&mut self, command: &Command) {
        let now = self.app.clock.now();
        let mut pending = Pending::default();
        let input;
        let home = match command {
            Command::Closed { home, incident, outcome } => {
                let Ok(incident) = u32::try_from(*incident) else { return };
                input = Input::Closed { incident, outcome: *outcome };
                *home
            }
            Command::Rules { home, rules } => {
                input = Input::Rules(*rules);
                number(home.get())
            }
            Command::Enrolled { device, home, role } => {
                self.enrolled.insert(*device);
                self.reader.forget();
                input = Input::Enrolled { device: *device, role: *role };
                number(home.get())
            }
            Command::Released { device, home } => {
                self.enrolled.remove(device);
                self.reader.forget();
                input = Input::Released { device: *device };
                number(home.get())
            }
        };
        let done = async {
            self.step(now, home, &input, None, &mut pending).await?;
            self.commit(now, pending).await
        };
        if let Err(error) = done.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the judgement was not told what people did"
            );
        }
    }

    /// One step of one home's judgement and what comes of it.
    async fn step(
        &mut self,
        now: Now,
        home: i64,
        input: &Input<'_>,
        cause: Option<&Cause<'_>>,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let mut out: Few<Output, OUTPUTS_MAX> = Few::new();
        let open = pending.work.home(&self.homes, home, now.mono);
        let told = open.clocked();
        if told.is_none_or(|at| now.mono.since(at) >= CLOCK_EVERY) {
            if told.is_none() {
                open.step(now.mono, Input::Resumed, &mut out);
                let rules = self.app.rules.of(home);
                pending.work.home(&self.homes, home, now.mono).step(
                    now.mono,
                    Input::Rules(rules),
                    &mut out,
                );
            }
            let open = pending.work.home(&self.homes, home, now.mono);
            *open.clocked() = Some(now.mono);
            let minute_of_day = self.app.config.minute_of_day(now.wall_ms);
            open.step(now.mono, Input::Clock { minute_of_day }, &mut out);
        }
        let mut rounds = 0;
        loop {
            let open = pending.work.home(&self.homes, home, now.mono);
            let stepped = std::panic::catch_unwind(AssertUnwindSafe(|| {
                open.step(now.mono, *input, &mut out);
            }));
            stepped.map_err(|_| IngestError::Panic)?;
            let over = self.ended(home, &out, &mut pending.sheet).await?;
            rounds += 1;
            let Some(incident) = over.filter(|_| rounds < 3) else { break };
            // The desk has closed that incident and the judgement has not heard of it: tell it, ask again.
            let open = pending.work.home(&self.homes, home, now.mono);
            let mut none: Few<Output, OUTPUTS_MAX> = Few::new();
            open.step(now.mono, Input::Closed { incident, outcome: None }, &mut none);
        }
        pending.notes.extend(Note::of(now.mono, input).map(|note| (home, note)));
        let none =
            Cause { press: None, trust: Trust::Verified, hash: &[], stored: now.mono, late: false };
        for output in &out {
            pending.sheet.put(now, home, output, cause.unwrap_or(&none));
        }
        Ok(())
    }

    /// Finds the alerts of incidents that these outputs name; gives one that is over but wants more.
    async fn ended(
        &self,
        home: i64,
        out: &[Output],
        sheet: &mut Sheet,
    ) -> Result<Option<u32>, IngestError> {
        for output in out {
            let (incident, raises) = match output {
                Output::Raise(finding) if finding.opens => continue,
                Output::Ask { .. } | Output::Answered { .. } => continue,
                Output::Raise(finding) => (finding.incident, true),
                Output::Ease { incident, .. }
                | Output::Annotate { incident, .. }
                | Output::Grade { incident, .. } => (*incident, false),
            };
            if sheet.place(home, incident).is_some() {
                continue;
            }
            let mut reader = self.app.records.reader().await?;
            match open::alert_of(&mut reader, home, i64::from(incident)).await? {
                Some(found) if !found.over => sheet.found(home, incident, found),
                Some(_) | None if raises => return Ok(Some(incident)),
                Some(_) | None => {}
            }
        }
        Ok(None)
    }

    /// Makes sure that a home's judgement knows a device that speaks.
    async fn know(
        &mut self,
        now: Now,
        home: HomeId,
        (device, role): (DeviceId, proto::up::Role),
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        if !self.enrolled.contains(&device) && !pending.enrolled.contains(&device) {
            pending.enrolled.push(device);
            let input = Input::Enrolled { device, role };
            self.step(now, number(home.get()), &input, None, pending).await?;
        }
        Ok(())
    }
}
