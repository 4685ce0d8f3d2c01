//! Who wears which certificate and until when: renewal while everybody is connected, and warnings before the end.
//!
//! The gate says what each gateway has shown; the server's own certificate and its authority are tended here.
//! Who is due is asked for a petition over its own session and answered with papers. What ends soon or has
//! ended is a fault until it is mended; only revocation ends the emergency lane. Not here: how a certificate is
//! made (`provision`), TLS (`door`).

mod watch;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use care::Seen;
use care::policy::dates::{CERTIFICATE_LIFE, Life, can_be_right, dated};
use proto::id::GatewayId;
use proto::unit::{Millis, Mono};
use tokio::sync::{Notify, mpsc};

use crate::clock::Now;
use crate::config::Gateways;
use crate::faults::{Fault, Faults};
use crate::provision::certificate::{PkiError, life};
use crate::provision::{Pki, Registry};

pub use self::watch::{Tending, run};

/// Petitions that may wait for the pen; whoever finds no room asks again.
const WAITING: usize = 1_024;
/// A gateway that is due and does not ask is reminded this often.
const REMIND: Millis = Millis::minutes(60);
/// A gateway gets at most one certificate in this time.
const SIGN: Millis = Millis::secs(1);

/// What one gateway wears.
#[derive(Debug, Clone, Copy)]
struct Worn {
    life: Life,
    reminded: Option<Mono>,
    signed: Option<Mono>,
}

/// Days that are left, and how many have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Of the server's own certificate.
    pub server: Option<i64>,
    /// Of the authority.
    pub authority: Option<i64>,
    /// Of the gateway whose certificate ends first.
    pub gateways: Option<i64>,
    /// Gateways whose certificate ends soon.
    pub ending: usize,
    /// Gateways whose certificate has ended.
    pub ended: usize,
    /// Gateways whose certificate has not begun: this clock is behind, or the one it was signed by was ahead.
    pub ahead: usize,
}

/// All certificates of one server.
pub struct Certificates {
    pki: Option<Pki>,
    worn: Mutex<HashMap<GatewayId, Worn>>,
    bell: Notify,
    petitions: mpsc::Sender<(GatewayId, Vec<u8>)>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<(GatewayId, Vec<u8>)>>,
}

impl Certificates {
    /// With the authority of the data folder where the door speaks TLS, else with none.
    ///
    /// # Errors
    /// The authority cannot be opened or made.
    pub fn open(data: &std::path::Path, door: &Gateways, now: Now) -> Result<Self, PkiError> {
        let pki = match door.tls {
            true => Some(Pki::open_at(data, &door.names, now.wall_ms)?),
            false => None,
        };
        let (petitions, waiting) = mpsc::channel(WAITING);
        let (worn, bell) = (Mutex::default(), Notify::new());
        Ok(Self { pki, worn, bell, petitions, waiting: tokio::sync::Mutex::new(waiting) })
    }

    /// The authority, if the door speaks TLS.
    pub const fn pki(&self) -> Option<&Pki> {
        self.pki.as_ref()
    }

    /// A gateway was admitted with this certificate.
    pub fn wear(&self, gateway: GatewayId, shown: &door::Certificate) {
        let life = life(shown);
        let mut worn = self.lock();
        let before = worn.get(&gateway).copied();
        if before.is_some_and(|before| before.life == life) {
            return;
        }
        let signed = before.and_then(|before| before.signed);
        worn.insert(gateway, Worn { life, reminded: None, signed });
        drop(worn);
        self.bell.notify_one();
    }

    /// A gateway listens: if it is due it is reminded now.
    pub fn listens(&self, gateway: GatewayId) {
        if let Some(worn) = self.lock().get_mut(&gateway) {
            worn.reminded = None;
        }
        self.bell.notify_one();
    }

    /// A gateway asks for a certificate; without room it asks again.
    pub fn petition(&self, gateway: GatewayId, request: Vec<u8>) {
        if self.petitions.try_send((gateway, request)).is_err() {
            tracing::warn!(%gateway, "too many petitions wait, this one must be made again");
        }
    }

