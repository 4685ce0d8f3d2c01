//! What a member of staff is for, and what follows from it.
//!
//! A *duty* is a set of roles that a door asks for; every route names one in its signature, so the
//! table of who may do what is the router's. Programs have no role of people: a duty names the *scope* that opens it
//! to them, if one does. [`may`] is the one place that decides. Not here: sessions, or what each route does.

use serde::{Deserialize, Serialize};

use super::Staff;
use super::refused::{Let, Refused};

/// What somebody is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

impl Role {
    /// The word in rows and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Operator => "operator",
            Self::Installer => "installer",
            Self::Official => "official",
            Self::Program => "program",
        }
    }

    /// Reads the word of a row.
    pub fn read(word: &str) -> Option<Self> {
        use Role::{Admin, Installer, Official, Operator, Program, Supervisor};
        [Admin, Supervisor, Operator, Installer, Official, Program]
            .into_iter()
            .find(|role| role.word() == word)
    }
}

/// What a program may do. Staff, enrolment, rules, images and tokens are in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reads the queue, its stream and its alerts.
    ReadQueue,
    /// Claims, acts on, puts aside and closes alerts.
    WorkAlerts,
    /// Reads homes, who lives there, and measured values.
    ReadValues,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ReadQueue, Self::WorkAlerts, Self::ReadValues];

    /// The word in rows and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadQueue => "read_queue",
            Self::WorkAlerts => "work_alerts",
            Self::ReadValues => "read_values",
        }
    }

    /// Reads the words of a row; one that is not known opens nothing.
    pub fn read_all(words: &str) -> Vec<Self> {
        let known = |word| Self::ALL.into_iter().find(|scope| scope.word() == word);
        words.split(' ').filter_map(known).collect()
    }

    /// The words of a row.
    pub fn write_all(scopes: &[Self]) -> String {
        let words = Self::ALL.iter().filter(|scope| scopes.contains(scope));
        words.map(|scope| scope.word()).collect::<Vec<_>>().join(" ")
    }
}

/// A set of roles that a door asks for.
pub trait Duty: Send + Sync + 'static {
    /// The scope that opens it to programs; without one none passes.
    const SCOPE: Option<Scope> = None;

    /// Whether somebody of this role may pass.
    fn allows(role: Role) -> bool;
}

/// Whether whoever this is may pass a door of this duty.
///
/// # Errors
/// The role has not this duty, or the program's token has not its scope.
pub fn may<D: Duty>(staff: &Staff) -> Let<()> {
    match (staff.role, D::SCOPE) {
        (Role::Program, Some(scope)) if staff.scopes.contains(&scope) => Ok(()),
        (Role::Program, Some(scope)) => Err(Refused::Scope(scope.word())),
        (Role::Program, None) => Err(Refused::Forbidden),
        (role, _) if D::allows(role) => Ok(()),
        _ => Err(Refused::NotYours(whom::<D>())),
    }
}

/// Word of the role that a person is sent to who may not pass a door of this duty: the nearest of those who may.
fn whom<D: Duty>() -> &'static str {
    let ranks = [Role::Operator, Role::Supervisor, Role::Admin];
    ranks.into_iter().find(|role| D::allows(*role)).unwrap_or(Role::Admin).word()
}

/// Works alerts and sees residents.
pub struct AtDesk;

impl Duty for AtDesk {
    fn allows(role: Role) -> bool {
        matches!(role, Role::Admin | Role::Supervisor | Role::Operator)
    }
}

/// Reads the queue and its alerts.
pub struct ReadingQueue;

impl Duty for ReadingQueue {
    const SCOPE: Option<Scope> = Some(Scope::ReadQueue);

    fn allows(role: Role) -> bool {
        AtDesk::allows(role)
    }
}

/// Claims, acts, closes.
pub struct WorkingAlerts;

impl Duty for WorkingAlerts {
    const SCOPE: Option<Scope> = Some(Scope::WorkAlerts);

    fn allows(role: Role) -> bool {
        AtDesk::allows(role)
    }
}

/// Reads homes and measured values.
pub struct ReadingHomes;

impl Duty for ReadingHomes {
    const SCOPE: Option<Scope> = Some(Scope::ReadValues);

    fn allows(role: Role) -> bool {
        AtDesk::allows(role)
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
