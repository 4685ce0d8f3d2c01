//! The heads: of each series, the points that are in the log and not yet in a chunk.
//!
//! A head that is long enough is *due*. So is the head with the oldest point when all heads together,
//! or the log behind them, grow too long: memory and log are bounded however slow a series is.
//! Lengths are staggered, so that series of one rhythm are not all due at once. Pure: no file here.

use std::collections::{HashMap, HashSet, VecDeque};

use proto::id::{DeviceId, HomeId};

use super::Slot;

/// Points that make a chunk worth its head.
const FULL: usize = 360;
/// Most points in all heads: 24 MiB.
const HEADS_MAX: usize = 2 << 20;
/// Most points in the log; about ten bytes each.
const LOG_MAX: usize = 8 << 20;

/// What a series is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) home: HomeId,
    pub(super) device: DeviceId,
    pub(super) quantity: u8,
}

#[derive(Debug, Default)]
struct Head {
    points: Vec<Slot>,
    /// Log row of its oldest point.
    since: i64,
    /// Length at which it is due.
    target: usize,
    queued: bool,
}

/// All heads and the dictionary of series; series are numbered from 1 without holes.
#[derive(Debug, Default)]
pub(super) struct Heads {
    names: HashMap<(HomeId, u8), Vec<(DeviceId, u32)>>,
    heads: Vec<Head>,
    /// Series with their oldest log row, oldest first; entries of sealed heads are skipped.
    order: VecDeque<(u32, i64)>,
    full: VecDeque<u32>,
    log: VecDeque<(i64, usize)>,
    points: usize,
    log_points: usize,
}

impl Heads {
    /// The number of a series.
    pub(super) fn find(&self, name: &Name) -> Option<u32> {
        let devices = self.names.get(&(name.home, name.quantity))?;
        devices.iter().find(|(device, _)| *device == name.device).map(|(_, series)| *series)
    }

    /// The series of one quantity of a home.
    pub(super) fn of_home(&self, home: HomeId, quantity: u8) -> Vec<(DeviceId, u32)> {
        self.names.get(&(home, quantity)).cloned().unwrap_or_default()
    }

