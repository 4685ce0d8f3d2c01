//! Alerts of the past as rows: raised by the server's own rules for rows, then worked by one operator, and ended.
//!
//! No ladder climbs for them and nobody was told. Not here: what was found (`judged`).

use care::{Output, Trust};
use centre::alert::life::stored;
use centre::alert::story::What;
use centre::clock::Now;
use centre::ingest::judge::{Cause, Place, Sheet};
use proto::unit::Mono;
use records::Writer;
use records::chain;
use records::desk;
use records::story::{self, TimelineRow};

use super::Span;
use super::judged::{Ended, Judged};
use crate::trouble::{Outcome, Trouble};

/// From the finding until somebody has it, ms.
const ANSWERED_MS: u64 = 11_000;

impl Span {
    fn at(self, at: Mono) -> Now {
        Now { mono: at, wall_ms: stored(at) + self.wall }
    }
}

/// Writes the alerts of a home; gives how many.
pub async fn put(
    writer: &mut Writer,
    home: i64,
    judged: &Judged,
    (span, staff): (Span, &str),
) -> Outcome<usize> {
    let mut sheet = Sheet::default();
    for (at, output) in &judged.said {
        // A question that the end of the past has cut off is asked again by the judgement.
        if !matches!(output, Output::Ask { .. } | Output::Answered { .. }) {
            sheet.put(span.at(*at), home, output, &cause(*at));
        }
    }
    sheet.batch.ladder.clear();
    sheet.batch.answers.clear();
    let wall = span.at(span.to).wall_ms;
    chain::write(writer, &mut sheet.batch, wall).await?;
    for ended in &judged.incidents {
        let Some(Place::New(n)) = sheet.place(home, ended.incident) else { continue };
        let Some(alert) = sheet.batch.alerts.get(*n) else { continue };
        end(writer, &alert.id, ended, (span, staff)).await?;
    }
    Ok(sheet.batch.alerts.len())
}

fn cause(at: Mono) -> Cause<'static> {
    let trust = Trust::Verified;
    Cause { press: None, trust, hash: &[], stored: at, late: false, gateway: None, uptime: None }
}

async fn end(writer: &mut Writer, id: &str, ended: &Ended, (span, staff): (Span, &str)) -> Outcome {
    let (raised, over) = (ended.at.0, span.at(ended.at.1));
    let taken = Mono::from_millis(raised.millis() + ANSWERED_MS).min(ended.at.1);
    let taken = span.at(taken);
    desk::visible(writer, id, (stored(raised), span.at(raised).wall_ms)).await?;
    let row = desk::find(writer, id).await?.ok_or_else(|| Trouble::new("an alert is not there"))?;
    let was = (row.fence, row.state);
    let code = ended.outcome.code();
    let row = desk::DeskRow {
        state: desk::AlertState::Closed,
        fence: row.fence + 1,
        claimed_wall: Some(taken.wall_ms),
        outcome: Some(ended.outcome),
        closed_wall: Some(over.wall_ms),
        closed_by: Some(staff.to_owned()),
        begun: true,
        ..row
    };
    desk::save(writer, &row, was, over.wall_ms).await?;
    for (at, what, detail) in
        [(taken, What::Claimed, None), (over, What::Closed, Some(code.to_string()))]
    {
        let (wall, mono, what) = (at.wall_ms, stored(at.mono), what.number());
        let (who, until) = (Some(staff.to_owned()), wall);
        let line = TimelineRow { wall, mono, what, who, detail, count: 1, until };
        story::tell(writer, id, &line).await?;
    }
    Ok(())
}
