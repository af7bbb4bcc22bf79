//! What the engine knows of a partition it was assigned.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::breaker::Breaker;
use super::fault::{Fault, planted};
use super::io::{Effect, Effects, Epoch, Millis, Offset, PartitionId};
use super::keys::{Key, KeyId};
use super::ledger::{Ledger, Place};
use super::parking::{Parking, Stance};

/// The partitions that are assigned.
#[derive(Debug, Default)]
pub(super) struct Partitions(Vec<Option<Partition>>);

impl Partitions {
    pub(super) fn insert(&mut self, partition: Partition) {
        let index = partition.id.0 as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(partition);
    }

    pub(super) fn get(&self, id: PartitionId) -> Option<&Partition> {
        self.0.get(id.0 as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: PartitionId) -> Option<&mut Partition> {
        self.0.get_mut(id.0 as usize)?.as_mut()
    }

    /// The partition, if that is its present assignment.
    pub(super) fn of_epoch(&mut self, id: PartitionId, epoch: Epoch) -> Option<&mut Partition> {
        self.get_mut(id).filter(|partition| partition.epoch == epoch || planted(Fault::StaleRecordsCount))
    }

    pub(super) fn remove(&mut self, id: PartitionId) -> Option<Partition> {
        self.0.get_mut(id.0 as usize)?.take()
    }

    /// Takes out a partition that is to be given back, and has nothing more to finish or no time left.
    pub(super) fn remove_drained(&mut self, now: Millis) -> Option<Partition> {
        let is_over = |partition: &mut Partition| {
            partition.draining.as_ref().is_some_and(|draining| {
                let idle = partition.outstanding == 0 && draining.reach == 0 || planted(Fault::DrainAtOnce);
                idle || draining.deadline <= now
            })
        };
        self.0.iter_mut().find_map(|slot| slot.take_if(is_over))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Partition> + Clone {
        self.0.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.0.iter_mut().flatten()
    }
}

/// A partition from its assignment to its loss.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) id: PartitionId,
    pub(super) epoch: Epoch,
    /// Which of the breakers it is behind.
    pub(super) circuit: usize,
    pub(super) ledger: Ledger,
    /// Its keys that have unfinished events; records without a key are not in it.
    pub(super) keys: HashMap<u64, KeyId, BuildHasherDefault<AsIs>>,
    /// What its unfinished events occupy.
    pub(super) bytes: u64,
    /// Runs and dead letters that are not answered for.
    pub(super) outstanding: u32,
    /// Dead letters that could not be written.
    pub(super) undelivered: u32,
    /// Keys whose turn came while it stood still.
    pub(super) stalled: VecDeque<KeyId>,
    /// Whether it holds as much as it may, see [`Share`](super::share::Share).
    pub(super) full: bool,
    /// Whether the shell was told to read no more of it.
    pub(super) paused: bool,
    /// Once it is to be given back.
    pub(super) draining: Option<Draining>,
    /// What is known of its parked keys, where events follow the dead letters of their key.
    pub(super) parking: Option<Box<Parking>>,
    /// The position that it started from.
    start: Option<Offset>,
    /// The position that a commit was asked for last, or that it started from.
    committed: Option<Offset>,
}

/// A partition on its way to the next owner.
#[derive(Debug)]
pub(super) struct Draining {
    /// Until when.
    pub(super) deadline: Millis,
    /// How many events, from the oldest unfinished one on, are to be finished before.
    pub(super) reach: usize,
}

impl Partition {
    pub(super) fn new(
        id: PartitionId,
        epoch: Epoch,
        circuit: usize,
        position: Option<Offset>,
        parking: Option<Box<Parking>>,
    ) -> Self {
        Self {
            id,
            epoch,
            circuit,
            ledger: Ledger::starting_at(position),
            keys: HashMap::default(),
            bytes: 0,
            outstanding: 0,
            undelivered: 0,
            stalled: VecDeque::new(),
            full: false,
            paused: false,
            draining: None,
            parking,
            start: position,
            committed: position,
        }
    }

    /// Whether nothing of it may be handed out: a dead letter cannot be written, it is not known which keys have some, or what
    /// its handlers need is away.
    pub(super) fn stands_still(&self, breakers: &[Breaker]) -> bool {
        self.undelivered > 0 || self.is_unknown() || !breakers[self.circuit].is_closed()
    }

    /// Whether it is not known yet which of its keys are parked.
    pub(super) fn is_unknown(&self) -> bool {
        self.parking.as_ref().is_some_and(|parking| parking.is_unknown())
    }

    /// What the dead letters of a key mean for its oldest event.
    pub(super) fn stance(&self, key: &Key) -> Stance {
        match (&self.parking, key.hash) {
            (Some(parking), Some(hash)) => parking.stance(hash, self.ledger.offset(key.head)),
            _ => Stance::Free,
        }
    }

    /// Whether an event may be handed out as far as the end of the partition is concerned.
    pub(super) fn wants(&self, place: Place) -> bool {
        self.draining.as_ref().is_none_or(|draining| self.ledger.index(place) < draining.reach)
    }

    /// Ends the life of a key's oldest event: it is handled, or safe in the dead-letter topic.
    pub(super) fn finish_head(&mut self, key: &mut Key, out: &mut Effects) {
        let finished = self.ledger.finish(key.head);
        out.released.push(finished.token);
        if !(planted(Fault::BytesLeak) && key.tries > 0) {
            self.bytes -= u64::from(finished.bytes);
        }
        key.head = finished.next;
        key.len -= 1;
        key.tries = 0;
        key.failures = 0;
    }

    /// Asks for a commit, if there is anything new to commit.
    pub(super) fn commit(&mut self, out: &mut Effects) {
        let watermark = self.ledger.watermark();
        if let Some(next) = watermark
            && self.committed != watermark
        {
            self.committed = watermark;
            out.list.push(Effect::Commit { partition: self.id, epoch: self.epoch, next });
        }
    }

    /// No earlier commit is known to have succeeded: the next one is asked for again, even if nothing is new.
    pub(super) fn uncommit(&mut self) {
        self.committed = self.start;
    }
}

/// Takes a hash for what it is.
#[derive(Debug, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
