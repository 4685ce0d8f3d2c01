//! What goes up again: frames that the server has acknowledged and whose rows it may have lost.
//!
//! A *position* is a time of this spool: the server's rows hold all that was marked as acknowledged before it. What was
//! marked from there until now is the *span* that goes up again; a row that is acknowledged again leaves it by
//! itself, so a span needs no list and is there after a power cut. An *end* is a moment at which the server has said that the
//! alarm of a home is over. Not here: when a span is read (`uplink`), and what an end means for a press (`proto::relay`).

use proto::frame::Lane;
use proto::id::HomeId;
use proto::unit::Mono;
use rusqlite::{OptionalExtension, Transaction, params};

use super::SpoolError;
use super::left_out::leave_out;
use super::room::TIDY_ROWS;
use super::schema::{signed, unsigned};
use super::store::Store;
use super::swept::{Old, sweep, tried};

/// Ends of one home that are kept; with more than these a press is told as ended by a later one.
const ENDS_MAX: i64 = 256;

/// What the server says of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Life of its records.
    pub line: u64,
    /// Spool that it knows; 0 if none.
    pub spool: u64,
    /// Position in that spool, ms.
    pub through: u64,
    /// Whether its records were put back from a copy.
    pub restored: bool,
}

/// What this spool knows when the server says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    /// Its generation.
    spool: u64,
    /// Its time, ms.
    now: u64,
    /// Life of the records to which a position was told from here; 0 if none.
    told: u64,
    /// Beginning of a span that is not yet through.
    open: Option<u64>,
}

/// Where the frames that go up again begin. None: nothing goes up again.
const fn first(known: &Known, reached: &Reached) -> Option<u64> {
    let same = reached.spool == known.spool && reached.through <= known.now;
    let from = if same {
        Some(reached.through)
    } else if reached.spool != 0 || reached.restored || known.told != 0 {
        // It has lost its place, or this spool has.
        Some(0)
    } else {
        // The first word ever between the two: what went up before is there.
        None
    };
    match (from, known.open) {
        (Some(from), Some(open)) if open < from => Some(open),
        (None, open) => open,
        (from, _) => from,
    }
}

/// What a session is to do after the server's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Life of the server's records, to be named with each position.
    pub line: u64,
    /// Generation of this spool.
    pub spool: u64,
    /// Whether an earlier spool was lost or damaged.
    pub aside: bool,
}

const fn number(lane: Lane) -> i64 {
    match lane {
        Lane::Emergency => 0,
        Lane::Telemetry => 1,
    }
}

