//! How homes are judged: the policy, and what a home has of its own.
//!
//! What a caller sends is closed: an unknown field is refused by name, and each value has a range in which a person
//! is still watched. Not here: what a rule does (`care::policy`).

mod beds;

pub use self::beds::BedForm;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use care::policy::{ASK, AWAY_MAX, Room, Rules, Watch};
use proto::id::DeviceId;
use proto::unit::Millis;
use serde::{Deserialize, Deserializer, Serialize};

/// Longest question to a home, seconds: five minutes on the floor unheard are enough.
const ASK_MAX_S: u64 = 300;
/// Shortest question, seconds: who sits must have time to get up.
const ASK_MIN_S: u64 = 15;

/// How homes differ from the policy.
#[derive(Debug)]
pub struct HomeRules {
    area: Rules,
    own: RwLock<HashMap<i64, Rules>>,
}

impl HomeRules {
    /// Takes what the records hold; what cannot be read is judged as the area is.
    pub fn load(rows: Vec<(i64, Vec<u8>)>, area: Rules) -> Self {
        let read = |(home, bytes): (i64, Vec<u8>)| Some((home, minicbor::decode(&bytes).ok()?));
        Self { area, own: RwLock::new(rows.into_iter().filter_map(read).collect()) }
    }

    /// How a home is judged: as its area is if nobody has set it.
    pub fn of(&self, home: i64) -> Rules {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        own.get(&home).copied().unwrap_or(self.area)
    }

    /// A home is judged so from now on; call it after the commit.
    pub fn set(&self, home: i64, rules: Rules) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).insert(home, rules);
    }
}

/// Rules as people send and read them. A field that is left out stays as it is; null = not watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesForm {
    /// Night begins, minutes after local midnight, below 1440.
    pub night_from: Option<u16>,
    /// Night ends, minutes after local midnight, below 1440.
    pub night_until: Option<u16>,
    /// Longest time out of bed at night, seconds.
    #[serde(deserialize_with = "given")]
    pub bed_out_night_s: Option<Option<u64>>,
    /// Longest time out of bed at any hour, seconds.
    #[serde(deserialize_with = "given")]
    pub bed_out_long_s: Option<Option<u64>>,
    /// Shortest stillness that is reported, seconds.
    #[serde(deserialize_with = "given")]
    pub still_min_s: Option<Option<u64>>,
    /// Stillness that is reported at any hours, seconds; at least `still_min_s`.
    #[serde(deserialize_with = "given")]
    pub still_max_s: Option<Option<u64>>,
    /// How long the home is asked first, seconds, 15 to 300; null = everything is raised at once.
    #[serde(deserialize_with = "given")]
    pub ask_s: Option<Option<u64>>,
    /// How readily stillness is told.
    pub watch: Option<WatchForm>,
    /// A room in which nobody should stay too long, such as the bathroom.
    #[serde(deserialize_with = "given")]
    pub dwell: Option<Option<RoomForm>>,
    /// Slowest breath that is not told, per minute, within what a mat can tell.
    #[serde(deserialize_with = "given")]
    pub breath_low: Option<Option<u8>>,
    /// Fastest breath that is not told, per minute, within what a mat can tell.
    #[serde(deserialize_with = "given")]
    pub breath_high: Option<Option<u8>>,
    /// Slowest heart that is not told, per minute, within what a mat can tell.
    #[serde(deserialize_with = "given")]
    pub heart_low: Option<Option<u8>>,
    /// Fastest heart that is not told, per minute, within what a mat can tell.
    #[serde(deserialize_with = "given")]
    pub heart_high: Option<Option<u8>>,
    /// Longest time out of a bed that was left in each hour of the day, minutes; 0 = as `bed_out_night_s`.
    pub bed_out_hours_min: Option<[u8; 24]>,
    /// Longest time out of bed at night in which nobody is seen, seconds.
    #[serde(deserialize_with = "given")]
    pub bed_quiet_s: Option<Option<u64>>,
    /// Whether a night that is unlike the person's others is told.
    pub restless: Option<bool>,
    /// Doors are watched from here, minutes after local midnight, below 1440; equal to `wander_until` = never.
    pub wander_from: Option<u16>,
    /// Doors are watched until here, minutes after local midnight, below 1440.
    pub wander_until: Option<u16>,
    /// Longest time out by a door in these hours, seconds.
    #[serde(deserialize_with = "given")]
    pub wander_s: Option<Option<u64>>,
    /// Beds whose breath and heart have limits of their own, at most 4; the list replaces the one before.
    pub beds: Option<Vec<BedForm>>,
}

