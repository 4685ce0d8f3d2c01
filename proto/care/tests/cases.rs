//! All cases of the judgement in one binary: given what a home says, then what an operator is told.
//!
//! Each module is one detector or one promise; `house` is the vocabulary that they share.
#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod alert;
mod bed;
mod beds;
mod breath;
mod dating;
mod dwell;
mod exit;
mod fall;
mod faults;
mod gateway;
mod habits;
mod help;
mod house;
mod life;
mod measured;
mod night;
mod noise;
mod policy;
mod protection;
mod queue;
mod sensors;
mod silence;
mod state;
mod stillness;
mod stored;
mod stories;
mod stuck;
mod suspicion;
mod triage;
mod vitals;
mod wander;
