//! Faults that no home's judgement speaks of: of the server, its stores, a home box, an identity.
//!
//! Whoever sees a fault says so as often as it likes; one alert stands for one cause at one place until
//! whoever said it says that it is over. A person may close it sooner: it comes back only as a new one.
//! What cannot be written waits here, bounded, and is in `/health` at once. Not here: what is a fault.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use care::{Kind, Seen, Severity};
use proto::id::{DeviceId, GatewayId};
use proto::unit::{Millis, Mono};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::live::Live;
use crate::live::evidence::seen_word;
use crate::live::names::Names;
use records::Records;
use records::column::number;
use records::fault::{self, FaultKey};
use records::refusal::is_of_row;

use rows::write;

/// Faults that may stand at once; one more is only in the log.
const STANDING_MAX: usize = 10_000;
/// What happens again and again is looked up in the rows this often.
const LOOK_AGAIN: Millis = Millis::minutes(60);
/// What grows is shown as it has grown this often.
const GROWS: Millis = Millis::minutes(5);
/// Tries again this often what the records did not take.
const AGAIN: Duration = Duration::from_secs(2);

/// One fault: what, how grave, and whose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// Why; with the place below it names the fault.
    pub cause: Seen,
    /// What sort of alert tells of it.
    pub kind: Kind,
    /// How soon somebody must act.
    pub severity: Severity,
    /// Home number, 0 if not one home's.
    pub home: i64,
    /// Which home box, if one's.
    pub gateway: Option<GatewayId>,
    /// Which device, if one's.
    pub device: Option<DeviceId>,
    /// The number that goes with the cause, see [`Seen`]; 0 where there is none.
    pub value: f32,
    /// Whether that number adds up: see [`Faults::raise_more`].
    pub sum: bool,
}

impl Fault {
    /// A fault of the server itself.
    pub const fn upkeep(cause: Seen) -> Self {
        Self {
            cause,
            kind: Kind::Upkeep,
            severity: Severity::Fault,
            home: 0,
            gateway: None,
            device: None,
            value: 0.0,
            sum: false,
        }
    }

    /// The same with the number that goes with its cause.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count on a card")]
    pub const fn of(self, count: u64) -> Self {
        Self { value: count as f32, ..self }
    }

    fn key(&self) -> FaultKey {
        let gateway = self.gateway.map_or(0, |id| number(id.get()));
        let device = self.device.map_or(0, |id| number(id.get()));
        (self.cause as i64, self.home, gateway, device)
    }
}

#[derive(Debug, Default)]
struct Table {
    /// Told and not over, by key.
    standing: BTreeSet<FaultKey>,
    /// Words of causes that stand, for `/health`.
    words: BTreeMap<FaultKey, &'static str>,
    /// When what happens again and again was last looked up in the rows.
    looked: BTreeMap<FaultKey, Mono>,
    /// Not yet in the rows: a fault, or none for its end.
    waiting: BTreeMap<FaultKey, Option<Fault>>,
}

/// The faults of one server.
#[derive(Debug, Default)]
pub struct Faults {
    table: Mutex<Table>,
    bell: Notify,
}

impl Faults {
    /// What stood when the server ended stands until somebody says that it is over.
    pub async fn load(records: &Records) -> Result<Self, records::Error> {
        let mut reader = records.reader().await?;
        let standing = fault::all(&mut reader).await?.into_iter().collect();
        let table = Mutex::new(Table { standing, ..Table::default() });
        Ok(Self { table, bell: Notify::new() })
    }

    /// This is so now. Saying it again changes nothing.
    pub fn raise(&self, fault: Fault) {
        let key = fault.key();
        self.change(|table| {
            // One that finds no room now is said again, and is then as new as now.
            if table.words.contains_key(&key) || table.waiting.len() >= STANDING_MAX {
                return false;
            }
            table.words.insert(key, seen_word(fault.cause));
            // One that stood before this start is looked up: a person may have closed its alert.
            table.waiting.insert(key, Some(fault));
            tracing::warn!(cause = seen_word(fault.cause), place = ?key, "fault");
            true
        });
    }

    /// This has happened: unlike [`Faults::raise`] it is told again after a person has closed its alert, but
    /// looked up at most once in `LOOK_AGAIN`.
    pub fn raise_again(&self, fault: Fault, now: Mono) {
        self.raise_within(fault, now, LOOK_AGAIN);
    }

    /// The same of what adds up: the alert that stands shows the number as it has grown, and one that a person has
    /// closed is not told anew within `LOOK_AGAIN`.
    pub fn raise_more(&self, fault: Fault, now: Mono) {
        self.raise_within(Fault { sum: true, ..fault }, now, GROWS);
    }

