//! The queue as a whole: every alert that is not closed, in the order of the queue law, and names for it.
//!
//! A snapshot carries the cursor that was newest *before* its rows were read: whatever changed while
//! reading comes again on the stream. Not here: the law itself (`care::alert::queue_rank`).

use std::collections::BTreeMap;

use care::Kind;
use proto::id::GatewayId;
use sqlx::AnyConnection;

use crate::app::App;
use crate::desk::life::CLAIMED;
use crate::desk::names::HomeName;
use crate::desk::view::{self, AlertView, SHOWN, kind_of};
use crate::records::desk::{self, DeskRow};
use crate::records::{gateway, home, staff};

/// The queue at one moment, as one person reads it.
#[derive(Debug)]
pub struct Snapshot {
    /// Where the stream goes on.
    pub cursor: i64,
    /// Everything that is open, in order.
    pub alerts: Vec<AlertView>,
    /// Fences of the claims of whoever asks: nobody else is told them.
    pub fences: BTreeMap<String, i64>,
}

/// Everything that is open, in order, with the cursor to go on from and the claims of `me`.
pub async fn snapshot(app: &App, me: &str) -> Result<Snapshot, sqlx::Error> {
    let mut reader = app.records.reader().await?;
    let cursor = desk::newest(&mut reader).await?;
    let mut rows = desk::open(&mut reader).await?;
    let now = app.clock.now().mono;
    rows.sort_by_key(|row| view::rank(row, now));
    let mine = rows.iter().filter(|row| row.state == CLAIMED && row.owner.as_deref() == Some(me));
    let fences = mine.map(|row| (row.id.clone(), row.fence)).collect();
    Ok(Snapshot { cursor, alerts: views(app, &mut reader, &rows).await?, fences })
}

/// Views of rows, whatever must be read for them.
pub async fn views(
    app: &App,
    c: &mut AnyConnection,
    rows: &[DeskRow],
) -> Result<Vec<AlertView>, sqlx::Error> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        if app.names.home(row.home).is_none() {
            learn_home(app, c, row.home).await?;
        }
        let near = row.gateway.filter(|_| row.home == 0 || kind_of(row.kind) == Kind::NoWay);
        let near = near.and_then(|gateway| GatewayId::new(gateway.unsigned_abs()));
        for home in near.map(|gateway| app.names.unread(gateway)).unwrap_or_default() {
            learn_home(app, c, home).await?;
        }
        let activations = desk::activations(&mut *c, &row.id, SHOWN).await?;
        out.extend(AlertView::of(row, &activations, &app.names, app.clock.now().mono));
    }
    Ok(out)
}

/// Reads the names of one home; a home without a row is called by its id.
async fn learn_home(app: &App, c: &mut AnyConnection, number: i64) -> Result<(), sqlx::Error> {
    let name = home::name(c, number).await?.unwrap_or_else(|| HomeName {
        // Number 0 stands for what belongs to no home.
        label: if number == 0 { String::new() } else { view::home_text(number) },
        person: String::new(),
    });
    app.names.learn_homes([(number, name)]);
    Ok(())
}

/// Fills the names at start.
pub async fn learn_all(app: &App) -> Result<(), sqlx::Error> {
    let mut reader = app.records.reader().await?;
    let people = staff::all(&mut reader).await?;
    app.names.learn_staff(people.into_iter().map(|row| (row.id, row.display)));
    app.names.learn_homes(home::names(&mut reader).await?);
    app.names.learn_devices(home::device_names(&mut reader).await?);
    let boxes = gateway::all(&mut reader).await?.into_iter();
    app.names.learn_gateways(
        boxes.filter_map(|row| Some((GatewayId::new(row.id.unsigned_abs())?, row.label))),
    );
    Ok(())
}
