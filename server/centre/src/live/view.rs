//! What a screen is told of one alert: the one shape that the queue, the stream and the card share.
//!
//! *Age* is counted by the server's own clock, never by a wall clock: a screen adds the time since it
//! received the view and nothing else. Ids are their printed text, kinds and states are words.
//! Names of people come from [`crate::live::names`], so that a view can be made without a read.
//! Not here: where a row stands in the queue (`queue`), or what may be done to it (`care::alert`).

use care::Kind;
use care::alert::{Band, Ladder, Rank, Return, Standing, State, Step, queue_rank};
use care::policy::{FIRST_ACTION, NEXT_ACTION};
use proto::id::HomeId;
use proto::unit::{Millis, Mono};
use serde::Serialize;

use crate::alert::life;
use crate::live::names::Names;
pub use records::column::{device_text, home_text};
use records::desk::{ActivationRow, DeskRow};
use records::story::SignalRow;
use records::told::Told;

/// One alert as a screen is told it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertView {
    /// Row id.
    pub id: String,
    /// Number of its latest change; the id of its event on the stream.
    pub cursor: i64,
    /// What it is about, as a word of `care::Kind`.
    pub kind: &'static str,
    /// `emergency`, `important`, `general` or `fault`.
    pub severity: &'static str,
    /// `open`, `claimed`, `suspended` or `closed`.
    pub state: &'static str,
    /// Whether somebody had it before and lost it: it rings again.
    pub interrupted: bool,
    /// Home id.
    pub home: String,
    /// Where: the shortest text that finds the door.
    pub home_label: String,
    /// Who lives there; empty when nobody is entered.
    pub person: String,
    /// The device that raised it, if one.
    pub device: Option<String>,
    /// What that device is called in its home; empty when it has no name.
    pub device_label: String,
    /// The gateway it is about, if one.
    pub gateway: Option<String>,
    /// Where that gateway stands; empty when nobody has said.
    pub gateway_label: String,
    /// The homes behind that gateway, if the alert is of none that is known or of one without a way; at most eight.
    pub gateway_homes: Vec<String>,
    /// How many homes are behind it, those that are not named here among them.
    pub gateway_homes_count: usize,
    /// Signals counted in it, the first included.
    pub count: i64,
    /// `verified` or `unverified`.
    pub trust: &'static str,
    /// Whether its first signal came late, after waiting somewhere.
    pub late: bool,
    /// When it was raised, wall clock, ms since 1970.
    pub raised_ms: i64,
    /// The server's own time when the ages below were counted, ms; the queue and every beat tell it as well, so that
    /// what arrives late has no younger age.
    pub mono_ms: i64,
    /// How long ago it was raised, in ms, by the server's own clock.
    pub age_ms: i64,
    /// How long the present holder has had it, in ms.
    pub handling_ms: Option<i64>,
    /// For how long it is still put aside, in ms.
    pub suspended_ms: Option<i64>,
    /// In how long the present holder is past a timer, in ms.
    pub overdue_in_ms: Option<i64>,
    /// Actions recorded so far.
    pub actions: i64,
    /// Section of the queue, from 0 at the top; see `care::alert::Band`.
    pub band: u8,
    /// Who has it.
    pub owner: Option<Holder>,
    /// Whom it was taken from, or over whose head it was ended, until it changes hands again.
    pub taken_from: Option<Holder>,
    /// Who took or ended it so.
    pub ended_by: Option<Holder>,
    /// Last ladder step that was taken, in seconds after the press: 0, 15, 30, 60, 120.
    pub step: i64,
    /// What that step has come to: `nobody` to tell, `sent` and not confirmed, `told` with a receipt, `failed`.
    pub told: Option<&'static str>,
    /// Whether a screen has painted it.
    pub visible: bool,
    /// Outcome code, once closed.
    pub outcome: Option<i64>,
    /// The presses and falls in it, newest last, at most [`ACTIVATIONS_MAX`].
    pub activations: Vec<Activation>,
    /// Reasons for and against, as the judgement wrote them.
    pub evidence: serde_json::Value,
}

/// Most activations that a view lists.
pub const ACTIVATIONS_MAX: usize = 32;
/// The same, for whoever reads the rows.
pub const SHOWN: i64 = ACTIVATIONS_MAX as i64;

/// Who holds an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Staff id.
    pub id: String,
    /// Name as colleagues read it.
    pub display: String,
}

/// One press or fall: the identity that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activation {
    /// Device id.
    pub device: String,
    /// Boot of the device: life and counter as one unsigned number, as decimal text.
    pub boot: String,
    /// Number of the frame within the boot.
    pub seq: u32,
}

/// Where a row stands in the queue.
pub fn rank(row: &DeskRow, now: Mono) -> Option<Rank> {
    let standing = Standing {
        kind: row.kind,
        severity: row.severity,
        work: life::of(row).work(now),
        raised: row.raised_mono,
        home: HomeId::new(row.home.unsigned_abs())?,
        incident: u32::try_from(row.incident).unwrap_or(0),
    };
    Some(queue_rank(&standing))
}

/// Times of an alert that run while somebody has it, in ms.
#[derive(Default)]
struct Timers {
    handling: Option<i64>,
    overdue_in: Option<i64>,
    aside: Option<i64>,
}

