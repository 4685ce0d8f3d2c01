//! A program that is told `on` or `off`, such as a neighbour's bell: run until it has done its work.
//!
//! It has done so when it ends with 0, or while it still runs. One that cannot be started or ends otherwise
//! is run again after a pause. Not here: when it is told (`local_alarm`).

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use proto::unit::{Millis, Mono};

/// Rest after a failure.
const PAUSE: Millis = Millis::secs(2);
/// Earlier runs that may still go on; the oldest is then ended.
const RUNS_MAX: usize = 8;

/// The program and its runs.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    /// What it was last told; none at the start and after a run that failed.
    told: Option<bool>,
    /// The run that was told so, while it goes on.
    run: Option<Child>,
    /// Earlier runs that go on.
    earlier: Vec<Child>,
    not_before: Mono,
}

impl Program {
    /// Nobody knows what it was told before: a box that crashed may have left it on.
    pub(super) const fn new(path: PathBuf) -> Self {
        let not_before = Mono::from_millis(0);
        Self { path, told: None, run: None, earlier: Vec::new(), not_before }
    }

    /// Tells it this, unless it has been told; true if it has.
    pub(super) fn say(&mut self, on: bool, now: Mono) -> bool {
        self.collect(now);
        if self.told == Some(on) {
            return true;
        }
        if now < self.not_before {
            return false;
        }
        let word = if on { "on" } else { "off" };
        let child = Command::new(&self.path)
            .arg(word)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                self.earlier.extend(self.run.replace(child));
                self.told = Some(on);
                true
            }
            Err(error) => {
                tracing::error!(program = %self.path.display(), %error, "local alarm cannot run, trying again");
                self.not_before = now.after(PAUSE);
                false
            }
        }
    }

    /// Hears of runs that have ended.
    fn collect(&mut self, now: Mono) {
        self.earlier.retain_mut(|run| matches!(run.try_wait(), Ok(None)));
        if self.earlier.len() > RUNS_MAX {
            let mut oldest = self.earlier.remove(0);
            // It may just have ended by itself.
            let _ = oldest.kill();
            let _ = oldest.wait();
        }
        let Some(run) = &mut self.run else { return };
        let ended = match run.try_wait() {
            Ok(None) => return,
            Ok(Some(status)) => status.success(),
            Err(_) => true,
        };
        self.run = None;
        if !ended {
            tracing::error!(program = %self.path.display(), "local alarm's program failed, trying again");
            self.told = None;
            self.not_before = now.after(PAUSE);
        }
    }
}
