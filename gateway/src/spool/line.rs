//! The generation of this spool: what a position at the server counts in.
//!
//! It is drawn when the spool is made, and again when its numbers may have gone back. Not here: positions (`span`).

use rusqlite::OptionalExtension;

use super::SpoolError;
use super::schema::{signed, unsigned};
use super::store::Store;

/// Generations stay below this, so that a column of any database takes them.
const LIMIT: u64 = 1 << 62;

impl Store {
    /// The generation; drawn if there is none yet.
    pub(super) fn line(&mut self) -> Result<u64, SpoolError> {
        let found = self
            .connection()?
            .query_row("SELECT spool FROM line", [], |row| row.get(0))
            .optional()?;
        match found {
            Some(spool) => Ok(unsigned(spool)),
            None => self.draw(0),
        }
    }

    /// Draws a new generation; `aside` is 1 if what the old one held may be lost.
    pub(super) fn line_anew(&mut self, aside: u32) -> Result<(), SpoolError> {
        self.marker.spool = self.draw(aside)?;
        if self.own.is_some() {
            return Ok(());
        }
        // Frames of the old life may be under way that its numbers do not know: the next start is another life.
        let life = u32::try_from(self.marker.spool & u64::from(u32::MAX)).unwrap_or(1);
        self.durable(|t| t.execute("UPDATE own SET life = ?, counter = 0", [life]).map(|_| ()))
    }

    fn draw(&mut self, aside: u32) -> Result<u64, SpoolError> {
        // Without a source of randomness the box does not start either: see `start`.
        let spool = getrandom::u64().unwrap_or(1) % LIMIT;
        let spool = spool.max(1);
        self.durable(|t| {
            let sql = "INSERT INTO line VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE
                       SET spool = ?1, aside = max(aside, ?2)";
            t.execute(sql, [signed(spool), i64::from(aside)]).map(|_| ())
        })?;
        Ok(spool)
    }
}
