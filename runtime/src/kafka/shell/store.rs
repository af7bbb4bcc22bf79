//! The records that the engine speaks of by token.

use crate::consumer::engine::Token;
use crate::consumer::failure::{Failure, Failures};
use crate::record::RawRecord;

/// Records under tokens, and what went wrong with them so far.
#[derive(Default)]
pub(super) struct Store {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

pub(super) struct Slot {
    pub(super) record: Option<RawRecord>,
    /// Which of the consumer's handlers it is for.
    pub(super) handler: u32,
    pub(super) failures: Option<Box<Failures>>,
}

impl Store {
    pub(super) fn insert(&mut self, record: RawRecord, handler: u32) -> Token {
        let slot = Slot { record: Some(record), handler, failures: None };
        match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                Token(index)
            }
            None => {
                self.slots.push(slot);
                // The engine's bound on events in flight is a `u32`.
                Token(u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX))
            }
        }
    }

    pub(super) fn get(&self, token: Token) -> Option<&Slot> {
        self.slots.get(token.0 as usize)
    }

    /// Notes a failure of a record, unless the token is another record's by now.
    pub(super) fn note(&mut self, token: Token, failed: &RawRecord, failure: Failure) {
        let Some(slot) = self.slots.get_mut(token.0 as usize) else { return };
        let is_same = slot.record.as_ref().is_some_and(|record| {
            record.offset() == failed.offset()
                && record.partition() == failed.partition()
                && record.topic() == failed.topic()
        });
        if is_same {
            slot.failures = Some(Box::new(Failures::add(slot.failures.as_deref(), failure)));
        }
    }

    pub(super) fn release(&mut self, token: Token) {
        if let Some(slot) = self.slots.get_mut(token.0 as usize)
            && slot.record.take().is_some()
        {
            slot.failures = None;
            self.free.push(token.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::HandlerError;
    use crate::record::RecordParts;

    fn record(offset: i64) -> RawRecord {
        RawRecord::new(RecordParts { offset, ..RecordParts::default() })
    }

    #[test]
    fn a_late_failure_is_not_taken_for_the_record_that_has_the_token_now() {
        let mut store = Store::default();
        let token = store.insert(record(1), 0);
        let failure = || Failure::handler(&HandlerError::transient("no"));
        store.note(token, &record(1), failure());
        assert!(store.get(token).is_some_and(|slot| slot.failures.is_some()));
        store.release(token);
        store.release(token);
        assert_eq!(store.insert(record(2), 0), token);
        assert_ne!(store.insert(record(3), 0), token, "a token released twice is free once");
        store.note(token, &record(1), failure());
        assert!(store.get(token).is_some_and(|slot| slot.failures.is_none()));
    }
}
