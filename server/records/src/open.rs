//! Which alert an incident of a home is, and which presses are known: what ingest asks of the rows.
//!
//! Not here: the desk's reading of alerts (`records::desk`).

use care::{Kind, Severity};
use proto::down::Rung;
use sqlx::{Error, Row, query};

use super::refusal::{fetch, readable};
use crate::Link;
use crate::column::rung;
use crate::desk::AlertState;
use crate::sql::Sql;

/// Names asked for in one statement.
const NAMES: usize = 300;

/// A press that is already known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Device number, boot (signed), frame number.
    pub name: (i64, i64, i64),
    /// Its end tag; empty in rows of older builds.
    pub tag: Vec<u8>,
    /// Rung it has reached.
    pub rung: Rung,
}

/// The alert of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfIncident {
    /// Row id.
    pub alert: String,
    /// Whether it is over.
    pub over: bool,
    /// Reasons so far, JSON.
    pub evidence: Option<Vec<u8>>,
}

/// The alert of an incident, if it has one.
pub async fn alert_of(c: &mut Link, home: i64, incident: i64) -> Result<Option<OfIncident>, Error> {
    let sql = "SELECT id, state, evidence FROM alert WHERE home = $1 AND incident = $2";
    let row = query(sql).bind(home).bind(incident).fetch_optional(c).await?;
    let read = |row: sqlx::any::AnyRow| {
        let over = AlertState::read(row.try_get("state")?) == AlertState::Closed;
        Ok(OfIncident { alert: row.try_get("id")?, over, evidence: row.try_get("evidence")? })
    };
    row.map(read).transpose()
}

/// Which incident of which home an alert is, and of which device.
pub async fn incident_of(c: &mut Link, id: &str) -> Result<Option<(i64, i64, Option<i64>)>, Error> {
    let sql = "SELECT home, incident, device FROM alert WHERE id = $1";
    let row = query(sql).bind(id).fetch_optional(c).await?;
    let read = |row: sqlx::any::AnyRow| {
        Ok((row.try_get("home")?, row.try_get("incident")?, row.try_get("device")?))
    };
    row.map(read).transpose()
}

/// What is known of these names of verified presses, and how far each has come.
pub async fn known(c: &mut Link, names: &[(i64, i64, i64)]) -> Result<Vec<Known>, Error> {
    let mut found = Vec::new();
    for names in names.chunks(NAMES) {
        let mut sql = Sql::new(
            "SELECT device, boot, seq, hash, rung FROM activation \
             WHERE trust = 0 AND (device, boot, seq) IN (",
        );
        sql.push_values_only(names);
        sql.push(")");
        found.extend(readable(&fetch(sql.build(c), &mut *c).await?, pressed));
    }
    Ok(found)
}

/// The alert of a press, as far as an end from before concerns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfPress {
    /// Row id.
    pub alert: String,
    /// In whose hands it is.
    pub state: AlertState,
    /// Home number.
    pub home: i64,
    /// The device that raised it.
    pub device: Option<i64>,
    /// When the newest of its presses was kept, server's clock.
    pub newest: i64,
}

/// The alert of a verified press with this end tag, if it has one; rows of an older build have no tag.
pub async fn of_press(
    c: &mut Link,
    name: (i64, i64, i64),
    tag: &[u8],
) -> Result<Option<OfPress>, Error> {
    let sql = "SELECT a.id, a.state, a.home, a.device, \
               (SELECT COALESCE(MAX(y.stored_mono), 0) FROM activation y WHERE y.alert = a.id) AS newest \
               FROM activation x JOIN alert a ON a.id = x.alert \
               WHERE x.trust = 0 AND x.device = $1 AND x.boot = $2 AND x.seq = $3 AND (x.hash = $4 OR x.hash = $5)";
    let row = query(sql)
        .bind(name.0)
        .bind(name.1)
        .bind(name.2)
        .bind(tag)
        .bind(&[][..])
        .fetch_optional(c)
        .await?;
    let read = |row: sqlx::any::AnyRow| {
        Ok(OfPress {
            alert: row.try_get("id")?,
            state: AlertState::read(row.try_get("state")?),
            home: row.try_get("home")?,
            device: row.try_get("device")?,
            newest: row.try_get("newest")?,
        })
    };
    row.map(read).transpose()
}

/// Whether bytes that nobody could verify have raised an alert already.
pub async fn known_hash(c: &mut Link, device: i64, hash: &[u8]) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) AS n FROM activation WHERE trust = 1 AND device = $1 AND hash = $2";
    let n: i64 = query(sql).bind(device).bind(hash).fetch_one(c).await?.try_get("n")?;
    Ok(n > 0)
}

