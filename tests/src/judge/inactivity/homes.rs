//! Recorded homes: who lives there, which sensors there are, and each sign of life with its local second.
//!
//! TIHM is 56 homes of people over 70 with movement sensors and contacts; of the homes of van Kasteren (A, B)
//! every contact, mat and flush counts as movement and only the front door as a door. A contact of a
//! fridge is inside the home, so it speaks as movement. Not here: what a detector makes of it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::judge::data;

/// Seconds of a day.
pub const DAY_S: u64 = 86_400;
/// So many homes must be silent together before it is the recording that failed.
const OUTAGE_HOMES: usize = 5;
/// And for so long.
const OUTAGE_S: u64 = 12 * 3600;

/// Where a sensor hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It sees who is inside.
    Inside,
    /// A door that leads out.
    Door,
}

/// One home of a set.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Its name in the set.
    pub name: String,
    /// Age group of the resident as the set has it.
    pub age: String,
    /// Sex of the resident as the set has it.
    pub sex: String,
    /// Its sensors.
    pub sensors: Vec<Place>,
    /// Local seconds since the civil year 1970 and the sensor, in order of time.
    pub signs: Vec<(u64, usize)>,
}

impl Recording {
    /// First and last second.
    pub fn span(&self) -> (u64, u64) {
        let first = self.signs.first().map_or(0, |sign| sign.0);
        (first, self.signs.last().map_or(first, |sign| sign.0))
    }
}

/// Homes that were recorded together.
#[derive(Debug, Clone)]
pub struct Homes {
    /// Folder of the set.
    pub name: &'static str,
    /// In order of name.
    pub homes: Vec<Recording>,
    /// Seconds in which no home of the set was recorded, though at least five were before and after.
    pub outages: Vec<(u64, u64)>,
}

/// The TIHM homes below a path, if they are there.
pub fn tihm(data: &Path) -> Option<Homes> {
    let folder = data.join("tihm");
    let (path, people) = (folder.join("Activity.csv.zst"), folder.join("Demographics.csv"));
    if !path.is_file() {
        return None;
    }
    let people = data::text(&people).unwrap_or_default();
    let people: HashMap<&str, (&str, &str)> = people.lines().filter_map(person).collect();
    let mut homes: BTreeMap<String, Vec<(u64, usize)>> = BTreeMap::new();
    data::lines(&path, 1, |line| {
        let (home, at, sensor) = activation(line)?;
        homes.entry(home.to_owned()).or_default().push((at, sensor));
        Some(())
    });
    let sensors: Vec<Place> = PLACES.iter().map(|(_, place)| *place).collect();
    let homes = homes.into_iter().map(|(name, mut signs)| {
        signs.sort_unstable();
        let (age, sex) = people.get(name.as_str()).copied().unwrap_or(("unknown", "unknown"));
        let (age, sex) = (age.to_owned(), sex.to_owned());
        Recording { name, age, sex, sensors: sensors.clone(), signs }
    });
    let homes: Vec<Recording> = homes.collect();
    let outages = outages(&homes);
    Some(Homes { name: "tihm", homes, outages })
}

const PLACES: [(&str, Place); 8] = [
    ("Hallway", Place::Inside),
    ("Kitchen", Place::Inside),
    ("Lounge", Place::Inside),
    ("Bedroom", Place::Inside),
    ("Bathroom", Place::Inside),
    ("Fridge Door", Place::Inside),
    ("Front Door", Place::Door),
    ("Back Door", Place::Door),
];

/// `patient_id,"(70, 80]",sex`
fn person(line: &str) -> Option<(&str, (&str, &str))> {
    let mut parts = line.split('"');
    let (name, age, sex) = (parts.next()?, parts.next()?, parts.next()?);
    Some((name.trim_end_matches(','), (age, sex.trim_start_matches(','))))
}

/// `patient_id,location_name,2019-06-28 13:03:29`
fn activation(line: &str) -> Option<(&str, u64, usize)> {
    let mut parts = line.split(',');
    let (name, place, date) = (parts.next()?, parts.next()?, parts.next()?);
    let sensor = PLACES.iter().position(|(known, _)| *known == place)?;
    Some((name, seconds(date)?, sensor))
}

