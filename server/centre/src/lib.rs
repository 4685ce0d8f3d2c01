//! What an alarm receiving centre does: keeps what homes say, judges it with `care`, and puts each call for help before a person.
//!
//! The rooms are listed here; each takes exactly the collaborators that it works with, and no import leads back.
//! Not here: HTTP, pages, the command line and who builds the rooms (`server`), rows and SQL (`records`), judgement
//! (`care`), the MQTT door (`door`).

pub mod alert;
pub mod auth;
pub mod backup;
pub mod certificates;
pub mod clock;
pub mod command;
pub mod config;
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
pub mod lang;
pub mod live;
pub mod losses;
pub mod notify;
pub mod points;
pub mod promises;
pub mod provision;
pub mod receipts;
pub mod rehearsal;
pub mod replay;
pub mod retention;
pub mod rules;
pub mod timekeeping;
pub mod typed;
pub mod update;
pub mod upkeep;
pub mod workers;
pub mod zone;