/// Whether one of these alerts is over: whoever would join it must judge again.
pub async fn any_closed(c: &mut Link, alerts: &[&str]) -> Result<bool, Error> {
    for alerts in alerts.chunks(NAMES) {
        let mut sql = Sql::new("SELECT COUNT(*) AS n FROM alert WHERE state = 3 AND id IN (");
        let mut list = sql.separated(", ");
        for id in alerts {
            list.push_bind(*id);
        }
        sql.push(")");
        let n: i64 = sql.build(c).fetch_one(&mut *c).await?.try_get("n")?;
        if n > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The open alert of a kind that stands for unreadable emergencies of this speaker behind this gateway.
pub async fn nameless(
    c: &mut Link,
    kind: Kind,
    (home, device): (i64, Option<i64>),
    gateway: i64,
) -> Result<Option<String>, Error> {
    let sql = "SELECT id FROM alert WHERE state < 3 AND kind = $1 AND home = $2 AND gateway = $3 \
               AND COALESCE(device, -1) = $4 ORDER BY raised_mono DESC LIMIT 1";
    let asked = query(sql).bind(kind.number()).bind(home).bind(gateway).bind(device.unwrap_or(-1));
    asked.fetch_optional(c).await?.map(|row| row.try_get("id")).transpose()
}

/// Where a reading of many presses goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    homes: Vec<i64>,
    /// Homes that are through, and the press that was read last of those after them.
    through: usize,
    after: Option<((i64, i64, i64), Vec<u8>)>,
}

impl Page {
    /// The first one of these homes.
    pub const fn of(homes: Vec<i64>) -> Self {
        Self { homes, through: 0, after: None }
    }
}

/// The next verified presses of open alerts behind the homes of a page: name, rung. None: that was all.
pub async fn rungs(c: &mut Link, page: &mut Page, limit: i64) -> Result<Option<Vec<Known>>, Error> {
    let homes: Vec<i64> = page.homes.iter().skip(page.through).take(NAMES).copied().collect();
    if homes.is_empty() {
        return Ok(None);
    }
    let mut sql = Sql::new(
        "SELECT x.device, x.boot, x.seq, x.hash, x.rung FROM activation x JOIN alert a ON a.id = x.alert \
         WHERE x.trust = 0 AND a.state < 3 AND a.home IN (",
    );
    let mut list = sql.separated(", ");
    homes.iter().for_each(|home| {
        list.push_bind(*home);
    });
    sql.push(")");
    if let Some(((device, boot, seq), hash)) = &page.after {
        sql.push(" AND (x.device, x.boot, x.seq, x.hash) > (");
        let mut last = sql.separated(", ");
        last.push_bind(*device).push_bind(*boot).push_bind(*seq).push_bind(hash.as_slice());
        sql.push(")");
    }
    sql.push(" ORDER BY x.device, x.boot, x.seq, x.hash LIMIT ").push_bind(limit);
    let rows = fetch(sql.build(c), &mut *c).await?;
    let found = readable(&rows, pressed);
    // A row that cannot be read is stepped over like the others.
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
    match found.last().filter(|_| full) {
        Some(last) => page.after = Some((last.name, last.tag.clone())),
        None => (page.through, page.after) = (page.through + homes.len(), None),
    }
    Ok(Some(found))
}

/// Homes among these with an open alert, and whether one of it is an emergency.
pub async fn alerted(c: &mut Link, homes: &[i64]) -> Result<Vec<(i64, bool)>, Error> {
    let mut found = Vec::new();
    for homes in homes.chunks(NAMES) {
        let mut sql = Sql::new(
            "SELECT home, MAX(severity) AS gravest FROM alert WHERE state < 3 AND home IN (",
        );
        let mut list = sql.separated(", ");
        homes.iter().for_each(|home| {
            list.push_bind(*home);
        });
        sql.push(") GROUP BY home");
        found.extend(readable(&fetch(sql.build(c), &mut *c).await?, |row| {
            Ok((
                row.try_get("home")?,
                row.try_get::<i64, _>("gravest")? == Severity::Emergency.number(),
            ))
        }));
    }
    Ok(found)
}

/// Homes among these with an open emergency.
pub async fn alarmed(c: &mut Link, homes: &[i64]) -> Result<Vec<i64>, Error> {
    let alerted = alerted(c, homes).await?.into_iter();
    Ok(alerted.filter_map(|(home, emergency)| emergency.then_some(home)).collect())
}

fn pressed(row: &sqlx::any::AnyRow) -> Result<Known, Error> {
    let name = (row.try_get("device")?, row.try_get("boot")?, row.try_get("seq")?);
    Ok(Known { name, tag: row.try_get("hash")?, rung: rung(row.try_get("rung")?) })
}

trait PushNames {
    fn push_values_only(&mut self, names: &[(i64, i64, i64)]);
}

impl PushNames for Sql {
    fn push_values_only(&mut self, names: &[(i64, i64, i64)]) {
        self.push_values(names, |mut row, name| {
            row.push_bind(name.0).push_bind(name.1).push_bind(name.2);
        });
    }
}

/// Gateways whose silence is told, with their alerts.
pub async fn silent_gateways(c: &mut Link) -> Result<Vec<(i64, String)>, Error> {
    let rows = fetch(query("SELECT gateway, alert FROM gateway_silent"), c).await?;
    Ok(readable(&rows, |row| Ok((row.try_get("gateway")?, row.try_get("alert")?))))
}

/// Notes that a gateway's silence is told, or that it is back.
pub async fn put_silent(c: &mut Link, gateway: i64, alert: Option<&str>) -> Result<(), Error> {
    match alert {
        Some(alert) => {
            let sql = "INSERT INTO gateway_silent (gateway, alert) VALUES ($1, $2) \
                       ON CONFLICT (gateway) DO UPDATE SET alert = $2";
            query(sql).bind(gateway).bind(alert).execute(c).await.map(drop)
        }
        None => {
            let sql = "DELETE FROM gateway_silent WHERE gateway = $1";
            query(sql).bind(gateway).execute(c).await.map(drop)
        }
    }
}
