//! Group commit: who waits, for how long, who goes first.
//!
//! One thread owns the [`Keep`]. It takes what waits, makes it durable in one call and answers all.
//! While it is at the disk the next group gathers, so the group grows with the load by itself.
//! A *batch* is what one session read at once; it is answered by one wake-up. Emergencies have a
//! queue and room of their own and go first; order within a session is restored by its window.
//! Not here: sockets, or what durable means (the keep decides).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use proto::frame::Lane;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::line::Line;
use crate::workers::{Rhythm, Worker, Workers};
use crate::{Arrival, Keep, Verdict};

/// Room in a group that emergencies leave to telemetry, so that a flood of presses starves nothing.
const TELEMETRY_SHARE: usize = 64;

/// How much waits for the disk, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitLimits {
    /// Messages in one group.
    pub group: usize,
    /// Messages that may wait, per lane; more than that stops the reading of sockets.
    pub waiting: usize,
    /// How long a group of telemetry alone waits for company. The commit itself gathers the next
    /// group, so zero is best unless a commit is very cheap.
    pub linger: Duration,
}

impl Default for CommitLimits {
    fn default() -> Self {
        Self { group: 512, waiting: 8_192, linger: Duration::ZERO }
    }
}

/// Who is told the verdicts of a batch.
pub(crate) enum Answer {
    /// A session, whose window numbers its arrivals; the first of the batch is `first`.
    Session { line: Arc<Line>, first: u64 },
    /// Somebody who waits for this one message.
    One(oneshot::Sender<Verdict>),
}

struct Batch {
    arrivals: Vec<Arrival>,
    answer: Answer,
    /// Its room in the queue, given back when it has been answered.
    _room: OwnedSemaphorePermit,
}

#[derive(Default)]
struct Waiting {
    emergency: VecDeque<Batch>,
    telemetry: VecDeque<Batch>,
    messages: usize,
    closed: bool,
}

struct Queue {
    limits: CommitLimits,
    waiting: Mutex<Waiting>,
    ready: Condvar,
    room_emergency: Arc<Semaphore>,
    room_telemetry: Arc<Semaphore>,
    broken: AtomicBool,
    groups: AtomicU64,
    messages: AtomicU64,
    workers: Workers,
}

/// Closes the queue when the last handle is gone.
struct Owner(Arc<Queue>);

/// Hands messages to the commit thread; clone it freely. The thread ends with the last handle.
#[derive(Clone)]
pub struct CommitHandle(Arc<Owner>);

/// Starts the commit thread. Join it after the last handle is dropped to know that all is on disk.
pub fn committer(keep: impl Keep, limits: CommitLimits) -> (CommitHandle, JoinHandle<()>) {
    let room = || Arc::new(Semaphore::new(limits.waiting.max(limits.group)));
    let queue = Arc::new(Queue {
        limits,
        waiting: Mutex::default(),
        ready: Condvar::new(),
        room_emergency: room(),
        room_telemetry: room(),
        broken: AtomicBool::new(false),
        groups: AtomicU64::new(0),
        messages: AtomicU64::new(0),
        workers: Workers::default(),
    });
    let handle = CommitHandle(Arc::new(Owner(Arc::clone(&queue))));
    let thread = std::thread::spawn(move || queue.run(keep));
    (handle, thread)
}

impl CommitHandle {
    /// Makes one message durable. `Refused` also when the keep has failed for good.
    pub async fn keep(&self, arrival: Arrival) -> Verdict {
        let lane = arrival.lane;
        let Some(room) = self.reserve(lane, 1).await else { return Verdict::Refused };
        let (answer, verdict) = oneshot::channel();
        self.submit(vec![arrival], lane, Answer::One(answer), room);
        verdict.await.unwrap_or(Verdict::Refused)
    }

    /// False once the keep has panicked and cannot go on: from then on everything is refused.
    pub fn healthy(&self) -> bool {
        !self.queue().broken.load(Ordering::Acquire)
    }

    /// The thread in the roll-call: it stands still while the disk does not come back.
    pub fn workers(&self) -> &Workers {
        &self.queue().workers
    }

    /// Messages that wait for their group now.
    pub fn waiting(&self) -> usize {
        self.queue().lock().messages
    }

    /// Groups committed since the start.
    pub fn groups(&self) -> u64 {
        self.queue().groups.load(Ordering::Relaxed)
    }

    /// Messages in those groups.
    pub fn messages(&self) -> u64 {
        self.queue().messages.load(Ordering::Relaxed)
    }

    /// Waits for room for a batch; none when the thread has ended.
    pub(crate) async fn reserve(&self, lane: Lane, messages: u32) -> Option<OwnedSemaphorePermit> {
        let room = match lane {
            Lane::Emergency => &self.queue().room_emergency,
            Lane::Telemetry => &self.queue().room_telemetry,
        };
        Arc::clone(room).acquire_many_owned(messages).await.ok()
    }

