//! What programs read of an alert and of what happens to it, as the document describes it.
//!
//! Each is held to the shape of the same name in `centre` by a test. Not here: what fills it (`live::view`, `notify`).

use serde::Serialize;
use utoipa::ToSchema;

/// One alert as a screen is told it.
#[derive(Serialize, ToSchema)]
pub struct AlertView {
    /// Row id.
    pub id: String,
    /// Number of its latest change; the id of its event on the stream.
    pub cursor: i64,
    /// What it is about, as a word of `care::Kind`.
    pub kind: String,
    /// `emergency`, `important`, `general` or `fault`.
    pub severity: String,
    /// `open`, `claimed`, `suspended` or `closed`.
    pub state: String,
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
    pub trust: String,
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
    pub told: Option<String>,
    /// Whether a screen has painted it.
    pub visible: bool,
    /// Outcome code, once closed.
    pub outcome: Option<i64>,
    /// The presses and falls in it, newest last, at most `ACTIVATIONS_MAX` of them.
    pub activations: Vec<Activation>,
    /// Reasons for and against, as the judgement wrote them.
    #[schema(value_type = Option<Vec<Object>>)]
    pub evidence: serde_json::Value,
}

/// Who holds an alert.
#[derive(Serialize, ToSchema)]
pub struct Holder {
    /// Staff id.
    pub id: String,
    /// Name as colleagues read it.
    pub display: String,
}

/// One press or fall: the identity that never changes.
#[derive(Serialize, ToSchema)]
pub struct Activation {
    /// Device id.
    pub device: String,
    /// Boot of the device: life and counter as one unsigned number, as decimal text.
    pub boot: String,
    /// Number of the frame within the boot.
    pub seq: u32,
}

/// What a receiver is sent.
#[derive(Serialize, ToSchema)]
pub struct EventBody {
    /// Id of this event, the same on each try: what has it already has been told.
    pub id: String,
    /// `raised`, `told`, `claimed` or `closed`.
    pub event: String,
    /// Row id of the alert, as in `/api/alerts/{id}`.
    pub alert: String,
    /// Home id; empty for what belongs to no home.
    pub home: String,
    /// The how-manieth event of its home it is, from 1.
    pub order: i64,
    /// The order of the event of this home that this receiver confirmed last, 0 before any. Less than `order` − 1:
    /// those between are lost, read the queue.
    pub after: i64,
    /// Word of the alert's kind, such as `help`.
    pub kind: String,
    /// `emergency`, `important`, `general` or `fault`.
    pub severity: String,
    /// When it happened, ms since 1970.
    pub at_ms: i64,
    /// Staff id of who did it; null where nobody did.
    pub by: Option<String>,
    /// Code of the outcome, with `closed` by somebody.
    pub outcome: Option<i64>,
}
