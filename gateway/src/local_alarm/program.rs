//! A program that is told `on` or `off`, such as a neighbour's bell: run until it has done its work.
//!
//! It has done so when it ends with 0, within twenty seconds. One that cannot be started, ends otherwise or takes longer is
//! run again after a pause. Only one run goes on at a time, or the older word would end last: what has become wrong is
//! ended first, with all that it has started. Not here: when it is told (`local_alarm`).

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use proto::unit::{Millis, Mono};

/// Rest after a failure.
const PAUSE: Millis = Millis::secs(2);
/// A run that takes longer hangs. Source: choice; a telephone line that is dialled needs some seconds.
pub(super) const LIMIT: Millis = Millis::secs(20);
/// So long a run of the other word may still take: most end within milliseconds.
const GRACE: Millis = Millis::secs(1);

/// The program and its runs.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    /// What it has done; none at the start and after a run that failed.
    done: Option<bool>,
    run: Option<Run>,
    /// Whether its last run failed.
    failed: bool,
    not_before: Mono,
    /// When it was first told anything.
    begun: Option<Mono>,
    /// Whether it was told once more when all that a box before this one has left behind had ended.
    settled: bool,
}

#[derive(Debug)]
struct Run {
    child: Child,
    on: bool,
    since: Mono,
}

impl Program {
    /// Nobody knows what it was told before: a box that crashed may have left it on.
    pub(super) const fn new(path: PathBuf) -> Self {
        let not_before = Mono::from_millis(0);
        Self { path, done: None, run: None, failed: false, not_before, begun: None, settled: false }
    }

    /// Tells it this, unless it has been told; false if it does not do as it is told. To be called at every turn.
    pub(super) fn say(&mut self, on: bool, now: Mono) -> bool {
        self.collect(on, now);
        let begun = *self.begun.get_or_insert(now);
        if !self.settled && now.since(begun) >= LIMIT {
            (self.settled, self.done) = (true, None);
        }
        if self.done != Some(on) && self.run.is_none() && now >= self.not_before {
            self.start(on, now);
        }
        !self.failed
    }

    fn start(&mut self, on: bool, now: Mono) {
        let child = Command::new(&self.path)
            .arg(if on { "on" } else { "off" })
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match child {
            Ok(child) => self.run = Some(Run { child, on, since: now }),
            Err(error) => self.fail(now, &error),
        }
    }

    /// Hears of a run that has ended, and ends one that is of no use.
    fn collect(&mut self, on: bool, now: Mono) {
        let Some(run) = &mut self.run else { return };
        let took = now.since(run.since);
        match run.child.try_wait() {
            Ok(Some(status)) if status.success() => {
                (self.done, self.failed) = (Some(run.on), false);
                self.run = None;
            }
            Ok(Some(status)) => self.fail(now, &status),
            Ok(None) if run.on != on && took >= GRACE => {
                run.end();
                (self.done, self.run) = (None, None);
            }
            Ok(None) if took >= LIMIT => {
                run.end();
                self.fail(now, &"it takes too long");
            }
            Ok(None) => {}
            Err(error) => self.fail(now, &error),
        }
    }

    fn fail(&mut self, now: Mono, why: &dyn std::fmt::Display) {
        tracing::error!(program = %self.path.display(), %why, "local alarm's program failed, trying again");
        (self.done, self.run, self.failed) = (None, None, true);
        self.not_before = now.after(PAUSE);
    }
}

impl Run {
    /// Ends it with whatever it has started.
    fn end(&mut self) {
        if let Some(group) =
            i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            // It may just have ended by itself.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
