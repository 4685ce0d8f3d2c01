//! What an owner does about an alert: calls, people sent, notes, suspension, the end.
//!
//! Kinds and results are closed lists of words, so that reports can count them; what a person types
//! is kept beside them, never instead. Not here: who may do it (`care::alert::hand`).

use care::alert::{Hand, Outcome};
use proto::down::Rung;
use proto::id::HomeId;
use proto::unit::Millis;

use crate::alert::story::What;
use crate::command::Command;
use crate::desk::change::{Trace, change};
use crate::desk::{Desk, DeskError};
use records::column::device_of;
use records::open;
use records::story::ActionRow;

const CALLS: [&str; 4] = ["connected", "no_answer", "busy", "wrong_number"];
const SENT: [&str; 4] = ["station", "neighbour", "security", "family"];

/// One action, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    kind: &'static str,
    result: Option<&'static str>,
    text: Option<String>,
}

impl Action {
    /// Checks kind, result and text against each other; none when they do not fit.
    pub fn new(kind: &str, result: Option<&str>, text: Option<String>) -> Option<Self> {
        let (kind, results): (&'static str, &[&'static str]) = match kind {
            "call_resident" => ("call_resident", &CALLS),
            "call_120" => ("call_120", &CALLS),
            "call_family" => ("call_family", &CALLS),
            "send" => ("send", &SENT),
            "note" => ("note", &[]),
            _ => return None,
        };
        let result = match result {
            None => None,
            Some(word) => Some(*results.iter().find(|known| **known == word)?),
        };
        let text = text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        (kind != "note" || text.is_some()).then_some(Self { kind, result, text })
    }
}

/// Records an action of the owner.
pub async fn act(
    room: &Desk,
    id: &str,
    hand: &Hand<String>,
    action: Action,
) -> Result<(), DeskError> {
    let row = ActionRow {
        staff: hand.who.clone(),
        kind: action.kind.to_owned(),
        result: action.result.map(str::to_owned),
        text: action.text,
        wall: room.clock.now().wall_ms,
    };
    let trace = Trace {
        what: Some(What::Action),
        who: Some(hand.who.clone()),
        detail: Some(match action.result {
            Some(result) => format!("{}:{result}", action.kind),
            None => action.kind.to_owned(),
        }),
        action: Some(row),
        ..Trace::default()
    };
    change(room, id, trace, |life, now| life.act(now, hand)).await.map(drop)
}

/// Puts an alert aside for minutes, with a reason.
pub async fn suspend(
    room: &Desk,
    id: &str,
    hand: &Hand<String>,
    (reason, minutes): (String, u64),
) -> Result<(), DeskError> {
    let trace = Trace {
        what: Some(What::Suspended),
        who: Some(hand.who.clone()),
        detail: Some(reason),
        ..Trace::default()
    };
    let span = Millis::minutes(minutes.min(1_000));
    change(room, id, trace, |life, now| life.suspend(now, hand, span)).await.map(drop)
}

/// Ends an alert with an outcome: its owner by fence, or a supervisor by right.
pub async fn close(
    room: &Desk,
    id: &str,
    hand: &Hand<String>,
    (outcome, text): (Outcome, Option<String>),
) -> Result<(), DeskError> {
    let text = text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let trace = Trace {
        what: Some(What::Closed),
        who: Some(hand.who.clone()),
        detail: Some(outcome.code().to_string()),
        note: text.clone(),
        // Its author was shown all of it; whoever waits hears that before the alarm is over.
        rung: Some(Rung::Seen),
        ..Trace::default()
    };
    let done =
        change(room, id, trace, |life, now| life.close(now, hand, outcome, text.is_some())).await?;
    room.receipts.climbed(&done.risen, Rung::Seen);
    room.closed(id, outcome).await;
    Ok(())
}

impl Desk {
    /// A person has ended an alert so: the judgement hears it, and the home's sounder if nothing else is open.
    async fn closed(&self, alert: &str, outcome: Outcome) {
        let found = async {
            let mut reader = self.records.reader().await?;
            let Some((home, incident, device)) = open::incident_of(&mut reader, alert).await?
            else {
                return Ok(());
            };
            let rings = !open::alarmed(&mut reader, &[home]).await?.is_empty();
            drop(reader);
            let outcome = Some(outcome);
            self.commands.tell(Command::Closed { home, incident, outcome }).await;
            if let Some(home) = HomeId::new(home.unsigned_abs()).filter(|_| !rings)
                && let Some(device) = device.and_then(device_of)
            {
                self.receipts.alarm(home, device, false);
            }
            Ok::<_, records::Error>(())
        };
        if let Err(error) = found.await {
            // The next signal of that home finds the alert closed and opens a new one.
            tracing::error!(error = %error, alert, "the judgement was not told of a close");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_are_actions() {
        for (kind, result, text, fine) in [
            ("call_resident", Some("connected"), None, true),
            ("call_resident", Some("station"), None, false),
            ("send", Some("station"), None, true),
            ("call_120", None, None, true),
            ("note", None, None, false),
            ("note", None, Some("  "), false),
            ("note", None, Some("门开着"), true),
            ("burn", None, None, false),
        ] {
            let text = text.map(str::to_owned);
            assert_eq!(Action::new(kind, result, text).is_some(), fine, "{kind} {result:?}");
        }
    }
}
