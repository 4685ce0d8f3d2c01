//! The card of one alert: everything that whoever answers it needs, in one read, and written down.
//!
//! Whose it is and where is what it was when the alert was raised. Opening a card is a look at a person's data: it is
//! written down with who and why. What is not recorded is a missing value here and a word on the page, never a guess.
//! Not here: how it is drawn (`pages::card`), what of it somebody may read (`rights`).

use proto::down::Rung;
use serde_json::{Value, json};

use crate::alert::story::{self, What};
use crate::auth::Staff;
use crate::auth::role::Role;
use crate::desk::rights::{self, Rights};
use crate::desk::{Desk, DeskError};
use crate::live::read;
use crate::live::view::{self, AlertView};
use records::column::stored;
use records::contact::Listed;
use records::desk::{self, ActivationRow, AlertState, DeskRow};
use records::refusal::{is_of_row, leave_out};
use records::resident::Resident;
use records::story::{self as rows, ActionRow, TimelineRow};
use records::whose::{self, Whose};

/// Earlier alerts on a card.
const PAST: i64 = 5;

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
    /// How many presses, actions and lines of its story there are in all.
    pub of: ((i64, i64), usize),
    /// Whose it is and where, as it was when it was raised.
    pub whose: Whose,
    /// Whether that has been edited since.
    pub edited: bool,
    /// What of it may be read now.
    pub rights: Rights,
    /// Earlier alerts of the people whose it is, newest first.
    pub past: Vec<DeskRow>,
    /// Open faults of this home.
    pub faults: Vec<AlertView>,
}

/// Reads a card and writes down that `staff` looked.
pub async fn open(room: &Desk, id: &str, me: &Staff) -> Result<Card, DeskError> {
    let seen = (&*room.names, room.clock.now().mono);
    let mut c = room.records.reader().await?;
    let row = desk::find(&mut c, id).await?.ok_or(DeskError::Unknown)?;
    let view = read::views(seen, &mut c, std::slice::from_ref(&row)).await?.pop();
    let mut past = desk::of_home(&mut c, row.home, 50).await?;
    let mut open: Vec<DeskRow> = Vec::new();
    for other in rows::open_faults(&mut c, row.home).await?.iter().filter(|other| **other != row.id)
    {
        // One that cannot be read is left out: it is none of whoever calls now.
        match desk::find(&mut c, other).await {
            Err(error) if is_of_row(&error) => leave_out(&error, "a fault on a card", other),
            found => open.extend(found?),
        }
    }
    let faults = read::views(seen, &mut c, &open).await?;
    let whose = whose::of_alert(&mut c, id, (row.home, row.raised_wall)).await?;
    let now = whose::now(&mut c, row.home).await?;
    // What happened here before they came is not theirs.
    let since = whose.persons.iter().map(|person| person.since_ms).min().unwrap_or_default();
    past.retain(|r| r.id != row.id && r.state == AlertState::Closed && r.raised_wall >= since);
    past.truncate(usize::try_from(PAST).unwrap_or(5));
    let rights = rights::of_alert(room, &mut c, me, &row).await?;
    let lines = rows::timeline(&mut c, id, What::Again.number()).await?;
    let of = (rows::counts(&mut c, id).await?, lines.len());
    let card = Card {
        view: view.ok_or(DeskError::Unknown)?,
        activations: desk::activations(&mut c, id, story::PRESSES).await?,
        timeline: story::shown(lines),
        actions: story::brief(rows::actions(&mut c, id, story::ACTIONS).await?),
        edited: now.is_some_and(|now| now != whose && whose.left_ms.is_none()),
        whose,
        rights,
        past,
        faults,
        of,
        row,
    };
    drop(c);
    let mut look = card.rights.look(me, card.row.home, "card");
    if look.why.is_empty() {
        // A screen shows the first card by itself: that is nobody's answer.
        let why = if me.role == Role::Program { "program" } else { "screen" };
        (look.why, look.detail) = (why, card.row.id.clone());
    }
    rights::looked(room, &look).await?;
    Ok(card)
}

impl Card {
    /// Who has lived there longest, as far as it may be read.
    pub fn resident(&self) -> Option<Resident> {
        self.residents().into_iter().next()
    }

    /// Who lives there, as far as it may be read.
    pub fn residents(&self) -> Vec<Resident> {
        let all = self.whose.persons.iter();
        all.map(|person| {
            let who = Resident { entry: self.whose.entry.clone(), ..person.who.clone() };
            self.rights.of_person(&who)
        })
        .collect()
    }

    /// Whom to call, in order, with telephones as far as they may be read.
    pub fn contacts(&self) -> Vec<Listed> {
        let all = self.whose.persons.iter().flat_map(|person| person.contacts.iter().cloned());
        all.map(|mut listed| {
            listed.contact.phone = self.rights.phone(&listed.contact.phone);
            listed
        })
        .collect()
    }

    /// How to get in, if it may be read.
    pub fn entry(&self) -> Option<&str> {
        self.rights.entry().then_some(self.whose.entry.as_str())
    }

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
            "left_out": self.left_out(),
            "address": self.whose.address,
            "last_place": self.whose.left_ms.is_some(),
            "edited": self.edited,
            "resident": self.resident(),
            "residents": self.residents(),
            "contacts": self.contacts(),
            "guarded": { "entry": !self.rights.entry(), "health": !self.rights.health() },
        });
        if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
            out.extend(more);
        }
        out
    }

    /// How many of each list are kept and not in this answer.
    fn left_out(&self) -> Value {
        let ((pressed, acted), lines) = self.of;
        let rest = |all: i64, listed: usize| all - i64::try_from(listed).unwrap_or(all);
        json!({
            "activations": rest(pressed, self.activations.len()),
            "actions": rest(acted, self.actions.len()),
            "timeline": lines - self.timeline.len(),
        })
    }

    fn activation(&self, row: &ActivationRow) -> Value {
        let id = view::activation(row);
        let after = row.pressed_mono.map(|at| stored(at) - stored(self.row.raised_mono));
        json!({
            "device": id.device, "boot": id.boot, "seq": id.seq,
            "kind": row.kind.word(),
            "pressed_ms": after.map(|after| self.row.raised_wall + after),
            "received_ms": row.received_wall, "late": row.late,
            "trust": row.trust.word(),
            "rung": row.rung.unwrap_or(Rung::Stored).word(),
        })
    }
}