/// Seconds since the civil year 1970 of `2019-06-28 13:03:29`, as if every day had as many.
fn seconds(date: &str) -> Option<u64> {
    let mut parts = date.split(['-', ' ', ':']).map(|part| part.parse::<u64>().ok());
    let mut next = || parts.next().flatten();
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    // The year begins in March, so that a leap day is its last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day;
    Some(days.checked_sub(719_469)? * DAY_S + hour * 3600 + minute * 60 + second)
}

/// The homes of van Kasteren below a path that hold a whole record.
pub fn kasteren(data: &Path) -> Option<Homes> {
    let folder = data.join("smart_homes/kasteren_abc_mit_de");
    let mut homes = Vec::new();
    for house in ["A", "B", "C"] {
        let (path, names) = (
            folder.join(format!("house{house}.sensors")),
            folder.join(format!("house{house}.sensor_names")),
        );
        if path.is_file() && names.is_file() {
            homes.push(house_of(house, &path, &data::text(&names).unwrap_or_default()));
        }
    }
    (!homes.is_empty()).then_some(Homes { name: "smart_homes", homes, outages: Vec::new() })
}

fn house_of(house: &str, signs: &Path, names: &str) -> Recording {
    let mut sensors = Vec::new();
    let mut ids = HashMap::new();
    for line in names.lines() {
        let Some((id, name)) = line.split_once('\t') else { continue };
        let door = name.to_lowercase().replace(' ', "").starts_with("frontdoor");
        ids.insert(id.trim().to_owned(), sensors.len());
        sensors.push(if door { Place::Door } else { Place::Inside });
    }
    let mut found = Vec::new();
    data::lines(signs, 0, |line| {
        let mut parts = line.split('\t').map(str::trim);
        let start = parts.next().and_then(|part| part.parse::<u64>().ok());
        let length = parts.next().and_then(|part| part.parse::<u64>().ok());
        let (start, length, id) = (start?, length?, parts.next()?);
        // A few sensors have no name; they are inside.
        let sensor = *ids.entry(id.to_owned()).or_insert_with(|| {
            sensors.push(Place::Inside);
            sensors.len() - 1
        });
        found.extend([(start, sensor), (start + length, sensor)]);
        Some(())
    });
    found.sort_unstable();
    let (name, age, sex) = (house.to_owned(), "below 60".to_owned(), "Male".to_owned());
    Recording { name, age, sex, sensors, signs: found }
}

/// Long silence of all homes at once: the recording failed, not the people.
fn outages(homes: &[Recording]) -> Vec<(u64, u64)> {
    let mut all: Vec<u64> = homes.iter().flat_map(|home| home.signs.iter().map(|s| s.0)).collect();
    all.sort_unstable();
    let silent = all.windows(2).filter(|pair| pair[1] - pair[0] > OUTAGE_S);
    let within = |from: u64, to: u64| {
        homes.iter().filter(|home| home.span().0 <= from && home.span().1 >= to).count()
    };
    silent
        .map(|pair| (pair[0], pair[1]))
        .filter(|(from, to)| within(*from, *to) >= OUTAGE_HOMES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_second() {
        assert_eq!(seconds("1970-01-01 00:00:00"), Some(0));
        assert_eq!(seconds("2019-06-28 13:03:29"), Some(1_561_727_009));
        assert_eq!(seconds("2019-06-28"), None);
    }

    #[test]
    fn only_the_silence_of_many_homes_is_an_outage() {
        let home = |signs: &[u64]| Recording {
            name: String::new(),
            age: String::new(),
            sex: String::new(),
            sensors: vec![Place::Inside],
            signs: signs.iter().map(|s| (*s, 0)).collect(),
        };
        let silent = home(&[0, 10, 90_000]);
        assert_eq!(outages(&vec![silent.clone(); 5]), [(10, 90_000)]);
        assert_eq!(outages(&vec![silent.clone(); 4]), []);
        let mut lively = vec![silent; 5];
        lively.push(home(&[0, 40_000, 90_000]));
        assert_eq!(outages(&lively), [(40_000, 90_000)], "the first part is too short");
    }
}
