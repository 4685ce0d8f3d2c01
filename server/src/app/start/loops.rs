//! The loops of a server, one list: each with its name, its room and its rhythm.
//!
//! Not here: what any of them does, how one that falls begins anew (`door::workers`), and those that begin with their room:
//! notices (`notify`) and what gateways are told (`gateways`).

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use door::Door;
use door::workers::Rhythm;

use crate::app::App;
use crate::app::parts::Parts;
use centre::command::Orders;
use centre::escalation::told;
use centre::gateways::proved;
use centre::ingest;
use centre::update::{self, Words};
use centre::workers::{self, keep, keep_with};
use centre::{
    certificates, delivery, desk, escalation, faults, files, handles, history, losses, notify,
    replay, timekeeping,
};

/// Ends of lines that loops are lent.
pub(super) struct Lines {
    pub(super) orders: Orders,
    pub(super) words: Words,
}

/// Starts them all, once the door is open.
pub(super) fn spawn(
    app: &Arc<App>,
    parts: &Parts,
    door: &Door,
    lines: Lines,
) -> anyhow::Result<()> {
    judgement(app, lines.orders)?;
    parts.receipts.at(door.clone());
    parts.health.at(door.clone());
    let turns = |s| Rhythm::Turns(Duration::from_secs(s));
    let waits = Rhythm::Waits;
    let all = &parts.workers;
    let time = Arc::new(parts.timekeeping(&app.upkeep));
    workers::report(&app.crew);
    keep(all, &app.ledger, "faults", waits, faults::run);
    keep(all, &app.crew, "workers", turns(1), workers::watch);
    keep(all, &Arc::new(parts.tending()), "certificates", turns(60), certificates::run);
    keep(all, &Arc::new(parts.losses()), "losses", turns(2), losses::run);
    keep(all, &app.gateways, "proofs", waits, proved::run);
    keep(all, &Arc::new(parts.look()), "handles", turns(2), handles::watch);
    keep(all, &Arc::new(parts.files()), "files", turns(5), files::watch);
    keep_with(all, &app.talk, "updates", waits, lines.words, update::talk::run);
    keep(all, &Arc::new(parts.replays()), "replay", turns(5), replay::run);
    keep(all, &app.desk, "lapses", turns(1), desk::lapse::run);
    notify::start(&app.notices);
    keep(all, &app.escalation, "receipts", waits, told::run);
    keep(all, &time, "time", turns(30), timekeeping::keep_time);
    // A step of it waits for a store that may be far away.
    keep(all, &time, "tending", turns(120), timekeeping::tend_series);
    keep(all, &time, "clock", turns(1), timekeeping::watch);
    keep(all, &Arc::new(parts.delivery()), "points", turns(30), delivery::run);
    keep(all, &app.archive, "history", turns(30), history::run);
    Ok(())
}

/// What a press waits for: a crowd of gateways, pages and streams keeps none of it waiting.
fn judgement(app: &Arc<App>, orders: Orders) -> anyhow::Result<()> {
    let apart = workers::apart::start("judgement").context("start the thread of the judgement")?;
    let _apart = apart.enter();
    let (all, vital) = (&app.workers, Rhythm::Vital(Duration::from_secs(1)));
    keep_with(all, &app.ingest, "ingest", vital, orders, ingest::run);
    keep(all, &app.escalation, "ladder", vital, escalation::run);
    Ok(())
}
