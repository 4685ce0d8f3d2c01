//! What ingest has heard of homes and gateways, for whoever shows it: no copy of a state, and no wait for ingest.
//!
//! Ingest puts each home's judgement here when it takes it over, and notes each gateway that speaks.
//! Not here: what follows for a home's protection (`desk::chain`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use care::Home;
use proto::id::GatewayId;
use proto::unit::Mono;

/// One per server.
#[derive(Debug, Default)]
pub struct Mirror {
    homes: RwLock<HashMap<i64, Arc<[u8]>>>,
    gateways: RwLock<HashMap<GatewayId, Mono>>,
    listening: OnceLock<Mono>,
    behind: AtomicBool,
}

impl Mirror {
    /// From now on somebody listens.
    pub fn begin(&self, now: Mono) {
        // A second batcher of this process listens no later than the first.
        let _ = self.listening.set(now);
    }

    /// Since when somebody listens; none before the first moment.
    pub fn listening(&self) -> Option<Mono> {
        self.listening.get().copied()
    }

    /// The judgement of a home is this now.
    pub fn put(&self, home: i64, state: &Arc<[u8]>) {
        let mut homes = self.homes.write().unwrap_or_else(PoisonError::into_inner);
        homes.insert(home, Arc::clone(state));
    }

    /// The judgement of a home, if there is one that can be read.
    pub fn home(&self, home: i64) -> Option<Home> {
        let homes = self.homes.read().unwrap_or_else(PoisonError::into_inner);
        let state = homes.get(&home).cloned()?;
        drop(homes);
        minicbor::decode(&state).ok()
    }

    /// A gateway was heard at `at`.
    pub fn heard(&self, gateway: GatewayId, at: Mono) {
        let mut gateways = self.gateways.write().unwrap_or_else(PoisonError::into_inner);
        let known = gateways.entry(gateway).or_default();
        *known = at.max(*known);
    }

    /// When a gateway was last heard since somebody listens.
    pub(crate) fn heard_at(&self, gateway: GatewayId) -> Option<Mono> {
        let gateways = self.gateways.read().unwrap_or_else(PoisonError::into_inner);
        gateways.get(&gateway).copied()
    }

    /// So much waits unheard that silence means nothing.
    pub(crate) fn set_behind(&self, behind: bool) {
        self.behind.store(behind, Relaxed);
    }

    /// Whether it does.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Relaxed)
    }
}
