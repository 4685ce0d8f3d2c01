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
use door::workers::Rhythm;
use door::{Deny, Gate, Hello, Pass, Who};
use proto::frame::Lane;
use proto::id::GatewayId;
use proto::seat::Seat;
use tokio::sync::{OwnedMutexGuard, mpsc};

use crate::app::App;
use crate::faults::Fault;
use crate::ingest::batch::{gateway_twice, reconnects};
use crate::workers::keep_with;

/// Gateways that may wait to be told; more than can be enrolled would be a loop.
const WAITING: usize = 65_536;

/// Decides who comes in at the door for gateways.
pub struct GatewayGate {
    app: Arc<App>,
    listening: mpsc::Sender<GatewayId>,
}

/// The gate; starts the task that tells gateways what they must know.
pub fn gate(app: &Arc<App>) -> Arc<GatewayGate> {
    let (listening, listeners) = mpsc::channel(WAITING);
    keep_with(&app.workers, app, "telling", Rhythm::Waits, listeners, tell_all);
    Arc::new(GatewayGate { app: Arc::clone(app), listening })
}

async fn tell_all(app: Arc<App>, mut listeners: OwnedMutexGuard<mpsc::Receiver<GatewayId>>) {
    while let Some(gateway) = listeners.recv().await {
        if let Err(error) = tell(&app, gateway).await {
            tracing::error!(%gateway, error = %error, "gateway was not told its roster");
            app.receipts.cut(gateway);
        }
    }
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
        let two = self.app.proved.are_two(gateway);
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
        let good = self.app.proved.take(gateway, boot, counter).ok_or(Deny::Credentials)?;
        if good.two_voices {
            self.app.faults.raise_again(gateway_twice(gateway), self.app.clock.now().mono);
        }
        Ok(())
    }
}
