//! An alert as whoever works on it needs it, and a press in it: what their columns mean.
//!
//! A number that this build does not know is read as what calls for more: an emergency, unverified, open. Not here:
//! the statements (`desk`).

use care::alert::{Outcome, Return, Step};
use care::{Kind, Severity, Trust};
use proto::down::Rung;
use proto::id::{DeviceId, GatewayId};
use proto::unit::Mono;
use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use crate::column::{device_of, gateway_of, kind, mono, outcome, severity, trust};
use crate::home::HomeName;
use crate::told::Told;

/// In whose hands an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertState {
    /// Nobody's.
    Open,
    /// Somebody has it.
    Claimed,
    /// Put aside.
    Suspended,
    /// Over.
    Closed,
}

proto::numbered!(AlertState: i64 {
    Open = 0 "open",
    Claimed = 1 "claimed",
    Suspended = 2 "suspended",
    Closed = 3 "closed",
});

impl AlertState {
    /// Reads a stored number; what is not known is nobody's.
    pub const fn read(number: i64) -> Self {
        match Self::from_number(number) {
            Some(state) => state,
            None => Self::Open,
        }
    }
}

/// One alert with the desk's part of its life.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskRow {
    /// Row id.
    pub id: String,
    /// Home number.
    pub home: i64,
    /// Incident number within the home.
    pub incident: i64,
    /// What it is about.
    pub kind: Kind,
    /// How soon somebody must act.
    pub severity: Severity,
    /// In whose hands it is.
    pub state: AlertState,
    /// The device that raised it, if one.
    pub device: Option<DeviceId>,
    /// The gateway that it is about, if one.
    pub gateway: Option<GatewayId>,
    /// Signals in it.
    pub count: i64,
    /// How far its signals are to be believed.
    pub trust: Trust,
    /// Whether its first signal came late.
    pub late: bool,
    /// Raised, wall clock.
    pub raised_wall: i64,
    /// Raised, server's clock.
    pub raised_mono: Mono,
    /// Painted, server's clock.
    pub visible_mono: Option<Mono>,
    /// Staff id of the holder.
    pub owner: Option<String>,
    /// Fence.
    pub fence: i64,
    /// End of the lease, server's clock.
    pub lease_mono: Option<Mono>,
    /// First claim, wall clock.
    pub claimed_wall: Option<i64>,
    /// End of the suspension, server's clock.
    pub suspended_until: Option<Mono>,
    /// How a person has ended it.
    pub outcome: Option<Outcome>,
    /// Closed, wall clock.
    pub closed_wall: Option<i64>,
    /// Staff id of who closed it.
    pub closed_by: Option<String>,
    /// Last words of who closed it.
    pub note: Option<String>,
    /// Last ladder step taken in this round.
    pub step: Option<Step>,
    /// What that step has come to, if it had somebody to tell.
    pub told: Option<Told>,
    /// Latest change.
    pub cursor: i64,
    /// Reasons, JSON.
    pub evidence: Option<Vec<u8>>,
    /// How its home was called when it was raised, if that is kept.
    pub name: Option<HomeName>,
    /// Present claim began, server's clock.
    pub since_mono: Option<Mono>,
    /// Last action or claim, server's clock.
    pub acted_mono: Option<Mono>,
    /// Actions in all.
    pub actions: i64,
    /// Whether an action followed the claim.
    pub begun: bool,
    /// How it came back, if somebody had it before.
    pub returned: Option<Return>,
    /// The change by which the home's last signal joined it.
    pub spoke: i64,
    /// Staff id of whom it was taken from, or over whose head it was ended.
    pub taken_from: Option<String>,
    /// Staff id of who took or ended it so.
    pub taken_by: Option<String>,
}

