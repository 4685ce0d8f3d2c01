//! Rows of the desk: an alert as whoever works on it needs it, and what was done.
//!
//! One read joins `alert` with the desk's own part `work`. One write is a compare-and-set on fence and
//! state, then a `change` row: its cursor is in commit order, since one connection writes. The rules
//! are `care::alert`'s. Not here: how alerts arise (`records::chain`), their stories (`records::story`).

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Error, Row, query};

use super::refusal::{Bound, fetch, pick, readable};
use crate::home::HomeName;

/// One alert with the desk's part of its life.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeskRow {
    /// Row id.
    pub id: String,
    /// Home number.
    pub home: i64,
    /// Incident number within the home.
    pub incident: i64,
    /// Number of `care::Kind`.
    pub kind: i64,
    /// Number of `care::Severity`.
    pub severity: i64,
    /// 0 open, 1 claimed, 2 suspended, 3 closed.
    pub state: i64,
    /// Device number.
    pub device: Option<i64>,
    /// Gateway number.
    pub gateway: Option<i64>,
    /// Signals in it.
    pub count: i64,
    /// Number of `care::Trust`.
    pub trust: i64,
    /// Whether its first signal came late.
    pub late: bool,
    /// Raised, wall clock.
    pub raised_wall: i64,
    /// Raised, server's clock.
    pub raised_mono: i64,
    /// Painted, server's clock.
    pub visible_mono: Option<i64>,
    /// Staff id of the holder.
    pub owner: Option<String>,
    /// Fence.
    pub fence: i64,
    /// End of the lease, server's clock.
    pub lease_mono: Option<i64>,
    /// First claim, wall clock.
    pub claimed_wall: Option<i64>,
    /// End of the suspension, server's clock.
    pub suspended_until: Option<i64>,
    /// Outcome code.
    pub outcome: Option<i64>,
    /// Closed, wall clock.
    pub closed_wall: Option<i64>,
    /// Staff id of who closed it.
    pub closed_by: Option<String>,
    /// Last words of who closed it.
    pub note: Option<String>,
    /// Last ladder step taken.
    pub step: i64,
    /// What that step has come to, see `alert::told`.
    pub told: i64,
    /// Latest change.
    pub cursor: i64,
    /// Reasons, JSON.
    pub evidence: Option<Vec<u8>>,
    /// How its home was called when it was raised, if that is kept.
    pub name: Option<HomeName>,
    /// Present claim began, server's clock.
    pub since_mono: Option<i64>,
    /// Last action or claim, server's clock.
    pub acted_mono: Option<i64>,
    /// Actions in all.
    pub actions: i64,
    /// Whether an action followed the claim.
    pub begun: bool,
    /// 0 never somebody's, 1 lease lapsed, 2 suspension over.
    pub returned: i64,
    /// The change by which the home's last signal joined it.
    pub spoke: i64,
    /// Staff id of whom it was taken from, or over whose head it was ended.
    pub taken_from: Option<String>,
    /// Staff id of who took or ended it so.
    pub taken_by: Option<String>,
}

/// One press or fall in an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationRow {
    /// Device number.
    pub device: i64,
    /// Boot number, as stored: the same 64 bits, signed.
    pub boot: i64,
    /// Frame number.
    pub seq: i64,
    /// Number of `care::Kind`.
    pub kind: i64,
    /// Number of `care::Trust`.
    pub trust: i64,
    /// Rung reached.
    pub rung: i64,
    /// Pressed, server's clock, if it can be told.
    pub pressed_mono: Option<i64>,
    /// Received, wall clock.
    pub received_wall: i64,
    /// Whether it came late.
    pub late: bool,
}

const SELECT: &str = "SELECT a.id, a.home, a.incident, a.kind, a.severity, a.state, a.device, \
    a.gateway, a.count, a.trust, a.late, a.raised_wall, a.raised_mono, a.visible_mono, a.owner, \
    a.fence, a.lease_mono, a.claimed_wall, a.suspended_until, a.outcome, a.closed_wall, a.closed_by, \
    a.note, a.step, a.told, a.cursor, a.evidence, a.spoke, w.since_mono, w.acted_mono, w.actions, \
    w.begun, w.returned, w.taken_from, w.taken_by, x.label AS home_label, x.person AS home_person \
    FROM alert a LEFT JOIN work w ON w.alert = a.id LEFT JOIN alert_whose x ON x.alert = a.id";

