//! Files that people change while the server runs: what comes of it is told, and what cannot be used changes nothing.
//!
//! Tokens, secrets and the console's certificate are read again by whoever uses them; here they are only tried, so that
//! one that is of no use is known before it is needed. The configuration is read once: that it has changed is told.
//! SIGHUP asks for a look at once. Not here: the files themselves, and those of the data folder, which are ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use care::Seen;
use door::tls::Shown;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::faults::{Fault, Faults};
use crate::notify;

/// Pause between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// What one look has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Files that cannot be used, and why.
    pub unread: BTreeMap<PathBuf, String>,
    /// Whether the configuration is another one than that of the start.
    pub changed: bool,
}

/// Looks at the files that a configuration names.
pub struct Files {
    /// What the server was told to be.
    pub config: Arc<Config>,
    /// Where it is told what cannot be used.
    pub faults: Arc<Faults>,
}

/// Looks for as long as the server runs.
pub async fn watch(files: Arc<Files>) {
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut last = Found::default();
    loop {
        let of = Arc::clone(&files);
        match tokio::task::spawn_blocking(move || look(&of.config)).await {
            Ok(found) => {
                tell(&files, &last, &found);
                last = found;
            }
            Err(error) => tracing::error!(%error, "changed files were not looked at"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = asked(&mut hangup) => tracing::info!("asked to look at changed files"),
        }
    }
}

async fn asked(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

/// Says what is new. A pair of files is renewed one after the other, so only what is found twice is a fault.
fn tell(files: &Files, last: &Found, found: &Found) {
    for (file, why) in found.unread.iter().filter(|(file, _)| !last.unread.contains_key(*file)) {
        tracing::error!(file = %file.display(), why, "cannot be used, what it said before stays in force");
    }
    for file in last.unread.keys().filter(|file| !found.unread.contains_key(*file)) {
        tracing::info!(file = %file.display(), "can be used again");
    }
    if found.changed && !last.changed {
        tracing::warn!("the configuration has changed: it counts after a new start");
    }
    let twice = found.unread.keys().any(|file| last.unread.contains_key(file));
    files.faults.set(Fault::upkeep(Seen::FileUnread), twice);
    files.faults.set(Fault::upkeep(Seen::ConfigChanged), found.changed);
}

/// Tries every file that a configuration names, and the configuration itself.
pub fn look(config: &Config) -> Found {
    let mut found = Found::default();
    let mut try_one = |file: &Path, done: Result<(), String>| {
        if let Err(why) = done {
            found.unread.insert(file.to_owned(), why);
        }
    };
    for receiver in config.notify.receivers().chain(&config.notify.events) {
        try_one(&receiver.secret_file, notify::secret::opens(receiver));
    }
    #[cfg(feature = "influx")]
    if let (crate::config::Store::Influx, Some(influx)) =
        (config.series.store, &config.series.influx)
    {
        try_one(&influx.token_file, token(&influx.token_file));
    }
    if let Some((chain, key)) = config.console.certificate() {
        try_one(chain, certificate(chain, key));
    }
    let Some((file, text)) = &config.origin else { return found };
    match std::fs::read_to_string(file) {
        Ok(now) if now == *text => {}
        Ok(_) => match Config::load(file) {
            Ok(_) => found.changed = true,
            Err(error) => try_one(file, Err(error.to_string())),
        },
        Err(error) => try_one(file, Err(error.to_string())),
    }
    found
}

#[cfg(feature = "influx")]
fn token(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(()) }
}

fn certificate(chain: &Path, key: &Path) -> Result<(), String> {
    let read = |file: &Path| std::fs::read(file).map_err(|error| error.to_string());
    Shown::new(&read(chain)?, &read(key)?).map(drop).map_err(|error| error.to_string())
}