    fn raise_within(&self, fault: Fault, now: Mono, again: Millis) {
        let key = fault.key();
        self.change(|table| {
            let known = table.words.insert(key, seen_word(fault.cause)).is_some();
            let looked = table.looked.get(&key).is_some_and(|at| now.since(*at) < again);
            if known && looked || table.waiting.len() >= STANDING_MAX {
                return false;
            }
            if table.looked.len() >= STANDING_MAX {
                table.looked.clear();
            }
            table.looked.insert(key, now);
            table.waiting.insert(key, Some(fault));
            true
        });
    }

    /// This is over. Saying it of what does not stand changes nothing.
    pub fn clear(&self, fault: &Fault) {
        let key = fault.key();
        self.change(|table| {
            let spoken = table.words.remove(&key).is_some();
            if !spoken && !table.standing.contains(&key) {
                return false;
            }
            table.waiting.insert(key, None);
            tracing::info!(cause = seen_word(fault.cause), place = ?key, "fault is over");
            true
        });
    }

    /// Homes and gateways for which a cause stands, that of before this start included.
    pub fn standing(&self, cause: Seen) -> Vec<(i64, i64)> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let all: BTreeSet<_> = table.standing.iter().chain(table.words.keys()).collect();
        let own = all.into_iter().filter(|key| key.0 == cause as i64);
        own.map(|(_, home, gateway, _)| (*home, *gateway)).collect()
    }

    /// What happens now and then is over where it has not happened for so long; `started`: when this server began.
    pub fn calm(&self, cause: Seen, (now, started): (Mono, Mono), long: Millis) {
        self.change(|table| {
            let all: BTreeSet<_> = table.standing.iter().chain(table.words.keys()).collect();
            let own = all.into_iter().copied().filter(|key| key.0 == cause as i64);
            let last = |key: &FaultKey| table.looked.get(key).copied().unwrap_or(started);
            let over: Vec<FaultKey> = own.filter(|key| now.since(last(key)) > long).collect();
            for key in &over {
                table.words.remove(key);
                table.waiting.insert(*key, None);
            }
            !over.is_empty()
        });
    }

    /// Whether something stands against a home box itself: its store, its papers, its sounder, its name. What somebody
    /// behind it has said and nobody can read is not its fault.
    pub fn stands_against(&self, gateway: GatewayId) -> bool {
        let own = number(gateway.get());
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = table.standing.iter().chain(table.words.keys());
        let others = [Seen::NoGateway, Seen::PutAside].map(|cause| cause as i64);
        all.any(|(cause, _, gateway, _)| *gateway == own && !others.contains(cause))
    }

    /// Raises or clears.
    pub fn set(&self, fault: Fault, stands: bool) {
        if stands { self.raise(fault) } else { self.clear(&fault) }
    }

    /// Causes that were said since the start and are not over, each once, for `/health`.
    pub fn words(&self) -> Vec<&'static str> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let words: BTreeSet<_> = table.words.values().copied().collect();
        words.into_iter().collect()
    }

    /// How many stand of each cause that was said since the start.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = BTreeMap::new();
        for word in table.words.values() {
            *counts.entry(*word).or_default() += 1;
        }
        counts
    }

    fn change(&self, change: impl FnOnce(&mut Table) -> bool) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if change(&mut table) {
            self.bell.notify_one();
        }
    }

    fn waiting(&self) -> BTreeMap<FaultKey, Option<Fault>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).waiting.clone()
    }

    fn written(&self, done: &BTreeMap<FaultKey, Option<Fault>>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, fault) in done {
            // What was said meanwhile is another word and stays.
            if table.waiting.get(key) == Some(fault) {
                table.waiting.remove(key);
            }
            match fault {
                Some(_) => table.standing.insert(*key),
                None => table.standing.remove(key),
            };
        }
    }
}

/// Writes faults as rows, and shows their alerts.
pub struct Ledger {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Where they are written.
    pub records: Records,
    /// How homes are called on their alerts.
    pub names: Arc<Names>,
    /// Screens that are told.
    pub live: Live,
    /// What is said, and what of it waits.
    pub faults: Arc<Faults>,
}

/// Runs until the process ends.
pub async fn run(ledger: Arc<Ledger>) {
    loop {
        if ledger.faults.waiting().is_empty() {
            ledger.faults.bell.notified().await;
        }
        if let Err(error) = step(&ledger).await {
            tracing::error!(error = %error, "faults wait for the records");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Writes what waits: in one transaction, or one by one if a row of one is refused.
pub async fn step(ledger: &Ledger) -> Result<(), records::Error> {
    let waiting = ledger.faults.waiting();
    let refused = match write(ledger, &waiting).await {
        Err(error) if is_of_row(&error) => error,
        done => return done,
    };
    if waiting.len() == 1 {
        return Err(refused);
    }
    let mut last = Ok(());
    for (key, fault) in waiting {
        match write(ledger, &BTreeMap::from([(key, fault)])).await {
            Err(error) if is_of_row(&error) => last = Err(error),
            done => done?,
        }
    }
    last
}
