//! What the last step of an alert has come to, as a number that stays, and the line of a receipt.
//!
//! "Told" is said only with a receipt. Not here: whom a step has (`escalation::told`), calls (`notify`).

use care::alert::Step;
use records::Writer;

use crate::alert::story::What;
use crate::clock::Now;
use records::column::stored;
use records::event::{self, Event};
use records::notify::OutboxRow;
use records::told as rows;
use records::told::Told;

/// Why the outside is told that nobody has an alert.
const UNCLAIMED: &str = "unclaimed";

/// A receiver has confirmed a notice, or it was given up with a reason; in the transaction that says so. Whether that
/// changed what screens show.
pub async fn ended(
    c: &mut Writer,
    row: &OutboxRow,
    why: Option<&str>,
    now: Now,
) -> Result<bool, records::Error> {
    if row.reason != UNCLAIMED {
        return Ok(false);
    }
    let who = format!("{}:{}", Step::External.number(), row.channel);
    let (what, detail, told) = match why {
        None => (What::Told, who, Told::Confirmed),
        Some(why) => (What::Untold, format!("{who} {why}"), Told::Failed),
    };
    let at = (now.wall_ms, stored(now.mono));
    rows::line(c, &row.alert, at, (what.number(), detail.as_str())).await?;
    if why.is_none() {
        event::tell(c, &row.alert, (Event::Told, None), now.wall_ms).await?;
    }
    rows::change(c, &row.alert, (told, now.wall_ms)).await
}