/// How readily stillness is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchForm {
    /// Seldom, for homes that others look after too.
    Calm,
    /// Soon, for a person who is frail and alone.
    Alert,
}

/// A room that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoomForm {
    /// Its motion sensor, as printed on the label.
    pub sensor: String,
    /// A visit that lasts at least so long is told, seconds; longer if the home's own visits do.
    pub least_s: u64,
}

/// Tells null from a field that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

impl RoomForm {
    fn room(&self, (low, high): (u64, u64)) -> Option<Room> {
        let sensor: DeviceId = self.sensor.parse().ok()?;
        let least = (low..=high).contains(&self.least_s).then(|| Millis::secs(self.least_s))?;
        Some(Room { sensor, least })
    }
}

impl RulesForm {
    /// How an area is judged that says this: by the policy where it is silent, and asked first.
    pub fn area(&self) -> Result<Rules, &'static str> {
        self.over(Rules { ask: Some(ASK), ..Rules::default() })
    }

    /// The rules `present` with what this changes, or the field that is out of range.
    pub fn over(&self, present: Rules) -> Result<Rules, &'static str> {
        let minute = |value: Option<u16>, old: u16, name| match value {
            Some(minute) if minute >= 1440 => Err(name),
            Some(minute) => Ok(minute),
            None => Ok(old),
        };
        let longest = AWAY_MAX.get() / 1000;
        let span = |value: Option<Option<u64>>, old, (low, high): (u64, u64), name| match value {
            None => Ok(old),
            Some(None) => Ok(None),
            Some(Some(s)) if (low..=high).contains(&s) => Ok(Some(Millis::secs(s))),
            Some(Some(_)) => Err(name),
        };
        let limits = (60, longest);
        let mut rules = present;
        rules.night_from = minute(self.night_from, present.night_from, "night_from")?;
        rules.night_until = minute(self.night_until, present.night_until, "night_until")?;
        let (night, long) = (present.bed_out_night, present.bed_out_long);
        rules.bed_out_night = span(self.bed_out_night_s, night, limits, "bed_out_night_s")?;
        rules.bed_out_long = span(self.bed_out_long_s, long, limits, "bed_out_long_s")?;
        rules.still_min = span(self.still_min_s, present.still_min, limits, "still_min_s")?;
        rules.still_max = span(self.still_max_s, present.still_max, limits, "still_max_s")?;
        rules.ask = span(self.ask_s, present.ask, (ASK_MIN_S, ASK_MAX_S), "ask_s")?;
        rules.watch = match self.watch {
            Some(WatchForm::Calm) => Watch::Calm,
            Some(WatchForm::Alert) => Watch::Alert,
            None => present.watch,
        };
        rules.dwell = match &self.dwell {
            Some(Some(room)) => Some(room.room(limits).ok_or("dwell")?),
            Some(None) => None,
            None => present.dwell,
        };
        rules.bed_out_hours = self.bed_out_hours_min.unwrap_or(present.bed_out_hours);
        rules.bed_quiet = span(self.bed_quiet_s, present.bed_quiet, limits, "bed_quiet_s")?;
        rules.restless = self.restless.unwrap_or(present.restless);
        let doors = present.wander;
        rules.wander.from = minute(self.wander_from, doors.from, "wander_from")?;
        rules.wander.until = minute(self.wander_until, doors.until, "wander_until")?;
        rules.wander.after = span(self.wander_s, doors.after, limits, "wander_s")?;
        self.rates(&mut rules)?;
        rules.beds = self.beds.as_deref().map_or(Ok(present.beds), beds::beds)?;
        match (rules.still_min, rules.still_max) {
            (Some(min), Some(max)) if max < min => Err("still_max_s"),
            _ => Ok(rules),
        }
    }

    /// Rules in full, for whoever reads them.
    pub fn of(rules: &Rules) -> Self {
        let span = |limit: Option<Millis>| Some(limit.map(|limit| limit.get() / 1000));
        Self {
            night_from: Some(rules.night_from),
            night_until: Some(rules.night_until),
            bed_out_night_s: span(rules.bed_out_night),
            bed_out_long_s: span(rules.bed_out_long),
            still_min_s: span(rules.still_min),
            still_max_s: span(rules.still_max),
            ask_s: span(rules.ask),
            watch: Some(match rules.watch {
                Watch::Calm => WatchForm::Calm,
                Watch::Alert => WatchForm::Alert,
            }),
            dwell: Some(rules.dwell.map(|room| RoomForm {
                sensor: room.sensor.to_string(),
                least_s: room.least.get() / 1000,
            })),
            breath_low: Some(rules.breath_low),
            breath_high: Some(rules.breath_high),
            heart_low: Some(rules.heart_low),
            heart_high: Some(rules.heart_high),
            bed_out_hours_min: Some(rules.bed_out_hours),
            bed_quiet_s: span(rules.bed_quiet),
            restless: Some(rules.restless),
            wander_from: Some(rules.wander.from),
            wander_until: Some(rules.wander.until),
            wander_s: span(rules.wander.after),
            beds: Some(beds::read(rules)),
        }
    }
}

