//! What a simulated device shows: its light, and whether a gateway lets it in under its own name.
//!
//! Waits end: a test that waits for a light says which it saw. Not here: what makes it shine (`edges`).

use std::time::Duration;

use firmware::device::Light;

use crate::device::Sim;
use crate::trouble::{Outcome, Trouble};

/// Longest wait for what a device shows.
const PATIENCE: Duration = Duration::from_secs(60);

impl Sim {
    /// What its light shows, as a word.
    pub fn light(&self) -> &'static str {
        match *self.light.borrow() {
            Light::Idle => "idle",
            Light::Sending => "sending",
            Light::Stored => "stored",
            Light::Received => "received",
            Light::Seen => "seen",
            Light::Failed => "failed",
            Light::Refused => "refused",
            Light::Identify => "identify",
        }
    }

    /// Waits until the light has been one of these, a minute at most; gives which.
    pub async fn light_among(&self, words: &[Light]) -> Outcome<Light> {
        let mut light = self.light.clone();
        let shown = tokio::time::timeout(PATIENCE, light.wait_for(|shown| words.contains(shown)));
        match shown.await {
            Ok(shown) => Ok(*shown?),
            Err(_) => Err(Trouble::new(format!("the light is {}, want {words:?}", self.light()))),
        }
    }

    /// Waits until a gateway has let it in under its own name, a minute at most: before that it is a stranger, whose
    /// presses are kept and whose light tells nothing.
    pub async fn let_in(&self) -> Outcome {
        let mut inside = self.let_in.clone();
        match tokio::time::timeout(PATIENCE, inside.wait_for(|inside| *inside)).await {
            Ok(inside) => inside.map(drop).map_err(Trouble::from),
            Err(_) => Err(Trouble::new(format!("no gateway lets {} in", self.device))),
        }
    }
}
