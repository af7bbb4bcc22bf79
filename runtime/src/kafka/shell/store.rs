//! The records that the engine speaks of by token.

use std::sync::Arc;

use crate::consumer::engine::Token;
use crate::consumer::failure::Failures;
use crate::consumer::pool::Failed;
use crate::record::{RawRecord, RecordBatch};

/// Records under tokens, and what went wrong with them so far. Holds each batch once, however many of its records are here:
/// counting that on the thread that owns the store is cheaper than in the batch, which the lanes count in too.
#[derive(Default)]
pub(super) struct Store {
    slots: Vec<Slot>,
    free: Vec<u32>,
    batches: Vec<Batch>,
    free_batches: Vec<u32>,
}

struct Slot {
    batch: u32,
    index: u32,
    offset: i64,
    partition: i32,
    handler: u32,
    used: bool,
    failures: Option<Box<Failures>>,
}

struct Batch {
    records: Option<Arc<RecordBatch>>,
    /// How many slots point to it.
    used: u32,
}

impl Store {
    /// Takes in the first `count` records of a batch and tells their tokens, in order.
    pub(super) fn insert(
        &mut self,
        records: Arc<RecordBatch>,
        partition: i32,
        handler: u32,
        offsets: impl ExactSizeIterator<Item = i64>,
        mut tokens: impl FnMut(Token),
    ) {
        let batch = Batch { used: number(offsets.len()), records: Some(records).filter(|_| offsets.len() > 0) };
        let batch = match self.free_batches.pop() {
            Some(index) => {
                self.batches[index as usize] = batch;
                index
            }
            None => {
                self.batches.push(batch);
                number(self.batches.len() - 1)
            }
        };
        for (index, offset) in (0..).zip(offsets) {
            let slot = Slot { batch, index, offset, partition, handler, used: true, failures: None };
            tokens(Token(match self.free.pop() {
                Some(free) => {
                    self.slots[free as usize] = slot;
                    free
                }
                None => {
                    self.slots.push(slot);
                    number(self.slots.len() - 1)
                }
            }));
        }
    }

    pub(super) fn record(&self, token: Token) -> Option<RawRecord> {
        let slot = self.slot(token)?;
        self.batches.get(slot.batch as usize)?.records.as_ref()?.record(slot.index)
    }

    /// Which of the consumer's handlers a record is for.
    pub(super) fn handler(&self, token: Token) -> Option<u32> {
        Some(self.slot(token)?.handler)
    }

    pub(super) fn failures(&self, token: Token) -> Option<&Failures> {
        self.slot(token)?.failures.as_deref()
    }

    fn slot(&self, token: Token) -> Option<&Slot> {
        self.slots.get(token.0 as usize).filter(|slot| slot.used)
    }

    /// Notes a failure of a record, unless the token is another record's by now.
    pub(super) fn note(&mut self, failed: Failed) {
        let Failed { token, handler, partition, offset, failure } = failed;
        let slot = self.slots.get_mut(token.0 as usize).filter(|slot| {
            slot.used && slot.offset == offset && slot.partition == partition && slot.handler == handler
        });
        if let Some(slot) = slot {
            slot.failures = Some(Box::new(Failures::add(slot.failures.as_deref(), failure)));
        }
    }

    pub(super) fn release(&mut self, token: Token) {
        let Some(slot) = self.slots.get_mut(token.0 as usize).filter(|slot| slot.used) else { return };
        slot.used = false;
        slot.failures = None;
        self.free.push(token.0);
        let index = slot.batch;
        if let Some(batch) = self.batches.get_mut(index as usize) {
            batch.used -= 1;
            if batch.used == 0 {
                batch.records = None;
                self.free_batches.push(index);
            }
        }
    }
}

/// The engine's bound on events in flight is a `u32`.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::failure::Failure;
    use crate::handler::HandlerError;
    use crate::record::BatchBuilder;

    fn insert(store: &mut Store, offset: i64) -> Token {
        let mut batch = BatchBuilder::new("t".into(), 0);
        batch.push(offset, None, None, None, std::iter::empty());
        let mut tokens = Vec::new();
        store.insert(batch.finish(), 0, 0, [offset].into_iter(), |token| tokens.push(token));
        tokens[0]
    }

    fn failed(token: Token, offset: i64) -> Failed {
        let failure = Failure::handler(&HandlerError::transient("no"));
        Failed { token, handler: 0, partition: 0, offset, failure }
    }

    #[test]
    fn a_late_failure_is_not_taken_for_the_record_that_has_the_token_now() {
        let mut store = Store::default();
        let token = insert(&mut store, 1);
        store.note(failed(token, 1));
        assert!(store.failures(token).is_some());
        store.release(token);
        store.release(token);
        assert!(store.record(token).is_none());
        assert_eq!(insert(&mut store, 2), token);
        assert_ne!(insert(&mut store, 3), token, "a token released twice is free once");
        store.note(failed(token, 1));
        assert!(store.failures(token).is_none());
        assert_eq!(store.record(token).map(|record| record.offset()), Some(2));
    }
}
