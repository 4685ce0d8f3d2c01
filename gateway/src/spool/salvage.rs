//! What can still be read of a spool that was set aside: keys first, then presses, then what was not sent.
//!
//! Rows are read one by one from both ends, so that a damaged page costs what lies in it. Telemetry that the server
//! has is left where it is. Nothing here fails: what cannot be read is not saved. Not here: when a spool is damaged.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Transaction, params_from_iter};

use super::schema::LANE_TELEMETRY;

/// Rows that were saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// Devices with their keys.
    pub devices: usize,
    /// Frames on their way, and presses that the server has.
    pub frames: usize,
}

/// Tables in the order of what is missed most, with the key that their rows lie by.
const TABLES: [(&str, &str); 8] = [
    ("own", "one"),
    ("roster", "device"),
    ("former", "device"),
    ("proof", "device"),
    ("rung", "device, boot, seq"),
    ("ended", "home, at"),
    ("accepted", "device, boot, seq"),
    ("up", "id"),
];

/// Copies into the open transaction `new` what can be read of the database `old`.
pub(super) fn salvage(old: &Path, new: &Transaction<'_>) -> Saved {
    let mut saved = Saved::default();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(old) = Connection::open_with_flags(old, flags) else { return saved };
    for (table, key) in TABLES {
        let forward = copy(&old, new, table, &format!("{table} ORDER BY {key}"));
        let backward = key.split(", ").map(|column| format!("{column} DESC")).collect::<Vec<_>>();
        let rest = match forward.1 {
            true => 0,
            false => copy(&old, new, table, &format!("{table} ORDER BY {}", backward.join(", "))).0,
        };
        match table {
            "roster" => saved.devices = forward.0 + rest,
            "up" => saved.frames = forward.0 + rest,
            _ => {}
        }
    }
    saved
}

/// Copies rows until one cannot be read; says how many are new, and whether that was all.
fn copy(old: &Connection, new: &Transaction<'_>, table: &str, from: &str) -> (usize, bool) {
    let mut count = 0;
    let Ok(mut read) = old.prepare(&format!("SELECT * FROM {from}")) else { return (0, false) };
    let columns = read.column_count();
    let lane = read.column_index("lane").ok();
    let acked = read.column_index("acked").ok();
    let places = vec!["?"; columns].join(", ");
    let sql = format!("INSERT OR IGNORE INTO {table} VALUES ({places})");
    let Ok(mut write) = new.prepare(&sql) else { return (0, false) };
    let Ok(mut rows) = read.query([]) else { return (0, false) };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return (count, true),
            Err(_) => return (count, false),
        };
        let values: Result<Vec<Value>, _> = (0..columns).map(|at| row.get(at)).collect();
        let Ok(values) = values else { continue };
        let at = |column: Option<usize>| column.and_then(|column| values.get(column));
        let telemetry = at(lane) == Some(&Value::Integer(LANE_TELEMETRY));
        if telemetry && at(acked).is_some_and(|acked| *acked != Value::Null) {
            continue;
        }
        // A row that this build's tables do not take is left where it is.
        count += write.execute(params_from_iter(values)).unwrap_or(0);
    }
}
