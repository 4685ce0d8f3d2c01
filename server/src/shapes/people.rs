//! What somebody is for and what a program may do, as the document describes it.
//!
//! Each is held to the words of the same name in `centre` by a test. Not here: who may do what (`auth::role`).

use serde::Serialize;
use utoipa::ToSchema;

/// What somebody is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sets up the place and its people.
    Admin,
    /// Watches the queue, escalates, audits.
    Supervisor,
    /// Answers.
    Operator,
    /// Fits and proves devices.
    Installer,
    /// Sees how well beds are protected, and no person.
    Official,
    /// No person: what comes with a token. Nobody is entered as one.
    #[serde(skip)]
    Program,
}

/// What a program may do. Staff, enrolment, rules, images and tokens are in none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reads the queue, its stream and its alerts.
    ReadQueue,
    /// Claims, acts on, puts aside and closes alerts.
    WorkAlerts,
    /// Reads homes, who lives there, and measured values.
    ReadValues,
}
