//! What opens doors: for devices, for programs on the local bus, and the page of health.
//!
//! When all are open one line says where. Not here: who may enter (`enrol`, `bus_gate`), and how many (`handles`).

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use door::tls::Shown;
use door::workers::Workers;
use door::{Bus, CommitHandle, Door, DoorConfig, Edge};
use tokio::sync::watch;

use super::{Built, StartError};
use crate::bus_files::bus_papers;
use crate::bus_gate::BusGate;
use crate::config;
use crate::health::{HealthPage, Pulse};

impl Built {
    pub(super) async fn open_devices(&self, commit: CommitHandle) -> Result<Door, StartError> {
        let limits = self.division.devices.clone();
        let bind = self.config.devices.bind;
        let edge = Edge::Plain { open_to_home: true };
        let config = DoorConfig { bind, edge, limits };
        Ok(door::open(config, Arc::clone(&self.roster) as Arc<_>, commit, None).await?)
    }

    pub(super) async fn open_bus(
        &self,
        commit: CommitHandle,
        (bus, gate): (Bus, Arc<BusGate>),
    ) -> Result<Door, StartError> {
        let tls = self.bus_shown.clone().map(door::tls::household_showing).transpose();
        let edge = Edge::Household(tls.map_err(StartError::BusTls)?.map(Arc::new));
        let limits = self.division.bus.clone();
        let config = DoorConfig { bind: self.config.bus.bind, edge, limits };
        Ok(door::open(config, gate, commit, Some(bus)).await?)
    }

    pub(super) fn health_page(
        &self,
        pulse: watch::Receiver<Pulse>,
        (door, bus): (&Door, &Door),
        (fanout, workers): (&Bus, &Workers),
    ) -> HealthPage {
        let (door, bus) = (door.clone(), bus.clone());
        let (fanout, workers) = (fanout.clone(), workers.clone());
        let (clock, wallet) = (self.clock.clone(), self.wallet.clone());
        HealthPage { pulse, clock, door, wallet, bus, fanout, workers }
    }
}

/// The bus's certificate, if it speaks TLS.
pub fn bus_shown(bus: &config::Bus) -> Result<Option<Arc<Shown>>, StartError> {
    let Some((chain, key)) = bus_papers(bus)? else {
        if !bus.bind.ip().is_loopback() {
            tracing::warn!(
                "the bus has no certificate: its password can be read on the home's network"
            );
        }
        return Ok(None);
    };
    Ok(Some(Shown::new(&chain, &key).map_err(StartError::BusTls)?))
}

/// One JSON line on standard output: who starts this program waits for it.
pub(super) fn announce(door: &Door, bus: &Door, health: SocketAddr) {
    let line = serde_json::json!({
        "ready": true,
        "devices": door.address(),
        "bus": bus.address(),
        "health": health,
    });
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
