//! What the rest of the server tells the judgement, and the line by which it is told.
//!
//! Below both who speaks and who listens. Not here: what the judgement makes of it (`ingest`).

use care::alert::Outcome;
use care::policy::Rules;
use proto::id::{DeviceId, HomeId};
use proto::up::Role;
use tokio::sync::mpsc;

/// Commands of people that may wait.
const COMMANDS: usize = 1024;

/// What the rest of the server tells the judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A person closed an alert.
    Closed {
        /// Home number of the alert.
        home: i64,
        /// Incident number of the alert.
        incident: i64,
        /// How it ended, if a person said so.
        outcome: Option<Outcome>,
    },
    /// A home is judged by other rules from now on.
    Rules {
        /// Which.
        home: HomeId,
        /// How.
        rules: Rules,
    },
    /// Other people live in a home from now on.
    Residents {
        /// Home number.
        home: i64,
    },
    /// A device was put into a home.
    Enrolled {
        /// Who.
        device: DeviceId,
        /// Where.
        home: HomeId,
        /// As what.
        role: Role,
    },
    /// A device left a home.
    Released {
        /// Who.
        device: DeviceId,
        /// Where it was.
        home: HomeId,
    },
}

/// Tells ingest; clone freely.
#[derive(Debug, Clone)]
pub struct Commands(mpsc::Sender<Command>);

/// What ingest is told.
#[derive(Debug)]
pub struct Orders(mpsc::Receiver<Command>);

impl Orders {
    /// The next one, if one waits.
    pub fn ready(&mut self) -> Option<Command> {
        self.0.try_recv().ok()
    }

    /// Waits for some, at most so many.
    pub async fn some(&mut self, told: &mut Vec<Command>, most: usize) {
        self.0.recv_many(told, most).await;
    }
}

/// Both ends of the line to ingest.
pub fn line() -> (Commands, Orders) {
    let (sender, receiver) = mpsc::channel(COMMANDS);
    (Commands(sender), Orders(receiver))
}

impl Commands {
    /// Tells ingest; waits if it is behind. What is told is also in the rows, so a crash loses nothing.
    pub async fn tell(&self, command: Command) {
        // Only a server that is ending has no ingest.
        let _ = self.0.send(command).await;
    }
}
