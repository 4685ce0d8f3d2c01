//! The gate for gateways, and what each is told when it begins to listen.
//!
//! Over TLS the certificate's name is the identity. On loopback a gateway proves that it has its own key,
//! with a password that is good for one connection. A listening gateway is told its roster, open alarms and
//! the rungs of open presses: all of it is stored state, so telling it again is harmless. Not here: TLS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use care::policy::dates::dated;
use door::{Deny, Gate, Hello, Pass, Who};
use proto::down::Rung;
use proto::frame::Lane;
use proto::id::{BootId, GatewayId, HomeId, PressId, Seq};
use proto::relay::GatewayDown;
use proto::seat::Seat;
use tokio::sync::mpsc;

use crate::app::App;
use crate::faults::Fault;
use crate::ingest::batch::{gateway_twice, reconnects};
use crate::ingest::judge::{device_of, number};
use crate::records::open;

/// Boots of one gateway whose proofs are remembered, so that an old one is not taken for a new life.
const BOOTS: usize = 8;
/// Gateways that may wait to be told; more than can be enrolled would be a loop.
const WAITING: usize = 65_536;

/// What a gateway has proved.
#[derive(Debug, Default)]
struct Proofs {
    /// Its boots and the last counter of each, in the order in which they spoke last.
    boots: Vec<(BootId, u32)>,
    /// How often a boot came back that another had followed.
    returns: u32,
}

impl Proofs {
    /// Takes a proof whose tag verifies, unless it is a copy of an old one.
    fn accept(&mut self, boot: BootId, counter: u32) -> bool {
        let known = self.boots.iter().position(|(known, _)| *known == boot);
        if let Some(place) = known {
            if self.boots.get(place).is_some_and(|(_, last)| counter <= *last) {
                return false;
            }
            self.returns += u32::from(place + 1 < self.boots.len());
            self.boots.remove(place);
        } else if self.boots.len() >= BOOTS {
            self.boots.remove(0);
        }
        self.boots.push((boot, counter));
        true
    }

    /// Whether two boxes take turns: a box never returns to a boot, and one late proof may be on its way at a kill.
    const fn are_two(&self) -> bool {
        self.returns > 1
    }
}

/// Decides who comes in at the door for gateways.
pub struct GatewayGate {
    app: Arc<App>,
    proofs: Mutex<HashMap<GatewayId, Proofs>>,
    listening: mpsc::Sender<GatewayId>,
}

/// The gate; starts the task that tells gateways what they must know.
pub fn gate(app: &Arc<App>) -> Arc<GatewayGate> {
    let (listening, mut listeners) = mpsc::channel(WAITING);
    let teller = Arc::clone(app);
    tokio::spawn(async move {
        while let Some(gateway) = listeners.recv().await {
            if let Err(error) = tell(&teller, gateway).await {
                tracing::error!(%gateway, error = %error, "gateway was not told its roster");
                teller.receipts.cut(gateway);
            }
        }
    });
    Arc::new(GatewayGate { app: Arc::clone(app), proofs: Mutex::default(), listening })
}

impl Gate for GatewayGate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        let Ok(Seat::Gateway(gateway, lane)) = hello.client_id.parse() else {
            return Err(Deny::ClientId);
        };
        let info = self.app.registry.gateway(gateway).ok_or(Deny::Credentials)?;
        if info.revoked {
            return Err(Deny::NotAuthorized);
        }
        match hello.certificate {
            Some(certificate) if certificate.name == gateway.to_string() => {
                // One that has ended still carries emergencies; its seals are what is believed.
                let now = dated(self.app.clock.now().wall_ms.div_euclid(1_000));
                self.app.certificates.wear(gateway, certificate);
                if certificate.ended(now) && lane == Lane::Telemetry {
                    return Err(Deny::NotAuthorized);
                }
            }
            Some(_) => return Err(Deny::NotAuthorized),
            None => self.prove(gateway, hello)?,
        }
        self.connects(gateway, lane);
        Ok(Pass { who: Who::Gateway(gateway), lane: Some(lane) })
    }

    fn listening(&self, who: Who) {
        let Who::Gateway(gateway) = who else { return };
        self.app.certificates.listens(gateway);
        if self.listening.try_send(gateway).is_err() {
            // It connects again, and asks again.
            self.app.receipts.cut(gateway);
        }
    }
}

impl GatewayGate {
    /// One that connects again and again is told, unless two boxes push each other out: that is told already.
    fn connects(&self, gateway: GatewayId, lane: Lane) {
        let now = self.app.clock.now().mono;
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let two = proofs.get(&gateway).is_some_and(Proofs::are_two);
        drop(proofs);
        let often = (lane == Lane::Emergency).then(|| self.app.links.connects(gateway, now));
        if let Some(times) = often.flatten().filter(|_| !two) {
            let fault = Fault { value: f32::from(times), ..reconnects(gateway) };
            self.app.faults.raise_again(fault, now);
        }
    }

    fn prove(&self, gateway: GatewayId, hello: &Hello<'_>) -> Result<(), Deny> {
        let password = hello.password.ok_or(Deny::Credentials)?;
        let key = self.app.registry.device(gateway.as_device()).ok_or(Deny::Credentials)?.hop_key();
        let (boot, counter) = key.check_connect_proof(password).ok_or(Deny::Credentials)?;
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let proofs = proofs.entry(gateway).or_default();
        if !proofs.accept(boot, counter) {
            return Err(Deny::Credentials);
        }
        if proofs.are_two() {
            self.app.faults.raise_again(gateway_twice(gateway), self.app.clock.now().mono);
        }
        Ok(())
    }
}

/// Tells a gateway all that it must know; the same again changes nothing.
pub async fn tell(app: &App, gateway: GatewayId) -> Result<(), sqlx::Error> {
    let homes = app.registry.homes(gateway);
    for device in app.registry.roster(gateway) {
        app.receipts.enrol(&device);
    }
    let numbers: Vec<i64> = homes.iter().map(|home| number(home.get())).collect();
    let mut reader = app.records.reader().await?;
    let alarmed = open::alarmed(&mut reader, &numbers).await?;
    let rungs = open::rungs(&mut reader, &numbers).await?;
    drop(reader);
    app.replay.listening(gateway);
    for home in alarmed.into_iter().filter_map(|home| HomeId::new(home.unsigned_abs())) {
        app.receipts.say(gateway, &GatewayDown::Alarm { home, open: true });
    }
    for known in rungs {
        let (device, boot, seq) = known.name;
        let (Some(device), Ok(seq)) = (device_of(device), u32::try_from(seq)) else { continue };
        let boot = BootId::from_raw(boot.cast_unsigned());
        let rung = if known.rung >= Rung::Seen as i64 { Rung::Seen } else { Rung::Received };
        app.receipts.tell(PressId { device, boot, seq: Seq::new(seq) }, rung);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_proof_is_good_for_one_connection() {
        let (first, second) = (BootId::new(1, 1), BootId::new(1, 2));
        let mut proofs = Proofs::default();
        let mut comes = |boot, counter| proofs.accept(boot, counter);
        assert!(comes(first, 1) && !comes(first, 1), "the same again");
        assert!(comes(first, 5) && !comes(first, 4) && comes(first, 6), "an older one");
        assert!(comes(second, 1) && !comes(first, 6), "an old one of an earlier boot");
    }
}
