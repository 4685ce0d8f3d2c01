//! Old rows that SQLite refuses to change or let go: they stay as they are, are told once, and keep no others.
//!
//! A disk that fails, is full or holds damage is no refusal of a row. Not here: what is old (`retain`, `seal`).

use std::hash::{DefaultHasher, Hash, Hasher};

use door::once::{Once, Say};
use rusqlite::{ErrorCode, Transaction};

/// What was said of rows that are refused.
#[derive(Debug, Default)]
pub(super) struct Refused(Once);

impl Refused {
    fn tell(&mut self, error: &rusqlite::Error, what: &'static str, place: impl Hash) {
        let mut hasher = DefaultHasher::new();
        (what, place).hash(&mut hasher);
        if self.0.meet(hasher.finish()) != Say::No {
            tracing::error!(%error, what, "old values are refused and stay as they are");
        }
    }

    /// All of a change or nothing of it; none if a row of it is refused.
    pub(super) fn apart<T>(
        &mut self,
        tx: &Transaction<'_>,
        (what, place): (&'static str, impl Hash),
        change: impl FnOnce() -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, rusqlite::Error> {
        tx.prepare_cached("SAVEPOINT old")?.execute([])?;
        let done = match change() {
            Ok(done) => Some(done),
            Err(error) if is_of_row(&error) => {
                tx.prepare_cached("ROLLBACK TO old")?.execute([])?;
                self.tell(&error, what, place);
                None
            }
            Err(error) => return Err(error),
        };
        tx.prepare_cached("RELEASE old")?.execute([])?;
        Ok(done)
    }

    /// Takes the rows of the log away that nobody needs; one that is refused stays, and all is written beside it.
    pub(super) fn forget_log(
        &mut self,
        tx: &Transaction<'_>,
        low: i64,
    ) -> Result<(), rusqlite::Error> {
        let all = tx.prepare_cached("DELETE FROM log WHERE id < ?1")?.execute([low]);
        match all {
            Err(error) if is_of_row(&error) => {}
            all => return all.map(drop),
        }
        let ids: Vec<i64> = {
            let mut ids = tx.prepare_cached("SELECT id FROM log WHERE id < ?1")?;
            ids.query_map([low], |row| row.get(0))?.collect::<Result<_, _>>()?
        };
        for id in ids {
            match tx.prepare_cached("DELETE FROM log WHERE id = ?1")?.execute([id]) {
                Err(error) if is_of_row(&error) => self.tell(&error, "log", id),
                done => drop(done?),
            }
        }
        Ok(())
    }
}

fn is_of_row(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    matches!(error.sqlite_error_code(), Some(ConstraintViolation | TooBig | TypeMismatch))
}
