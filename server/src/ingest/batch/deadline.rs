//! What the passing of time alone brings: homes whose deadline has come, gateways that went silent or came back.
//!
//! Each home is a transaction of its own if the whole fails, so that one home whose judgement panics keeps
//! no other waiting. A gateway's turn counts as told only after its commit. Not here: the ladder.

use care::Input;
use proto::id::GatewayId;
use proto::unit::{Millis, Mono};

use super::{Batcher, IngestError, Pending};
use crate::clock::Now;

/// Homes told that time has passed in one transaction.
const DUE_AT_ONCE: usize = 64;
/// Transactions in one turn, so that frames are heard in between.
const TURNS: usize = 16;
/// Gateways that turn in one transaction.
const TURNED_AT_ONCE: usize = 128;
/// A home whose judgement panics is asked again after this.
const REST: Millis = Millis::minutes(10);

impl Batcher {
    /// Time has passed.
    pub async fn tick(&mut self) {
        self.tick_at(self.app.clock.now()).await;
    }

    /// The same, at a time of the caller's.
    pub async fn tick_at(&mut self, now: Now) {
        if let Err(error) = self.gateways(now).await {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(error = cause, "silence of gateways waits for the records");
        }
        self.ways(now).await;
        for _ in 0..TURNS {
            let due = self.homes.due(now.mono, DUE_AT_ONCE);
            if due.is_empty() {
                break;
            }
            if let Err(error) = self.homes_due(now, &due).await {
                tracing::error!(%error, homes = due.len(), "deadlines failed, homes alone");
                if !self.homes_alone(now, &due).await {
                    break;
                }
            }
        }
    }

    async fn homes_due(&mut self, now: Now, homes: &[i64]) -> Result<(), IngestError> {
        let mut pending = Pending::default();
        for home in homes {
            self.step(now, *home, &Input::Tick, None, &mut pending).await?;
        }
        self.commit(now, pending).await
    }

    /// False: the records do not work, so that going on is of no use.
    async fn homes_alone(&mut self, now: Now, homes: &[i64]) -> bool {
        for home in homes {
            match self.homes_due(now, &[*home]).await {
                Ok(()) => {}
                Err(IngestError::Panic) => {
                    tracing::error!(
                        home,
                        "the judgement of a home panics, it is asked again later"
                    );
                    self.app.health.put_aside();
                    self.homes.rest(*home, now.mono.after(REST));
                }
                Err(IngestError::Raced) => {}
                Err(IngestError::Records(_) | IngestError::Series(_)) => return false,
            }
        }
        true
    }

    async fn gateways(&mut self, now: Now) -> Result<(), IngestError> {
        loop {
            let mut pending = Pending::default();
            for (gateway, watch) in &self.watches {
                let mut watch = *watch;
                if watch.next_deadline().is_some_and(|due| due <= now.mono)
                    && watch.step(now.mono).is_some()
                {
                    pending.turned.push((*gateway, watch));
                }
                if pending.turned.len() == TURNED_AT_ONCE {
                    break;
                }
            }
            let full = pending.turned.len() == TURNED_AT_ONCE;
            for (gateway, watch) in pending.turned.clone() {
                self.turn(now, gateway, watch.is_up(), &mut pending);
            }
            if !pending.turned.is_empty() {
                self.commit(now, pending).await?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn turn(&mut self, now: Now, gateway: GatewayId, up: bool, pending: &mut Pending) {
        if up {
            if let Some(alert) = self.silent.get(&gateway) {
                pending.sheet.gateway_back(now, alert);
                pending.silent.push((gateway, None));
            }
        } else if self.app.registry.gateway(gateway).is_some_and(|g| !g.revoked) {
            let silent = care::policy::GATEWAY_SILENT.get();
            let heard = Mono::from_millis(now.mono.millis().saturating_sub(silent));
            let behind = self.app.registry.homes(gateway).len();
            let alert = pending.sheet.gateway_silent(now, (gateway, behind), heard);
            pending.silent.push((gateway, Some(alert)));
        }
        // Each home is told by its own ways: another gateway may still be heard.
        self.ways.look.extend(self.app.registry.homes(gateway));
    }
}