fn span(millis: Millis) -> i64 {
    i64::try_from(millis.get()).unwrap_or(i64::MAX)
}

impl Timers {
    fn of(state: &State<String>, now: Mono) -> Self {
        match state {
            State::Claimed { since, acted, begun, .. } => {
                let limit = if *begun { NEXT_ACTION } else { FIRST_ACTION };
                let overdue_in = span(limit) - span(now.since(*acted));
                let handling = Some(span(now.since(*since)));
                Self { handling, overdue_in: Some(overdue_in), aside: None }
            }
            State::Suspended { until, .. } => {
                Self { aside: Some(span(until.since(now))), ..Self::default() }
            }
            State::Open { .. } | State::Closed(_) => Self::default(),
        }
    }
}

/// The place of what no home is known for: what is known of its box, and the homes behind it.
fn whereabouts(known: [&str; 3], homes: &[String]) -> String {
    let homes = homes.join(", ");
    let parts = known.into_iter().chain([homes.as_str()]).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

impl AlertView {
    /// What screens are told of a row, now. None: a name is not known here and must be read first.
    pub fn of(
        row: &DeskRow,
        activations: &[ActivationRow],
        names: &Names,
        now: Mono,
    ) -> Option<Self> {
        // Whose it was when it was raised; whoever has moved in since has nothing to do with it.
        let name = row.name.clone().or_else(|| names.home(row.home))?;
        let life = life::of(row);
        let timers = Timers::of(&life.state, now);
        let gateway = row.gateway;
        let near = gateway.filter(|_| row.home == 0);
        let gateway_label = gateway.and_then(|id| names.gateway(id)).unwrap_or_default();
        let box_of = near.or(gateway.filter(|_| row.kind == Kind::NoWay));
        let gateway_homes = box_of.map(|gateway| names.behind(gateway)).unwrap_or_default();
        let newest = activations.len().saturating_sub(ACTIVATIONS_MAX);
        let holder = |id: &String| Holder { id: id.clone(), display: names.staff(id) };
        let evidence = row.evidence.as_deref().and_then(|json| serde_json::from_slice(json).ok());
        Some(Self {
            id: row.id.clone(),
            cursor: row.cursor,
            kind: row.kind.word(),
            severity: row.severity.word(),
            state: row.state.word(),
            interrupted: matches!(life.state, State::Open { returned: Some(Return::Lapsed) }),
            home: home_text(row.home),
            home_label: near.map_or(name.label.clone(), |gateway| {
                whereabouts([&name.label, &gateway_label, &gateway.to_string()], &gateway_homes)
            }),
            person: name.person,
            device: row.device.map(|id| id.to_string()),
            device_label: row.device.and_then(|d| names.device(d)).unwrap_or_default(),
            gateway: gateway.map(|id| id.to_string()),
            gateway_label,
            gateway_homes,
            gateway_homes_count: box_of.map_or(0, |gateway| names.served(gateway).len()),
            count: row.count,
            trust: row.trust.word(),
            late: row.late,
            raised_ms: row.raised_wall,
            mono_ms: life::stored(now),
            age_ms: span(now.since(row.raised_mono)),
            handling_ms: timers.handling,
            suspended_ms: timers.aside,
            overdue_in_ms: timers.overdue_in,
            actions: row.actions,
            band: rank(row, now).map_or(0, |rank| band_number(rank.band)),
            owner: row.owner.as_ref().map(holder),
            taken_from: row.taken_from.as_ref().map(holder),
            ended_by: row.taken_by.as_ref().map(holder),
            step: reached(row.step),
            told: row.told.map(Told::word),
            visible: row.visible_mono.is_some(),
            outcome: row.outcome.map(|outcome| i64::from(outcome.code())),
            activations: activations.iter().skip(newest).map(activation).collect(),
            evidence: evidence.unwrap_or_default(),
        })
    }
}

/// A signal that somebody has not seen, as they are told of it.
pub fn newer(row: &SignalRow, names: &Names) -> serde_json::Value {
    serde_json::json!({
        "kind": row.kind.word(),
        "device_label": row.device.and_then(|d| names.device(d)).unwrap_or_default(),
        "at_ms": row.at_wall, "late": row.late, "trust": row.trust.word(),
    })
}

/// The identity of a press as it is printed.
pub fn activation(row: &ActivationRow) -> Activation {
    Activation {
        device: device_text(row.device),
        boot: row.boot.cast_unsigned().to_string(),
        seq: u32::try_from(row.seq).unwrap_or(0),
    }
}

/// Seconds after the press of the ladder step that a row has reached; 0 before the first that people notice.
pub fn reached(step: Option<Step>) -> i64 {
    let found = Ladder::STEPS.iter().find(|(_, known)| Some(*known) == step);
    let after = found.map_or(0, |(after, _)| after.get());
    i64::try_from(after / 1000).map_or(0, |s| if s < 15 { 0 } else { s })
}

const fn band_number(band: Band) -> u8 {
    match band {
        Band::Waiting => 0,
        Band::Overdue => 1,
        Band::Returned => 2,
        Band::Unverified => 3,
        Band::Automatic => 4,
        Band::Faults => 5,
        Band::InWork => 6,
        Band::Aside => 7,
        Band::Closed => 8,
    }
}
