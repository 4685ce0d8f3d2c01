//! What a member of staff is for, and what follows from it.
//!
//! A *duty* is a set of roles that a door asks for; every route names one in its signature, so the
//! table of who may do what is the router's. Not here: sessions, or what each route does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
}

impl Role {
    /// The word in rows and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Operator => "operator",
            Self::Installer => "installer",
            Self::Official => "official",
        }
    }

    /// Reads the word of a row.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Admin, Self::Supervisor, Self::Operator, Self::Installer, Self::Official]
            .into_iter()
            .find(|role| role.word() == word)
    }
}

/// A set of roles that a door asks for.
pub trait Duty: Send + Sync + 'static {
    /// Whether somebody of this role may pass.
    fn allows(role: Role) -> bool;
}

/// Works alerts and sees residents.
pub struct AtDesk;

impl Duty for AtDesk {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Admin | Role::Supervisor | Role::Operator)
    }
}

/// Enters homes and devices.
pub struct Enrolling;

impl Duty for Enrolling {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Admin | Role::Installer)
    }
}

/// Takes devices and gateways out of service.
pub struct Releasing;

impl Duty for Releasing {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Admin | Role::Supervisor)
    }
}

/// Runs the place or a shift: whose account opens so much that a second factor may guard it.
pub struct Leading;

impl Duty for Leading {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Admin | Role::Supervisor)
    }
}

/// Sets up the place and its people.
pub struct Administering;

impl Duty for Administering {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Admin)
    }
}

/// Anybody who is logged in.
pub struct Present;

impl Duty for Present {
    fn allows(_: Role) -> bool {
        true
    }
}
