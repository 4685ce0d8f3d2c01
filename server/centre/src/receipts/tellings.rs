//! Which telling of each gateway is the latest.
//!
//! Not here: what is told (`gateways::telling`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use proto::id::GatewayId;

/// Which telling of each gateway is the latest: an older one has lost its listener.
#[derive(Debug, Default)]
pub(crate) struct Tellings(Mutex<HashMap<GatewayId, u64>>);

impl Tellings {
    pub(crate) fn begin(&self, gateway: GatewayId) -> u64 {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = table.entry(gateway).or_default();
        *turn += 1;
        *turn
    }

    pub(crate) fn is_latest(&self, gateway: GatewayId, turn: u64) -> bool {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.get(&gateway) == Some(&turn)
    }
}
