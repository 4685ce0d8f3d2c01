//! The judgement: what the words of a home mean for a person. Pure: time and input come in, outputs go out.
//!
//! - A *finding* is what one detector says now. An *incident* is one alert of a home: findings of one
//!   moment share it. An *activation* is one press or fall; no two activations are ever merged into one.
//! - [`Home`] is the whole judgement of one home: bounded, encodable as CBOR, deterministic. The caller feeds
//!   [`Input`]s in order, calls again at [`Home::next_deadline`], performs [`Output`]s, stores by [`Change`].
//! - [`alert::Life`] is what becomes of an alert on the desk; [`GatewayWatch`] is the silence of a gateway.
//! - [`protection`] says whether a call of a home would reach a person now, and what of that is not so.
//! - [`dating`] says when a device said something, by its own clock.
//! - [`policy`] holds every number. [`reading`] says what a sensor can know and how late it knows it.
//!
//! Not here: storage, who is on duty, sounds, words for people.
#![no_std]
#![warn(missing_docs)]

pub mod alert;
mod contract;
pub mod dating;
mod detect;
mod fault_bits;
pub mod finding;
pub mod gateway_watch;
pub mod home;
mod list;
pub mod policy;
pub mod protection;
pub mod reading;
mod roster;
mod run;
mod triage;

pub use self::contract::{Change, DEVICES_MAX, Input, OUTPUTS_MAX, Output};
pub use self::detect::{breath, exit, fall, often::Often};
pub use self::finding::{EVIDENCE_MAX, Evidence, Finding, Kind, Seen, Severity, Trust};
pub use self::gateway_watch::GatewayWatch;
pub use self::home::Home;
