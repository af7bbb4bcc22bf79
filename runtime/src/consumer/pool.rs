//! The queue between the poll thread and the lanes: work one way, answers the other, a batch at a time both ways.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

use tokio::sync::Notify;

use super::engine::{BatchId, Completion, Epoch, ParkedKey, PartitionId, RunId, Token};
use super::failure::Failure;
use crate::record::RawRecord;

/// Events of one key, to be handled one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) attempt: u32,
    /// Which of the consumer's handlers.
    pub(crate) handler: u32,
    /// How many of the chunk's records.
    pub(crate) len: u32,
}

/// Runs that go to one lane together, so that a hand-over costs next to nothing an event.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    runs: VecDeque<Run>,
    records: VecDeque<(Token, RawRecord)>,
    /// What its runs are, where they are to be handled together.
    batch: Option<BatchId>,
}

impl Chunk {
    /// How many events a chunk is filled to that is no batch. A run is never split, so it may have more.
    pub(crate) const EVENTS: usize = 64;

    /// An empty one for runs of that batch, or of none.
    pub(crate) fn of(batch: Option<BatchId>) -> Self {
        Self { batch, ..Self::default() }
    }

    /// Whether a run goes into it: of the same batch, or of none while there is room.
    pub(crate) fn takes(&self, batch: Option<BatchId>) -> bool {
        self.batch == batch && (batch.is_some() || self.records.len() < Self::EVENTS)
    }

    /// Whether its runs are to be handled together.
    pub(crate) fn is_batch(&self) -> bool {
        self.batch.is_some()
    }

    pub(crate) fn push(&mut self, run: Run, records: impl Iterator<Item = (Token, RawRecord)>) {
        self.runs.push_back(run);
        self.records.extend(records);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Takes the first run out; its records follow, one [`next_record`](Self::next_record) each.
    pub(crate) fn next_run(&mut self) -> Option<Run> {
        self.runs.pop_front()
    }

    pub(crate) fn next_record(&mut self) -> Option<(Token, RawRecord)> {
        self.records.pop_front()
    }
}

/// The event of a run that failed, and how.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) token: Token,
    /// Tokens are used again; these tell whether it is still the same record.
    pub(crate) handler: u32,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) failure: Failure,
}

/// What the poll thread is told.
#[derive(Debug)]
pub(crate) enum Answer {
    Completed { completion: Completion, failure: Option<Box<Failed>> },
    DeadLettered { run: RunId, ok: bool },
    CommitFailed { partition: PartitionId, epoch: Epoch },
    LookedUp { partition: PartitionId, epoch: Epoch, number: u32, parked: Vec<ParkedKey> },
}

/// How many answers may wait for the poll thread while the lanes have other work.
const ANSWERS: usize = 512;

/// The queue. See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Pool {
    work: Mutex<VecDeque<Chunk>>,
    /// Where idle lanes wait; the one that came last is woken first, its caches are warm.
    idle: Notify,
    answers: Mutex<Vec<Answer>>,
    /// The poll thread, which sleeps when there is nothing to do.
    sleeper: OnceLock<Thread>,
    stopped: AtomicBool,
    closed: AtomicBool,
}

impl Pool {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Hands work to the lanes.
    pub(crate) fn push(&self, chunks: impl Iterator<Item = Chunk>) {
        let mut work = lock(&self.work);
        let before = work.len();
        work.extend(chunks);
        if work.len() > before {
            drop(work);
            // A lane that is woken wakes the next one if it leaves work behind.
            self.idle.notify_last();
        }
    }

    /// Takes all work back that no lane has begun.
    pub(crate) fn take_back(&self) -> VecDeque<Chunk> {
        std::mem::take(&mut lock(&self.work))
    }

    /// Puts back what a lane cannot begin because its handler waits for something.
    pub(crate) fn put_back(&self, chunk: Chunk) {
        lock(&self.work).push_front(chunk);
        self.idle.notify_last();
    }

    /// The next work for a lane; `None` when there will be none.
    pub(crate) async fn next(&self) -> Option<Chunk> {
        loop {
            if self.closed.load(Ordering::Acquire) {
                // So that every lane hears of it, one after the other.
                self.idle.notify_last();
                return None;
            }
            {
                let mut work = lock(&self.work);
                if let Some(chunk) = work.pop_front() {
                    if !work.is_empty() {
                        drop(work);
                        self.idle.notify_last();
                    }
                    return Some(chunk);
                }
            }
            self.idle.notified().await;
        }
    }

    /// Gives the poll thread what lanes and dead letters have to say. Empties `answers`.
    pub(crate) fn answer(&self, answers: &mut Vec<Answer>) {
        if answers.is_empty() {
            return;
        }
        let waiting = {
            let mut all = lock(&self.answers);
            all.append(answers);
            all.len()
        };
        // While there is work for the lanes anyway, it can wait: it looks by itself after a while.
        if waiting >= ANSWERS || lock(&self.work).is_empty() {
            self.wake();
        }
    }

    /// Moves the answers so far to the end of `into`.
    pub(crate) fn answers(&self, into: &mut Vec<Answer>) {
        into.append(&mut lock(&self.answers));
    }

    /// Says which thread [`wake`](Self::wake) is for.
    pub(crate) fn register_sleeper(&self) {
        // Set once: a pool has one poll thread.
        let _ = self.sleeper.set(std::thread::current());
    }

    /// Wakes the poll thread.
    pub(crate) fn wake(&self) {
        if let Some(thread) = self.sleeper.get() {
            thread.unpark();
        }
    }

    /// Asks the poll thread to drain and end.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Ends the lanes as soon as they are through with what they have begun.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.idle.notify_last();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics under these locks, and a queue is whole after every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
