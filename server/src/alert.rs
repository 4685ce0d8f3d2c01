//! What becomes of an alert while nobody has it. The judgement raises it (`ingest`), people end it (`desk`).
//!
//! Not here: silence of gateways and homes, which is judgement.

pub mod escalate;
pub mod round;
pub mod told;
