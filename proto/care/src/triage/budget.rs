//! The false-alarm budget: a rule that has cried wolf too often in one home starts a step lower for a while.
//!
//! Only what detectors found counts: a press, a pull and a confirmed fall are never counted and never lowered. A
//! true alarm gives the rule its whole voice back, and so does time. Not here: who says that it was nothing.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::unit::Mono;

use crate::alert::Outcome;
use crate::finding::Kind;
use crate::policy::{BUDGET_COUNT, BUDGET_SPAN, DEMOTED_FOR};

/// Most rules of one home that are counted at a time.
const RULES_MAX: usize = 4;
const MINUTE_MS: u64 = 60_000;

/// What one rule has cost lately; times in minutes of the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Spent {
    #[n(0)]
    kind: Kind,
    /// False alarms in a row within the span, each new one at most a span after the first.
    #[n(1)]
    count: u8,
    #[n(2)]
    first: u32,
    #[n(3)]
    last: u32,
}

/// What the rules of one home have cost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Budget {
    #[cbor(n(0), with = "crate::list", default)]
    rules: Vec<Spent, RULES_MAX>,
}

impl Budget {
    /// A person has closed what this rule said.
    pub(super) fn closed(&mut self, kind: Kind, outcome: Outcome, now: Mono) {
        if outcome.is_true_alarm() {
            self.rules.retain(|rule| rule.kind != kind);
        } else if outcome.is_false_finding() {
            self.count(kind, minute(now));
        }
    }

    fn count(&mut self, kind: Kind, now: u32) {
        let new = Spent { kind, count: 0, first: now, last: now };
        let known = self.rules.iter().position(|rule| rule.kind == kind);
        let place = known.unwrap_or_else(|| match self.rules.push(new) {
            Ok(()) => self.rules.len() - 1,
            Err(new) => {
                let oldest = (0..RULES_MAX).min_by_key(|n| self.rules[*n].last).unwrap_or(0);
                self.rules[oldest] = new;
                oldest
            }
        });
        let rule = &mut self.rules[place];
        if u64::from(now.saturating_sub(rule.first)) * MINUTE_MS >= BUDGET_SPAN.get() {
            // Half of the old count stays, so that a rule that is wrong every few days is not forgotten.
            (rule.first, rule.count) = (rule.last, rule.count / 2);
        }
        rule.count = rule.count.saturating_add(1);
        rule.last = now;
    }

    /// How many false alarms lower this rule now; none = it has its whole voice.
    pub(super) fn spent(&self, kind: Kind, now: Mono) -> Option<u8> {
        let rule = self.rules.iter().find(|rule| rule.kind == kind)?;
        let since = u64::from(minute(now).saturating_sub(rule.last)) * MINUTE_MS;
        (rule.count >= BUDGET_COUNT && since < DEMOTED_FOR.get()).then_some(rule.count)
    }
}

fn minute(at: Mono) -> u32 {
    u32::try_from(at.millis() / MINUTE_MS).unwrap_or(u32::MAX)
}
