//! The home box: takes what devices say, has it on disk before it answers, and brings it to the server.
//!
//! - [`cli`], [`config`], [`credentials`], [`bus_files`]: what a person orders; [`start`]: building, running, draining.
//! - [`devices`], [`enrol`]: the door's keep and gate: who may speak, and what their bytes are.
//! - [`spool`]: the durable store; [`uplink`]: what is sent to the server, in which order, and again.
//! - [`hub`]: pure: freshness, summaries, when the home itself must sound; [`local_alarm`]: the sounder.
//! - [`event`]: one closed list of events; [`event_loop`]: one loop that hears them. [`voice`]: what the box says itself.
//!   [`clock`]: the only clock. [`health`]: roll-call.
//!   [`handles`]: who may have how many file handles. [`losses`]: what was lost, for a person at the box.
//!
//! Not here: who is allowed to order what, names of people, any judgement that needs a person's history.

pub mod bus_calls;
pub mod bus_files;
pub mod bus_gate;
pub mod bus_words;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod devices;
pub mod enrol;
pub mod event;
pub mod event_loop;
pub mod handles;
pub mod health;
pub mod hub;
pub mod local_alarm;
pub mod losses;
pub mod reload;
pub mod spool;
pub mod start;
pub mod uplink;
pub mod voice;

pub use cli::run;
