//! The lines of an alert's story: what happened to it, as numbers that stay for ever, and which of them a card has.
//!
//! What people did stands in every card, however often the home has called and however long it lasts; signals
//! between two deeds are one line with their number, and what machines wrote gives way first. A card has a
//! bounded size. Not here: words for people (`locales`), or the rows themselves.

use records::story::{ActionRow, TimelineRow};

/// Lines of a story that a card has.
const LINES: usize = 150;
/// Actions that a card lists.
pub(crate) const ACTIONS: i64 = 120;
/// Presses that a card lists.
pub const PRESSES: i64 = 64;
/// Bytes of what people wrote, in lines and in actions of one card; older texts are shortened beyond that.
const WORDS: (usize, usize) = (10_000, 30_000);
/// Characters that are left of a text that is shortened.
const SHORT: usize = 24;

/// What a line of the timeline tells; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The first signal.
    Raised,
    /// Another signal.
    Again,
    /// A screen has painted it.
    Visible,
    /// Somebody took it.
    Claimed,
    /// Its holder went silent.
    Lapsed,
    /// Put aside.
    Suspended,
    /// Its suspension is over.
    Resumed,
    /// Something was done; the detail says what.
    Action,
    /// Ended.
    Closed,
    /// A ladder step was taken; the detail says which.
    Step,
    /// The condition has passed.
    Eased,
    /// A remark.
    Note,
    /// It is graver or less grave by what time has done; the detail says how grave.
    Graded,
    /// A supervisor took it; the detail says from whom, if somebody had it.
    Taken,
    /// A step of the ladder had nobody to tell; the detail says which.
    Nobody,
    /// Whom a step is for is on duty; the detail says who.
    OnDuty,
    /// A step has sent word, and no receipt has come yet.
    Sent,
    /// A receipt has come.
    Told,
    /// No receipt will come; the detail says why.
    Untold,
}

impl What {
    const ALL: [(Self, i64, &'static str); 19] = [
        (Self::Raised, 0, "what.raised"),
        (Self::Again, 1, "what.again"),
        (Self::Visible, 2, "what.visible"),
        (Self::Claimed, 3, "what.claimed"),
        (Self::Lapsed, 4, "what.lapsed"),
        (Self::Suspended, 5, "what.suspended"),
        (Self::Resumed, 6, "what.resumed"),
        (Self::Action, 7, "what.action"),
        (Self::Closed, 8, "what.closed"),
        (Self::Step, 9, "what.step"),
        (Self::Eased, 10, "what.eased"),
        (Self::Note, 11, "what.note"),
        (Self::Graded, 12, "what.graded"),
        (Self::Taken, 13, "what.taken"),
        (Self::Nobody, 40, "what.nobody"),
        (Self::OnDuty, 41, "what.on_duty"),
        (Self::Sent, 42, "what.sent"),
        (Self::Told, 43, "what.told"),
        (Self::Untold, 44, "what.untold"),
    ];

    /// The stored number.
    pub fn number(self) -> i64 {
        Self::ALL.iter().find(|(what, ..)| *what == self).map_or(11, |(_, number, _)| *number)
    }

    /// Key of its word, from a stored number.
    pub fn word_key(number: i64) -> &'static str {
        Self::ALL.iter().find(|(_, n, _)| *n == number).map_or("what.note", |(_, _, key)| *key)
    }

    /// Whether people did it, or it says in whose hands the alert is.
    const fn is_deed(self) -> bool {
        match self {
            Self::Raised
            | Self::Claimed
            | Self::Lapsed
            | Self::Suspended
            | Self::Resumed
            | Self::Action
            | Self::Closed
            | Self::Taken => true,
            Self::Again
            | Self::Visible
            | Self::Step
            | Self::Eased
            | Self::Note
            | Self::Graded
            | Self::Nobody
            | Self::OnDuty
            | Self::Sent
            | Self::Told
            | Self::Untold => false,
        }
    }

    fn of(number: i64) -> Self {
        Self::ALL.iter().find(|(_, n, _)| *n == number).map_or(Self::Note, |(what, ..)| *what)
    }
}

