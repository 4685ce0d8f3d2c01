//! Presses that were said at another time than was thought, in the rows and on the screens.
//!
//! The date of a press is corrected when a frame shows what it is: the first word of its boot after it, or one of a later
//! boot. An alert is late if all that it stands for is. Not here: how that is found out (`ingest::dating`).

use proto::unit::Mono;
use records::Writer;

use super::{IngestError, Pending};
use crate::clock::Now;
use crate::ingest::dating::Anew;
use crate::live::evidence::wall_of;
use records::chain::Growth;
use records::column::stored;
use records::column::{number, signed};
use records::redate::{self, Redate};

/// Writes new dates; alerts that are touched are shown again.
pub(super) async fn date_anew(
    c: &mut Writer,
    now: Now,
    pending: &mut Pending,
) -> Result<(), IngestError> {
    // A transaction that fails may be tried again without a home, and does all of this again.
    for anew in pending.anew.clone() {
        if !in_hand(now, &anew, pending) {
            let found = redate::press(c, &row_of(now, &anew)).await?;
            let grown = &mut pending.sheet.batch.grown;
            if let Some(id) = found.filter(|id| grown.iter().all(|known| known.id != *id)) {
                grown.push(Growth { id, ..Growth::default() });
            }
        }
    }
    pending.dated = pending.anew.len();
    Ok(())
}

/// Corrects a press of this very batch, if it is one.
fn in_hand(now: Now, anew: &Anew, pending: &mut Pending) -> bool {
    let batch = &mut pending.sheet.batch;
    let row = row_of(now, anew);
    let same = |a: &&mut records::chain::NewActivation| {
        (a.device, a.boot, a.seq) == row.name && a.hash == row.tag
    };
    let Some(activation) = batch.activations.iter_mut().find(same) else { return false };
    let alert = activation.alert.clone();
    (activation.pressed_mono, activation.pressed_wall, activation.late) =
        (row.mono, row.wall, row.late);
    let all_late = batch.activations.iter().filter(|a| a.alert == alert).all(|a| a.late);
    if let Some(alert) = batch.alerts.iter_mut().find(|a| a.id == alert) {
        alert.late = all_late;
    }
    true
}

fn row_of(now: Now, anew: &Anew) -> Redate {
    let press = anew.press;
    Redate {
        name: (number(press.device.get()), signed(press.boot.get()), i64::from(press.seq.get())),
        tag: anew.tag.to_vec(),
        mono: stored(anew.at),
        wall: wall_of(now, anew.at.min(now.mono).max(Mono::default())),
        late: anew.late,
    }
}
