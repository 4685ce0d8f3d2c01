//! What is looked after in an InfluxDB while the server runs: buckets, their retention, roll-ups, the layout of before.
//!
//! At the start and once an hour everything is made as the configuration says; while that fails it is tried each
//! minute, and each other reason is told. Values are written and read meanwhile. Not here: what is made (`setup`).

use std::sync::{Arc, Mutex, PoisonError};

use super::access::Access;
use super::query::Former;
use super::{InfluxConfig, setup};
use crate::{Retention, SeriesError};

/// Time until all is looked at again, ms.
const AGAIN: i64 = 3_600_000;
/// The same after a failure.
const SOON: i64 = 60_000;

#[derive(Debug, Default)]
struct State {
    next_ms: i64,
    /// What was last told to be wrong.
    told: Option<String>,
    /// Whether it was told that points of before are there.
    former: bool,
}

/// Looks after an InfluxDB.
pub(super) struct Care {
    config: Arc<InfluxConfig>,
    access: Arc<Access>,
    former: Arc<Former>,
    state: Mutex<State>,
}

impl Care {
    pub(super) fn new(config: Arc<InfluxConfig>, access: Arc<Access>, former: Arc<Former>) -> Self {
        Self { config, access, former, state: Mutex::default() }
    }

    /// One look, if it is time.
    pub(super) async fn step(&self, now_ms: i64) {
        let Some(keep) = self.config.keep else { return };
        if !self.is_due(now_ms) {
            return;
        }
        let done = self.look(&keep).await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.next_ms = now_ms + if done.is_ok() { AGAIN } else { SOON };
        match done {
            Ok(former) => {
                state.told = None;
                if former && !std::mem::replace(&mut state.former, true) {
                    tracing::info!(
                        "InfluxDB holds points of an earlier layout: they are read as before, until their time is over"
                    );
                }
            }
            Err(error) => {
                let text = error.to_string();
                if state.told.as_ref() != Some(&text) {
                    tracing::error!(
                        error = text,
                        "InfluxDB is not as the configuration says, run `server influx` with a token that may change it"
                    );
                    state.told = Some(text);
                }
            }
        }
    }

    /// The wall clock may have gone back since.
    fn is_due(&self, now_ms: i64) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        now_ms >= state.next_ms || now_ms < state.next_ms - AGAIN
    }

    async fn look(&self, keep: &Retention) -> Result<bool, SeriesError> {
        let client = self.access.client();
        let former = self.former.look(&client, &self.config).await?;
        for made in setup::setup_by(&client, &self.config, keep).await? {
            tracing::info!(made, "InfluxDB is as the configuration says");
        }
        Ok(former)
    }
}
