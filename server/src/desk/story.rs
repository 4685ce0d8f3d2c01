//! The lines of an alert's story: what happened to it, as numbers that stay for ever.
//!
//! Not here: words for people (`locales`), or the rows themselves.

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
}

impl What {
    const ALL: [(Self, i64, &'static str); 13] = [
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
    ];

    /// The stored number.
    pub fn number(self) -> i64 {
        Self::ALL.iter().find(|(what, ..)| *what == self).map_or(11, |(_, number, _)| *number)
    }

    /// Key of its word, from a stored number.
    pub fn word_key(number: i64) -> &'static str {
        Self::ALL.iter().find(|(_, n, _)| *n == number).map_or("what.note", |(_, _, key)| *key)
    }
}
