//! The authority together with the names this server is called by: what its TLS edge shows, kept young.
//!
//! `tend` is called now and then with the time: what is due is made anew and shown to new handshakes
//! while the server runs, on the disk as soon as the disk takes it. Files that somebody else has put
//! there are shown too. Not here: who calls it, and who is told (`certificates`).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use care::policy::dates::{BUILT, CERTIFICATE_LIFE, CERTIFICATE_LIFE_UNDATED, Life, can_be_right};
use door::tls::{Shown, TlsError};

use super::certificate::{Authority, Issued, PkiError};
use crate::clock::Clock;

/// What a TLS edge needs, and the pen that signs.
pub struct Pki {
    authority: Authority,
    names: Vec<String>,
    shown: Arc<Shown>,
    server: Mutex<Issued>,
}

impl Pki {
    /// Opens or makes both; a server certificate that is due or of other names is renewed.
    ///
    /// # Errors
    /// A file cannot be read, the first ones cannot be written, or a name is none.
    pub fn open(data: &Path, names: &[String]) -> Result<Self, PkiError> {
        Self::open_at(data, names, Clock::resume(None).now().wall_ms)
    }

    /// The same at a time of the wall clock.
    ///
    /// # Errors
    /// As for [`Pki::open`].
    pub fn open_at(data: &Path, names: &[String], now_ms: i64) -> Result<Self, PkiError> {
        let authority = Authority::open(data, now_ms)?;
        // An address has many spellings and one in a certificate.
        let spelled = |name: &String| match name.parse::<std::net::IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => name.clone(),
        };
        let names: Vec<String> = names.iter().map(spelled).collect();
        let server = match authority.kept(&names) {
            Some(kept) => kept,
            None => {
                let issued = authority.server(&names, now_ms)?;
                authority.keep(&issued)?;
                issued
            }
        };
        let content = |error: TlsError| PkiError::Content {
            path: data.join("pki"),
            reason: error.to_string(),
        };
        let shown =
            Shown::new(server.pem.as_bytes(), server.key_pem.as_bytes()).map_err(content)?;
        let pki = Self { authority, names, shown, server: Mutex::new(server) };
        if let Err(error) = pki.tend(now_ms) {
            tracing::error!(error = &error as &dyn std::error::Error, "certificates are not kept");
        }
        Ok(pki)
    }

    /// What signs.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// First and last second of the certificate that is shown now.
    pub fn server_life(&self) -> Life {
        self.lock().life
    }

    /// TLS that asks gateways for a certificate of this authority.
    ///
    /// # Errors
    /// The files do not fit each other.
    pub fn server_config(&self) -> Result<Arc<rustls::ServerConfig>, TlsError> {
        let roots = self.authority.root_pem();
        door::tls::server_showing(Arc::clone(&self.shown), roots.as_bytes(), BUILT).map(Arc::new)
    }

    /// Renews what is due at this time of the wall clock. New handshakes see the new certificate at once,
    /// also where the disk does not take it.
    ///
    /// # Errors
    /// Something could not be made or kept; it is tried again at the next call.
    pub fn tend(&self, now_ms: i64) -> Result<(), PkiError> {
        let root = self.authority.tend(now_ms);
        let server = self.tend_server(now_ms);
        root.and(server)
    }

    fn tend_server(&self, now_ms: i64) -> Result<(), PkiError> {
        let now = now_ms.div_euclid(1_000);
        // Under a wrong clock nobody knows what has ended: one that lives long is shown meanwhile.
        let usual = if can_be_right(now) { CERTIFICATE_LIFE } else { CERTIFICATE_LIFE_UNDATED };
        let young = |life: Life| !is_due(life, now, usual);
        let kept = self.authority.kept(&self.names);
        let mut server = self.lock();
        if let Some(kept) = kept.as_ref().filter(|kept| young(kept.life)) {
            if kept.pem != server.pem {
                self.show(kept);
                *server = kept.clone();
            }
            return Ok(());
        }
        if !young(server.life) {
            let issued = self.authority.server(&self.names, now_ms)?;
            self.show(&issued);
            *server = issued;
        }
        self.authority.keep(&server)
    }

    fn show(&self, issued: &Issued) {
        let changed = self.shown.change(issued.pem.as_bytes(), issued.key_pem.as_bytes());
        match changed {
            Ok(()) => {
                tracing::info!(until = issued.life.until, "another server certificate is shown")
            }
            Err(error) => tracing::error!(%error, "the new server certificate cannot be shown"),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Issued> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a certificate of this server is due at `now`; where the clock must be wrong, every one is that
/// was made under a clock.
fn is_due(life: Life, now: i64, usual: i64) -> bool {
    let undated = life.until - life.from > CERTIFICATE_LIFE * 2;
    if can_be_right(now) { life.is_due(now, usual) } else { !undated }
}