    /// Days that are left at `now`, seconds since 1970.
    pub fn facts(&self, now: i64) -> Facts {
        let now = dated(now);
        let worn = self.lock();
        let lives = || worn.values().map(|worn| worn.life);
        Facts {
            server: self.pki.as_ref().map(|pki| pki.server_life().days_left(now)),
            authority: self.pki.as_ref().map(|pki| pki.authority().root_life().days_left(now)),
            gateways: lives().map(|life| life.days_left(now)).min(),
            ending: lives().filter(|life| life.ends_soon(now) && !life.is_over(now)).count(),
            ended: lives().filter(|life| life.is_over(now)).count(),
            ahead: lives().filter(|life| life.from > now).count(),
        }
    }

    /// Whether the server's own papers are in force at `now`.
    pub(crate) fn in_force(&self, now: i64) -> bool {
        self.own().is_none_or(|life| !life.is_over(dated(now)))
    }

    /// The end of the server's own papers: its certificate or its authority, whichever ends first.
    fn own(&self) -> Option<Life> {
        let pki = self.pki.as_ref()?;
        let (server, root) = (pki.server_life(), pki.authority().root_life());
        Some(if root.until < server.until { root } else { server })
    }

    /// Renews the server's own papers, says what ends, and answers which gateways must be reminded.
    pub fn tend(&self, now: Now, registry: &Registry, faults: &Faults) -> Vec<GatewayId> {
        let Some(pki) = &self.pki else { return Vec::new() };
        if let Err(error) = pki.tend(now.wall_ms) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the server's certificates are renewed and not on the disk"
            );
        }
        let wall = now.wall_ms.div_euclid(1_000);
        if let Some(own) = self.own() {
            say(faults, None, own, dated(wall));
        }
        let mut due = Vec::new();
        let mut worn = self.lock();
        worn.retain(|gateway, worn| {
            let known = registry.gateway(*gateway).is_some_and(|known| !known.revoked);
            if known {
                say(faults, Some(*gateway), worn.life, dated(wall));
            } else {
                // One that never ends: nothing of it is told any more.
                say(faults, Some(*gateway), Life { from: 0, until: i64::MAX }, 0);
            }
            known
        });
        for (gateway, worn) in worn.iter_mut() {
            let rested = worn.reminded.is_none_or(|at| now.mono.since(at) >= REMIND);
            if rested && can_be_right(wall) && worn.life.is_due(wall, CERTIFICATE_LIFE) {
                worn.reminded = Some(now.mono);
                due.push(*gateway);
            }
        }
        due
    }

    /// Signs a petition of a gateway that may come in; the answer is its certificate and the roots.
    pub fn sign(
        &self,
        now: Now,
        registry: &Registry,
        gateway: GatewayId,
        request: &[u8],
    ) -> Option<(String, String)> {
        let pki = self.pki.as_ref()?;
        registry.gateway(gateway).filter(|known| !known.revoked)?;
        let mut worn = self.lock();
        let known = worn.get_mut(&gateway)?;
        if known.signed.is_some_and(|at| now.mono.since(at) < SIGN) {
            return None;
        }
        known.signed = Some(now.mono);
        drop(worn);
        match pki.authority().sign(gateway, request, now.wall_ms) {
            Ok(chain) => {
                tracing::info!(%gateway, "a certificate was signed");
                Some((chain, pki.authority().root_pem()))
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(%gateway, error, "a petition is refused");
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<GatewayId, Worn>> {
        self.worn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says what is to be said of one life, and takes back what is not so.
fn say(faults: &Faults, gateway: Option<GatewayId>, life: Life, now: i64) {
    let fault = |cause| Fault { gateway, ..Fault::upkeep(cause) };
    let over = life.is_over(now);
    #[expect(clippy::cast_precision_loss, reason = "a number of days")]
    let value = life.days_left(now) as f32;
    faults.set(Fault { value, ..fault(Seen::CertificateEnds) }, !over && life.ends_soon(now));
    faults.set(fault(Seen::CertificateEnded), over);
}
