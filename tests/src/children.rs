//! The children of this process: server and gateways end with it, whenever it is told to end.
//!
//! It may be told while they start, so nothing rests on who holds them: the system names the children, and once the
//! end has begun no other is started. Not here: how one child is started, killed and started again (`process`).

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::clock::Watch;
use crate::trouble::{Outcome, Trouble};

/// Whether the end has begun; whoever starts a child holds it for reading.
static OVER: RwLock<bool> = RwLock::new(false);
/// Seconds in which children may put away what they hold.
const DRAIN_S: f64 = 8.0;
/// One waits for the word while others start what takes long.
const WORKERS: usize = 4;

/// Everything by which a person or a machine says that it is over.
pub struct Told([Signal; 3]);

impl Told {
    /// Listens from now on: to an end, to Ctrl-C, to a terminal that is closed.
    pub fn listen() -> Outcome<Self> {
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [term, interrupt, hangup] = kinds.map(signal);
        Ok(Self([term?, interrupt?, hangup?]))
    }

    /// Waits until one of them comes.
    pub async fn wait(mut self) {
        let [term, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Runs `work` until it is done or this process is told to end. Either way, also if it was only starting, nothing that
/// it started is left. None: it was told.
pub fn until_told<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Outcome<Option<T>>
where
    T: Send + 'static,
    F: Future<Output = Outcome<T>>,
{
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let told = {
        let _inside = runtime.enter();
        Told::listen()?
    };
    let (tell, done) = oneshot::channel();
    let inside = runtime.handle().clone();
    // Who was told to end does not wait for the rest.
    std::thread::spawn(move || drop(tell.send(inside.block_on(work()))));
    let done = runtime.block_on(async {
        tokio::select! {
            done = done => Some(done),
            () = told.wait() => None,
        }
    });
    end_all();
    runtime.shutdown_background();
    match done {
        Some(done) => Ok(Some(done??)),
        None => Ok(None),
    }
}

/// Starts a child, unless the end has begun.
pub fn start<T>(spawn: impl FnOnce() -> std::io::Result<T>) -> Outcome<T> {
    let over = OVER.read().unwrap_or_else(PoisonError::into_inner);
    if *over { Err(Trouble::new("this process is about to end")) } else { Ok(spawn()?) }
}

/// Ends all children, kindly first, and waits until none runs.
pub fn end_all() {
    *OVER.write().unwrap_or_else(PoisonError::into_inner) = true;
    let watch = Watch::start();
    for word in ["-TERM", "-KILL"] {
        let mut told = BTreeSet::new();
        loop {
            let running = running();
            if running.is_empty() {
                return;
            }
            for pid in running {
                if told.insert(pid) {
                    // One that has just ended needs no word.
                    let _ = Command::new("kill")
                        .args([word, &pid.to_string()])
                        .stderr(Stdio::null())
                        .status();
                }
            }
            if word == "-TERM" && watch.secs() > DRAIN_S || watch.secs() > 2.0 * DRAIN_S {
                break;
            }
            pause();
        }
    }
}

/// Children that have not ended; one that has and that nobody has asked about yet is none.
fn running() -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists = threads.flatten().map(|thread| thread.path().join("children"));
    let lists: Vec<String> =
        lists.map(|at| std::fs::read_to_string(at).unwrap_or_default()).collect();
    let pids = lists.iter().flat_map(|list| list.split_whitespace());
    pids.filter_map(|pid| pid.parse().ok()).filter(|pid| !is_over(*pid)).collect()
}

fn is_over(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, None | Some('Z' | 'X'))
}

#[expect(clippy::disallowed_methods, reason = "the end of a process has no event to wait for")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
