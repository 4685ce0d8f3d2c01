//! `gateway losses`: what the box has lost and what waits, from its spool; and what the running box says of itself.
//!
//! One JSON object, for a person at the box and for a program. Nothing is changed. Not here: what is told to the server
//! (`event_loop`).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::Config;
use crate::spool::{SpoolError, account};

/// Time for the running box to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was lost, as one line.
///
/// # Errors
/// The spool cannot be read.
pub fn told(config: &Config) -> Result<String, SpoolError> {
    let spool = account::read(&config.data)?.map(|account| {
        json!({
            "lost": account.lost,
            "lost_not_told": account.not_told,
            "emergencies_waiting": account.emergencies,
            "telemetry_waiting": account.telemetry,
        })
    });
    let told = json!({ "spool": spool, "running": ask(config.health.bind) });
    Ok(format!("{told}\n"))
}

/// What the running box says of itself; null if none answers.
fn ask(at: SocketAddr) -> Value {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /health HTTP/1.1\r\nhost: box\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_default()
}
