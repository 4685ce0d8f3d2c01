//! What devices said, made durable in groups, with an answer for each.
//!
//! The ladder on a failing disk: all in one commit; on a full disk the reserve is opened, and until it
//! is back emergencies are kept alone and telemetry is counted as shed; on any other failure the
//! connection is opened again and tried once, then nothing is acknowledged. An entry that is refused by itself keeps no
//! other of its group.
//! Not here: how one becomes a row (`rows`), and how room is made (`room`).

mod rows;

use proto::frame::Lane;
use proto::relay::RelayKind;
use proto::unit::Mono;

use super::store::{Store, is_full};
use super::swept::is_of_row;
use super::{Entry, Fate, SpoolError, room};

use rows::put;

impl Store {
    /// Makes entries durable; one fate each, in order.
    pub(super) fn keep(&mut self, now: Mono, entries: &[Entry<'_>], fates: &mut Vec<Fate>) {
        fates.clear();
        if !self.has_reserve() {
            return self.keep_without_room(now, entries, fates);
        }
        let first = self.put_all(now, entries, fates);
        let Err(error) = first else { return };
        if full(&error) {
            tracing::warn!("spool is full: emergencies use the reserve, telemetry is shed");
            self.release_reserve();
            if let Err(error) = self.checkpoint() {
                tracing::error!(%error, "the log cannot be carried into the spool");
            }
            return self.keep_without_room(now, entries, fates);
        }
        fates.clear();
        self.put_halves(now, entries, fates);
    }

    /// Makes entries durable; one that the store refuses by itself is found, so that it keeps no other of its group.
    fn put_halves(&mut self, now: Mono, entries: &[Entry<'_>], fates: &mut Vec<Fate>) {
        let mut own = Vec::new();
        match self.put_all(now, entries, &mut own) {
            Ok(()) => fates.append(&mut own),
            Err(SpoolError::Store(error)) if is_of_row(&error) && entries.len() > 1 => {
                let (first, rest) = entries.split_at(entries.len() / 2);
                self.put_halves(now, first, fates);
                self.put_halves(now, rest, fates);
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "not stored");
                fates.resize(fates.len() + entries.len(), Fate::Refused);
            }
        }
    }

    fn put_all(
        &mut self,
        now: Mono,
        entries: &[Entry<'_>],
        fates: &mut Vec<Fate>,
    ) -> Result<(), SpoolError> {
        let tight = self.is_tight()?;
        fates.clear();
        self.durable(|transaction| {
            if tight {
                room::make(transaction, entries.len())?;
            }
            entries.iter().try_for_each(|entry| {
                fates.push(put(transaction, now, entry)?);
                Ok(())
            })
        })
    }

    /// Without the reserve in place, all room that is left is for emergencies.
    fn keep_without_room(&mut self, now: Mono, entries: &[Entry<'_>], fates: &mut Vec<Fate>) {
        let emergencies: Vec<Entry<'_>> =
            entries.iter().filter(|entry| entry.lane == Lane::Emergency).copied().collect();
        let rest = entries.len() - emergencies.len();
        let kept = self.put_emergencies(now, &emergencies);
        let counted = if rest == 0 {
            Ok(())
        } else {
            self.pressed(|store| store.durable(|t| room::count_lost(t, rest)))
        };
        let others = match counted {
            Ok(()) => Fate::Shed,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "loss is not counted");
                Fate::Refused
            }
        };
        let mut kept = kept.into_iter();
        fates.clear();
        fates.extend(entries.iter().map(|entry| match entry.lane {
            Lane::Emergency => kept.next().unwrap_or(Fate::Refused),
            Lane::Telemetry => others,
        }));
    }

    fn put_emergencies(&mut self, now: Mono, emergencies: &[Entry<'_>]) -> Vec<Fate> {
        let mut kept = Vec::new();
        if emergencies.is_empty() {
            return kept;
        }
        let put = self.pressed(|store| store.put_all(now, emergencies, &mut kept));
        if let Err(error) = put {
            kept.clear();
            if matches!(&error, SpoolError::Store(error) if is_of_row(error)) {
                self.put_halves(now, emergencies, &mut kept);
            } else {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "emergencies find no room"
                );
                kept.resize(emergencies.len(), Fate::Refused);
            }
        }
        kept
    }

    /// Does work that a second time may find the room that the write-ahead log has held.
    fn pressed(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<(), SpoolError>,
    ) -> Result<(), SpoolError> {
        work(self).or_else(|error| {
            if full(&error) {
                self.checkpoint()?;
            }
            work(self)
        })
    }
}

fn full(error: &SpoolError) -> bool {
    matches!(error, SpoolError::Store(error) if is_full(error))
}

/// Numbers of kinds in rows.
pub(super) const fn kind_number(kind: RelayKind) -> i64 {
    match kind {
        RelayKind::Open => 0,
        RelayKind::Stranger => 1,
        RelayKind::Unreadable => 2,
        RelayKind::Petition => 3,
        RelayKind::Kept => 4,
    }
}