/// One press or fall in an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationRow {
    /// Device number.
    pub device: i64,
    /// Boot number, as stored: the same 64 bits, signed.
    pub boot: i64,
    /// Frame number.
    pub seq: i64,
    /// What it is about.
    pub kind: Kind,
    /// How far its signals are to be believed.
    pub trust: Trust,
    /// Rung reached; none where nobody is told.
    pub rung: Option<Rung>,
    /// Pressed, server's clock, if it can be told.
    pub pressed_mono: Option<Mono>,
    /// Received, wall clock.
    pub received_wall: i64,
    /// Whether it came late.
    pub late: bool,
}

const LAPSED: i64 = 1;
const RESUMED: i64 = 2;

const fn returned(number: Option<i64>) -> Option<Return> {
    match number {
        Some(LAPSED) => Some(Return::Lapsed),
        Some(RESUMED) => Some(Return::Resumed),
        Some(_) | None => None,
    }
}

pub(super) const fn returned_number(returned: Option<Return>) -> i64 {
    match returned {
        None => 0,
        Some(Return::Lapsed) => LAPSED,
        Some(Return::Resumed) => RESUMED,
    }
}

pub(super) fn of(row: &AnyRow) -> Result<DeskRow, Error> {
    Ok(DeskRow {
        id: row.try_get("id")?,
        home: row.try_get("home")?,
        incident: row.try_get("incident")?,
        kind: kind(row.try_get("kind")?),
        severity: severity(row.try_get("severity")?),
        state: AlertState::read(row.try_get("state")?),
        device: row.try_get::<Option<i64>, _>("device")?.and_then(device_of),
        gateway: row.try_get::<Option<i64>, _>("gateway")?.and_then(gateway_of),
        count: row.try_get("count")?,
        trust: trust(row.try_get("trust")?),
        late: row.try_get::<i64, _>("late")? != 0,
        raised_wall: row.try_get("raised_wall")?,
        raised_mono: mono(row.try_get("raised_mono")?),
        visible_mono: at(row, "visible_mono")?,
        owner: row.try_get("owner")?,
        fence: row.try_get("fence")?,
        lease_mono: at(row, "lease_mono")?,
        claimed_wall: row.try_get("claimed_wall")?,
        suspended_until: at(row, "suspended_until")?,
        outcome: outcome(row.try_get("outcome")?),
        closed_wall: row.try_get("closed_wall")?,
        closed_by: row.try_get("closed_by")?,
        note: row.try_get("note")?,
        step: Step::from_number(row.try_get("step")?),
        told: Told::from_number(row.try_get("told")?),
        cursor: row.try_get("cursor")?,
        evidence: row.try_get("evidence")?,
        name: named(row)?,
        since_mono: at(row, "since_mono")?,
        acted_mono: at(row, "acted_mono")?,
        actions: row.try_get::<Option<i64>, _>("actions")?.unwrap_or(0),
        begun: row.try_get::<Option<i64>, _>("begun")?.unwrap_or(0) != 0,
        returned: returned(row.try_get("returned")?),
        spoke: row.try_get("spoke")?,
        taken_from: row.try_get("taken_from")?,
        taken_by: row.try_get("taken_by")?,
    })
}

/// A time of the server's clock, where a column has one.
fn at(row: &AnyRow, column: &str) -> Result<Option<Mono>, Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(mono))
}

fn named(row: &AnyRow) -> Result<Option<HomeName>, Error> {
    let (label, person) = (row.try_get("home_label")?, row.try_get("home_person")?);
    let both: (Option<String>, Option<String>) = (label, person);
    Ok(both.0.zip(both.1).map(|(label, person)| HomeName { label, person }))
}

pub(crate) fn activation(row: &AnyRow) -> Result<ActivationRow, Error> {
    Ok(ActivationRow {
        device: row.try_get("device")?,
        boot: row.try_get("boot")?,
        seq: row.try_get("seq")?,
        kind: kind(row.try_get("kind")?),
        trust: trust(row.try_get("trust")?),
        rung: Rung::from_number(row.try_get("rung")?),
        pressed_mono: at(row, "pressed_mono")?,
        received_wall: row.try_get("received_wall")?,
        late: row.try_get::<i64, _>("late")? != 0,
    })
}
