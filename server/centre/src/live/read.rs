//! Names and views that must be read from the rows first.
//!
//! Not here: names in memory (`names`), the shape of a view (`view`), the queue as a whole (`desk::queue`).

use std::collections::{BTreeMap, BTreeSet};

use care::Kind;
use proto::unit::Mono;
use records::Reader;

use super::names::{HomeName, Names};
use super::view::{self, AlertView, SHOWN};
use records::column::{device_of, gateway_of};
use records::desk::DeskRow;
use records::{Records, gateway, home, presses, staff};

/// Times that names are read while others edit them.
const READS: usize = 8;

/// Views of rows, whatever must be read for them.
pub async fn views(
    (names, now): (&Names, Mono),
    c: &mut Reader,
    rows: &[DeskRow],
) -> Result<Vec<AlertView>, records::Error> {
    learn_homes(names, c, rows).await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let presses = presses::newest(c, &ids, SHOWN).await?;
    let view = |row: &DeskRow| {
        let presses = presses.get(&row.id).map_or(&[][..], Vec::as_slice);
        AlertView::of(row, presses, names, now)
    };
    Ok(rows.iter().filter_map(view).collect())
}

/// Reads the names of homes on these rows that are not known yet.
async fn learn_homes(
    names: &Names,
    c: &mut Reader,
    rows: &[DeskRow],
) -> Result<(), records::Error> {
    let mut named = BTreeSet::new();
    for row in rows {
        named.insert(row.home);
        let near = row.gateway.filter(|_| row.home == 0 || row.kind == Kind::NoWay);
        named.extend(near.map(|gateway| names.unread(gateway)).unwrap_or_default());
    }
    learn(names, c, named.into_iter()).await
}

/// Reads how these homes are called, as far as it is not known yet; one without a row is called by its id.
pub async fn learn(
    names: &Names,
    c: &mut Reader,
    homes: impl Iterator<Item = i64>,
) -> Result<(), records::Error> {
    let unknown = homes.filter(|home| names.home(*home).is_none()).collect::<BTreeSet<_>>();
    let numbers: Vec<i64> = unknown.iter().copied().collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let mut last = Vec::new();
    for _ in 0..READS {
        // Asked before the rows are read: an edit in between makes them those of before it.
        let edits = names.edits();
        let mut found: BTreeMap<_, _> = home::names_of(c, &numbers).await?.into_iter().collect();
        for number in &numbers {
            // Number 0 stands for what belongs to no home.
            let label = || if *number == 0 { String::new() } else { view::home_text(*number) };
            let nameless = || HomeName { label: label(), person: String::new() };
            found.entry(*number).or_insert_with(nameless);
        }
        let found: Vec<(i64, HomeName)> = found.into_iter().collect();
        if names.learn_read(edits, &found) {
            return Ok(());
        }
        last = found;
    }
    // A queue without a row is worse than a row with a name of a moment ago.
    names.learn_homes(last);
    Ok(())
}

/// Fills the names at start.
pub async fn learn_all(names: &Names, records: &Records) -> Result<(), records::Error> {
    let mut reader = records.reader().await?;
    let people = staff::all(&mut reader).await?;
    names.learn_staff(people.into_iter().map(|row| (row.id, row.display)));
    names.learn_homes(home::names(&mut reader).await?);
    let devices = home::device_names(&mut reader).await?.into_iter();
    names.learn_devices(devices.filter_map(|(number, name)| Some((device_of(number)?, name))));
    let boxes = gateway::all(&mut reader).await?.into_iter();
    names.learn_gateways(boxes.filter_map(|row| Some((gateway_of(row.id)?, row.label))));
    Ok(())
}
