//! Rows of the events of alerts, from the transaction that causes one until each receiver has confirmed it or it is lost.
//!
//! Without a receiver nothing is written. Of one home a receiver is told one event at a time, in their order. What is
//! lost is counted here and told. Not here: how an event travels (`notify::events`).

mod lost;

use care::{Kind, Severity};
use sqlx::any::AnyRow;
use sqlx::{Error, Row, query};

pub use self::lost::{lose, lose_unread};
use super::refusal::{fetch, pick, readable};
use crate::Link;

use crate::clock::row_name;
use crate::column::{kind, severity};

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was raised.
    Raised,
    /// Whoever the last step of the ladder tells outside has confirmed it.
    Told,
    /// Somebody has it.
    Claimed,
    /// It is over.
    Closed,
}

impl Event {
    /// All of them, in the order of an alert's life.
    pub const ALL: [Self; 4] = [Self::Raised, Self::Told, Self::Claimed, Self::Closed];

    /// The word that receivers read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Told => "told",
            Self::Claimed => "claimed",
            Self::Closed => "closed",
        }
    }
}

/// One event on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Id of this event for this receiver; the same on each try.
    pub id: String,
    /// Home number; 0 for what belongs to no home.
    pub home: i64,
    /// The how-manieth event of its home it is.
    pub n: i64,
    /// The event of its home that this receiver confirmed last.
    pub after: i64,
    /// Row id of the alert.
    pub alert: String,
    /// Word of what happened.
    pub event: String,
    /// What the alert is about.
    pub kind: Kind,
    /// How soon somebody must act.
    pub severity: Severity,
    /// Staff id of who did it, if somebody did.
    pub who: Option<String>,
    /// Outcome code, once closed by somebody.
    pub outcome: Option<i64>,
    /// When, wall clock.
    pub wall: i64,
    /// When, server's clock.
    pub made_mono: i64,
    /// When it is next tried, server's clock.
    pub due_mono: i64,
    /// Tries so far.
    pub tries: i64,
}

/// Who follows; a whole batch asks once.
pub async fn followers(c: &mut Link) -> Result<Vec<String>, Error> {
    let rows = fetch(query("SELECT channel FROM event_receiver ORDER BY channel"), c).await?;
    Ok(readable(&rows, |row| row.try_get("channel")))
}

/// Notes an event of an alert for every receiver, in the transaction of what causes it.
pub async fn tell(
    c: &mut Link,
    alert: &str,
    what: (Event, Option<&str>),
    wall: i64,
) -> Result<(), Error> {
    let followers = followers(c).await?;
    tell_to(c, &followers, alert, what, wall).await
}

