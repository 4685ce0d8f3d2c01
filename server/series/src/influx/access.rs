//! The client of an InfluxDB, with the token that its file says now.
//!
//! A token may be changed while the server runs: the file is read before each request, which costs less than
//! the request by far. A file that cannot be read leaves the last token in use. Not here: requests.

use std::sync::{Arc, Mutex, PoisonError};

use influxdb2::Client;

use super::InfluxConfig;
use crate::SeriesError;

struct Held {
    client: Client,
    token: String,
    /// Whether the file could be read at the last look, so that each change is said once.
    readable: bool,
}

/// Gives clients.
pub(super) struct Access {
    config: Arc<InfluxConfig>,
    held: Mutex<Held>,
}

impl Access {
    /// With the token of the configuration.
    pub(super) fn open(config: Arc<InfluxConfig>) -> Result<Self, SeriesError> {
        let client = config.client()?;
        let held = Held { client, token: config.token.clone(), readable: true };
        Ok(Self { config, held: Mutex::new(held) })
    }

    /// A client with the token that counts now.
    pub(super) fn client(&self) -> Client {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &self.config.token_file else { return held.client.clone() };
        match std::fs::read_to_string(file) {
            Ok(text) if text.trim() == held.token => held.readable = true,
            Ok(text) => {
                let config =
                    InfluxConfig { token: text.trim().to_owned(), ..(*self.config).clone() };
                match config.client() {
                    Ok(client) => {
                        tracing::info!("InfluxDB is asked with another token from now on");
                        *held = Held { client, token: config.token, readable: true };
                    }
                    Err(error) => tracing::error!(%error, "the new token is of no use"),
                }
            }
            Err(error) => {
                if std::mem::take(&mut held.readable) {
                    let file = file.display();
                    tracing::error!(%error, %file, "the token cannot be read, the last one stays");
                }
            }
        }
        held.client.clone()
    }
}
