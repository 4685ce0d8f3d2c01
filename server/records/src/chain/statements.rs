//! The statements of a batch, one a table: numbers of changes, alerts, what they gain, presses, steps of the ladder.
//!
//! Not here: in which order they run (`chain`).

use std::collections::{HashMap, HashSet};

use care::alert::Step;
use care::{Kind, Severity};
use sqlx::{Error, query};

use super::{Batch, Growth, NewActivation, NewAlert, ROWS};
use crate::Link;
use crate::column::{self, stored};
use crate::sql::Sql;
use crate::{due, head};

/// New alerts begin to climb in one statement; each that stood before is asked whether it climbs already.
pub(super) async fn climb(c: &mut Link, batch: &Batch) -> Result<(), Error> {
    let fresh: HashSet<&str> = batch.alerts.iter().map(|alert| alert.id.as_str()).collect();
    let (new, known): (Vec<_>, Vec<_>) =
        batch.ladder.iter().partition(|(alert, ..)| fresh.contains(alert.as_str()));
    for steps in new.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO ladder (alert, round, step, due) ");
        sql.push_values(steps, |mut row, (alert, step, due)| {
            row.push_bind(alert).push_bind(0i64).push_bind(step.number()).push_bind(stored(*due));
        });
        sql.push(" ON CONFLICT (alert, round, step) DO NOTHING");
        sql.build(c).execute(&mut *c).await?;
    }
    for (alert, step, due) in known {
        due::begin(c, alert, (*step, *due)).await?;
    }
    Ok(())
}

pub(super) async fn number(c: &mut Link, batch: &mut Batch) -> Result<(), Error> {
    let many = i64::try_from(batch.alerts.len() + batch.grown.len()).unwrap_or(i64::MAX);
    if many == 0 {
        return Ok(());
    }
    let last = head::take(c, many).await?;
    let alerts = batch.alerts.iter_mut().map(|a| &mut a.cursor);
    let all = alerts.chain(batch.grown.iter_mut().map(|g| &mut g.cursor));
    for (cursor, slot) in (last - many + 1..).zip(all) {
        *slot = cursor;
    }
    Ok(())
}

pub(super) async fn changes(c: &mut Link, batch: &Batch, wall: i64) -> Result<(), Error> {
    let alerts = batch.alerts.iter().map(|a| (a.cursor, a.id.as_str()));
    let all: Vec<_> = alerts.chain(batch.grown.iter().map(|g| (g.cursor, g.id.as_str()))).collect();
    for rows in all.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO change (cursor, id, wall) ");
        sql.push_values(rows, |mut row, (cursor, alert)| {
            row.push_bind(*cursor).push_bind(*alert).push_bind(wall);
        });
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}

pub(super) async fn insert_alerts(c: &mut Link, alerts: &[NewAlert]) -> Result<(), Error> {
    let mut sql = Sql::new(
        "INSERT INTO alert (id, home, incident, kind, severity, device, gateway, count, trust, late, \
         raised_wall, raised_mono, cursor, spoke, evidence) ",
    );
    sql.push_values(alerts, |mut row, a| {
        row.push_bind(&a.id).push_bind(a.home).push_bind(a.incident).push_bind(a.kind.number());
        row.push_bind(a.severity.number())
            .push_bind(a.device)
            .push_bind(a.gateway)
            .push_bind(a.count);
        row.push_bind(a.trust.number()).push_bind(i64::from(a.late)).push_bind(a.raised_wall);
        row.push_bind(a.raised_mono).push_bind(a.cursor).push_bind(a.cursor);
        row.push_bind(a.evidence.as_slice());
    });
    sql.build(c).execute(c).await.map(drop)
}

pub(super) async fn grow(c: &mut Link, grown: &Growth, wall: i64) -> Result<(), Error> {
    let sql = "UPDATE alert SET count = count + $2, cursor = $3, \
               spoke = CASE WHEN $2 > 0 OR COALESCE($11, $4) > severity THEN $3 ELSE spoke END, \
               rose_mono = CASE WHEN severity < 3 AND COALESCE($11, $4) = 3 THEN $12 ELSE rose_mono END, \
               severity = COALESCE($11, CASE WHEN severity < $4 THEN $4 ELSE severity END), \
               kind = COALESCE($5, kind), evidence = COALESCE($6, evidence), \
               step = COALESCE($7, step), \
               suspended_until = CASE WHEN $8 = 1 AND state = 2 THEN 0 ELSE suspended_until END, \
               closed_wall = CASE WHEN $9 = 1 AND state <> 3 THEN $10 ELSE closed_wall END, \
               state = CASE WHEN $9 = 1 THEN 3 ELSE state END WHERE id = $1";
    query(sql)
        .bind(&grown.id)
        .bind(grown.count)
        .bind(grown.cursor)
        .bind(grown.severity.map_or(0, Severity::number))
        .bind(grown.kind.map(Kind::number))
        .bind(grown.evidence.as_deref())
        .bind(grown.step.map(Step::number))
        .bind(i64::from(grown.wakes))
        .bind(i64::from(grown.passed))
        .bind(wall)
        .bind(grown.graded.map(Severity::number))
        .bind(grown.rose)
        .execute(c)
        .await
        .map(drop)
}

pub(super) async fn insert_activations(c: &mut Link, rows: &[NewActivation]) -> Result<(), Error> {
    let mut sql = Sql::new(
        "INSERT INTO activation (device, boot, seq, trust, hash, alert, kind, rung, pressed_mono, \
         pressed_wall, stored_mono, received_wall, late, uptime) ",
    );
    sql.push_values(rows, |mut row, a| {
        row.push_bind(a.device).push_bind(a.boot).push_bind(a.seq).push_bind(a.trust.number());
        row.push_bind(a.hash.as_slice())
            .push_bind(&a.alert)
            .push_bind(a.kind.number())
            .push_bind(a.rung.number());
        row.push_bind(a.pressed_mono).push_bind(a.pressed_wall).push_bind(a.stored_mono);
        row.push_bind(a.received_wall).push_bind(i64::from(a.late)).push_bind(a.uptime);
    });
    sql.push(" ON CONFLICT DO NOTHING");
    sql.build(c).execute(c).await.map(drop)
}

/// Each line with the change by which it was written: who was shown less has not seen it.
pub(super) async fn insert_lines(c: &mut Link, batch: &Batch) -> Result<(), Error> {
    let new = batch.alerts.iter().map(|alert| (alert.id.as_str(), alert.cursor));
    let known = batch.grown.iter().map(|grown| (grown.id.as_str(), grown.cursor));
    let cursors: HashMap<&str, i64> = new.chain(known).collect();
    for lines in batch.lines.chunks(ROWS) {
        let mut sql = Sql::new(
            "INSERT INTO timeline (alert, wall, mono, what, detail, cursor, kind, device, at_wall, \
             late, trust) ",
        );
        sql.push_values(lines, |mut row, line| {
            let signal = line.signal.as_ref();
            row.push_bind(&line.alert).push_bind(line.wall).push_bind(line.mono);
            row.push_bind(line.what).push_bind(line.detail.clone());
            row.push_bind(cursors.get(line.alert.as_str()).copied());
            row.push_bind(signal.map(|s| s.kind.number()))
                .push_bind(signal.and_then(|s| s.device).map(|id| column::number(id.get())));
            row.push_bind(signal.map(|s| s.at_wall)).push_bind(signal.map(|s| i64::from(s.late)));
            row.push_bind(signal.map(|s| s.trust.number()));
        });
        sql.build(c).execute(&mut *c).await?;
    }
    Ok(())
}