fn of(row: &AnyRow) -> Result<DeskRow, Error> {
    Ok(DeskRow {
        id: row.try_get("id")?,
        home: row.try_get("home")?,
        incident: row.try_get("incident")?,
        kind: row.try_get("kind")?,
        severity: row.try_get("severity")?,
        state: row.try_get("state")?,
        device: row.try_get("device")?,
        gateway: row.try_get("gateway")?,
        count: row.try_get("count")?,
        trust: row.try_get("trust")?,
        late: row.try_get::<i64, _>("late")? != 0,
        raised_wall: row.try_get("raised_wall")?,
        raised_mono: row.try_get("raised_mono")?,
        visible_mono: row.try_get("visible_mono")?,
        owner: row.try_get("owner")?,
        fence: row.try_get("fence")?,
        lease_mono: row.try_get("lease_mono")?,
        claimed_wall: row.try_get("claimed_wall")?,
        suspended_until: row.try_get("suspended_until")?,
        outcome: row.try_get("outcome")?,
        closed_wall: row.try_get("closed_wall")?,
        closed_by: row.try_get("closed_by")?,
        note: row.try_get("note")?,
        step: row.try_get("step")?,
        told: row.try_get("told")?,
        cursor: row.try_get("cursor")?,
        evidence: row.try_get("evidence")?,
        name: named(row)?,
        since_mono: row.try_get("since_mono")?,
        acted_mono: row.try_get("acted_mono")?,
        actions: row.try_get::<Option<i64>, _>("actions")?.unwrap_or(0),
        begun: row.try_get::<Option<i64>, _>("begun")?.unwrap_or(0) != 0,
        returned: row.try_get::<Option<i64>, _>("returned")?.unwrap_or(0),
        spoke: row.try_get("spoke")?,
        taken_from: row.try_get("taken_from")?,
        taken_by: row.try_get("taken_by")?,
    })
}

fn named(row: &AnyRow) -> Result<Option<HomeName>, Error> {
    let (label, person) = (row.try_get("home_label")?, row.try_get("home_person")?);
    let both: (Option<String>, Option<String>) = (label, person);
    Ok(both.0.zip(both.1).map(|(label, person)| HomeName { label, person }))
}

async fn many(c: &mut AnyConnection, sql: &str, binds: &[i64]) -> Result<Vec<DeskRow>, Error> {
    Ok(readable(&fetch(asked(sql, binds), c).await?, of))
}

/// The first `most` of those that can be read and are of use.
async fn first(
    c: &mut AnyConnection,
    (sql, binds): (&str, &[i64]),
    most: i64,
    use_of: impl Fn(&DeskRow) -> bool,
) -> Result<Vec<DeskRow>, Error> {
    let ask = |past: i64| asked(&format!("{sql} LIMIT {most} OFFSET {past}"), binds);
    Ok(pick(c, most, ask, of, use_of).await?.0)
}

fn asked(sql: &str, binds: &[i64]) -> Bound<'static> {
    let asked = query(sqlx::AssertSqlSafe(format!("{SELECT} {sql}")));
    binds.iter().fold(asked, |asked, bind| asked.bind(*bind))
}

/// One alert.
pub async fn find(c: &mut AnyConnection, id: &str) -> Result<Option<DeskRow>, Error> {
    let asked = query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE a.id = $1"))).bind(id);
    asked.fetch_optional(c).await?.as_ref().map(of).transpose()
}

/// Every alert that is not closed.
pub async fn open(c: &mut AnyConnection) -> Result<Vec<DeskRow>, Error> {
    many(c, "WHERE a.state < 3 ORDER BY a.raised_mono", &[]).await
}

