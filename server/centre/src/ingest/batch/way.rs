//! Homes that lose their way to the server, or have one again: one alert a home, under its gateway.
//!
//! Looked at when a gateway turns, speaks for the first time since the start, or when who belongs where changes; the alert
//! is a fault, so it outlives a restart and ends by itself. The judgement of the home hears it first: while nobody
//! listens, the silence of devices is not theirs. Not here: what a way is (`ingest::way`).

use std::collections::{BTreeMap, HashMap, HashSet};

use care::{Input, Kind, Seen, Severity};
use proto::id::{GatewayId, HomeId};

use super::attempt::tell;
use super::deadline::Waits;
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::faults::Fault;
use crate::ingest::Ingest;
use crate::ingest::way::{self, Known, Way, Ways};
use records::column::number;
use records::way as rows;

/// Homes that are told in one transaction.
const AT_ONCE: usize = 256;
/// Transactions in one turn, so that frames are heard in between.
const TURNS: usize = 8;

/// What the records hold of the ways of homes.
pub(super) async fn load(room: &Ingest) -> Result<Ways, records::Error> {
    let had = rows::all(&mut *room.records.reader().await?).await?;
    let home_of = |home: i64| HomeId::new(home.unsigned_abs());
    let told = room.faults.standing(Seen::NoGateway).into_iter();
    let told: HashMap<_, _> = told
        .filter_map(|(home, gateway)| home_of(home).zip(GatewayId::new(gateway.unsigned_abs())))
        .collect();
    let had: HashSet<_> = had.into_iter().filter_map(home_of).collect();
    let mut ways = Ways::new(had, told);
    ways.unsettled.extend(room.registry.furnished().into_iter().chain(ways.had.iter().copied()));
    Ok(ways)
}

