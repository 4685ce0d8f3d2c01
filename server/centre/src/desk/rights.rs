//! What of a home somebody may read now: door code, health and telephones are guarded.
//!
//! Who has an alert of the home in hand reads all of it, and its health facts for 24 h after they closed it. Everybody
//! else opens it with a reason in words, for 30 minutes, which supervisors are told and the home's list of looks shows.
//! Not here: which doors a role may pass (`auth::role`).

use proto::unit::Millis;
use records::Reader;

use crate::alert::life::{mono, stored};
use crate::auth::Staff;
use crate::auth::role::Role;
use crate::desk::Desk;
use records::desk::{self, AlertState, DeskRow};
use records::look::{self, Look};
use records::resident::Resident;

/// How long what was opened with a reason stays open.
pub const GLASS: Millis = Millis::minutes(30);
/// How long whoever closed an alert may read what is known of a person's health, ms.
const AFTER_CLOSE_MS: i64 = 24 * 3_600_000;
/// Looks by one person at the same thing within this are one look, ms.
const SAME_LOOK_MS: i64 = 10 * 60 * 1000;

/// What somebody may read of a home.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// They have an alert of it in hand.
    pub hand: bool,
    /// They closed an alert of it within a day.
    pub lately: bool,
    /// They have opened it with this reason.
    pub glass: Option<String>,
    /// For how long that still holds, ms.
    pub glass_ms: u64,
}

impl Rights {
    /// How to get in, and telephone numbers in full.
    pub const fn entry(&self) -> bool {
        self.hand || self.glass.is_some()
    }

    /// Health facts.
    pub const fn health(&self) -> bool {
        self.entry() || self.lately
    }

    /// A telephone number as they may read it.
    pub fn phone(&self, number: &str) -> String {
        if self.entry() { number.to_owned() } else { masked(number) }
    }

    /// What they may read of a person.
    pub fn of_person(&self, who: &Resident) -> Resident {
        let mut who = who.clone();
        who.phone = self.phone(&who.phone);
        if !self.entry() {
            who.entry = String::new();
        }
        if !self.health() {
            who.health = String::new();
        }
        who
    }

    /// A look with these rights, ready to be written down.
    pub fn look(&self, me: &Staff, home: i64, what: &'static str) -> Look {
        let (why, detail) = match &self.glass {
            _ if self.hand => ("claim", String::new()),
            Some(reason) => ("glass", reason.clone()),
            None if self.lately && me.role != Role::Program => ("lately", String::new()),
            None => ("", String::new()),
        };
        Look { staff: me.id.clone(), home, what, why, detail, shown: self.health() }
    }
}

/// A number of which the middle is hidden; one that is short shows its end alone.
pub fn masked(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    let (head, tail) = match digits.len() {
        0..=3 => return number.to_owned(),
        4..=7 => (0, 2),
        _ => (3, 4),
    };
    let part = |from: usize, to: usize| digits[from..to].iter().collect::<String>();
    format!("{}****{}", part(0, head), part(digits.len() - tail, digits.len()))
}

/// What `me` may read of a home now.
pub async fn of_home(
    room: &Desk,
    c: &mut Reader,
    me: &Staff,
    home: i64,
) -> Result<Rights, records::Error> {
    let now = room.clock.now();
    let since = now.wall_ms - AFTER_CLOSE_MS;
    let (hand, lately) = desk::worked_by(&mut *c, home, &me.id, (stored(now.mono), since)).await?;
    let glass = look::opened(c, (&me.id, home), stored(now.mono)).await?;
    let glass_ms = glass.as_ref().map_or(0, |(until, _)| mono(*until).since(now.mono).get());
    Ok(Rights { hand, lately, glass: glass.map(|(_, reason)| reason), glass_ms })
}