/// The same for these followers.
pub async fn tell_to(
    c: &mut Link,
    followers: &[String],
    alert: &str,
    (event, who): (Event, Option<&str>),
    wall: i64,
) -> Result<(), Error> {
    if followers.is_empty() {
        return Ok(());
    }
    let sql = "SELECT home, kind, severity, outcome, \
               COALESCE((SELECT high FROM clock WHERE one = 1), 0) AS mono FROM alert WHERE id = $1";
    let Some(row) = query(sql).bind(alert).fetch_optional(&mut *c).await? else { return Ok(()) };
    let home: i64 = row.try_get("home")?;
    let outcome: Option<i64> = row.try_get("outcome")?;
    let sql = "INSERT INTO event_home (home, n) VALUES ($1, 1) \
               ON CONFLICT (home) DO UPDATE SET n = event_home.n + 1 RETURNING n";
    let n: i64 = query(sql).bind(home).fetch_one(&mut *c).await?.try_get("n")?;
    for channel in followers {
        let sql = "INSERT INTO event_out (id, channel, home, n, alert, event, kind, severity, who, outcome, \
                   wall, made_mono, due_mono) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)";
        query(sql)
            .bind(row_name())
            .bind(channel)
            .bind(home)
            .bind(n)
            .bind(alert)
            .bind(event.word())
            .bind(row.try_get::<i64, _>("kind")?)
            .bind(row.try_get::<i64, _>("severity")?)
            .bind(who)
            .bind(outcome.filter(|_| event == Event::Closed))
            .bind(wall)
            .bind(row.try_get::<i64, _>("mono")?)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// From now on these receivers follow and no others; what waited for others is forgotten. Says how much that was.
pub async fn follow(c: &mut Link, channels: &[String]) -> Result<u64, Error> {
    let mut forgotten = 0;
    for channel in followers(c).await? {
        if channels.contains(&channel) {
            continue;
        }
        let gone = query("DELETE FROM event_out WHERE channel = $1").bind(&channel);
        forgotten += gone.execute(&mut *c).await?.rows_affected();
        for gone in [
            "DELETE FROM event_reach WHERE channel = $1",
            "DELETE FROM event_receiver WHERE channel = $1",
        ] {
            query(gone).bind(&channel).execute(&mut *c).await?;
        }
    }
    for channel in channels {
        let sql =
            "INSERT INTO event_receiver (channel) VALUES ($1) ON CONFLICT (channel) DO NOTHING";
        query(sql).bind(channel).execute(&mut *c).await?;
    }
    Ok(forgotten)
}

/// The oldest events of each home that a receiver may be told now.
const HEADS: &str = "SELECT e.id, e.home, e.n, e.alert, e.event, e.kind, e.severity, e.who, e.outcome, e.wall, \
    e.made_mono, e.due_mono, e.tries, COALESCE(r.n, 0) AS reached FROM event_out e \
    LEFT JOIN event_reach r ON r.channel = e.channel AND r.home = e.home \
    WHERE e.channel = $1 AND e.due_mono <= $2 AND NOT EXISTS (SELECT 1 FROM event_out o \
    WHERE o.channel = e.channel AND o.home = e.home AND o.n < e.n) \
    ORDER BY e.due_mono, e.id LIMIT $3 OFFSET $4";

fn row_of(row: &AnyRow) -> Result<EventRow, Error> {
    Ok(EventRow {
        id: row.try_get("id")?,
        home: row.try_get("home")?,
        n: row.try_get("n")?,
        after: row.try_get("reached")?,
        alert: row.try_get("alert")?,
        event: row.try_get("event")?,
        kind: kind(row.try_get("kind")?),
        severity: severity(row.try_get("severity")?),
        who: row.try_get("who")?,
        outcome: row.try_get("outcome")?,
        wall: row.try_get("wall")?,
        made_mono: row.try_get("made_mono")?,
        due_mono: row.try_get("due_mono")?,
        tries: row.try_get("tries")?,
    })
}

/// Events that a receiver may be told now: of each home the oldest, those that are due first; and how many of them cannot
/// be read.
pub async fn due(
    c: &mut Link,
    channel: &str,
    (until, most): (i64, i64),
    rests: impl Fn(&EventRow) -> bool,
) -> Result<(Vec<EventRow>, usize), Error> {
    let ask = |past| query(HEADS).bind(channel).bind(until).bind(most).bind(past);
    pick(c, most, ask, row_of, |row| !rests(row)).await
}

/// A receiver has confirmed an event.
pub async fn confirmed(c: &mut Link, channel: &str, row: &EventRow) -> Result<(), Error> {
    query("DELETE FROM event_out WHERE id = $1").bind(&row.id).execute(&mut *c).await?;
    let sql = "INSERT INTO event_reach (channel, home, n) VALUES ($1, $2, $3) \
               ON CONFLICT (channel, home) DO UPDATE SET n = $3";
    query(sql).bind(channel).bind(row.home).bind(row.n).execute(c).await.map(drop)
}

/// A try failed; the next one is at `due`.
pub async fn again(c: &mut Link, id: &str, (why, due): (&str, i64)) -> Result<(), Error> {
    let sql = "UPDATE event_out SET tries = tries + 1, due_mono = $2, why = $3 WHERE id = $1";
    query(sql).bind(id).bind(due).bind(why).execute(c).await.map(drop)
}

/// A receiver is back: all that waits for it is due.
pub async fn all_due(c: &mut Link, channel: &str, mono: i64) -> Result<(), Error> {
    let sql = "UPDATE event_out SET due_mono = $2 WHERE channel = $1 AND due_mono > $2";
    query(sql).bind(channel).bind(mono).execute(c).await.map(drop)
}

/// How many events wait for a receiver, how many it has lost, and when the last of those was lost.
pub async fn counts(c: &mut Link, channel: &str) -> Result<(i64, i64, Option<i64>), Error> {
    let sql = "SELECT (SELECT COUNT(*) FROM event_out WHERE channel = $1) AS waiting, lost, lost_mono \
               FROM event_receiver WHERE channel = $1";
    let row = query(sql).bind(channel).fetch_optional(c).await?;
    let Some(row) = row else { return Ok((0, 0, None)) };
    Ok((row.try_get("waiting")?, row.try_get("lost")?, row.try_get("lost_mono")?))
}
