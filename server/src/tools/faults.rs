//! `server faults`: what stands out of order and what was lost, from the stores alone; also while the server runs.
//!
//! One JSON line a fault and one with sums, so that a person reads it and a program as well. Not here: what only a
//! running server knows (`/health`, `/metrics`).

use care::Seen;
use proto::id::{DeviceId, GatewayId};
use serde_json::{Value, json};

use crate::words;
use centre::config::Config;
use centre::inbox;
use centre::lang::Lang;
use centre::live::evidence::seen_word;
use centre::live::view;
use records::standing::{self, Standing};

/// What stands, in lines.
///
/// # Errors
/// A store cannot be read.
pub async fn told(config: &Config) -> anyhow::Result<String> {
    let out = standing::read(&config.engine()?).await?;
    let shed = inbox::lost_at(&config.data.join("inbox.db"))?;
    let mut text = String::new();
    for fault in &out.standing {
        text.push_str(&format!("{}\n", line(fault)));
    }
    let sums = json!({
        "standing": out.standing.len(),
        "telemetry_shed": shed,
        "notices_dead": out.notices_dead,
        "quarantined": out.quarantined,
    });
    text.push_str(&format!("{sums}\n"));
    Ok(text)
}

fn line(fault: &Standing) -> Value {
    let (cause, home, gateway, device) = fault.key;
    let code = seen(cause).map_or("unknown", seen_word);
    let reasons: Vec<Value> = serde_json::from_slice(&fault.evidence).unwrap_or_default();
    let reason = reasons.iter().find(|reason| reason["what"] == code);
    json!({
        "fault": code,
        "text": words::fault(Lang::En, code),
        "home": (home != 0).then(|| view::home_text(home)),
        "gateway": GatewayId::new(gateway.unsigned_abs()).filter(|_| gateway != 0).map(|id| id.to_string()),
        "device": DeviceId::new(device.unsigned_abs()).filter(|_| device != 0).map(|id| id.to_string()),
        "since_ms": fault.since_ms,
        "value": reason.map_or(Value::Null, |reason| reason["value"].clone()),
        "ended": fault.ended,
    })
}

/// The cause of a row, by its number.
fn seen(cause: i64) -> Option<Seen> {
    let bytes = minicbor::to_vec(u16::try_from(cause).ok()?).ok()?;
    minicbor::decode(&bytes).ok()
}