/// What changed after a cursor, in order, at most `most`.
pub async fn after(c: &mut AnyConnection, cursor: i64, most: i64) -> Result<Vec<DeskRow>, Error> {
    first(c, ("WHERE a.cursor > $1 ORDER BY a.cursor", &[cursor]), most, |_| true).await
}

/// Claims whose lease is over and suspensions that are due, without these: they cannot be returned.
pub async fn due(
    c: &mut AnyConnection,
    now_mono: i64,
    most: i64,
    stuck: &[String],
) -> Result<Vec<DeskRow>, Error> {
    let sql = "WHERE (a.state = 1 AND a.lease_mono <= $1) \
               OR (a.state = 2 AND a.suspended_until <= $1) ORDER BY a.raised_mono, a.id";
    first(c, (sql, &[now_mono]), most, |row| !stuck.contains(&row.id)).await
}

/// The last alerts of a home, newest first.
pub async fn of_home(c: &mut AnyConnection, home: i64, most: i64) -> Result<Vec<DeskRow>, Error> {
    first(c, ("WHERE a.home = $1 ORDER BY a.raised_wall DESC", &[home]), most, |_| true).await
}

/// Whether somebody has an alert of a home in hand at `now`, server's clock, and whether they closed one since a time of
/// the wall clock.
pub async fn worked_by(
    c: &mut AnyConnection,
    home: i64,
    staff: &str,
    (now, since): (i64, i64),
) -> Result<(bool, bool), Error> {
    let sql = "SELECT COALESCE(SUM(CASE WHEN state = 1 AND owner = $2 AND lease_mono > $3 THEN 1 ELSE 0 END), 0) \
               AS hand, \
               COALESCE(SUM(CASE WHEN state = 3 AND closed_by = $2 AND closed_wall > $4 THEN 1 ELSE 0 END), 0) \
               AS lately FROM alert WHERE home = $1";
    let row = query(sql).bind(home).bind(staff).bind(now).bind(since).fetch_one(c).await?;
    Ok((row.try_get::<i64, _>("hand")? > 0, row.try_get::<i64, _>("lately")? > 0))
}

/// Highest cursor given so far.
pub async fn newest(c: &mut AnyConnection) -> Result<i64, Error> {
    let row = query("SELECT COALESCE(MAX(cursor), 0) AS n FROM change").fetch_one(c).await?;
    row.try_get("n")
}

/// Drops all but the newest `keep` changes: an alert's own rows tell its story, and a screen further
/// back starts anew. Says how many.
pub async fn forget_changes(c: &mut AnyConnection, keep: i64) -> Result<u64, Error> {
    // The newest stays for ever: it is where the next cursor comes from.
    let sql = "DELETE FROM change WHERE cursor <= (SELECT MAX(cursor) FROM change) - $1";
    query(sql).bind(keep.max(1)).execute(c).await.map(|done| done.rows_affected())
}

/// Writes the desk's part of an alert back, if nobody else has in between, and gives the change its
/// cursor. None: somebody was faster.
pub async fn save(
    c: &mut AnyConnection,
    row: &DeskRow,
    was: (i64, i64),
    wall: i64,
) -> Result<Option<i64>, Error> {
    let sql = "INSERT INTO change (alert, wall) VALUES ($1, $2) RETURNING cursor";
    let cursor: i64 = query(sql).bind(&row.id).bind(wall).fetch_one(&mut *c).await?.try_get(0)?;
    let sql = "UPDATE alert SET state = $2, owner = $3, fence = $4, lease_mono = $5, \
               claimed_wall = $6, suspended_until = $7, outcome = $8, closed_wall = $9, \
               closed_by = $10, note = $11, cursor = $12 \
               WHERE id = $1 AND fence = $13 AND state = $14";
    let done = query(sql)
        .bind(&row.id)
        .bind(row.state)
        .bind(&row.owner)
        .bind(row.fence)
        .bind(row.lease_mono)
        .bind(row.claimed_wall)
        .bind(row.suspended_until)
        .bind(row.outcome)
        .bind(row.closed_wall)
        .bind(&row.closed_by)
        .bind(row.note.as_deref().unwrap_or(""))
        .bind(cursor)
        .bind(was.0)
        .bind(was.1)
        .execute(&mut *c)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(None);
    }
    let sql = "INSERT INTO work (alert, since_mono, acted_mono, actions, begun, returned, \
               taken_from, taken_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
               ON CONFLICT (alert) DO UPDATE SET since_mono = $2, acted_mono = $3, actions = $4, \
               begun = $5, returned = $6, taken_from = $7, taken_by = $8";
    query(sql)
        .bind(&row.id)
        .bind(row.since_mono)
        .bind(row.acted_mono)
        .bind(row.actions)
        .bind(i64::from(row.begun))
        .bind(row.returned)
        .bind(&row.taken_from)
        .bind(&row.taken_by)
        .execute(c)
        .await?;
    Ok(Some(cursor))
}

