//! A failing disk, or death, at chosen system calls of server or gateway, under a stream of presses.
//!
//! The tracer makes the n-th call of a kind fail, or kills the process there. Devices, a robot that closes
//! and an operator whose wishes are refused go on meanwhile; then the process dies by `kill -9` and comes
//! back on a sound disk. What was acknowledged must be there: presses that heard `received`, and closes.
//! Not here: a disk that forgets what it has synced.

mod world;

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

use crate::load::{Report, Shared};
use crate::seed::Seed;
use crate::stage::Stage;
use crate::tools::{Tool, need};
use crate::trouble::{Outcome, Trouble};

use world::Round;

/// Longest wait for a process that the tracer is to kill, s.
const DIES_S: f64 = 8.0;

/// Which process the fault befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The server.
    Server,
    /// The gateway.
    Gateway,
}

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Blow {
    /// The call fails with "input/output error".
    Eio,
    /// The call fails with "no space left on device".
    Enospc,
    /// The process dies there.
    Kill,
}

/// One round: where the fault strikes.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Whom.
    pub part: Part,
    /// Name of the system call.
    pub call: &'static str,
    /// How.
    pub blow: Blow,
    /// At its n-th time in a thread.
    pub first: u64,
    /// And at each so many-th after that; none = once.
    pub every: Option<u64>,
}

/// What one round has shown. All but `presses` must be zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Presses made.
    pub presses: usize,
    /// Presses without an alert at the end: one that heard `received` is never said again.
    pub lost: usize,
    /// Presses in two alerts.
    pub doubled: usize,
    /// Presses whose device has not heard `received` at the end.
    pub unheard: usize,
    /// Alerts that were on a screen and are not in the rows.
    pub vanished: usize,
    /// Closes that were answered with success and are not in the rows.
    pub reopened: usize,
}

impl Fault {
    /// What the tracer is told; none if there is no tracer.
    fn wrap(&self, dir: &Path) -> Option<Vec<OsString>> {
        let how = match self.blow {
            Blow::Eio => "error=EIO",
            Blow::Enospc => "error=ENOSPC",
            Blow::Kill => "signal=KILL",
        };
        let every = self.every.map(|every| format!("+{every}")).unwrap_or_default();
        let inject = format!("inject={}:{how}:when={}{every}", self.call, self.first);
        let strace = need(Tool::Strace)?;
        let words = ["-f", "-qq", "--seccomp-bpf", "-e", &format!("trace={}", self.call)];
        let mut wrap = vec![strace.into_os_string()];
        wrap.extend(words.map(OsString::from));
        wrap.extend(["-e".into(), inject.into(), "-o".into(), dir.join("strace").into()]);
        Some(wrap)
    }
}

/// Plays one round; none if there is no tracer. `settle_s`: how long the end waits for every device.
pub async fn round(
    program: &Path,
    fault: Fault,
    presses: usize,
    (settle_s, seed): (f64, &Seed),
) -> Outcome<Option<Shown>> {
    let dir = tempfile::Builder::new().prefix("hearthline-sweep-").tempdir()?;
    let Some(wrap) = fault.wrap(dir.path()) else { return Ok(None) };
    let mut round = Round::open(program, dir.path(), seed).await?;
    if round.restart(fault.part, wrap).is_err() {
        // It was struck before it was ready, and says so by ending: that is one of the ways.
        tracing::info!("{fault:?}: struck at its start");
    }
    round.live(presses).await;
    if fault.blow == Blow::Kill {
        round.until(DIES_S, |round| round.unheard() == 0).await;
    } else {
        round.until(6.0, |round| round.unheard() == 0).await;
    }
    round.restart(fault.part, Vec::new())?;
    round
        .until(settle_s, |round| round.unheard() == 0 && round.shared.book().all_on_screen())
        .await;
    let unheard = round.unheard();
    let answered = round.robot.closed();
    drop(round.robot);
    let (closed, vanished) = audit(&round.stage, &round.shared)?;
    let verdict = round.shared.book().verdict();
    if unheard > 0 {
        let (server, gateway) =
            (round.stage.server.process.log_tail(), round.gateway.process.log_tail());
        tracing::warn!("{fault:?}: unheard\n-- server\n{server}\n-- gateway\n{gateway}");
    }
    Ok(Some(Shown {
        presses: verdict.presses,
        lost: verdict.lost,
        doubled: verdict.doubled,
        unheard,
        vanished,
        reopened: answered.saturating_sub(closed),
    }))
}

/// Reads each alert whole; gives how many are closed and how many are gone.
fn audit(stage: &Stage, shared: &Shared) -> Outcome<(usize, usize)> {
    let ids: Vec<String> = {
        let book = shared.book();
        book.alerts().filter_map(|a| Some(a.get("id")?.as_str()?.to_owned())).collect()
    };
    let (api, mut closed, mut vanished) = (stage.session()?, 0, 0);
    for id in ids {
        let answer = api.get(&format!("/api/alerts/{id}"))?;
        if answer.status == 404 {
            vanished += 1;
            continue;
        }
        let alert = answer.good()?;
        closed += usize::from(alert.get("state").and_then(Value::as_str) == Some("closed"));
        shared.book().audited(&alert);
    }
    Ok((closed, vanished))
}

/// Which rounds to play.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Whom.
    pub part: Part,
    /// Name of the system call.
    pub call: &'static str,
    /// How.
    pub blow: Blow,
    /// Each call from the first to this one is struck in a round of its own.
    pub upto: u64,
    /// Rounds at random later calls.
    pub later: u64,
}

/// Plays a sweep and adds its rounds up.
pub async fn run(program: &Path, sweep: &Sweep, mut seed: Seed) -> Outcome<Report> {
    let (mut sum, mut bad) = (Shown::default(), Vec::new());
    let later: Vec<u64> = (0..sweep.later).map(|_| sweep.upto + 1 + seed.below(800)).collect();
    for first in (1..=sweep.upto).chain(later) {
        let every = (sweep.blow != Blow::Kill).then_some(400);
        let Sweep { part, call, blow, .. } = *sweep;
        let fault = Fault { part, call, blow, first, every };
        let Some(shown) = round(program, fault, 4, (60.0, &seed.part(first))).await? else {
            return Err(Trouble::new("a sweep needs strace: apt-get install strace"));
        };
        if shown != (Shown { presses: shown.presses, ..Shown::default() }) {
            bad.push(format!("{call} {first}: {shown:?}"));
        }
        tracing::info!("{fault:?}: {shown:?}");
        sum.presses += shown.presses;
        sum.lost += shown.lost;
        sum.doubled += shown.doubled;
        sum.unheard += shown.unheard;
        sum.vanished += shown.vanished;
        sum.reopened += shown.reopened;
    }
    let mut report = Report::default();
    report.put("rounds", sweep.upto + sweep.later);
    report.put("presses", sum.presses);
    report.put("lost", sum.lost);
    report.put("doubled", sum.doubled);
    report.put("unheard", sum.unheard);
    report.put("vanished", sum.vanished);
    report.put("reopened", sum.reopened);
    report.put("bad", bad);
    Ok(report)
}
