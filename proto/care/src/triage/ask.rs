//! The home asks first: what a detector found is a question to the home before it is an operator's alarm.
//!
//! Somebody who moves, gets up or presses has answered; silence until the end of the question raises it. A press
//! and a confirmed fall are never asked about, and a pendant asks its wearer itself. Not here: lamps and voices.

use heapless::Vec;
use minicbor::{Decode, Encode};
use proto::id::DeviceId;
use proto::unit::Mono;

use super::book::{ASKED, CAPPED};
use super::{Triage, Word, is_automatic, rise};
use crate::contract::Output;
use crate::finding::{Evidence, Finding, Kind, Seen, Severity};
use crate::finding::{ago, bare};

/// Most reasons that a question keeps for the alarm that it may become.
const KEPT: usize = 4;

/// One question to the home.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub(crate) struct Question {
    #[n(0)]
    incident: u32,
    #[n(1)]
    asked: Mono,
    #[n(2)]
    until: Mono,
    #[n(3)]
    severity: Severity,
    /// When what was found happened.
    #[n(4)]
    at: Mono,
    #[cbor(n(5), with = "crate::list")]
    evidence: Vec<Evidence, KEPT>,
}

impl super::Book {
    /// The end of the first question.
    pub(super) fn asks_until(&self) -> Option<Mono> {
        self.asks.iter().map(|question| question.until).min()
    }
}

impl Triage<'_> {
    /// Whether the home is asked about this before anybody else.
    pub(super) fn asks(&self, word: &Word<'_>) -> bool {
        is_automatic(word.kind) && self.ask.is_some() && !self.book.asks.is_full()
    }

    /// Asks the home. A second question within the first ends with it.
    pub(super) fn ask(
        &mut self,
        word: &Word<'_>,
        severity: Severity,
        evidence: &[Evidence],
    ) -> u32 {
        let incident = self.book.add(word.kind, word.device, self.now);
        if let Some(open) = self.book.by_number(incident) {
            open.causes |= ASKED | if word.severity == Severity::General { CAPPED } else { 0 };
        }
        let span = self.ask.unwrap_or_default();
        let until = self.book.asks_until().unwrap_or_else(|| self.now.after(span));
        let mut kept = Vec::new();
        for piece in evidence {
            // The first reasons count; what does not fit is context.
            let _ = kept.push(*piece);
        }
        let (asked, at) = (self.now, word.at);
        // `asks` has seen that there is room.
        let _ =
            self.book.asks.push(Question { incident, asked, until, severity, at, evidence: kept });
        let (kind, device) = (word.kind, word.device);
        self.say(Output::Ask { incident, kind, device, until });
        incident
    }

    /// Somebody has done something at `at`: gives what one question was about, if that answers it.
    pub(crate) fn answer(&mut self, at: Mono) -> Option<(Kind, Option<DeviceId>)> {
        if self.is_full() {
            return None;
        }
        let incident = self.book.asks.iter().find(|q| q.asked <= at)?.incident;
        self.answered(incident, at)
    }

    /// The question about this incident is answered: it is over, and nobody is troubled.
    pub(super) fn answered(&mut self, incident: u32, at: Mono) -> Option<(Kind, Option<DeviceId>)> {
        self.book.asks.retain(|question| question.incident != incident);
        let was = self.book.remove(incident)?;
        let mut evidence = bare(Seen::Answered, at);
        evidence.supports = false;
        let (kind, device) = (was.kind, was.device);
        self.say(Output::Answered { incident, kind, device, evidence });
        Some((kind, device))
    }

    /// Questions that nobody answered in time are alarms now.
    pub(super) fn unanswered(&mut self) {
        while !self.is_full()
            && let Some(place) = self.book.asks.iter().position(|q| q.until <= self.now)
        {
            self.raise_unanswered(place);
        }
    }

    fn raise_unanswered(&mut self, place: usize) {
        let question = self.book.asks.remove(place);
        let now = self.now;
        let incident = question.incident;
        let Some(open) = self.book.by_number(incident) else { return };
        open.causes &= !ASKED;
        (open.severity, open.at) = (Some(question.severity), now);
        open.rises = rise::span(question.severity, open).map(|span| now.after(span));
        let (kind, device) = (open.kind, open.device);
        let mut evidence = Vec::new();
        let asked = ago(Seen::NoAnswer, true, question.asked, now);
        for piece in question.evidence.iter().chain([&asked]) {
            // Five pieces at most, and there is room for eight.
            let _ = evidence.push(*piece);
        }
        self.say(Output::Raise(Finding {
            incident,
            opens: true,
            kind,
            severity: question.severity,
            activation: None,
            device,
            at: question.at,
            evidence,
        }));
    }

    /// A press or fall takes over what the home was being asked, with the reasons: no alert of it exists yet.
    pub(super) fn take_over(&mut self, incident: u32) -> Vec<Evidence, KEPT> {
        let known = self.book.asks.iter().position(|question| question.incident == incident);
        known.map(|place| self.book.asks.remove(place).evidence).unwrap_or_default()
    }
}
