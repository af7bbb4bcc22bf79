//! The engine's vocabulary: what it is told, what it asks for, and the names both sides use.

use crate::handler::FailureKind;

/// Milliseconds since an origin that the shell chooses once and keeps. Never decreasing; a clock that steps back is held.
pub type Millis = u64;

/// An offset of a partition, as Kafka counts.
pub type Offset = i64;

/// A topic's partition, as the shell numbers them: small and dense (0, 1, 2 …), the same number for the same
/// topic-partition for the life of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionId(pub u32);

/// Partitions whose handlers need the same things, and so share a breaker: one a handler, or one for all. Small and dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CircuitId(pub u32);

/// One assignment of one partition. Unique in the process, so that nothing that belongs to a former assignment, nor to a
/// former engine, is ever taken for the present one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// The shell's name for a record it keeps: an index into its own store. The engine hands it back, never looks behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u32);

/// One hand-over of work. Used once: an answer to a run that is over, or whose partition is gone, changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    pub(super) key: u32,
    pub(super) generation: u32,
}

/// Runs that are handed out together, to one handler at a time. Used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub(super) u64);

/// A record that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its offset. Ascending within one partition; gaps are fine.
    pub offset: Offset,
    /// A 64-bit hash of its key, `None` without a key. Two keys of one hash are handled as if they were one, so order
    /// is kept whatever the hash; it ought to be well mixed in all its bits.
    pub key: Option<u64>,
    /// What it occupies in memory, for the bound on bytes.
    pub bytes: u32,
    /// The shell's name for it.
    pub token: Token,
}

/// What became of a run: the first `done` events are handled, the next one failed where there is a `failure`, and those
/// behind it were not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Which run.
    pub run: RunId,
    /// How many of its events, from the first, are handled.
    pub done: u32,
    /// Why the next one failed. `None`: none failed; the rest, if any, is given back unstarted and costs no attempt.
    pub failure: Option<FailureKind>,
}

/// A key whose later events follow its dead letters, as a [look-up](Effect::LookUp) found it: it has dead letters that are open, or
/// that are on their way back to the group. In offsets of the partition that was looked up.
///
/// Its events below `from` come before all of those letters, those from `from` through `to` are letters already, and those above
/// `to` have to wait for their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedKey {
    /// The hash of the key, as [`Arrival::key`] has it.
    pub key: u64,
    /// The first of its events that is a letter.
    pub from: Offset,
    /// The last one; below `from` where none is.
    pub to: Offset,
    /// Whether all of them are on their way back: its later events wait for them, and do not follow them to the dead-letter
    /// topic any more.
    pub returning: bool,
}

/// What the engine is told.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// The group gave us a partition.
    Assigned {
        /// Which.
        partition: PartitionId,
        /// A new one.
        epoch: Epoch,
        /// Which breaker it is behind.
        circuit: CircuitId,
        /// The next offset that will be read, where it is known already.
        position: Option<Offset>,
    },
    /// The group asks for a partition back, or we are shutting down: drain, commit, forget. Answered by
    /// [`Effect::Drained`], in this step or in a later one.
    ///
    /// To drain is to finish what lanes have begun, and whatever lies below an event that is finished: nothing handled is
    /// left above what is committed. Runs that no lane has begun are best given back at once, see [`Completion::failure`]:
    /// those of them that are needed are handed out again.
    Revoked {
        /// Which.
        partition: PartitionId,
    },
    /// The partition is another's already: forget at once, commit nothing.
    Lost {
        /// Which.
        partition: PartitionId,
    },
    /// Records were read, or the position moved without any.
    Records {
        /// Of which partition.
        partition: PartitionId,
        /// In which assignment they were read; those of a former one are released unseen.
        epoch: Epoch,
        /// The records in order of offset. One below the position is released unseen: to go back needs a new assignment.
        records: &'a [Arrival],
        /// The next offset that will be read: above every offset in `records`, and above any gap read past.
        next: Offset,
    },
    /// Lanes finished runs.
    Completed {
        /// Which, and how.
        completions: &'a [Completion],
    },
    /// A dead letter was acknowledged by the broker, or could not be written.
    DeadLettered {
        /// The run of the [`Effect::DeadLetter`].
        run: RunId,
        /// Whether it is safe in its topic.
        ok: bool,
    },
    /// The answer to [`Effect::LookUp`].
    LookedUp {
        /// Of which partition.
        partition: PartitionId,
        /// In which assignment it was asked for; one of a former assignment changes nothing.
        epoch: Epoch,
        /// Which look-up.
        number: u32,
        /// All keys of the partition that are parked. Of some moment after it was asked for.
        parked: &'a [ParkedKey],
    },
    /// A commit was refused: it is asked for again at the next interval.
    CommitFailed {
        /// Of which partition.
        partition: PartitionId,
        /// In which assignment.
        epoch: Epoch,
    },
    /// Time passes.
    Tick {
        /// The time.
        now: Millis,
    },
}

