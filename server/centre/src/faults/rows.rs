//! Faults as rows: an alert for each that begins, its end for each that is over, in one transaction, then screens.
//!
//! Not here: what waits and when it is tried again (`faults`).

use std::collections::BTreeMap;

use care::alert::Course;
use care::{Evidence, Trust};
use records::Writer;
use serde_json::Value;

use super::{Fault, LOOK_AGAIN, Ledger};
use crate::alert::name::{row_id, uncounted};
use crate::alert::story::What;
use crate::clock::Now;
use crate::live::Change;
use crate::live::evidence::evidence_json;
use crate::live::view::AlertView;
use records::chain::{self, Batch, Growth, Line, NewAlert};
use records::column::number;
use records::column::stored;
use records::desk::{self, DeskRow};
use records::fault::{self, FaultKey};

pub(super) async fn write(
    ledger: &Ledger,
    waiting: &BTreeMap<FaultKey, Option<Fault>>,
) -> Result<(), records::Error> {
    let now = ledger.clock.now();
    let mut batch = Batch::default();
    let mut writer = ledger.records.begin().await?;
    for (key, fault) in waiting {
        one(now, (&mut writer, &mut batch), *key, fault.as_ref()).await?;
    }
    chain::write(&mut writer, &mut batch, now.wall_ms).await?;
    let mut views = Vec::new();
    let changed = batch.alerts.iter().map(|a| &a.id).chain(batch.grown.iter().map(|g| &g.id));
    for id in changed {
        if let Some(row) = desk::find(&mut writer, id).await? {
            views.push((row.cursor, AlertView::of(&row, &[], &ledger.names, now.mono)));
        }
    }
    writer.commit().await?;
    ledger.faults.written(waiting);
    for (cursor, view) in views {
        ledger.live.publish(Change { cursor, view });
    }
    Ok(())
}

/// What follows of one fault.
async fn one(
    now: Now,
    (writer, batch): (&mut Writer, &mut Batch),
    key: FaultKey,
    fault: Option<&Fault>,
) -> Result<(), records::Error> {
    let known = fault::find(writer, key).await?;
    if let (Some(Fault { sum: true, .. }), Some((id, true))) = (fault, &known)
        && is_young(now, desk::find(writer, id).await?.as_ref())
    {
        return Ok(());
    }
    match (fault, known) {
        (Some(fault), Some((id, false))) => {
            let row = desk::find(writer, &id).await?;
            batch.grown.extend(row.and_then(|row| grown(now, fault, row)));
        }
        (None, None) => {}
        (Some(fault), _) => {
            let alert = alert_of(now, fault);
            fault::put(writer, key, &alert.id).await?;
            batch.lines.push(line(now, &alert.id, What::Raised));
            if let Some(course) = Course::of(fault.kind, fault.severity) {
                let (first, due) = course.begin(now.mono);
                batch.ladder.push((alert.id.clone(), first, due));
            }
            batch.alerts.push(alert);
        }
        (None, Some((id, over))) => {
            fault::remove(writer, key).await?;
            if !over {
                batch.lines.push(line(now, &id, What::Eased));
                batch.grown.push(Growth { id, passed: true, ..Growth::default() });
            }
        }
    }
    Ok(())
}

/// Whether an alert is so young that whoever has closed it need not hear of it again.
fn is_young(now: Now, row: Option<&DeskRow>) -> bool {
    row.is_some_and(|row| now.mono.since(row.raised_mono) < LOOK_AGAIN)
}

/// The number that goes with a cause, if it is more than its alert shows.
fn grown(now: Now, fault: &Fault, row: DeskRow) -> Option<Growth> {
    let known: Vec<Value> = serde_json::from_slice(&row.evidence.unwrap_or_default()).ok()?;
    let shown = known.first()?.get("value")?.as_f64()?;
    (f64::from(fault.value) > shown).then(|| {
        let evidence = Some(evidence_json(now, &[reason(now, fault)]));
        Growth { id: row.id, evidence, ..Growth::default() }
    })
}

fn reason(now: Now, fault: &Fault) -> Evidence {
    Evidence { what: fault.cause, supports: true, at: now.mono, value: fault.value }
}

fn alert_of(now: Now, fault: &Fault) -> NewAlert {
    NewAlert {
        id: row_id(now),
        home: fault.home,
        incident: uncounted(),
        kind: fault.kind,
        severity: fault.severity,
        device: fault.device.map(|id| number(id.get())),
        gateway: fault.gateway.map(|id| number(id.get())),
        count: 1,
        trust: Trust::Verified,
        late: false,
        raised_wall: now.wall_ms,
        raised_mono: stored(now.mono),
        evidence: evidence_json(now, &[reason(now, fault)]),
        cursor: 0,
    }
}

fn line(now: Now, alert: &str, what: What) -> Line {
    Line {
        alert: alert.to_owned(),
        wall: now.wall_ms,
        mono: stored(now.mono),
        what: what.number(),
        ..Line::default()
    }
}
