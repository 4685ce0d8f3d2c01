//! What the device promises to the person who presses it, one file a promise.
//!
//! All run on the host, with the code that a chip runs: the core (`bench`), the flash (`flash_model`), the shell.
//! Time is a number that the tests move; nothing sleeps. Not here: MQTT clients and chips.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it cannot go on")]

mod accelerometer;
mod bed_mat;
mod bench;
mod body;
mod chatter;
mod drivers;
mod keys;
mod ladder;
mod link_loss;
mod passing;
mod pendant;
mod power_cut;
mod provisioning;
mod reporting;
mod settings;
mod stranger;
mod update;
mod wearer;
mod worn_flash;