/// The lines of a card, in their order: all deeds that have room, then the newest of what else is told.
pub fn shown(mut lines: Vec<TimelineRow>) -> Vec<TimelineRow> {
    let kept = pick(&lines, LINES);
    let mut place = 0..;
    lines.retain(|_| place.next().is_some_and(|n| kept.contains(&n)));
    shorten(lines.iter_mut().rev().map(|line| &mut line.detail), WORDS.0);
    lines
}

/// A few lines for a screen, in their order: the last word of the home, and deeds before all else.
pub fn few(lines: &[TimelineRow], most: usize) -> Vec<&TimelineRow> {
    pick(lines, most).into_iter().filter_map(|n| lines.get(n)).collect()
}

/// Actions of a card; of older ones only the beginning of what was written.
pub(crate) fn brief(mut actions: Vec<ActionRow>) -> Vec<ActionRow> {
    shorten(actions.iter_mut().rev().map(|action| &mut action.text), WORDS.1);
    actions
}

/// Which lines are shown, as their numbers in order.
fn pick(lines: &[TimelineRow], most: usize) -> Vec<usize> {
    let deed = |n: &usize| lines.get(*n).is_some_and(|line| What::of(line.what).is_deed());
    let newest = |n: &usize| lines.get(*n).is_some_and(|line| What::of(line.what) == What::Again);
    let (deeds, others): (Vec<usize>, Vec<usize>) = (0..lines.len()).rev().partition(deed);
    let call = others.iter().copied().find(newest);
    let rest = others.iter().copied().filter(|n| Some(*n) != call);
    let mut kept: Vec<usize> = call.into_iter().chain(deeds).chain(rest).take(most).collect();
    kept.sort_unstable();
    kept
}

/// Shortens texts, the newest first in `texts`, once so many bytes of them have passed.
fn shorten<'a>(texts: impl Iterator<Item = &'a mut Option<String>>, bytes: usize) {
    let mut passed = 0;
    for text in texts.filter_map(Option::as_mut) {
        // As it is sent: a control character is six bytes there.
        passed += serde_json::to_string(text).map_or(text.len(), |sent| sent.len());
        if passed > bytes && text.chars().count() > SHORT {
            *text = text.chars().take(SHORT).chain(['…']).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use What::{Action, Again, Claimed, Note, Raised, Step, Suspended, Visible};

    use super::*;

    fn line(what: What) -> TimelineRow {
        TimelineRow::of(what.number(), 0, 0)
    }

    fn words(lines: &[&TimelineRow]) -> Vec<What> {
        lines.iter().map(|line| What::of(line.what)).collect()
    }

    #[test]
    fn deeds_and_the_last_call_stand_when_room_is_short() {
        let all = [Raised, Claimed, Action, Visible, Step, Again, Step, Note].map(line);
        assert_eq!(words(&few(&all, 5)), [Raised, Claimed, Action, Again, Note]);
        assert_eq!(words(&few(&all, 6)), [Raised, Claimed, Action, Again, Step, Note]);
        assert_eq!(words(&few(&all, 3)), [Claimed, Action, Again]);
        assert_eq!(few(&all, 100).len(), all.len());
    }

    #[test]
    fn a_story_of_a_long_day_and_of_long_texts_has_a_bounded_size() {
        let long = Some("长".repeat(2_000));
        let mut all = vec![line(Claimed)];
        all.extend((0..5_000).map(|_| line(Step)));
        all.extend((0..80).map(|_| TimelineRow { detail: long.clone(), ..line(Suspended) }));
        let shown = shown(all);
        assert_eq!(shown.len(), LINES);
        assert_eq!(What::of(shown[0].what), Claimed);
        let bytes: usize = shown.iter().filter_map(|line| Some(line.detail.as_ref()?.len())).sum();
        assert!(bytes < 20_000, "{bytes}");
        assert_eq!(shown[LINES - 1].detail, long, "the newest is whole");
    }
}
