//! An alert as a row of the records: its life, its story, its rounds, and what a step has come to.
//!
//! Below everybody who raises, shows or ends one. Not here: whom it calls next (`escalation`), who has it (`desk`), silence
//! of gateways and homes, which is judgement.

pub mod life;
pub mod name;
pub mod round;
pub mod story;
pub mod told;