#[cfg(test)]
mod tests {
    use care::policy::wander::DoorWatch;

    use super::*;

    #[test]
    fn what_is_left_out_stays_and_null_is_not_watched() {
        let form: RulesForm =
            serde_json::from_str(r#"{"bed_out_night_s": 600, "still_max_s": null}"#).unwrap();
        let rules = form.over(Rules::default()).unwrap();
        assert_eq!(rules.bed_out_night, Some(Millis::secs(600)));
        assert_eq!((rules.still_max, rules.still_min), (None, Rules::default().still_min));
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        for (text, name) in [
            (r#"{"night_from": 1440}"#, "night_from"),
            (r#"{"ask_s": 5}"#, "ask_s"),
            (r#"{"breath_high": 90}"#, "breath_high"),
            (r#"{"heart_low": 90, "heart_high": 60}"#, "heart_high"),
            (r#"{"bed_out_night_s": 1}"#, "bed_out_night_s"),
            (r#"{"bed_quiet_s": 1}"#, "bed_quiet_s"),
            (r#"{"wander_s": 30}"#, "wander_s"),
            (r#"{"wander_from": 1440}"#, "wander_from"),
            (r#"{"dwell": {"sensor": "nowhere", "least_s": 3600}}"#, "dwell"),
            (r#"{"still_min_s": 7200, "still_max_s": 3600}"#, "still_max_s"),
        ] {
            let form: RulesForm = serde_json::from_str(text).unwrap();
            assert_eq!(form.over(Rules::default()), Err(name), "{text}");
        }
    }

    #[test]
    fn an_area_sets_what_its_homes_have_not_set() {
        let form: RulesForm = toml::from_str("wander_from = 1320\nwander_s = 300").unwrap();
        let area = form.area().unwrap();
        let own = Rules { wander: DoorWatch { from: 60, ..area.wander }, ..area };
        let rules = HomeRules::load(vec![(7, minicbor::to_vec(own).unwrap())], area);
        assert_eq!((rules.of(8).wander.from, rules.of(8).ask), (1320, Some(ASK)));
        assert_eq!(rules.of(8).wander.after, Some(Millis::minutes(5)));
        assert_eq!(rules.of(7), own);
    }

    #[test]
    fn rules_come_back_from_their_form() {
        let dwell = DeviceId::new(7).map(|sensor| Room { sensor, least: Millis::minutes(60) });
        let (ask, watch) = (Some(ASK), Watch::Alert);
        let wander = DoorWatch { from: 0, until: 360, after: None };
        let rules = Rules { ask, watch, dwell, wander, still_min: None, ..Rules::default() };
        assert_eq!(RulesForm::of(&rules).over(Rules::default()), Ok(rules));
    }
}
