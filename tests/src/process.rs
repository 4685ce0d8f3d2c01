//! Server and gateway as they ship: child processes that are started, killed and started again.
//!
//! A binary of this crate re-executes itself as `server …` or `gateway …`, through the same library
//! `main` as the shipped binaries. A child is *ready* when it has printed its one JSON line; what
//! else it says goes to a log file beside its data. Not here: what the children are configured to do (`stage`).

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::children;
use crate::clock::Watch;
use crate::trouble::{Outcome, Trouble};

/// Seconds that a child may take until it is ready; a debug build on a busy machine is slow.
const READY_S: u64 = 60;
/// Seconds that a child may take to drain after it was asked to end.
const DRAIN_S: u64 = 20;

/// Runs this process as one of the shipped programs, if its first argument says so.
pub fn shipped_main() -> Option<ExitCode> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let part = arguments.get(1)?.to_str()?.to_owned();
    match part.as_str() {
        "server" => {
            arguments.remove(0);
            Some(server::run(arguments))
        }
        "gateway" => {
            arguments.remove(0);
            Some(gateway::run(arguments.into_iter()))
        }
        _ => None,
    }
}

/// How a child is started; it can be done again and again.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// For logs: `server`, `gateway`.
    pub name: String,
    /// A program put in front, such as a tracer, with its arguments; mostly empty.
    pub wrap: Vec<OsString>,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables of its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// File that its standard error is appended to.
    pub log: PathBuf,
}

/// A running child. Dropping it kills it.
pub struct Process {
    recipe: Recipe,
    child: Child,
    /// What its ready line said.
    pub ready: Value,
}

impl Recipe {
    /// Starts the child and waits until it is ready.
    pub fn start(&self) -> Outcome<Process> {
        let mut child = self.spawn()?;
        let Some(out) = child.stdout.take() else { return Err(Trouble::new("no standard output")) };
        let (tell, hear) = mpsc::channel();
        std::thread::spawn(move || {
            // The pipe is read to its end, so that the child never blocks on it.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let mut process = Process { recipe: self.clone(), child, ready: Value::Null };
        let watch = Watch::start();
        while watch.secs() < READY_S as f64 {
            match hear.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => {
                    if let Some(ready) = ready_line(&line) {
                        process.ready = ready;
                        return Ok(process);
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        let end = process.child.try_wait()?;
        Err(Trouble::new(format!("{} is not ready ({end:?}): {}", self.name, tail(&self.log))))
    }

    /// Starts the child and waits for its end; gives its exit status and what it said on standard error.
    pub fn run_to_end(&self) -> Outcome<(Option<i32>, String)> {
        let mut child = self.spawn()?;
        let watch = Watch::start();
        while child.try_wait()?.is_none() {
            if watch.secs() > READY_S as f64 {
                child.kill()?;
            }
            pause();
        }
        let status = child.wait()?;
        Ok((status.code(), tail(&self.log)))
    }

    fn spawn(&self) -> Outcome<Child> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut words = self.wrap.clone();
        words.push(self.program.clone().into());
        words.extend(self.arguments.iter().cloned());
        let mut command = Command::new(words.remove(0));
        command.args(words).envs(self.environment.iter().map(|(k, v)| (k, v)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        children::start(|| command.spawn()).map_err(|e| e.during(&format!("start {}", self.name)))
    }
}

impl Process {
    /// Number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) -> Outcome {
        if !self.recipe.wrap.is_empty() {
            // A tracer that dies lets its process live on; one whose process dies ends by itself.
            let pid = innermost(self.pid()).to_string();
            Command::new("kill").args(["-KILL", &pid]).stderr(Stdio::null()).status()?;
            let watch = Watch::start();
            while self.is_alive() && watch.secs() < DRAIN_S as f64 {
                pause();
            }
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Puts this in front of the program from its next start on.
    pub fn wrap(&mut self, wrap: Vec<OsString>) {
        self.recipe.wrap = wrap;
    }

    /// Its next start is another one; the files of this one stay as they are.
    pub fn next(&mut self, recipe: Recipe) {
        self.recipe = recipe;
    }

    /// Asks it to drain and end; gives its exit status.
    pub fn end(&mut self) -> Outcome<Option<i32>> {
        let pid = innermost(self.pid());
        Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
        let watch = Watch::start();
        while watch.secs() < DRAIN_S as f64 {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            pause();
        }
        self.kill()?;
        Err(Trouble::new(format!("{} did not end within {DRAIN_S} s", self.recipe.name)))
    }

    /// Starts it again after its end, from the same recipe.
    pub fn again(&mut self) -> Outcome {
        *self = self.recipe.clone().start()?;
        Ok(())
    }

    /// What it takes now.
    pub fn usage(&self) -> Usage {
        Usage::of(self.pid())
    }

    /// End of its log, for messages.
    pub fn log_tail(&self) -> String {
        tail(&self.recipe.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; either way nothing is left running.
        let _ = self.kill();
    }
}

/// What a process takes of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Memory in use, MB.
    pub rss_mb: f64,
    /// Processor time so far, seconds.
    pub cpu_s: f64,
}

impl Usage {
    /// Of the process `pid`; zero once it is gone.
    pub fn of(pid: u32) -> Self {
        let dir = Path::new("/proc").join(pid.to_string());
        let status = std::fs::read_to_string(dir.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kb = line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse().ok());
        let stat = std::fs::read_to_string(dir.join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        // utime and stime are the 14th and 15th field of the line, in hundredths of a second.
        let ticks = after_name.split_whitespace().skip(11).take(2);
        let ticks: f64 = ticks.filter_map(|t| t.parse::<f64>().ok()).sum();
        Self { rss_mb: kb.unwrap_or(0.0) / 1024.0, cpu_s: ticks / 100.0 }
    }
}

fn ready_line(line: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(line).ok()?;
    (value.get("ready") == Some(&Value::Bool(true))).then_some(value)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// The shipped program itself, where a tracer runs it.
fn innermost(pid: u32) -> u32 {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().next().and_then(|c| c.parse().ok()).unwrap_or(pid)
}

#[expect(clippy::disallowed_methods, reason = "the end of a process has no event to wait for")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}
