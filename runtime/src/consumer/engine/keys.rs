//! What becomes of a key's events, one after the other.

use std::ops::{Index, IndexMut};

use super::fault::{Fault, planted};
use super::io::{DeadLetterReason, Millis, PartitionId, RunId};
use super::ledger::Place;

/// Where a key is kept.
pub(super) type KeyId = u32;

/// A key that has unfinished events in a partition. A record without a key is one of its own.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) partition: PartitionId,
    /// `None`: a record without a key.
    pub(super) hash: Option<u64>,
    pub(super) lane: u32,
    pub(super) state: State,
    /// Tells one run from the next.
    generation: u32,
    /// Its oldest unfinished event. That one alone can have been tried.
    pub(super) head: Place,
    /// Its newest.
    pub(super) tail: Place,
    /// How many events it has, from head to tail.
    pub(super) len: u32,
    /// How many of them a lane has.
    pub(super) running: u32,
    /// The last event that is, or was, under way.
    pub(super) last: Place,
    /// How often the head came back from a lane as failed.
    pub(super) tries: u32,
    /// How many of these were its own fault, not the dependency's.
    pub(super) failures: u32,
    /// How often its dead letter could not be written.
    pub(super) undelivered: u32,
}

/// What a key waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A place in its lane: it stands in the lane's queue, or in that of a partition that stands still.
    Ready,
    /// Others to be handed out with.
    Gathered,
    /// What is found out about the dead letters of its key.
    Doubtful,
    /// The end of its partition, which is to be given back, or that it turns out to be wanted before.
    Held,
    /// A lane's answer.
    Running,
    /// The time of its next try.
    Parked(Millis),
    /// The dead letter's acknowledgement.
    DeadLettering(DeadLetterReason),
    /// The time when the dead letter is written again.
    Undelivered(DeadLetterReason),
    /// Nothing: there is no such key.
    Vacant,
}

impl Key {
    /// Whether an event of it is under way, given its place: a lane has it, or the dead-letter topic.
    pub(super) fn has_begun(&self, place: Place) -> bool {
        let is_under_way = matches!(self.state, State::Running | State::DeadLettering(_));
        let reached = place.wrapping_sub(self.head) <= self.last.wrapping_sub(self.head);
        (is_under_way || planted(Fault::GivenBackHasBegun)) && reached
    }
}

/// The keys of all partitions.
#[derive(Debug, Default)]
pub(super) struct Keys {
    slots: Vec<Key>,
    vacant: Vec<KeyId>,
}

impl Keys {
    /// Adds a key with one event.
    pub(super) fn insert(&mut self, partition: PartitionId, hash: Option<u64>, lane: u32, head: Place) -> KeyId {
        let mut key = Key {
            partition,
            hash,
            lane,
            state: State::Ready,
            generation: 0,
            head,
            tail: head,
            len: 1,
            running: 0,
            last: head,
            tries: 0,
            failures: 0,
            undelivered: 0,
        };
        if let Some(id) = self.vacant.pop() {
            key.generation = self[id].generation;
            self[id] = key;
            id
        } else {
            self.slots.push(key);
            (self.slots.len() - 1) as KeyId
        }
    }

    /// Forgets a key. Its runs, if any, are never recognised again.
    pub(super) fn remove(&mut self, id: KeyId) {
        self[id].state = State::Vacant;
        self[id].generation = self[id].generation.wrapping_add(1);
        self.vacant.push(id);
    }

    /// Names a new run of a key.
    pub(super) fn begin(&mut self, id: KeyId, state: State) -> RunId {
        let key = &mut self[id];
        key.state = state;
        key.last = key.head;
        key.generation = key.generation.wrapping_add(1);
        RunId { key: id, generation: key.generation }
    }

    /// The key's present run, or its last one.
    pub(super) fn run(&self, id: KeyId) -> RunId {
        RunId { key: id, generation: self[id].generation }
    }

    /// The key of a run and its state, unless the run is over.
    pub(super) fn find(&self, run: RunId) -> Option<(KeyId, State)> {
        let key = self.slots.get(run.key as usize)?;
        (key.generation == run.generation || planted(Fault::StaleAnswerCounts)).then_some((run.key, key.state))
    }
}

impl Index<KeyId> for Keys {
    type Output = Key;
    fn index(&self, id: KeyId) -> &Key {
        &self.slots[id as usize]
    }
}

impl IndexMut<KeyId> for Keys {
    fn index_mut(&mut self, id: KeyId) -> &mut Key {
        &mut self.slots[id as usize]
    }
}
