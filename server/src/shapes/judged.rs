//! How homes are judged and what a rehearsal says of it, as the document describes it.
//!
//! Each is held to the shape of the same name in `centre` by a test. Not here: what fills it (`rules`, `rehearsal`).

use serde::Serialize;
use utoipa::ToSchema;

/// Rules as people send and read them. A field that is left out stays as it is; null = not watched.
#[derive(Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RulesForm {
    /// Night begins, minutes after local midnight, below 1440.
    pub night_from: Option<u16>,
    /// Night ends, minutes after local midnight, below 1440.
    pub night_until: Option<u16>,
    /// Longest time out of bed at night, seconds.
    pub bed_out_night_s: Option<u64>,
    /// Longest time out of bed at any hour, seconds.
    pub bed_out_long_s: Option<u64>,
    /// Shortest stillness that is reported, seconds.
    pub still_min_s: Option<u64>,
    /// Stillness that is reported at any hours, seconds; at least `still_min_s`.
    pub still_max_s: Option<u64>,
    /// How long the home is asked first, seconds, 15 to 300; null = everything is raised at once.
    pub ask_s: Option<u64>,
    /// How readily stillness is told.
    pub watch: Option<WatchForm>,
    /// A room in which nobody should stay too long, such as the bathroom.
    pub dwell: Option<RoomForm>,
    /// Slowest breath that is not told, per minute, within what a mat can tell.
    pub breath_low: Option<u8>,
    /// Fastest breath that is not told, per minute, within what a mat can tell.
    pub breath_high: Option<u8>,
    /// Slowest heart that is not told, per minute, within what a mat can tell.
    pub heart_low: Option<u8>,
    /// Fastest heart that is not told, per minute, within what a mat can tell.
    pub heart_high: Option<u8>,
    /// Longest time out of a bed that was left in each hour of the day, minutes; 0 = as `bed_out_night_s`.
    pub bed_out_hours_min: Option<[u8; 24]>,
    /// Longest time out of bed at night in which nobody is seen, seconds.
    pub bed_quiet_s: Option<u64>,
    /// Whether a night that is unlike the person's others is told.
    pub restless: Option<bool>,
    /// Doors are watched from here, minutes after local midnight, below 1440; equal to `wander_until` = never.
    pub wander_from: Option<u16>,
    /// Doors are watched until here, minutes after local midnight, below 1440.
    pub wander_until: Option<u16>,
    /// Longest time out by a door in these hours, seconds.
    pub wander_s: Option<u64>,
    /// Beds whose breath and heart have limits of their own, at most 4; the list replaces the one before.
    pub beds: Option<Vec<BedForm>>,
}

/// Limits of one bed, by its mat. A limit that is left out or null is not watched.
#[derive(Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BedForm {
    /// Its mat, as printed on the label.
    pub mat: String,
    /// Slowest breath that is not told, per minute, within what a mat can tell.
    pub breath_low: Option<u8>,
    /// Fastest breath that is not told, per minute, within what a mat can tell.
    pub breath_high: Option<u8>,
    /// Slowest heart that is not told, per minute, within what a mat can tell.
    pub heart_low: Option<u8>,
    /// Fastest heart that is not told, per minute, within what a mat can tell.
    pub heart_high: Option<u8>,
}

/// How readily stillness is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WatchForm {
    /// Seldom, for homes that others look after too.
    Calm,
    /// Soon, for a person who is frail and alone.
    Alert,
}

/// A room that is watched.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomForm {
    /// Its motion sensor, as printed on the label.
    pub sensor: String,
    /// A visit that lasts at least so long is told, seconds; longer if the home's own visits do.
    pub least_s: u64,
}

/// What changed rules would have changed.
#[derive(Serialize, ToSchema)]
pub struct Comparison {
    /// Days of the home's own past that were judged; less than asked for if less is kept.
    pub days: f64,
    /// As the home is judged today.
    pub present: Sum,
    /// As it would be judged.
    pub changed: Sum,
    /// How many alarms only the changed rules raise.
    pub gained: usize,
    /// How many alarms only the present rules raise.
    pub lost: usize,
    /// How many come at another time or with another severity.
    pub moved: usize,
    /// The alarms gained, at most 200, oldest first.
    pub gained_alarms: Vec<Told>,
    /// The alarms lost, at most 200, oldest first.
    pub lost_alarms: Vec<Told>,
    /// The alarms moved, at most 200, oldest first, as the changed rules raise them.
    pub moved_alarms: Vec<Moved>,
    /// An alarm counts as closed after so many minutes, as nobody was there to close it.
    pub closed_after_min: u64,
    /// Whether the past was too long to be judged to its end.
    pub cut: bool,
}

/// What one set of rules would have said.
#[derive(Serialize, ToSchema)]
pub struct Sum {
    /// Alarms in all.
    pub alarms: usize,
    /// Of them emergencies, at first or by time.
    pub emergencies: usize,
    /// How often the home would have been asked first.
    pub asked: u32,
    /// How often somebody would have answered, and nobody been troubled.
    pub answered: u32,
}

/// One alarm.
#[derive(Serialize, ToSchema)]
pub struct Told {
    /// What it is about, as a word of `care::Kind`.
    pub kind: String,
    /// `emergency`, `important`, `general` or `fault`, at first.
    pub severity: String,
    /// The gravest that it became.
    pub worst: String,
    /// Whose, if one device's.
    pub device: Option<String>,
    /// When what it is about happened, wall clock, ms since 1970.
    pub at_ms: i64,
    /// When it would have been raised, wall clock, ms since 1970.
    pub raised_ms: i64,
    /// Reasons for and against.
    #[schema(value_type = Object)]
    pub evidence: Vec<serde_json::Value>,
}

/// One alarm that both raise.
#[derive(Serialize, ToSchema)]
pub struct Moved {
    /// The alarm as changed.
    #[serde(flatten)]
    pub alarm: Told,
    /// How much later it comes, ms; negative = sooner.
    pub later_ms: i64,
    /// How grave it was at first before.
    pub was: String,
}
