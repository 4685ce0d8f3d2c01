//! Files that a person may change while the box runs: its credentials, password and certificate of the bus, configuration.
//!
//! They are looked at every few seconds, and at once on SIGHUP. What cannot be used changes nothing and is said, in the
//! log and by the box's page; what needs a new start says so, as the configuration does, which is read once.
//! Not here: papers that the server sends (`uplink::renewal`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use door::tls::Shown;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::bus_files::{bus_papers, read_password};
use crate::bus_gate::BusGate;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::health::Pulse;
use crate::uplink::renewal::Order;
use crate::uplink::wallet::Wallet;

/// Pause between two looks.
pub const LOOK: Duration = Duration::from_secs(2);

/// Tells whether files have changed since they were last taken.
#[derive(Debug)]
pub struct Stamp {
    paths: Vec<PathBuf>,
    seen: Vec<Option<(SystemTime, u64)>>,
}

impl Stamp {
    /// Of files that have not been looked at: the first look takes them, since one that was changed between its
    /// reading at the start and then would never be seen.
    pub fn of(paths: &[&Path]) -> Self {
        Self { paths: paths.iter().map(|path| path.to_path_buf()).collect(), seen: Vec::new() }
    }

    /// Whether one of them is another one than at the last look.
    pub fn has_changed(&mut self) -> bool {
        let now: Vec<_> = self.paths.iter().map(look).collect();
        let changed = now != self.seen;
        self.seen = now;
        changed
    }
}

fn look(path: &PathBuf) -> Option<(SystemTime, u64)> {
    let known = std::fs::metadata(path).ok()?;
    Some((known.modified().ok()?, known.len()))
}

/// What follows a change.
#[derive(Clone)]
pub struct Reload {
    /// As it was at the start.
    pub config: Config,
    /// What they said at the start.
    pub credentials: Credentials,
    /// Where new papers go.
    pub wallet: Option<Arc<Wallet>>,
    /// Tells the lanes to prove them.
    pub orders: watch::Sender<Order>,
    /// The gate of the bus and the certificate that it shows.
    pub bus: (Arc<BusGate>, Option<Arc<Shown>>),
    /// The certificate chain of the bus as it was last taken.
    pub chain: Option<Vec<u8>>,
    /// Where the box's page learns of it.
    pub pulse: watch::Sender<Pulse>,
}

/// A kind of file: how it is taken, and whether that was of use.
struct Watched {
    stamp: Stamp,
    take: fn(&mut Reload) -> Result<(), String>,
    useful: bool,
}

impl Reload {
    /// Looks until its task is ended.
    pub async fn run(mut self) {
        let mut watched = self.watched();
        let mut hangup = signal(SignalKind::hangup()).ok();
        loop {
            watched.iter_mut().for_each(|one| self.look_at(one));
            let unread = watched.iter().any(|one| !one.useful);
            self.pulse.send_if_modified(|pulse| {
                std::mem::replace(&mut pulse.file_unread, unread) != unread
            });
            let asked = async {
                match &mut hangup {
                    Some(hangup) => drop(hangup.recv().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = asked => tracing::info!("asked to look at changed files"),
            }
        }
    }

    /// Takes what has changed; what was of no use may be by now, as rights are no part of a file's stamp.
    fn look_at(&mut self, one: &mut Watched) {
        let changed = one.stamp.has_changed();
        if !changed && one.useful {
            return;
        }
        let taken = (one.take)(self);
        if let Err(why) = &taken
            && (changed || one.useful)
        {
            let file = one.stamp.paths[0].display();
            tracing::error!(%file, why, "is of no use, what it said before stays in force");
        }
        one.useful = taken.is_ok();
    }

    fn watched(&self) -> Vec<Watched> {
        let bus = &self.config.bus;
        let watch = |paths: &[&Path], take| Watched { stamp: Stamp::of(paths), take, useful: true };
        let mut all = vec![watch(&[&self.config.credentials], Self::new_credentials)];
        if let Some(file) = &bus.password_file {
            all.push(watch(&[file], Self::new_password));
        }
        if let (Some(certificate), Some(key)) = (&bus.certificate, &bus.key) {
            all.push(watch(&[certificate, key], Self::new_certificate));
        }
        if let Some((file, _)) = &self.config.origin {
            all.push(watch(&[file], Self::new_config));
        }
        all
    }

    fn new_credentials(&mut self) -> Result<(), String> {
        let known = &self.credentials;
        let new = Credentials::load(&self.config.credentials).map_err(whole)?;
        let same = new.gateway == known.gateway
            && new.epoch == known.epoch
            && new.key.expose() == known.key.expose()
            && new.server == known.server;
        if !same {
            return Err("it is of another box, key or server: start this box again".to_owned());
        }
        let fresh = new.papers.as_ref().filter(|papers| known.papers.as_ref() != Some(papers));
        if let (Some(papers), Some(wallet)) = (fresh, &self.wallet) {
            wallet.put(papers).map_err(whole)?;
            tracing::info!("new papers from the credentials");
            self.orders.send_replace(Order::Prove);
        }
        self.credentials = new;
        Ok(())
    }

    fn new_password(&mut self) -> Result<(), String> {
        let password = read_password(self.config.bus.password_file.as_ref()).map_err(whole)?;
        if self.bus.0.set(password) {
            tracing::info!("the bus has a new password");
        }
        Ok(())
    }

    fn new_certificate(&mut self) -> Result<(), String> {
        let papers = bus_papers(&self.config.bus).map_err(whole)?;
        if let (Some((chain, key)), Some(shown)) = (papers, &self.bus.1) {
            shown.change(&chain, &key).map_err(whole)?;
            if self.chain.replace(chain.clone()).is_some_and(|before| before != chain) {
                tracing::info!("the bus shows a new certificate");
            }
        }
        Ok(())
    }

    fn new_config(&mut self) -> Result<(), String> {
        let Some((file, text)) = &self.config.origin else { return Ok(()) };
        let new = Config::load(file).map_err(whole)?;
        let changed = new.origin.as_ref().is_some_and(|(_, now)| now != text);
        if changed {
            tracing::warn!("the configuration has changed: it counts after a new start");
        }
        self.pulse.send_modify(|pulse| pulse.config_changed = changed);
        Ok(())
    }
}

/// An error with all that is behind it, in one line.
fn whole(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_seen_once() {
        let dir = tempfile::tempdir().unwrap();
        let paths = [dir.path().join("secret"), dir.path().join("key")];
        let mut stamp = Stamp::of(&paths.each_ref().map(|path| path.as_path()));
        assert!(stamp.has_changed() && !stamp.has_changed());
        std::fs::write(&paths[0], "one").unwrap();
        assert!(stamp.has_changed() && !stamp.has_changed());
        std::fs::write(&paths[1], "another").unwrap();
        assert!(stamp.has_changed() && !stamp.has_changed());
        std::fs::remove_file(&paths[0]).unwrap();
        assert!(stamp.has_changed() && !stamp.has_changed());
    }
}
