//! The gate for gateways, and who tells each what it must know when it begins to listen.
//!
//! Over TLS the certificate's name is the identity. On loopback a gateway proves that it has its own key,
//! with a password that is good for one connection (`proved`). What a listening gateway is told is stored state
//! (`telling`). Not here: TLS.

pub mod proved;
pub mod telling;

pub use telling::tell;

use std::sync::Arc;

use care::policy::dates::dated;
use door::workers::{Rhythm, Workers};
use door::{Deny, Gate, Hello, Pass, Who};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::seat::Seat;
use tokio::sync::{OwnedMutexGuard, mpsc};

use crate::certificates::Certificates;
use crate::clock::Clock;
use crate::faults::{Fault, Faults};
use crate::gateways::proved::Proved;
use crate::ingest::batch::{gateway_twice, reconnects};
use crate::ingest::boxes::Links;
use crate::provision::Registry;
use crate::receipts::Receipts;
use crate::replay::Replay;
use crate::workers::keep_with;
use records::Records;

/// Gateways that may wait to be told; more than can be enrolled would be a loop.
const WAITING: usize = 65_536;

/// What the gate asks, and what gateways are told from.
pub struct Gateways {
    /// The only reader of clocks.
    pub clock: Arc<Clock>,
    /// Open alarms and rungs.
    pub records: Records,
    /// Which gateways there are.
    pub registry: Arc<Registry>,
    /// By which they are told.
    pub receipts: Arc<Receipts>,
    /// It tells them how far the rows know them.
    pub replay: Arc<Replay>,
    /// Who wears which certificate.
    pub certificates: Arc<Certificates>,
    /// Connect proofs that have been used.
    pub proved: Arc<Proved>,
    /// How often they connect.
    pub links: Arc<Links>,
    /// Where it is told what is wrong with one.
    pub faults: Arc<Faults>,
    /// Who runs the telling.
    pub workers: Workers,
    /// Words that may wait for one gateway.
    pub down_waiting: usize,
}

/// Decides who comes in at the door for gateways.
pub struct GatewayGate {
    room: Arc<Gateways>,
    listening: mpsc::Sender<GatewayId>,
}

/// The gate; starts the task that tells gateways what they must know.
pub fn gate(room: &Arc<Gateways>) -> Arc<GatewayGate> {
    let (listening, listeners) = mpsc::channel(WAITING);
    keep_with(&room.workers, room, "telling", Rhythm::Waits, listeners, tell_all);
    Arc::new(GatewayGate { room: Arc::clone(room), listening })
}

async fn tell_all(room: Arc<Gateways>, mut listeners: OwnedMutexGuard<mpsc::Receiver<GatewayId>>) {
    while let Some(gateway) = listeners.recv().await {
        if let Err(error) = tell(&room, gateway).await {
            tracing::error!(%gateway, error = %error, "gateway was not told its roster");
            room.receipts.cut(gateway);
        }
    }
}

impl Gate for GatewayGate {
    fn admit(&self, hello: &Hello<'_>) -> Result<Pass, Deny> {
        let Ok(Seat::Gateway(gateway, lane)) = hello.client_id.parse() else {
            return Err(Deny::ClientId);
        };
        let info = self.room.registry.gateway(gateway).ok_or(Deny::Credentials)?;
        if info.revoked {
            return Err(Deny::NotAuthorized);
        }
        match hello.certificate {
            Some(certificate) if certificate.name == gateway.to_string() => {
                // One that has ended still carries emergencies; its seals are what is believed.
                let now = dated(self.room.clock.now().wall_ms.div_euclid(1_000));
                self.room.certificates.wear(gateway, certificate);
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
        self.room.certificates.listens(gateway);
        if self.listening.try_send(gateway).is_err() {
            // It connects again, and asks again.
            self.room.receipts.cut(gateway);
        }
    }
}

impl GatewayGate {
    /// One that connects again and again is told, unless two boxes push each other out: that is told already.
    fn connects(&self, gateway: GatewayId, lane: Lane) {
        let now = self.room.clock.now().mono;
        let two = self.room.proved.are_two(gateway);
        let often = (lane == Lane::Emergency).then(|| self.room.links.connects(gateway, now));
        if let Some(times) = often.flatten().filter(|_| !two) {
            let fault = Fault { value: f32::from(times), ..reconnects(gateway) };
            self.room.faults.raise_again(fault, now);
        }
    }

    fn prove(&self, gateway: GatewayId, hello: &Hello<'_>) -> Result<(), Deny> {
        let password = hello.password.ok_or(Deny::Credentials)?;
        let key =
            self.room.registry.device(gateway.as_device()).ok_or(Deny::Credentials)?.hop_key();
        let (boot, counter) = key.check_connect_proof(password).ok_or(Deny::Credentials)?;
        let good = self.room.proved.take(gateway, boot, counter).ok_or(Deny::Credentials)?;
        if good.two_voices {
            self.room.faults.raise_again(gateway_twice(gateway), self.room.clock.now().mono);
        }
        Ok(())
    }
}