impl Batcher {
    /// Looks at homes of which something may have changed.
    pub(super) async fn ways(&mut self, now: Now, waits: Waits<'_>) {
        if self.ways.changed(self.room.registry.version()) {
            let all = self.room.registry.furnished();
            let known: Vec<_> = self.ways.told.keys().chain(&self.ways.had).copied().collect();
            self.ways.look.extend(all.into_iter().chain(known));
            self.retire(now).await;
        }
        for gateway in self.ways.take_fresh() {
            self.ways.look.extend(self.room.registry.homes(gateway));
        }
        for _ in 0..TURNS {
            let homes: Vec<HomeId> = self.ways.look.iter().take(AT_ONCE).copied().collect();
            if homes.is_empty() {
                return;
            }
            if let Err(error) = self.look_at_all(now, &homes).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "ways of homes wait for the records");
                return;
            }
            for home in &homes {
                self.ways.look.remove(home);
            }
            if waits() {
                return;
            }
        }
    }

    /// One home whose judgement fails keeps no other waiting, and is told all the same.
    async fn look_at_all(&mut self, now: Now, homes: &[HomeId]) -> Result<(), IngestError> {
        if self.look_at(now, homes, true).await.is_ok() {
            return Ok(());
        }
        for home in homes {
            if self.look_at(now, &[*home], true).await.is_ok() {
                continue;
            }
            match self.look_at(now, &[*home], false).await {
                Err(error) if error.is_of_row() => tell(&self.room.faults, number(home.get())),
                done => done?,
            }
        }
        Ok(())
    }

    /// A gateway that is revoked is not waited for: the alert of its silence ends, its homes speak for themselves.
    async fn retire(&mut self, now: Now) {
        let mut pending = Pending::default();
        for (gateway, alert) in &self.silent {
            if self.room.registry.gateway(*gateway).is_none_or(|g| g.revoked) {
                pending.sheet.gateway_back(now, alert);
                pending.silent.push((*gateway, None));
            }
        }
        if !pending.silent.is_empty()
            && let Err(error) = self.commit(now, pending).await
        {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the silence of a revoked gateway stays told");
        }
    }

    async fn look_at(
        &mut self,
        now: Now,
        homes: &[HomeId],
        judged: bool,
    ) -> Result<(), IngestError> {
        let mut pending = Pending::default();
        let mut found = Vec::new();
        for home in homes {
            let had = self.ways.had.contains(home);
            let way = way::of(&self.known_ways(*home), had);
            if judged && self.ways.unsettled.contains(home) {
                self.leave(now, *home, &mut pending).await?;
            }
            let cut = self.ways.cut.contains(home);
            let turn = match way {
                Way::Open if cut => Some(true),
                Way::Gone(_) if !cut => Some(false),
                Way::Open | Way::Unknown | Way::Gone(_) | Way::Unfitted | Way::Empty => None,
            };
            let turn = turn.filter(|_| judged);
            if let Some(up) = turn {
                let home = number(home.get());
                self.step(now, home, &Input::Gateway { up }, None, &mut pending).await?;
            }
            found.push((*home, way, turn));
        }
        self.commit(now, pending).await?;
        self.note(now, &found).await?;
        for (home, way, turn) in found {
            self.ways.unsettled.remove(&home);
            match turn {
                Some(true) => drop(self.ways.cut.remove(&home)),
                Some(false) => drop(self.ways.cut.insert(home)),
                None => {}
            }
            self.tell_way(now, home, way);
        }
        Ok(())
    }

    /// Devices that left this home while no server ran are not missed in it.
    async fn leave(
        &mut self,
        now: Now,
        home: HomeId,
        pending: &mut Pending,
    ) -> Result<(), IngestError> {
        let registry = &self.room.registry;
        let belongs = |device| registry.device(device).and_then(|d| d.home) == Some(home);
        for device in self.homes.leavers(number(home.get()), belongs) {
            self.step(now, number(home.get()), &Input::Released { device }, None, pending).await?;
        }
        Ok(())
    }

    fn known_ways(&self, home: HomeId) -> BTreeMap<GatewayId, Known> {
        let known = |(gateway, revoked): (GatewayId, bool)| {
            let speaks = self.watches.get(&gateway).is_some_and(care::GatewayWatch::is_up);
            let known = match (revoked, speaks, self.ways.has_heard(gateway)) {
                (true, _, _) => Known::Revoked,
                (false, true, true) => Known::Heard,
                (false, true, false) => Known::Awaited,
                (false, false, _) => Known::Silent,
            };
            (gateway, known)
        };
        self.room.registry.ways(home).into_iter().map(known).collect()
    }

    /// Homes that have a way for the first time, and those without a device.
    async fn note(
        &mut self,
        now: Now,
        found: &[(HomeId, Way, Option<bool>)],
    ) -> Result<(), IngestError> {
        let had = &self.ways.had;
        let of = |wanted: Way, known: bool| -> Vec<HomeId> {
            let fits =
                |(home, way, _): &&(HomeId, Way, _)| *way == wanted && had.contains(home) == known;
            found.iter().filter(fits).map(|(home, ..)| *home).collect()
        };
        let (first, empty) = (of(Way::Open, false), of(Way::Empty, true));
        if first.is_empty() && empty.is_empty() {
            return Ok(());
        }
        let numbers = |homes: &[HomeId]| homes.iter().map(|h| number(h.get())).collect::<Vec<_>>();
        let mut writer = self.room.records.begin().await?;
        rows::put(&mut writer, &numbers(&first), now.wall_ms).await?;
        rows::forget(&mut writer, &numbers(&empty)).await?;
        writer.commit().await?;
        self.ways.had.extend(first);
        for home in empty {
            self.ways.had.remove(&home);
        }
        Ok(())
    }

    fn tell_way(&mut self, now: Now, home: HomeId, way: Way) {
        match way {
            // Its box comes and goes, and its own alert says so: only what stays away is told.
            Way::Gone(gateway) if self.boxes.waits(home, gateway, now.mono) => {}
            Way::Gone(gateway) if !self.ways.told.contains_key(&home) => {
                self.room.faults.raise(no_way(home, gateway));
                self.ways.told.insert(home, gateway);
            }
            Way::Open | Way::Empty | Way::Unfitted => {
                if let Some(gateway) = self.ways.told.remove(&home) {
                    self.room.faults.clear(&no_way(home, gateway));
                }
            }
            Way::Gone(_) | Way::Unknown => {}
        }
    }
}

/// The fault of a home that nobody hears; it stays under the gateway that was to blame when it began.
fn no_way(home: HomeId, gateway: GatewayId) -> Fault {
    Fault {
        cause: Seen::NoGateway,
        kind: Kind::NoWay,
        severity: Severity::Important,
        home: number(home.get()),
        gateway: Some(gateway),
        device: None,
        value: 0.0,
        sum: false,
    }
}