/// What `me` may read on the card of an alert: of one that is over only who closed it, for a day, or with a reason.
pub async fn of_alert(
    room: &Desk,
    c: &mut Reader,
    me: &Staff,
    row: &DeskRow,
) -> Result<Rights, records::Error> {
    let rights = of_home(room, c, me, row.home).await?;
    if row.state != AlertState::Closed {
        return Ok(rights);
    }
    let since = room.clock.now().wall_ms - AFTER_CLOSE_MS;
    let mine = row.closed_by.as_deref() == Some(me.id.as_str());
    let lately = mine && row.closed_wall.is_some_and(|at| at > since);
    Ok(Rights { hand: false, lately, ..rights })
}

/// Opens what is guarded of a home with a reason, for a while. It is one look, and supervisors are told.
pub async fn open(room: &Desk, me: &Staff, home: i64, reason: &str) -> Result<(), records::Error> {
    let now = room.clock.now();
    let until = stored(now.mono.after(GLASS));
    let mut writer = room.records.begin().await?;
    look::open(&mut writer, (&me.id, home), reason, now.wall_ms, until).await?;
    let detail = reason.to_owned();
    let staff = me.id.clone();
    let entry = Look { staff, home, what: "glass", why: "glass", detail, shown: true };
    look::insert(&mut writer, &entry, now.wall_ms).await?;
    writer.commit().await?;
    room.live.opened();
    tracing::warn!(staff = %me.name, home, "what is guarded was opened without an alert in hand");
    Ok(())
}

/// Writes a look down, once in ten minutes.
pub async fn looked(room: &Desk, look: &Look) -> Result<(), records::Error> {
    let wall = room.clock.now().wall_ms;
    // One that seems to come is of a clock that was set back since: it hides no look.
    let lately = (wall - SAME_LOOK_MS, wall);
    if look::stands(&mut *room.records.reader().await?, look, lately).await? {
        return Ok(());
    }
    let mut writer = room.records.begin().await?;
    if !look::stands(&mut writer, look, lately).await? {
        look::insert(&mut writer, look, wall).await?;
    }
    writer.commit().await
}

/// Writes many looks by one person at one kind of thing down, each once in ten minutes.
pub async fn looked_at_all(room: &Desk, looks: &[Look]) -> Result<(), records::Error> {
    let Some(first) = looks.first() else { return Ok(()) };
    let wall = room.clock.now().wall_ms;
    let lately = (wall - SAME_LOOK_MS, wall);
    let known = (first.staff.as_str(), first.what);
    let stand = look::standing(&mut *room.records.reader().await?, known, lately).await?;
    let stands = |look: &Look, stand: &[(String, String)]| {
        stand.iter().any(|(why, detail)| *why == look.why && *detail == look.detail)
    };
    if looks.iter().all(|look| stands(look, &stand)) {
        return Ok(());
    }
    let mut writer = room.records.begin().await?;
    let stand = look::standing(&mut writer, known, lately).await?;
    for look in looks.iter().filter(|look| !stands(look, &stand)) {
        look::insert(&mut writer, look, wall).await?;
    }
    writer.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_is_masked_in_its_middle() {
        assert_eq!(masked("13812345678"), "138****5678");
        assert_eq!(masked("7654321"), "****21");
        assert_eq!(masked("120"), "120");
    }

    #[test]
    fn who_has_neither_the_alert_nor_a_reason_reads_no_door_code_and_no_health() {
        let who = Resident {
            phone: "13812345678".into(),
            entry: "密码 1357".into(),
            health: "心脏起搏器".into(),
            talk: "听力差".into(),
            ..Resident::default()
        };
        let seen = Rights::default().of_person(&who);
        assert_eq!((seen.entry.as_str(), seen.health.as_str()), ("", ""));
        assert_eq!((seen.phone.as_str(), seen.talk.as_str()), ("138****5678", "听力差"));
        let lately = Rights { lately: true, ..Rights::default() }.of_person(&who);
        assert_eq!((lately.entry.as_str(), lately.health.as_str()), ("", "心脏起搏器"));
        assert_eq!(Rights { hand: true, ..Rights::default() }.of_person(&who), who);
    }
}
