//! Topic aliases of one connection with a program of the household: a number for a topic that comes often.
//!
//! The program gives its own up to what CONNACK offers. What goes to it gets them as they come, up to what it takes
//! and never more than the same; a number that is given stays with its topic. Not here: properties (`property`).

use std::collections::BTreeMap;

use super::Fault;

/// Topic aliases of one direction.
pub(super) const ALIAS_MAX: u16 = 16;
/// Longest topic that is remembered for a program, so that 64 of them stay small.
const TOPIC_MAX: usize = 1_024;

/// The aliases of both directions.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    /// Topics by the numbers that the program has given them.
    given: BTreeMap<u16, String>,
    /// How many the program takes.
    takes: u16,
    /// Numbers of the topics that it was told.
    told: BTreeMap<String, u16>,
}

impl Aliases {
    /// Of a program that takes so many.
    pub(super) fn new(takes: u16) -> Self {
        Self { takes: takes.min(ALIAS_MAX), ..Self::default() }
    }

    /// The topic that the program means.
    pub(super) fn meant(&mut self, topic: String, alias: Option<u16>) -> Result<String, Fault> {
        let Some(alias) = alias else { return Ok(topic) };
        if !(1..=ALIAS_MAX).contains(&alias) {
            return Err(Fault::TopicAlias);
        }
        if topic.is_empty() {
            return self.given.get(&alias).cloned().ok_or(Fault::Protocol);
        }
        self.given.insert(alias, topic.clone());
        Ok(topic)
    }

    /// How a topic is spelled to the program, and its number if it has one: none of both is written twice.
    pub(super) fn spell<'a>(&mut self, topic: &'a str) -> (&'a str, Option<u16>) {
        if let Some(alias) = self.told.get(topic) {
            return ("", Some(*alias));
        }
        let next = u16::try_from(self.told.len() + 1).unwrap_or(u16::MAX);
        if next > self.takes || topic.len() > TOPIC_MAX {
            return (topic, None);
        }
        self.told.insert(topic.to_owned(), next);
        (topic, Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_spelled_once_and_no_more_numbers_are_given_than_are_taken() {
        let mut aliases = Aliases::new(2);
        assert_eq!(aliases.spell("a"), ("a", Some(1)));
        assert_eq!(aliases.spell("b"), ("b", Some(2)));
        assert_eq!(aliases.spell("c"), ("c", None));
        assert_eq!((aliases.spell("a"), aliases.spell("b")), (("", Some(1)), ("", Some(2))));
        assert_eq!(Aliases::default().spell("a"), ("a", None), "who takes none gets none");
        let mut many = Aliases::new(u16::MAX);
        let last = (0..100).filter_map(|n| many.spell(&n.to_string()).1).max();
        assert_eq!(last, Some(ALIAS_MAX), "and they are bounded");
    }

    #[test]
    fn a_number_that_was_never_given_means_nothing() {
        let mut aliases = Aliases::default();
        assert_eq!(aliases.meant(String::new(), Some(1)), Err(Fault::Protocol));
        for beyond in [0, ALIAS_MAX + 1] {
            assert_eq!(aliases.meant("a".to_owned(), Some(beyond)), Err(Fault::TopicAlias));
        }
        assert_eq!(aliases.meant("a".to_owned(), Some(1)).as_deref(), Ok("a"));
        assert_eq!(aliases.meant(String::new(), Some(1)).as_deref(), Ok("a"));
    }
}