/// Lengthens a lease; says whether the claim still held.
pub async fn renew(
    c: &mut AnyConnection,
    id: &str,
    fence: i64,
    lease_mono: i64,
) -> Result<bool, Error> {
    let sql = "UPDATE alert SET lease_mono = $3 WHERE id = $1 AND fence = $2 AND state = 1";
    let done = query(sql).bind(id).bind(fence).bind(lease_mono).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the first screen that has painted an alert in this round; says whether this was the first.
pub async fn visible(c: &mut AnyConnection, id: &str, now: (i64, i64)) -> Result<bool, Error> {
    let sql = "UPDATE alert SET visible_mono = $2, visible_wall = COALESCE(visible_wall, $3) \
               WHERE id = $1 AND visible_mono IS NULL";
    let done = query(sql).bind(id).bind(now.0).bind(now.1).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

/// The newest presses and falls in an alert, at most `most`, as they came.
pub async fn activations(
    c: &mut AnyConnection,
    alert: &str,
    most: i64,
) -> Result<Vec<ActivationRow>, Error> {
    let sql = "SELECT device, boot, seq, kind, trust, rung, pressed_mono, received_wall, late \
               FROM activation WHERE alert = $1 ORDER BY received_wall DESC, seq DESC LIMIT $2";
    let rows = fetch(query(sql).bind(alert).bind(most), c).await?;
    let mut found = readable(&rows, activation);
    found.reverse();
    Ok(found)
}

pub(super) fn activation(row: &AnyRow) -> Result<ActivationRow, Error> {
    Ok(ActivationRow {
        device: row.try_get("device")?,
        boot: row.try_get("boot")?,
        seq: row.try_get("seq")?,
        kind: row.try_get("kind")?,
        trust: row.try_get("trust")?,
        rung: row.try_get("rung")?,
        pressed_mono: row.try_get("pressed_mono")?,
        received_wall: row.try_get("received_wall")?,
        late: row.try_get::<i64, _>("late")? != 0,
    })
}

/// Raises the rung of every press of an alert to `rung`; gives the newest verified one of each device
/// that rose: a light shows its last press only, and a home is not flooded.
pub async fn climb(
    c: &mut AnyConnection,
    alert: &str,
    rung: i64,
) -> Result<Vec<ActivationRow>, Error> {
    let sql = "SELECT device, boot, seq, kind, trust, rung, pressed_mono, received_wall, late \
               FROM activation WHERE alert = $1 AND trust = 0 \
               ORDER BY device, COALESCE(pressed_mono, 0) DESC, received_wall DESC, seq DESC";
    let rows = fetch(query(sql).bind(alert), &mut *c).await?;
    let mut newest = readable(&rows, activation);
    newest.dedup_by_key(|row| row.device);
    newest.retain(|row| row.rung < rung);
    query("UPDATE activation SET rung = $2 WHERE alert = $1 AND rung < $2")
        .bind(alert)
        .bind(rung)
        .execute(c)
        .await?;
    Ok(newest)
}

/// Whether there is such an alert that is not over.
pub async fn is_open(c: &mut AnyConnection, id: &str) -> Result<bool, Error> {
    let open = query("SELECT id FROM alert WHERE id = $1 AND state < 3").bind(id);
    Ok(open.fetch_optional(c).await?.is_some())
}
