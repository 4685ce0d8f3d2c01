//! What the passing of time alone brings: homes whose deadline has come, gateways that went silent or came back.
//!
//! Each home and each gateway is a transaction of its own if the whole fails, so that one whose judgement panics or whose
//! row is refused keeps no other waiting: it rests and is told. A gateway's turn counts as told only after its commit.
//! An emergency that comes meanwhile waits for one transaction of each kind and no longer; the rest goes on after it.
//! Not here: the ladder.

use std::sync::Arc;

use care::{Evidence, GatewayWatch, Input, Kind, Seen};
use proto::id::GatewayId;
use proto::unit::Mono;

use super::attempt::{Unit, tell};
use super::boxes::times;
use super::{Batcher, IngestError, Pending};
use crate::clock::Now;
use crate::faults::Fault;
use crate::ingest::homes::REST;

/// Homes told that time has passed in one transaction.
const DUE_AT_ONCE: usize = 64;
/// Transactions in one turn, so that frames are heard in between.
const TURNS: usize = 16;
/// Gateways that turn in one transaction.
const TURNED_AT_ONCE: usize = 128;

/// Whether somebody waits whom deadlines must not keep waiting.
pub(super) type Waits<'a> = &'a (dyn Fn() -> bool + Sync);

impl Batcher {
    /// Time has passed. True: it broke off for an emergency, and there may be more to do after that.
    pub async fn tick(&mut self) -> bool {
        let room = Arc::clone(&self.room);
        self.tick_until(room.clock.now(), &|| room.inbox.waiting().0 > 0).await
    }

    /// All of it, at a time of the caller's.
    pub async fn tick_at(&mut self, now: Now) {
        self.tick_until(now, &|| false).await;
    }

    /// As much of it as is done before somebody waits.
    pub async fn tick_until(&mut self, now: Now, waits: Waits<'_>) -> bool {
        self.tell_backlog(now.mono);
        if let Err(error) = self.gateways(now, waits).await {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(error = cause, "silence of gateways waits for the records");
        }
        if let Err(error) = self.boxes(now).await {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(error = cause, "what is told of boxes waits for the records");
        }
        self.ways(now, waits).await;
        for _ in 0..TURNS {
            let due = self.homes.due(now.mono, DUE_AT_ONCE);
            if due.is_empty() {
                break;
            }
            if let Err(error) = self.attempt(Unit::Due(now, &due)).await {
                tracing::error!(%error, homes = due.len(), "deadlines failed, homes alone");
                if !error.is_of_row() || !self.homes_alone(now, &due).await {
                    break;
                }
            }
            if waits() {
                return true;
            }
        }
        self.settle_owed(now).await || waits()
    }

    pub(super) async fn homes_due(&mut self, now: Now, homes: &[i64]) -> Result<(), IngestError> {
        let mut pending = Pending::default();
        for home in homes {
            self.step(now, *home, &Input::Tick, None, &mut pending).await?;
        }
        self.commit(now, pending).await
    }

    /// False: the records do not work, so that going on is of no use.
    async fn homes_alone(&mut self, now: Now, homes: &[i64]) -> bool {
        for home in homes {
            match self.attempt(Unit::Due(now, &[*home])).await {
                Ok(()) | Err(IngestError::Raced) => {}
                Err(error) if error.is_of_row() => {
                    let cause = &error as &dyn std::error::Error;
                    tracing::error!(error = cause, home, "a home rests, it is asked again later");
                    self.room.health.put_aside();
                    tell(&self.room.faults, *home);
                    self.homes.rest(*home, now.mono.after(REST));
                }
                Err(_) => return false,
            }
        }
        true
    }

    /// Gateways that have gone silent, as far as the inbox has been heard, or are back.
    async fn gateways(&mut self, now: Now, waits: Waits<'_>) -> Result<(), IngestError> {
        let heard = self.heard_until(now.mono);
        self.resting.retain(|_, until| *until > now.mono);
        let due = |watch: &GatewayWatch| watch.next_deadline().is_some_and(|due| due <= heard);
        let due = self.watches.iter().filter(|(g, w)| due(w) && !self.resting.contains_key(*g));
        let due: Vec<GatewayId> = due.map(|(gateway, _)| *gateway).collect();
        for group in due.chunks(TURNED_AT_ONCE) {
            match self.attempt(Unit::Turned(now, group)).await {
                Ok(()) => {}
                Err(error) if error.is_of_row() => {
                    tracing::error!(%error, gateways = group.len(), "turns failed, gateways alone");
                    for gateway in group {
                        self.gateway_alone(now, *gateway).await?;
                    }
                }
                Err(error) => return Err(error),
            }
            if waits() {
                break;
            }
        }
        Ok(())
    }

    async fn gateway_alone(&mut self, now: Now, gateway: GatewayId) -> Result<(), IngestError> {
        let fault = Fault { gateway: Some(gateway), ..Fault::upkeep(Seen::RowRefused) };
        match self.attempt(Unit::Turned(now, &[gateway])).await {
            Ok(()) => self.room.faults.clear(&fault),
            Err(error) if error.is_of_row() => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(error = cause, %gateway, "a gateway's turn is refused, it rests");
                self.room.faults.raise(fault);
                self.resting.insert(gateway, now.mono.after(REST));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(super) async fn turned(
        &mut self,
        now: Now,
        gateways: &[GatewayId],
    ) -> Result<(), IngestError> {
        let heard = self.heard_until(now.mono);
        let mut pending = Pending::default();
        for gateway in gateways {
            let Some(mut watch) = self.watches.get(gateway).copied() else { continue };
            if watch.step(heard).is_some() {
                pending.turned.push((*gateway, watch));
                let held = self.held(*gateway).await?;
                self.turn(now, (*gateway, held), watch.is_up(), &mut pending);
            }
        }
        if pending.turned.is_empty() { Ok(()) } else { self.commit(now, pending).await }
    }

    /// `held`: the alert that tells of its silence, or that it comes and goes.
    fn turn(
        &mut self,
        now: Now,
        (gateway, held): (GatewayId, Option<String>),
        up: bool,
        pending: &mut Pending,
    ) {
        if held.is_none() && self.silent.contains_key(&gateway) {
            // A person has closed it.
            self.boxes.forget(gateway);
            pending.silent.push((gateway, None));
        }
        if up {
            let again = self.boxes.back(gateway, now.mono);
            match (held, again) {
                (Some(alert), Some(n)) => {
                    let why = times(Seen::Wavered, n, now.mono);
                    pending.sheet.shows(now, &alert, Kind::Unsteady, why);
                }
                (Some(alert), None) => {
                    pending.sheet.gateway_back(now, &alert);
                    pending.silent.push((gateway, None));
                }
                (None, _) => {}
            }
        } else if self.room.registry.gateway(gateway).is_some_and(|g| !g.revoked) {
            self.boxes.gone(gateway, now.mono);
            if let Some(alert) = held {
                let silent = Evidence { value: 1.5, ..times(Seen::Silent, 0, now.mono) };
                pending.sheet.shows(now, &alert, Kind::GatewaySilence, silent);
                self.ways.look.extend(self.room.registry.homes(gateway));
                return;
            }
            let silent = care::policy::GATEWAY_SILENT.get();
            let heard = Mono::from_millis(now.mono.millis().saturating_sub(silent));
            let behind = self.room.registry.homes(gateway).len();
            let alert = pending.sheet.gateway_silent(now, (gateway, behind), heard);
            pending.silent.push((gateway, Some(alert)));
        }
        // Each home is told by its own ways: another gateway may still be heard.
        self.ways.look.extend(self.room.registry.homes(gateway));
    }
}
