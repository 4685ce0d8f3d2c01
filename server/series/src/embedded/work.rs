//! The writer's thread: groups of batches, house-keeping, and how it goes on after it has fallen.
//!
//! Not here: what a commit is (`seal`).

use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use door::workers::Worker;
use tokio::sync::oneshot;

use super::heads::Heads;
use super::seal::Writer;
use super::{Counters, Job};
use crate::{Retention, SeriesError};

/// Points of one commit; the last batch taken may go beyond it.
const GROUP_MAX: usize = 100_000;

/// What a writer is opened with.
pub(super) type File = (PathBuf, Arc<Mutex<Heads>>, Arc<Counters>);

/// The writer's thread: if it falls it opens the file anew, which reads back what waits in its log.
pub(super) fn live(
    worker: &Worker,
    first: Writer,
    queue: &Receiver<Job>,
    (file, keep): (&File, &Retention),
) {
    let (path, heads, counters) = file;
    let mut first = Some(first);
    loop {
        let writer = first
            .take()
            .map_or_else(|| Writer::open(path.clone(), heads.clone(), counters.clone()), Ok);
        let lived = writer.map_err(|error| error.to_string());
        let lived = lived.and_then(|writer| worker.attempt(|| work(worker, writer, queue, keep)));
        let Err(why) = lived else { return };
        counters.failing.store(true, Relaxed);
        worker.again_on_thread(&why);
    }
}

/// One commit for what waits, then the answers, until the store is closed.
fn work(worker: &Worker, mut writer: Writer, queue: &Receiver<Job>, keep: &Retention) {
    let mut next = None;
    while let Some(job) = next.take().or_else(|| queue.recv().ok()) {
        let _busy = worker.busy();
        match job {
            Job::Write(points, answer) => {
                let mut count = points.len();
                let (mut group, mut answers) = (vec![points], vec![answer]);
                while count < GROUP_MAX {
                    match queue.try_recv() {
                        Ok(Job::Write(points, answer)) => {
                            count += points.len();
                            group.push(points);
                            answers.push(answer);
                        }
                        Ok(other @ (Job::Tend(..) | Job::Close(_))) => {
                            next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                // Whatever becomes of them, they wait no longer.
                writer.counters.waiting.fetch_sub(count as u64, Relaxed);
                let done = writer.commit(&group);
                writer.counters.failing.store(done.is_err(), Relaxed);
                tell(done, answers);
            }
            Job::Tend(now_ms, answer) => drop(answer.send(writer.tend(now_ms, keep))),
            Job::Close(answer) => {
                drop(answer.send(Ok(())));
                return;
            }
        }
    }
}

fn tell(done: Result<(), SeriesError>, answers: Vec<oneshot::Sender<Result<(), SeriesError>>>) {
    if let Err(error) = &done {
        tracing::error!(%error, batches = answers.len(), "the series file took nothing");
    }
    // A waiter that has gone away needs no answer.
    answers.into_iter().for_each(|answer| drop(answer.send(done.clone())));
}