    /// How many series there are; the next one gets this number and one.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.heads.len()).unwrap_or(u32::MAX)
    }

    /// Adds the next series.
    pub(super) fn add(&mut self, name: Name) {
        let series = self.len() + 1;
        // The first chunk of a series ends early, each at another length.
        let target = FULL / 4 + (series as usize).wrapping_mul(7919) % FULL;
        self.heads.push(Head { target, ..Head::default() });
        self.names.entry((name.home, name.quantity)).or_default().push((name.device, series));
    }

    /// The points of a head.
    pub(super) fn points(&self, series: u32) -> &[Slot] {
        self.at(series).map_or(&[], |place| &self.heads[place].points)
    }

    /// Takes in a batch that is durable in log row `row`.
    pub(super) fn append(&mut self, row: i64, batch: &[(u32, Slot)]) {
        self.log.push_back((row, batch.len()));
        self.log_points += batch.len();
        for (series, slot) in batch {
            let Some(place) = self.at(*series) else { continue };
            let head = &mut self.heads[place];
            if head.points.is_empty() {
                head.since = row;
                self.order.push_back((*series, row));
            }
            head.points.push(*slot);
            self.points += 1;
            if head.points.len() >= head.target && !head.queued {
                head.queued = true;
                self.full.push_back(*series);
            }
        }
    }

    /// Series to seal with a commit of `arriving` points: enough to keep pace, never all at once.
    pub(super) fn due(&self, arriving: usize) -> Vec<u32> {
        let pace = 4 + arriving / (FULL / 4);
        let mut due: Vec<u32> = self.full.iter().take(pace).copied().collect();
        let sealed = |due: &[u32]| due.iter().map(|s| self.points(*s).len()).sum::<usize>();
        let over = (self.points + arriving).saturating_sub(HEADS_MAX);
        let long = (self.log_points + arriving).saturating_sub(LOG_MAX);
        if over == 0 && long == 0 {
            return due;
        }
        let mut freed = sealed(&due);
        let mut left = pace;
        let chosen: HashSet<u32> = due.iter().copied().collect();
        for (series, since) in &self.order {
            let enough = freed >= over && left == 0;
            if enough || due.len() > 64 * pace {
                break;
            }
            let stale = self
                .at(*series)
                .is_none_or(|p| self.heads[p].since != *since || self.heads[p].points.is_empty());
            if !stale && !chosen.contains(series) {
                freed += self.points(*series).len();
                left = left.saturating_sub(1);
                due.push(*series);
            }
        }
        due
    }

    /// Empties heads whose points are in chunks now.
    pub(super) fn sealed(&mut self, series: &[u32]) {
        for number in series {
            let Some(place) = self.at(*number) else { continue };
            let head = &mut self.heads[place];
            self.points -= head.points.len();
            head.points = Vec::new();
            head.since = 0;
            head.target = FULL;
            if std::mem::take(&mut head.queued) {
                // What is due comes from the front, but for the rare case of a full memory.
                match self.full.front() {
                    Some(first) if first == number => drop(self.full.pop_front()),
                    _ => self.full.retain(|s| s != number),
                }
            }
        }
        while let Some((series, since)) = self.order.front()
            && self
                .at(*series)
                .is_none_or(|p| self.heads[p].since != *since || self.heads[p].points.is_empty())
        {
            self.order.pop_front();
        }
    }

    /// Forgets log rows that no head needs; answers the oldest row that is still needed.
    pub(super) fn low(&mut self, newest: i64) -> i64 {
        let low = self.order.front().map_or(newest, |(_, since)| *since);
        while let Some((row, count)) = self.log.front()
            && *row < low
        {
            self.log_points -= count;
            self.log.pop_front();
        }
        low
    }

    /// How many points are in heads.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.points
    }

    fn at(&self, series: u32) -> Option<usize> {
        let place = (series as usize).checked_sub(1)?;
        (place < self.heads.len()).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(series: u32) -> Heads {
        let mut heads = Heads::default();
        for n in 1..=series {
            heads.add(Name {
                home: HomeId::new(1).unwrap(),
                device: DeviceId::new(u64::from(n)).unwrap(),
                quantity: 0,
            });
        }
        heads
    }

    #[test]
    fn series_of_one_rhythm_are_not_due_at_once() {
        let mut heads = heads(2_000);
        let mut most = 0;
        for row in 0..800i64 {
            let batch: Vec<_> = (1..=2_000).map(|s| (s, Slot::new(row, Ok(1.0)))).collect();
            let due = heads.due(batch.len());
            most = most.max(due.len());
            heads.sealed(&due);
            heads.append(row, &batch);
            heads.low(row);
        }
        assert!(most < 50, "{most} chunks sealed in one commit");
        assert!(heads.waiting() < 2_000 * 2 * FULL, "{} points wait", heads.waiting());
    }

    /// One of 99,999 series, each row's points starting where the last row's ended.
    fn spread(row: i64, n: u32) -> u32 {
        u32::try_from(row * 40_000 + i64::from(n)).unwrap_or(n) % 99_999 + 1
    }

    #[test]
    fn a_slow_series_does_not_hold_the_log_for_ever() {
        let mut heads = heads(100_000);
        heads.append(0, &[(100_000, Slot::new(0, Ok(1.0)))]);
        for row in 1..500i64 {
            let batch: Vec<_> =
                (0..40_000u32).map(|n| (spread(row, n), Slot::new(row, Ok(1.0)))).collect();
            let due = heads.due(batch.len());
            heads.sealed(&due);
            heads.append(row, &batch);
            heads.low(row);
            assert!(heads.log_points <= LOG_MAX + 80_000, "{} in the log", heads.log_points);
            assert!(heads.waiting() <= HEADS_MAX + 80_000, "{} in heads", heads.waiting());
        }
        assert!(heads.points(100_000).is_empty());
    }
}
