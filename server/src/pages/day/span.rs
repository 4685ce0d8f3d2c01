//! How far back a chart looks: a day, a week, a month.
//!
//! Not here: what it shows (`day`).

/// A span that people choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    /// 24 hours.
    #[default]
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
}

impl Span {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// As it stands in an address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// Reads an address.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.word() == word)
    }

    /// Its length, ms.
    pub const fn ms(self) -> i64 {
        let hours = match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        };
        hours * 3_600_000
    }

    /// Length of one row of its table, ms.
    pub const fn row_ms(self) -> i64 {
        let hours = match self {
            Self::Day => 1,
            Self::Week => 6,
            Self::Month => 24,
        };
        hours * 3_600_000
    }

    /// Key of its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Day => "home.day",
            Self::Week => "home.week",
            Self::Month => "home.month",
        }
    }

    /// Key of its short name.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Day => "home.span_day",
            Self::Week => "home.span_week",
            Self::Month => "home.span_month",
        }
    }
}