impl Store {
    pub(super) fn reached(
        &mut self,
        now: Mono,
        lane: Lane,
        reached: &Reached,
    ) -> Result<Turn, SpoolError> {
        let spool = self.line()?;
        if reached.spool == spool && reached.through > now.millis() {
            tracing::warn!("the server knows a later time of this spool: its numbers begin anew");
            self.line_anew(0)?;
        }
        let spool = self.marker.spool;
        let lane = number(lane);
        let connection = self.connection()?;
        let aside = connection
            .query_row("SELECT aside FROM line", [], |row| row.get::<_, i64>(0))
            .optional()?;
        let row = connection
            .query_row("SELECT told, first, last FROM span WHERE lane = ?", [lane], |row| {
                Ok((unsigned(row.get(0)?), row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        let (told, begun, last) = row.unwrap_or((0, 0, -1));
        let open = (begun <= last).then_some(unsigned(begun));
        let known = Known { spool, now: now.millis(), told, open };
        let span =
            first(&known, reached).map_or((0, -1), |first| (signed(first), signed(known.now)));
        self.lazy(|t| put(t, lane, signed(told), span))?;
        Ok(Turn { line: reached.line, spool, aside: aside.is_some_and(|aside| aside > 0) })
    }

    pub(super) fn expects(&mut self, lane: Lane) -> Result<bool, SpoolError> {
        let sql = "SELECT count(*) FROM span WHERE lane = ? AND told != 0";
        let count: i64 =
            self.connection()?.prepare_cached(sql)?.query_row([number(lane)], |row| row.get(0))?;
        Ok(count > 0)
    }

    /// All of a span is up again.
    pub(super) fn span_done(&mut self, lane: Lane) -> Result<(), SpoolError> {
        self.lazy(|t| {
            let sql = "UPDATE span SET first = 0, last = -1 WHERE lane = ?";
            t.prepare_cached(sql)?.execute([number(lane)]).map(|_| ())
        })
    }

    /// A position was told to a server whose records have this life.
    pub(super) fn told(&mut self, lane: Lane, line: u64) -> Result<(), SpoolError> {
        self.lazy(|t| {
            let sql = "INSERT INTO span VALUES (?1, ?2, 0, -1)
                       ON CONFLICT DO UPDATE SET told = ?2 WHERE told != ?2";
            t.prepare_cached(sql)?.execute([number(lane), signed(line)]).map(|_| ())
        })
    }

    /// The server has said that the alarm of a home is over.
    pub(super) fn ended(&mut self, now: Mono, home: HomeId) -> Result<(), SpoolError> {
        self.lazy(|t| {
            let home = signed(home.get());
            t.prepare_cached("INSERT INTO ended VALUES (?, ?) ON CONFLICT DO NOTHING")?
                .execute([home, signed(now.millis())])?;
            let sql = "DELETE FROM ended WHERE home = ?1 AND at IN
                       (SELECT at FROM ended WHERE home = ?1 ORDER BY at DESC LIMIT -1 OFFSET ?2)";
            // What stays beyond the bound goes by its age.
            if let Err(error) = tried(t, sql, [home, ENDS_MAX])? {
                leave_out(&error, "ended", home);
            }
            Ok(())
        })
    }
}

fn put(
    t: &Transaction<'_>,
    lane: i64,
    told: i64,
    (first, last): (i64, i64),
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO span VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET first = ?3, last = ?4";
    t.prepare_cached(sql)?.execute(params![lane, told, first, last]).map(|_| ())
}

/// Forgets ends that no frame of the window can have come before.
pub(super) fn forget_ends(t: &Transaction<'_>, before: i64) -> rusqlite::Result<()> {
    let old = Old {
        table: "ended",
        key: &["home", "at"],
        rows: "SELECT home, at FROM ended WHERE at < ?1 ORDER BY home, at LIMIT ?2 OFFSET ?3",
    };
    sweep(t, &old, before, TIDY_ROWS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known = Known { spool: 7, now: 1_000, told: 3, open: None };
    const REACHED: Reached = Reached { line: 3, spool: 7, through: 600, restored: false };

    #[test]
    fn what_was_acknowledged_after_the_position_goes_up_again() {
        assert_eq!(first(&KNOWN, &REACHED), Some(600));
        let restored = Reached { line: 4, restored: true, ..REACHED };
        assert_eq!(first(&KNOWN, &restored), Some(600), "a copy knows what it knew");
    }

    #[test]
    fn a_server_that_has_lost_its_place_is_given_everything() {
        let none = Reached { spool: 0, through: 0, ..REACHED };
        assert_eq!(first(&KNOWN, &none), Some(0), "it knew one once");
        let restored = Reached { restored: true, ..none };
        assert_eq!(first(&Known { told: 0, ..KNOWN }, &restored), Some(0));
    }

    #[test]
    fn two_that_have_never_spoken_of_positions_send_nothing_twice() {
        let none = Reached { spool: 0, through: 0, ..REACHED };
        assert_eq!(first(&Known { told: 0, ..KNOWN }, &none), None);
    }

    #[test]
    fn numbers_that_have_gone_back_mean_everything() {
        let another = Reached { spool: 6, ..REACHED };
        assert_eq!(first(&KNOWN, &another), Some(0), "of another spool");
        let ahead = Reached { through: 1_001, ..REACHED };
        assert_eq!(first(&KNOWN, &ahead), Some(0), "of a time that is still to come");
    }

    #[test]
    fn a_span_that_is_not_through_is_never_made_shorter() {
        let open = Known { open: Some(200), ..KNOWN };
        assert_eq!(first(&open, &REACHED), Some(200));
        let none = Reached { spool: 0, through: 0, ..REACHED };
        assert_eq!(first(&Known { told: 0, ..open }, &none), Some(200));
        assert_eq!(first(&Known { open: Some(800), ..KNOWN }, &REACHED), Some(600));
    }
}