/// Why an event goes to the dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadLetterReason {
    /// It can never succeed.
    Poison,
    /// It failed as often as it may.
    Exhausted,
    /// An earlier event of its key is a dead letter that is not settled.
    Follows,
}

/// What the engine asks for, in the order in which it is to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Hand a run of one key's events to a lane, to be handled one after the other.
    Dispatch {
        /// To be named in the [`Completion`].
        run: RunId,
        /// Which lane, below [`Settings::lanes`](super::Settings::lanes).
        lane: u32,
        /// How often its events have been handed out, this time included. Above 1 the run is of one event.
        attempt: u32,
        /// Where its tokens begin, see [`Effects::tokens`].
        from: u32,
        /// How many they are: 1 or more.
        len: u32,
        /// What it is a part of, where its circuit [gathers](super::Settings::gather). The runs of a batch stand together,
        /// and each is answered for.
        batch: Option<BatchId>,
    },
    /// Write an event to the dead-letter topic and answer with [`Input::DeadLettered`].
    DeadLetter {
        /// To be named in the answer.
        run: RunId,
        /// The event.
        token: Token,
        /// How often it was handed to a lane.
        attempts: u32,
        /// Why.
        reason: DeadLetterReason,
    },
    /// An event is done without being handed out: it is a dead letter already.
    PassedOver {
        /// The event.
        token: Token,
    },
    /// Find out which keys of a partition are parked, and answer with [`Input::LookedUp`], however long that takes.
    LookUp {
        /// Which.
        partition: PartitionId,
        /// In which assignment.
        epoch: Epoch,
        /// To be named in the answer.
        number: u32,
    },
    /// Read no more of a partition.
    Pause {
        /// Which.
        partition: PartitionId,
    },
    /// Read on.
    Resume {
        /// Which.
        partition: PartitionId,
    },
    /// Commit a partition's position: every event below `next` is handled or safe in the dead-letter topic.
    Commit {
        /// Which.
        partition: PartitionId,
        /// In which assignment.
        epoch: Epoch,
        /// The next offset that the group will read.
        next: Offset,
    },
    /// The answer to [`Input::Revoked`]: the partition is forgotten, the commit, if one was due, stands before this.
    Drained {
        /// Which.
        partition: PartitionId,
        /// How many of its events a lane was still working on when the time to drain was over. Their effects may
        /// happen twice.
        abandoned: u32,
    },
    /// What the handlers need is held to be down: their partitions stand still but for a probe now and then.
    BreakerOpened {
        /// Whose.
        circuit: CircuitId,
    },
    /// It answered: they go on from where they were.
    BreakerClosed {
        /// Whose.
        circuit: CircuitId,
    },
}

/// What one step or several asked for. Kept and cleared by the shell, so that its buffers are reused.
///
/// To be carried out before the engine is told of an assignment, a revoke or a loss: a commit that waits behind one of these
/// comes too late.
#[derive(Debug, Default)]
pub struct Effects {
    pub(super) list: Vec<Effect>,
    pub(super) tokens: Vec<Token>,
    pub(super) released: Vec<Token>,
}

impl Effects {
    /// Nothing asked for yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), tokens: Vec::new(), released: Vec::new() }
    }

    /// What is to be done, in order. Dispatches that one step makes to one lane stand together.
    #[must_use]
    pub fn list(&self) -> &[Effect] {
        &self.list
    }

    /// The events of a [`Effect::Dispatch`], in the order in which they are to be handled.
    ///
    /// Empty where the range is not one of this batch.
    #[must_use]
    pub fn tokens(&self, from: u32, len: u32) -> &[Token] {
        let from = from as usize;
        self.tokens.get(from..from.saturating_add(len as usize)).unwrap_or_default()
    }

    /// Records that the engine will not speak of again. A token may be reused once the effects beside it are carried
    /// out. After a loss, or a drain that ran out of time, a lane may still be at work on a released record.
    #[must_use]
    pub fn released(&self) -> &[Token] {
        &self.released
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.list.clear();
        self.tokens.clear();
        self.released.clear();
    }
}

/// How much more of a partition is wanted at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// So many events.
    pub events: u64,
    /// Events of so many bytes; one that crosses the bound may still come.
    pub bytes: u64,
}

impl Room {
    /// How many of these events fit, from the first, given what each occupies.
    pub fn fits(self, bytes: impl Iterator<Item = u32>) -> usize {
        let most = usize::try_from(self.events).unwrap_or(usize::MAX);
        let mut before = 0;
        let fits = |bytes: &u32| {
            let fits = before < self.bytes;
            before += u64::from(*bytes);
            fits
        };
        bytes.take(most).take_while(fits).count()
    }
}

/// How much of what was read is not committed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InFlight {
    /// Events at or above the watermark of their partition, finished ones included.
    pub events: u64,
    /// What the unfinished ones of them occupy.
    pub bytes: u64,
}