    /// Puts a batch in line; its verdicts come to `answer`.
    pub(crate) fn submit(
        &self,
        arrivals: Vec<Arrival>,
        lane: Lane,
        answer: Answer,
        room: OwnedSemaphorePermit,
    ) {
        let batch = Batch { arrivals, answer, _room: room };
        let queue = self.queue();
        let mut waiting = queue.lock();
        if waiting.closed {
            drop(waiting);
            batch.refuse();
            return;
        }
        waiting.messages += batch.arrivals.len();
        match lane {
            Lane::Emergency => waiting.emergency.push_back(batch),
            Lane::Telemetry => waiting.telemetry.push_back(batch),
        }
        drop(waiting);
        queue.ready.notify_one();
    }

    fn queue(&self) -> &Queue {
        &self.0.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.ready.notify_one();
    }
}

impl Batch {
    fn answer(&self, verdicts: &[Verdict]) {
        if let Answer::Session { line, first } = &self.answer {
            line.answer(*first, verdicts);
        }
    }

    fn refuse(self) {
        let verdicts = vec![Verdict::Refused; self.arrivals.len()];
        self.answer(&verdicts);
    }
}

impl Waiting {
    /// Moves the next group out: emergencies first, then telemetry, as much as fits.
    fn take(&mut self, limit: usize, group: &mut Vec<Arrival>, answers: &mut Vec<(Batch, usize)>) {
        let share = limit.saturating_sub(TELEMETRY_SHARE.min(limit / 2));
        let emergency_limit = if self.telemetry.is_empty() { limit } else { share };
        for (lane, limit) in [(&mut self.emergency, emergency_limit), (&mut self.telemetry, limit)]
        {
            while let Some(batch) = lane.front() {
                if !group.is_empty() && group.len() + batch.arrivals.len() > limit {
                    break;
                }
                let Some(mut batch) = lane.pop_front() else { break };
                let count = batch.arrivals.len();
                self.messages -= count;
                group.append(&mut batch.arrivals);
                answers.push((batch, count));
            }
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut keep: impl Keep) {
        let mut group = Vec::new();
        let mut answers = Vec::new();
        let mut verdicts = Vec::new();
        let worker = self.workers.enter("commit", Rhythm::Waits);
        while self.next_group(&mut group, &mut answers) {
            let _busy = worker.busy();
            verdicts.clear();
            self.commit(&worker, &mut keep, &group, &mut verdicts);
            group.clear();
            let mut rest = verdicts.as_slice();
            for (batch, count) in answers.drain(..) {
                let (own, others) = rest.split_at(count);
                rest = others;
                match (batch.answer, own) {
                    (Answer::Session { line, first }, own) => line.answer(first, own),
                    (Answer::One(waiter), [verdict, ..]) => drop(waiter.send(*verdict)),
                    (Answer::One(_), []) => {}
                }
            }
        }
    }

    /// Waits for work and takes a group of it; false when no handle is left and all is done.
    fn next_group(&self, group: &mut Vec<Arrival>, answers: &mut Vec<(Batch, usize)>) -> bool {
        let mut waiting = self
            .ready
            .wait_while(self.lock(), |waiting| waiting.messages == 0 && !waiting.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let CommitLimits { group: limit, linger, .. } = self.limits;
        if !linger.is_zero() {
            let alone = |waiting: &mut Waiting| {
                waiting.emergency.is_empty() && waiting.messages < limit && !waiting.closed
            };
            let waited = self.ready.wait_timeout_while(waiting, linger, alone);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.take(limit, group, answers);
        !answers.is_empty()
    }

    /// One call of the keep. Whatever it does, there is one verdict for each message afterwards.
    fn commit(
        &self,
        worker: &Worker,
        keep: &mut impl Keep,
        group: &[Arrival],
        verdicts: &mut Vec<Verdict>,
    ) {
        if !self.broken.load(Ordering::Acquire)
            && let Err(why) = worker.attempt(|| keep.keep(group, verdicts))
        {
            // What it had pushed before it fell is not to be trusted: its commit never returned.
            verdicts.clear();
            if self.anew(worker, keep, &why) && group.len() > 1 {
                self.alone(worker, keep, group, verdicts);
            }
        }
        verdicts.resize(group.len(), Verdict::Refused);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.messages.fetch_add(group.len() as u64, Ordering::Relaxed);
    }

    /// Each message alone, so that only the one that it falls over is refused.
    fn alone(
        &self,
        worker: &Worker,
        keep: &mut impl Keep,
        group: &[Arrival],
        verdicts: &mut Vec<Verdict>,
    ) {
        for arrival in group {
            let mut own = Vec::new();
            let kept = worker.attempt(|| keep.keep(std::slice::from_ref(arrival), &mut own));
            match kept {
                Ok(()) => verdicts.push(own.first().copied().unwrap_or(Verdict::Refused)),
                Err(why) => {
                    verdicts.push(Verdict::Refused);
                    if !self.anew(worker, keep, &why) {
                        return;
                    }
                }
            }
        }
    }

    /// Whether the keep goes on after a panic.
    fn anew(&self, worker: &Worker, keep: &mut impl Keep, why: &str) -> bool {
        let goes_on = worker.attempt(|| keep.anew()).unwrap_or(false);
        if goes_on {
            worker.fell(why);
        } else {
            self.broken.store(true, Ordering::Release);
            tracing::error!(
                why,
                "the keep has panicked: nothing is acknowledged any more, restart"
            );
        }
        goes_on
    }
}
