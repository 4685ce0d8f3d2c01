//! Rows of the chain from a press to an alert, written many at a time: one statement a table and batch.
//!
//! [`Batch`] is what one step of ingest or of the ladder has decided; [`write()`] puts all of it into the
//! caller's transaction and gives each change its cursor. Not here: what is decided (`ingest`), or what
//! people do with alerts (`records::desk`).

mod shown;
mod statements;

use std::collections::HashMap;

use care::alert::Step;
use care::{Kind, Severity, Trust};
use proto::down::Rung;
use proto::unit::Mono;
use sqlx::Error;

use crate::Link;
use crate::event::{self, Event};
use crate::home::HomeName;
use crate::question::{self, Answer, QuestionRow};
use crate::story::SignalRow;
use crate::{desk, notify, whose};

use statements::{changes, climb, grow, insert_activations, insert_alerts, insert_lines, number};

/// Rows of one statement; an alert has the most values.
const ROWS: usize = super::rows_of(15);

/// A new alert.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlert {
    /// Row id.
    pub id: String,
    /// Home number; 0 for what belongs to no home.
    pub home: i64,
    /// Incident number within the home.
    pub incident: i64,
    /// What it is about.
    pub kind: Kind,
    /// How soon somebody must act.
    pub severity: Severity,
    /// Device number.
    pub device: Option<i64>,
    /// Gateway number.
    pub gateway: Option<i64>,
    /// Signals in it so far.
    pub count: i64,
    /// How far its first signal is to be believed.
    pub trust: Trust,
    /// Whether its first signal came late.
    pub late: bool,
    /// Wall clock.
    pub raised_wall: i64,
    /// Server's clock.
    pub raised_mono: i64,
    /// Reasons, JSON.
    pub evidence: Vec<u8>,
    /// Its cursor; [`write()`] fills it in.
    pub cursor: i64,
}

/// What an alert that exists gets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Growth {
    /// Row id.
    pub id: String,
    /// Signals more.
    pub count: i64,
    /// Severity it rises to at least.
    pub severity: Option<Severity>,
    /// Severity it has from now on, up or down.
    pub graded: Option<Severity>,
    /// Now, server's clock: if it becomes an emergency by this, its ladder counts from here.
    pub rose: Option<i64>,
    /// Kind it turns into, if a graver one has joined.
    pub kind: Option<Kind>,
    /// Newest reasons, JSON; none keeps the old ones.
    pub evidence: Option<Vec<u8>>,
    /// Whether it ends by itself: equipment that is well again.
    pub passed: bool,
    /// Whether it had ended before these records were put back: what is added to it does not open it.
    pub ended: bool,
    /// Ladder step it has reached.
    pub step: Option<Step>,
    /// A suspension that a new signal ends.
    pub wakes: bool,
    /// Its cursor; [`write()`] fills it in.
    pub cursor: i64,
}

/// One press or fall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewActivation {
    /// Device number.
    pub device: i64,
    /// Boot, signed.
    pub boot: i64,
    /// Frame number.
    pub seq: i64,
    /// How far it is to be believed.
    pub trust: Trust,
    /// Its end tag if verified (empty in rows of older builds), else a hash of the bytes.
    pub hash: Vec<u8>,
    /// Row id of its alert.
    pub alert: String,
    /// What it is.
    pub kind: Kind,
    /// Rung reached.
    pub rung: Rung,
    /// When pressed, server's clock.
    pub pressed_mono: i64,
    /// When pressed, wall clock.
    pub pressed_wall: i64,
    /// When the inbox had it, server's clock.
    pub stored_mono: i64,
    /// Now, wall clock.
    pub received_wall: i64,
    /// Whether it came late.
    pub late: bool,
    /// The uptime that it told, ms; none if that dates nothing.
    pub uptime: Option<i64>,
}

/// One line of a story.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Row id of the alert.
    pub alert: String,
    /// Wall clock.
    pub wall: i64,
    /// Server's clock.
    pub mono: i64,
    /// Number of `alert::story::What`.
    pub what: i64,
    /// More.
    pub detail: Option<String>,
    /// What the home has said, if it has: nobody ends or hides the alert without having seen it.
    pub signal: Option<SignalRow>,
}

/// What one step has decided about alerts.
#[derive(Debug, Default)]
pub struct Batch {
    /// Alerts to open.
    pub alerts: Vec<NewAlert>,
    /// Alerts to add to; one entry an alert.
    pub grown: Vec<Growth>,
    /// Presses and falls.
    pub activations: Vec<NewActivation>,
    /// Alerts that climb: first step and when it is due. One that climbs already goes on where it is.
    pub ladder: Vec<(String, Step, Mono)>,
    /// Lines of stories.
    pub lines: Vec<Line>,
    /// Homes that are asked something.
    pub asks: Vec<QuestionRow>,
    /// Questions that have ended: home and incident, and how.
    pub answers: Vec<((i64, i64), Answer)>,
    /// How the homes of the new alerts are called; [`write()`] fills it in.
    pub names: HashMap<String, HomeName>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Self { alerts, grown, activations, ladder, lines, asks, answers, names: _ } = self;
        alerts.is_empty()
            && grown.is_empty()
            && activations.is_empty()
            && ladder.is_empty()
            && lines.is_empty()
            && asks.is_empty()
            && answers.is_empty()
    }
}

/// Writes a batch and fills in its cursors. The caller commits.
pub async fn write(c: &mut Link, batch: &mut Batch, wall: i64) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    number(c, batch).await?;
    changes(c, batch, wall).await?;
    for alerts in batch.alerts.chunks(ROWS) {
        insert_alerts(c, alerts).await?;
    }
    batch.names = whose::keep(c, &batch.alerts).await?;
    let followers = event::followers(c).await?;
    for alert in batch.alerts.iter().filter(|_| !followers.is_empty()) {
        event::tell_to(c, &followers, &alert.id, (Event::Raised, None), wall).await?;
    }
    for grown in &batch.grown {
        let heard = grown.passed && !followers.is_empty();
        let passes = heard && desk::is_open(c, &grown.id).await?;
        grow(c, grown, wall).await?;
        if passes {
            event::tell_to(c, &followers, &grown.id, (Event::Closed, None), wall).await?;
        }
    }
    for activations in batch.activations.chunks(ROWS) {
        insert_activations(c, activations).await?;
    }
    climb(c, batch).await?;
    for ended in batch.grown.iter().filter(|grown| grown.passed) {
        notify::over(c, &ended.id, wall).await?;
    }
    for row in &batch.asks {
        question::ask(c, row).await?;
    }
    for (place, answer) in &batch.answers {
        question::end(c, *place, *answer, wall).await?;
    }
    insert_lines(c, batch).await
}
