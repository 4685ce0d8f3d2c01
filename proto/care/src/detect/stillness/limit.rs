//! How long the present stillness may last, and when it will have.
//!
//! The home's own hours say it, within what the setting and the home's rules allow. Not here: how stillness is
//! counted and told.

use proto::unit::{Millis, Mono};

use crate::detect::LocalTime;
use crate::detect::habits::Where;
use crate::detect::stillness::{Stillness, place};
use crate::finding::minutes;
use crate::finding::{Evidence, Seen};
use crate::policy::Rules;

impl Stillness {
    pub(super) fn is_too_long(&self, rules: &Rules, clock: Option<LocalTime>) -> bool {
        self.limit(rules, clock, place(self.leaving)).is_some_and(|limit| self.still >= limit)
    }

    /// How long the present stillness may last; none = as long as it likes.
    pub(super) fn limit(
        &self,
        rules: &Rules,
        clock: Option<LocalTime>,
        place: Where,
    ) -> Option<Millis> {
        let pace = rules.watch.pace();
        let longest = match place {
            Where::Inside => rules.still_max.map(|most| most.min(pace.most[0])),
            Where::Away => rules.still_max.map(|_| pace.most[1]),
        };
        let (Some(least), Some(clock)) = (rules.still_min, clock) else { return longest };
        let usual = self.habits.limit(self.from, place, &clock, pace).max(least);
        Some(longest.map_or(usual, |longest| longest.min(usual)))
    }

    /// What is usual from such an hour, for the card.
    pub(super) fn usual(&self, clock: Option<LocalTime>) -> Option<Evidence> {
        let usual = self.habits.usual(self.from, place(self.leaving), &clock?);
        let value = minutes(usual);
        Some(Evidence { what: Seen::Usual, supports: self.still > usual, at: self.from, value })
    }

    /// When stillness will have lasted too long, if that is within the time that counts as watched.
    pub(crate) fn next_deadline(&self, rules: &Rules, clock: Option<LocalTime>) -> Option<Mono> {
        if self.told {
            return None;
        }
        let limit = self.limit(rules, clock, place(self.leaving))?;
        Some(self.upto.after(limit.less(self.still))).filter(|due| *due <= self.watched)
    }
}
