//! The server under load: started here in a fresh folder, or named by its addresses.
//!
//! A server that was started here is also measured: memory as the highest of samples taken each
//! half second, processor time between start and end of the measured span. Not here: enrolment.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::api::Api;
use crate::clock::Watch;
use crate::load::{Report, rounded};
use crate::process::Usage;
use crate::stage::{Setting, Stage};
use crate::trouble::Outcome;

/// Time between two looks at memory.
const LOOK: Duration = Duration::from_millis(500);

/// A server that is named instead of started.
#[derive(Debug, Clone)]
pub struct Named {
    /// Door of gateways.
    pub gateways: SocketAddr,
    /// Console and API.
    pub console: SocketAddr,
    /// An administrator's name.
    pub name: String,
    /// Its password.
    pub password: String,
}

/// The server under load.
pub struct Target {
    /// Door of gateways.
    pub gateways: SocketAddr,
    /// An administrator's session.
    pub admin: Api,
    /// The stage, if it was started here.
    pub stage: Option<Stage>,
    _dir: Option<TempDir>,
}

impl Target {
    /// Starts a server, or takes the named one. Only then this process, which plays the crowd, takes all the
    /// file handles that it may have: a server that is started here has what it takes itself.
    pub fn open(program: &Path, named: Option<Named>, tls: bool) -> Outcome<Self> {
        let target = Self::find(program, named, tls)?;
        door::handles::raise();
        Ok(target)
    }

    fn find(program: &Path, named: Option<Named>, tls: bool) -> Outcome<Self> {
        if let Some(named) = named {
            let mut admin = Api::new(named.console);
            admin.log_in(&json!({ "name": named.name, "password": named.password }))?;
            return Ok(Self { gateways: named.gateways, admin, stage: None, _dir: None });
        }
        let dir = tempfile::Builder::new().prefix("hearthline-load-").tempdir()?;
        let stage = Stage::open(program, dir.path(), Setting { tls, ..Setting::default() })?;
        let (gateways, admin) = (stage.server.gateways, stage.admin.clone());
        Ok(Self { gateways, admin, stage: Some(stage), _dir: Some(dir) })
    }

    /// Starts to measure the server's process.
    pub fn measure(&self) -> Option<Meter> {
        self.stage.as_ref().map(|stage| Meter::start(stage.server.process.pid()))
    }

    /// Sum of a counter of `/metrics` over its labels; none if it is not there.
    pub fn counter(&self, name: &str) -> Option<u64> {
        let text = self.admin.get("/metrics").ok()?.good().ok()?;
        counter(text.as_str()?, name)
    }
}

/// Sum of a counter in Prometheus' text format.
pub fn counter(text: &str, name: &str) -> Option<u64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let rest = if rest.starts_with('{') { rest.split_once('}')?.1 } else { rest };
        rest.strip_prefix(' ')?.split(' ').next()?.parse::<u64>().ok()
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or(0) + value))
}

/// Measures one process until it is asked.
pub struct Meter {
    pid: u32,
    watch: Watch,
    before: Usage,
    highest_kb: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Meter {
    /// Starts now.
    pub fn start(pid: u32) -> Self {
        let (highest_kb, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        tokio::spawn({
            let (highest_kb, stop) = (Arc::clone(&highest_kb), Arc::clone(&stop));
            async move {
                while !stop.load(Ordering::Acquire) {
                    highest_kb.fetch_max(kb(Usage::of(pid).rss_mb), Ordering::AcqRel);
                    tokio::time::sleep(LOOK).await;
                }
            }
        });
        Self { pid, watch: Watch::start(), before: Usage::of(pid), highest_kb, stop }
    }

    /// Processor time since the start, 100 = one core.
    pub fn cpu_pct(&self) -> f64 {
        (Usage::of(self.pid).cpu_s - self.before.cpu_s) / self.watch.secs() * 100.0
    }

    /// Highest memory seen, MB.
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of a process fit 52 bits")]
    pub fn rss_mb(&self) -> f64 {
        self.highest_kb.load(Ordering::Acquire).max(kb(Usage::of(self.pid).rss_mb)) as f64 / 1024.0
    }

    /// Adds `rss_mb` and `cpu_pct` of the server alone.
    pub fn put(&self, report: &mut Report) {
        report.put("rss_mb", json!({ "server": rounded(self.rss_mb()), "gateway": 0 }));
        report.put("cpu_pct", rounded(self.cpu_pct()));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in kilobytes")]
fn kb(mb: f64) -> u64 {
    (mb * 1024.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels() {
        let text = "# HELP x y\nx_total{a=\"1\"} 3\nx_total{a=\"2\"} 4\nx_totals 9\ny 1\n";
        assert_eq!(counter(text, "x_total"), Some(7));
        assert_eq!(counter(text, "z"), None);
    }
}
