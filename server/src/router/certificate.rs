//! The certificate that the console shows when it speaks TLS itself: two files of whoever runs the server.
//!
//! They are read at the start, and again when one of them changes, so that a renewed certificate needs no restart; one
//! that does not fit changes nothing and is in the log. Not here: the certificates of gateways (`centre::certificates`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use door::tls::Shown;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use centre::config::console::Console;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(30);

/// A certificate chain and its key.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    changed: [Option<SystemTime>; 2],
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// What the configuration names; none where the console speaks plain HTTP.
    ///
    /// # Errors
    /// A file cannot be read, or the two do not fit.
    pub fn open(console: &Console) -> anyhow::Result<Option<Self>> {
        let Some((chain, key)) = console.certificate() else { return Ok(None) };
        let (chain, key) = (chain.clone(), key.clone());
        let changed = [changed(&chain), changed(&key)];
        let shown = Shown::new(&read(&chain)?, &read(&key)?)
            .with_context(|| format!("use `console.certificate_file` {}", chain.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self { chain, key, changed, shown, config: Arc::new(config) }))
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Looks at the files for as long as the server runs.
    pub(super) async fn watch(mut self) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tick.tick().await;
            if let Err(error) = self.look() {
                tracing::error!(error = format!("{error:#}"), "the console keeps its certificate");
            }
        }
    }

    /// Shows what the files hold now, if they have changed. Both are renewed one after the other: a pair that does not
    /// fit yet is looked at again.
    fn look(&mut self) -> anyhow::Result<()> {
        let now = [changed(&self.chain), changed(&self.key)];
        if now == self.changed {
            return Ok(());
        }
        self.shown.change(&read(&self.chain)?, &read(&self.key)?)?;
        self.changed = now;
        tracing::info!("the console shows its renewed certificate");
        Ok(())
    }
}

fn read(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}

fn changed(path: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(console: &Console, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (chain, key) = console.certificate().unwrap();
        std::fs::write(chain, made.cert.pem()).unwrap();
        std::fs::write(key, made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn a_renewed_certificate_is_shown_and_half_of_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let console = Console {
            certificate_file: Some(folder.path().join("chain")),
            key_file: Some(folder.path().join("key")),
            ..Console::default()
        };
        assert!(Certificate::open(&console).is_err());
        write(&console, "desk.local");
        let mut certificate = Certificate::open(&console).unwrap().unwrap();
        certificate.changed = [None, None];
        let (_, key) = console.certificate().unwrap();
        let kept = std::fs::read(key).unwrap();
        std::fs::write(key, "half").unwrap();
        assert!(certificate.look().is_err());
        std::fs::write(key, kept).unwrap();
        certificate.look().unwrap();
        assert_ne!(certificate.changed, [None, None]);
    }
}
