//! A consumer without a broker, for tests of one promise each.

use std::collections::HashMap;

use crate::consumer::engine::{
    Arrival, BatchId, CircuitId, Completion, DeadLetterReason, Effect, Effects, Engine, Epoch, Input, Millis, Offset,
    PartitionId, RunId, Settings, Token,
};
use crate::handler::FailureKind;

/// An engine whose records' tokens are `partition × 1,000,000 + offset`.
pub(super) struct Consumer {
    pub(super) engine: Engine,
    pub(super) now: Millis,
    epochs: HashMap<u32, Epoch>,
    next_epoch: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) lane: u32,
    pub(super) attempt: u32,
    pub(super) tokens: Vec<u32>,
    pub(super) batch: Option<BatchId>,
}

/// What a step asked for, sorted.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) runs: Vec<Run>,
    pub(super) dead_letters: Vec<(RunId, u32, u32, DeadLetterReason)>,
    pub(super) commits: Vec<(u32, Offset)>,
    pub(super) released: usize,
    pub(super) others: Vec<Effect>,
}

impl Consumer {
    pub(super) fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { lanes: 4, ..Settings::default() };
        change(&mut settings);
        Self { engine: Engine::new(settings, 7, 0), now: 0, epochs: HashMap::new(), next_epoch: 1 }
    }

    pub(super) fn give(&mut self, input: Input<'_>) -> Asked {
        let mut out = Effects::new();
        self.engine.step(input, &mut out);
        let mut asked = Asked { released: out.released().len(), ..Asked::default() };
        for effect in out.list() {
            match *effect {
                Effect::Dispatch { run, lane, attempt, from, len, batch } => {
                    let tokens = out.tokens(from, len).iter().map(|token| token.0).collect();
                    asked.runs.push(Run { id: run, lane, attempt, tokens, batch });
                }
                Effect::DeadLetter { run, token, attempts, reason } => {
                    asked.dead_letters.push((run, token.0, attempts, reason));
                }
                Effect::Commit { partition, next, .. } => asked.commits.push((partition.0, next)),
                other => asked.others.push(other),
            }
        }
        asked
    }

    /// Assigns a partition: each ten of them are behind one breaker.
    pub(super) fn assign(&mut self, partition: u32, position: Offset) -> Asked {
        let epoch = Epoch(self.next_epoch);
        self.next_epoch += 1;
        self.epochs.insert(partition, epoch);
        let (partition, circuit) = (PartitionId(partition), CircuitId(partition / 10));
        self.give(Input::Assigned { partition, epoch, circuit, position: Some(position) })
    }

    pub(super) fn epoch(&self, partition: u32) -> Epoch {
        self.epochs[&partition]
    }

    /// Reads records, given by offset and key.
    pub(super) fn read(&mut self, partition: u32, records: &[(Offset, u64)]) -> Asked {
        let records: Vec<_> = records.iter().map(|&(offset, key)| record(partition, offset, Some(key))).collect();
        self.read_records(partition, &records)
    }

    pub(super) fn read_records(&mut self, partition: u32, records: &[Arrival]) -> Asked {
        let next = records.last().unwrap().offset + 1;
        self.give(Input::Records { partition: PartitionId(partition), epoch: self.epoch(partition), records, next })
    }

    pub(super) fn complete(&mut self, run: &Run, done: u32, failure: Option<FailureKind>) -> Asked {
        self.give(Input::Completed { completions: &[Completion { run: run.id, done, failure }] })
    }

    pub(super) fn succeed(&mut self, run: &Run) -> Asked {
        self.complete(run, run.tokens.len() as u32, None)
    }

    pub(super) fn tick(&mut self, by: Millis) -> Asked {
        self.now += by;
        self.give(Input::Tick { now: self.now })
    }

    pub(super) fn revoke(&mut self, partition: u32) -> Asked {
        self.give(Input::Revoked { partition: PartitionId(partition) })
    }

    pub(super) fn events_held(&self) -> u64 {
        self.engine.in_flight().events
    }
}

pub(super) fn record(partition: u32, offset: Offset, key: Option<u64>) -> Arrival {
    let key = key.map(|key| key.wrapping_mul(0xd6e8_feb8_6659_fd93));
    Arrival { offset, key, bytes: 100, token: Token(partition * 1_000_000 + offset as u32) }
}

pub(super) fn drained(partition: u32, abandoned: u32) -> Effect {
    Effect::Drained { partition: PartitionId(partition), abandoned }
}

pub(super) fn pause(partition: u32) -> Effect {
    Effect::Pause { partition: PartitionId(partition) }
}

pub(super) fn resume(partition: u32) -> Effect {
    Effect::Resume { partition: PartitionId(partition) }
}
