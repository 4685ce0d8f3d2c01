//! What gateways without a certificate have proved: each proof counts once, for ever.
//!
//! Memory decides, so that a copy is refused at once; the rows follow within one commit and are read at the start. Two
//! boxes with one identity return to each other's boots, which no box does. Not here: the gate (`gateways`), and what is
//! remembered (`door::proofs`).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use door::proofs::{Proof, Proofs};
use proto::id::{BootId, GatewayId};
use tokio::sync::Notify;

use super::Gateways;
use records::column::number;
use records::{Records, Work, used};

/// What could not be written is tried again after this.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Table {
    proofs: HashMap<GatewayId, Proofs>,
    /// How often a boot of one came back that another had followed.
    returns: HashMap<GatewayId, u32>,
    /// Whose proofs the rows do not know yet.
    fresh: BTreeSet<GatewayId>,
}

/// Proofs of all gateways. One per server.
#[derive(Debug, Default)]
pub struct Proved {
    table: Mutex<Table>,
    bell: Notify,
}

/// A proof that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Good {
    /// Whether two boxes take turns: one late proof may be on its way at a kill, two are none.
    pub two_voices: bool,
}

impl Proved {
    /// Reads what the rows hold.
    pub async fn load(records: &Records) -> Result<Self, records::Error> {
        let mut table = Table::default();
        for (gateway, bytes) in used::all(&mut *records.reader().await?).await? {
            if let Some(gateway) = GatewayId::new(gateway.unsigned_abs()) {
                table.proofs.insert(gateway, Proofs::from_bytes(&bytes));
            }
        }
        Ok(Self { table: Mutex::new(table), bell: Notify::new() })
    }

    /// Uses a proof whose tag verifies; none if it has been used.
    pub fn take(&self, gateway: GatewayId, boot: BootId, counter: u32) -> Option<Good> {
        let mut table = self.table();
        let proof = table.proofs.entry(gateway).or_default().take(boot, counter);
        if proof == Proof::Used {
            return None;
        }
        table.fresh.insert(gateway);
        let returns = table.returns.entry(gateway).or_default();
        *returns += u32::from(proof == Proof::Return);
        drop(table);
        self.bell.notify_one();
        Some(Good { two_voices: self.are_two(gateway) })
    }

    /// Whether two boxes have taken turns with one identity since the start.
    pub(crate) fn are_two(&self, gateway: GatewayId) -> bool {
        self.table().returns.get(&gateway).is_some_and(|returns| *returns > 1)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Each change is whole before the next begins, so a panic leaves nothing half done.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_fresh(&self) -> Vec<(GatewayId, Vec<u8>)> {
        let mut table = self.table();
        let fresh = std::mem::take(&mut table.fresh);
        let used = |gateway: GatewayId| Some((gateway, table.proofs.get(&gateway)?.to_bytes()));
        fresh.into_iter().filter_map(used).collect()
    }
}

/// Writes what has been used, until the process ends.
pub async fn run(room: Arc<Gateways>) {
    loop {
        let fresh = room.proved.take_fresh();
        if fresh.is_empty() {
            room.proved.bell.notified().await;
            continue;
        }
        if let Err(error) = write(&room, &fresh).await {
            tracing::error!(error = %error, "used proofs wait for the records");
            room.proved.table().fresh.extend(fresh.into_iter().map(|(gateway, _)| gateway));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn write(room: &Gateways, fresh: &[(GatewayId, Vec<u8>)]) -> Result<(), records::Error> {
    let mut writer = room.records.begin_for(Work::Other).await?;
    for (gateway, bytes) in fresh {
        used::put(&mut writer, number(gateway.get()), bytes).await?;
    }
    writer.commit().await
}
