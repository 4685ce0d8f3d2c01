//! The card of one alert: everything that whoever answers it needs, in one read, and written down.
//!
//! Opening a card is a look at a person's data: it leaves an access row with who and why. What is not
//! recorded is a missing value here and a word on the page, never a guess.
//! Not here: how it is drawn (`pages::card`), or how a resident is entered (`provision`).

use serde_json::{Value, json};

use crate::app::App;
use crate::auth::Staff;
use crate::desk::story::{self, What};
use crate::desk::view::{self, AlertView, kind_of, kind_word, trust_word};
use crate::desk::{DeskError, queue};
use crate::records::desk::{self, ActivationRow, DeskRow};
use crate::records::resident::{self, Contact, Resident};
use crate::records::story::{self as rows, ActionRow, TimelineRow};
use crate::records::{home, staff};

/// Earlier alerts on a card.
const PAST: i64 = 5;
/// Looks by one person at one home within this are one look, ms.
const SAME_LOOK_MS: i64 = 10 * 60 * 1000;

/// Everything about one alert.
#[derive(Debug, Clone)]
pub struct Card {
    /// The alert.
    pub view: AlertView,
    /// Its row.
    pub row: DeskRow,
    /// Its newest presses and falls.
    pub activations: Vec<ActivationRow>,
    /// Its story.
    pub timeline: Vec<TimelineRow>,
    /// What was done.
    pub actions: Vec<ActionRow>,
    /// Where it is, in full.
    pub address: String,
    /// Who lives there.
    pub resident: Option<Resident>,
    /// Whom to call, in order.
    pub contacts: Vec<Contact>,
    /// Earlier alerts of this home, newest first.
    pub past: Vec<DeskRow>,
    /// Open faults of this home.
    pub faults: Vec<AlertView>,
}

/// Reads a card and writes down that `staff` looked.
pub async fn open(app: &App, id: &str, me: &Staff) -> Result<Card, DeskError> {
    let mut c = app.records.reader().await?;
    let row = desk::find(&mut c, id).await?.ok_or(DeskError::Unknown)?;
    let view = queue::views(app, &mut c, std::slice::from_ref(&row)).await?.pop();
    let mut past = desk::of_home(&mut c, row.home, 50).await?;
    let open: Vec<DeskRow> =
        past.iter().filter(|r| r.state < 3 && r.severity == 0 && r.id != row.id).cloned().collect();
    let faults = queue::views(app, &mut c, &open).await?;
    past.retain(|r| r.id != row.id && r.state == 3);
    past.truncate(usize::try_from(PAST).unwrap_or(5));
    let card = Card {
        view: view.ok_or(DeskError::Unknown)?,
        activations: desk::activations(&mut c, id, story::PRESSES).await?,
        timeline: story::shown(rows::timeline(&mut c, id, What::Again.number()).await?),
        actions: story::brief(rows::actions(&mut c, id, story::ACTIONS).await?),
        address: home::address(&mut c, row.home).await?.unwrap_or_default(),
        resident: resident::of_home(&mut c, row.home).await?,
        contacts: resident::contacts(&mut c, row.home).await?,
        past,
        faults,
        row,
    };
    drop(c);
    looked(app, me, card.row.home, "alert").await?;
    Ok(card)
}

/// Writes down a look at a home, once in ten minutes and person.
pub async fn looked(app: &App, me: &Staff, home: i64, why: &str) -> Result<(), sqlx::Error> {
    let wall = app.clock.now().wall_ms;
    let before = staff::looks(&mut *app.records.reader().await?, home, 20).await?;
    let again = before.iter().any(|look| {
        // One that seems to come is of a clock that was set back since: it hides no look.
        let lately = (0..SAME_LOOK_MS).contains(&(wall - look.wall));
        look.display == me.display && look.why == why && lately
    });
    if again {
        return Ok(());
    }
    let mut writer = app.records.begin().await?;
    let id = uuid::Uuid::now_v7().to_string();
    staff::looked(&mut writer, &id, &me.id, home, why, wall).await?;
    writer.commit().await
}

impl Card {
    /// The card as the API answers it: the view and what belongs to it.
    pub fn json(&self) -> Value {
        let mut out = serde_json::to_value(&self.view).unwrap_or_default();
        let more = json!({
            "activations": self.activations.iter().map(|a| self.activation(a)).collect::<Vec<_>>(),
            "timeline": self.timeline.iter().map(|l| json!({
                "wall_ms": l.wall, "what": What::word_key(l.what).trim_start_matches("what."),
                "who": l.who, "detail": l.detail, "count": l.count, "until_ms": l.until,
            })).collect::<Vec<_>>(),
            "actions": self.actions.iter().map(|a| json!({
                "staff": a.staff, "kind": a.kind, "result": a.result, "text": a.text,
                "wall_ms": a.wall,
            })).collect::<Vec<_>>(),
            "address": self.address,
            "resident": self.resident,
            "contacts": self.contacts,
        });
        if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
            out.extend(more);
        }
        out
    }

    fn activation(&self, row: &ActivationRow) -> Value {
        let id = view::activation(row);
        let after = row.pressed_mono.map(|at| at - self.row.raised_mono);
        json!({
            "device": id.device, "boot": id.boot, "seq": id.seq,
            "kind": kind_word(kind_of(row.kind)),
            "pressed_ms": after.map(|after| self.row.raised_wall + after),
            "received_ms": row.received_wall, "late": row.late,
            "trust": trust_word(row.trust),
            "rung": match row.rung { 3 => "seen", 2 => "received", _ => "stored" },
        })
    }
}
