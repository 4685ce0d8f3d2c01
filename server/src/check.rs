//! `server check`: contents, dates and rights, and whether those that the server relies on take its word.
//!
//! Nothing is made or renewed. Each finding is one sentence that says what to do. `--prove` also sends a test
//! message to the receiver of notices: a channel that has never confirmed anything is no channel. Not here: the
//! words of the configuration (`config`).

use std::path::Path;

use care::policy::dates::{Life, can_be_right, dated};
use door::tls::paper::read_pem;

use crate::router::Certificate;
use centre::config::Config;
#[cfg(feature = "influx")]
use centre::config::Store;
use centre::config::console::Console;
use centre::notify;
use centre::provision::certificate::Authority;
use records::{Engine, proof};
#[cfg(feature = "influx")]
use series::influx;

/// A certificate of the console that has fewer days left is told.
const SOON_DAYS: i64 = 14;

/// What was found, one sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct Findings(pub Vec<String>);

impl std::error::Error for Findings {}

impl std::fmt::Display for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "check: {}", self.0.join("; "))
    }
}

/// Looks at everything while the wall clock shows `now_ms`.
///
/// # Errors
/// Something is wrong.
pub async fn check(config: &Config, now_ms: i64, prove: bool) -> Result<(), Findings> {
    let now = now_ms.div_euclid(1_000);
    let mut found = Vec::new();
    if !can_be_right(now) {
        found.push("the clock of this machine is earlier than this program, set it".to_owned());
    }
    if config.gateways.tls {
        found.extend(certificates(&config.data, &config.gateways.names, now_ms));
    }
    found.extend(desk(&config.console, now));
    match config.engine() {
        Ok(engine) => {
            found.extend(proof::reached(&engine).await.err().map(|error| sentence(&error)));
            found.extend(receiver(config, &engine, now_ms, prove).await);
        }
        Err(error) => found.push(sentence(&error)),
    }
    #[cfg(feature = "influx")]
    found.extend(influxdb(config).await);
    if found.is_empty() { Ok(()) } else { Err(Findings(found)) }
}

/// Whether the InfluxDB that is configured takes the token, and what it may do.
#[cfg(feature = "influx")]
async fn influxdb(config: &Config) -> Option<String> {
    let settings = config.series.influx.as_ref();
    let settings = settings.filter(|_| config.series.store == Store::Influx)?;
    let keep = Some(config.series.retention);
    let asked = async {
        let asked = influx::InfluxConfig::of(settings, &config.data)?;
        influx::proof::ask(&influx::InfluxConfig { keep, ..asked }).await
    };
    asked.await.err().map(|error| error.to_string())
}

/// The console's own certificate, which nobody renews but whoever runs the server.
fn desk(console: &Console, now: i64) -> Option<String> {
    let (chain, _) = console.certificate()?;
    if let Err(error) = Certificate::open(console) {
        return Some(format!("{error:#}"));
    }
    let until = std::fs::read(chain).ok().and_then(|pem| read_pem(&pem))?.certificate.until;
    let days = (until - dated(now)).div_euclid(24 * 60 * 60);
    (days < SOON_DAYS).then(|| {
        format!("the console's certificate {} has {days} days left, renew it", chain.display())
    })
}

fn certificates(data: &Path, names: &[String], now_ms: i64) -> Vec<String> {
    let pki = data.join("pki");
    if !pki.join("root.key").exists() {
        // Made at the first start.
        return Vec::new();
    }
    let authority = match Authority::open(data, now_ms) {
        Ok(authority) => authority,
        Err(error) => return vec![sentence(&error)],
    };
    let kept = authority.kept(names).map(|kept| kept.life);
    let lives =
        [("the server's certificate", kept), ("the authority", Some(authority.root_life()))];
    lives
        .into_iter()
        .filter_map(|(what, life)| ends(what, life?, dated(now_ms.div_euclid(1_000))))
        .collect()
}

fn ends(what: &str, life: Life, now: i64) -> Option<String> {
    let days = life.days_left(now);
    if life.is_over(now) {
        Some(format!("{what} has ended {} days ago: start the server, it makes another one", -days))
    } else if life.ends_soon(now) {
        Some(format!(
            "{what} ends in {days} days: a running server renews it, see its log for why not"
        ))
    } else {
        None
    }
}

async fn receiver(config: &Config, engine: &Engine, now_ms: i64, prove: bool) -> Option<String> {
    let hook = match notify::hook(&config.notify) {
        Ok(hook) => hook?,
        Err(error) => {
            let file =
                config.notify.webhook.as_ref().map(|hook| hook.secret_file.display().to_string());
            let file = file.unwrap_or_default();
            return Some(format!("the webhook with secret file {file} cannot be used: {error}"));
        }
    };
    if prove {
        let told = tokio::task::spawn_blocking(move || hook.prove(now_ms.div_euclid(1_000))).await;
        let why = match told {
            Ok(Ok(receipt)) => {
                let kept = proof::keep(engine, &receipt, now_ms).await;
                return kept.err().map(|error| sentence(&error));
            }
            Ok(Err(why)) => why,
            Err(error) => error.to_string(),
        };
        return Some(format!("the receiver of the webhook does not confirm a test message: {why}"));
    }
    match proof::proved(engine).await {
        Ok(true) => None,
        Ok(false) => Some(
            "the webhook was never proved: its receiver has confirmed nothing yet; run \
             `server check --prove` when somebody watches there"
                .to_owned(),
        ),
        Err(error) => Some(sentence(&error)),
    }
}

fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
