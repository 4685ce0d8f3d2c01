//! A text that somebody else has chosen, as a line of the log may show it: one line, and short.
//!
//! Not here: the texts of the agreement, which are ids and need no care.

use std::fmt;

/// Characters of it that are shown.
const SHOWN: usize = 80;

/// Shows a foreign text in quotes, without control characters, cut to what fits a line.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.char_indices().nth(SHOWN).map(|(place, _)| place);
        match end.and_then(|end| self.0.get(..end)) {
            Some(head) => write!(f, "{head:?}…"),
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_is_one_short_line_of_the_log() {
        let forged = "a\n2026-01-01T00:00:00Z  INFO all is well\x1b[2J\u{202e}";
        let shown = Shown(forged).to_string();
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown}");
        let long = Shown(&"家".repeat(60_000)).to_string();
        assert_eq!(long.chars().count(), SHOWN + 3);
    }
}
