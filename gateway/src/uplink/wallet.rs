//! The papers that a box can show: the newest first, and older ones to fall back on.
//!
//! A new link takes the set that has failed least since it last worked, the newest among equals. A set
//! fails when the server refuses it or cannot be believed with it; a network that is down is no failure of
//! papers. Not here: how links are made (`transport`), where sets are kept (`credentials::papers`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use care::policy::dates::{BUILT, Life};
use door::tls::paper;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::transport::TransportError;
use super::trust::{Calendar, ClockTolerant};
use crate::clock;
use crate::credentials::Papers;

/// Sets that are kept: the newest, the one before, the first.
const SETS: usize = 3;

/// One set, ready to use.
struct Set {
    number: u64,
    config: Arc<rustls::ClientConfig>,
    life: Life,
    failures: u32,
}

#[derive(Default)]
struct Sets {
    /// Newest first.
    all: Vec<Set>,
    made: u64,
}

/// All sets of one box.
pub struct Wallet(Mutex<Sets>);

impl Wallet {
    /// Holds these sets, the newest first. One that cannot be used is left out.
    ///
    /// # Errors
    /// None can be used; it says what is wrong with the last.
    pub fn new(newest_first: &[Papers]) -> Result<Self, TransportError> {
        let wallet = Self(Mutex::default());
        let mut last = Ok(());
        for papers in newest_first.iter().rev() {
            last = wallet.put(papers);
            if let Err(error) = &last {
                tracing::error!(error = error as &dyn std::error::Error, "papers are of no use");
            }
        }
        if wallet.lock().all.is_empty() {
            last?;
        }
        Ok(wallet)
    }

    /// Takes a new set; the next link tries it first.
    ///
    /// # Errors
    /// It cannot be used; nothing has changed.
    pub fn put(&self, papers: &Papers) -> Result<(), TransportError> {
        let config = Arc::new(client_config(papers)?);
        let read = paper::read_pem(papers.cert_pem.as_bytes()).map(|paper| paper.certificate);
        let life = read.map(|read| Life { from: read.from, until: read.until });
        let mut sets = self.lock();
        sets.made += 1;
        let number = sets.made;
        sets.all.insert(0, Set { number, config, life: life.unwrap_or_default(), failures: 0 });
        sets.all.truncate(SETS);
        Ok(())
    }

    /// The set for the next link and its number.
    pub fn choose(&self) -> Option<(u64, Arc<rustls::ClientConfig>)> {
        let sets = self.lock();
        let best = sets.all.iter().min_by_key(|set| set.failures)?;
        Some((best.number, Arc::clone(&best.config)))
    }

    /// First and last second of the set that the next link takes.
    pub fn life(&self) -> Option<Life> {
        self.lock().all.iter().min_by_key(|set| set.failures).map(|set| set.life)
    }

    /// The server has accepted this set.
    pub fn worked(&self, number: u64) {
        self.with(number, |set| set.failures = 0);
    }

    /// The server does not accept this set, or is not believed with it.
    pub fn failed(&self, number: u64) {
        self.with(number, |set| set.failures = set.failures.saturating_add(1));
    }

    fn with(&self, number: u64, change: impl FnOnce(&mut Set)) {
        if let Some(set) = self.lock().all.iter_mut().find(|set| set.number == number) {
            change(set);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn client_config(papers: &Papers) -> Result<rustls::ClientConfig, TransportError> {
    let pem = |what| move |e| TransportError::Pem(what, e);
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(papers.ca_pem.as_bytes()) {
        roots.add(root.map_err(pem("ca_pem"))?)?;
    }
    let chain = CertificateDer::pem_slice_iter(papers.cert_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(pem("cert_pem"))?;
    let key = PrivateKeyDer::from_pem_slice(papers.cert_key_pem.as_bytes())
        .map_err(pem("cert_key_pem"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let calendar = Calendar { built: BUILT, proved: clock::is_proved };
    let trust = ClockTolerant::new(roots, Arc::clone(&provider), calendar)?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_client_auth_cert(chain, key)?;
    Ok(config)
}
