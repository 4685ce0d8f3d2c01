//! The certificate that a door shows: it can be changed while the door is open.
//!
//! A new handshake gets what is shown at that moment; sessions that are open live on with what they
//! have seen. Not here: when it is changed (the server's own authority).

use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{TlsError, certificates};

/// A certificate chain and its key, shown to whoever calls.
#[derive(Debug)]
pub struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    /// Shows a chain that begins with the server's own certificate; both are PEM.
    ///
    /// # Errors
    /// A text is no PEM, or the key is not the certificate's.
    pub fn new(chain_pem: &[u8], key_pem: &[u8]) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(RwLock::new(certified(chain_pem, key_pem)?))))
    }

    /// Shows another one from now on; what does not fit changes nothing.
    ///
    /// # Errors
    /// As for [`Shown::new`].
    pub fn change(&self, chain_pem: &[u8], key_pem: &[u8]) -> Result<(), TlsError> {
        let certified = certified(chain_pem, key_pem)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(chain_pem: &[u8], key_pem: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let pem = |what| move |source| TlsError::Pem { what, source };
    let chain = certificates(chain_pem).map_err(pem("certificate chain"))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(pem("private key"))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
    certified.map(Arc::new).map_err(TlsError::Unusable)
}
