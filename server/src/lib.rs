//! The watch room: keeps what homes say, judges it with `care`, and puts each call for help before a person.
//!
//! The rooms are listed here; [`run`] is the whole of the program, so that the demo can be a server too.
//! Not here: judgement (`care`), the MQTT door (`door`).

pub mod alert;
pub mod api_error;
pub mod app;
pub mod assets;
pub mod auth;
pub mod backup;
pub mod certificates;
pub mod check;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod csv;
pub mod delivery;
pub mod desk;
pub mod escalation;
pub mod faults;
pub mod files;
pub mod gateways;
pub mod handles;
pub mod health;
pub mod history;
pub mod inbox;
pub mod ingest;
pub mod live;
pub mod losses;
pub mod notify;
pub mod pages;
pub mod points;
pub mod promises;
pub mod provision;
pub mod receipts;
pub mod rehearsal;
pub mod replay;
pub mod retention;
pub mod router;
pub mod routes;
pub mod rules;
pub mod session;
pub mod timekeeping;
pub mod tools;
pub mod typed;
pub mod update;
pub mod upkeep;
pub mod words;
pub mod workers;
pub mod zone;

pub use ::records;
pub use cli::run;
