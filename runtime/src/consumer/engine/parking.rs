//! Keys that have dead letters, where later events follow the dead letters of their key.
//!
//! The dead-letter topic itself is what is parked: it outlives processes and assignments. The engine keeps of it what it was told
//! by [look-ups](Effect::LookUp), and what it has asked for itself since. A partition stands still until it was looked up once;
//! from then on nobody but this engine parks a key of it, so only keys that are known to be parked have to be looked at again:
//! they may have been set free. An event is taken for a follower only on the word of a look-up that was asked for after it
//! arrived, or behind a letter that was written after that: what comes in after a key was set free is handled.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::Engine;
use super::dispatch::spread;
use super::fault::{Fault, planted};
use super::io::{DeadLetterReason, Effect, Effects, Epoch, Millis, Offset, ParkedKey, PartitionId};
use super::keys::{Key, KeyId, State};
use super::partition::{AsIs, Partition};

/// What dead letters of its key mean for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    /// Nothing.
    Free,
    /// It comes before them: handed out by itself, so that nothing behind it goes along.
    Before,
    /// It is one of them.
    Letter,
    /// It follows them.
    Follow,
    /// They are on their way back, and it waits for them.
    Wait,
    /// That has to be looked up.
    Doubt,
}

/// What is known of the parked keys of a partition.
#[derive(Debug, Default)]
pub(super) struct Parking {
    keys: HashMap<u64, Parked, BuildHasherDefault<AsIs>>,
    /// How many look-ups were asked for, and which of them was answered last.
    asked: u32,
    answered: u32,
    /// How far the partition was read when the last one was asked for.
    read: Offset,
    /// Keys whose turn came, and that wait for an answer.
    doubtful: Vec<KeyId>,
    /// When to look again.
    due: Option<Millis>,
}

#[derive(Clone, Copy, Debug)]
struct Parked {
    /// The first and the last of its events that were letters at any time of this assignment.
    from: Offset,
    to: Offset,
    later: Later,
    /// Events below had arrived when that was so.
    below: Offset,
    /// The first look-up that knows of its latest letter.
    since: u32,
}

/// What is to become of the events behind the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Later {
    Follow,
    Wait,
    Free,
}

impl Parking {
    /// Whether nothing is known yet.
    pub(super) fn is_unknown(&self) -> bool {
        self.answered == 0 && !planted(Fault::UnknownGoesOn)
    }

    pub(super) fn stance(&self, hash: u64, offset: Offset) -> Stance {
        let Some(parked) = self.keys.get(&hash) else { return Stance::Free };
        if offset < parked.from {
            return if planted(Fault::RunOverLetters) { Stance::Free } else { Stance::Before };
        }
        if offset <= parked.to && !planted(Fault::LetterTwice) {
            return Stance::Letter;
        }
        match parked.later {
            Later::Free => Stance::Free,
            _ if offset >= parked.below && !planted(Fault::OldNewsCount) => Stance::Doubt,
            Later::Follow => Stance::Follow,
            Later::Wait if planted(Fault::ReturningFollowed) => Stance::Follow,
            Later::Wait if planted(Fault::ReturningOvertaken) => Stance::Before,
            Later::Wait => Stance::Wait,
        }
    }

    /// When to look again, if a key waits for its letters to come back.
    pub(super) fn due(&self) -> Option<Millis> {
        self.due
    }

    pub(super) fn take_doubtful(&mut self) -> Vec<KeyId> {
        self.due = None;
        std::mem::take(&mut self.doubtful)
    }

    /// Takes in what was found, unless more was asked for since. `read` is how far the partition is read now.
    fn learn(&mut self, number: u32, parked: &[ParkedKey], read: Offset) -> bool {
        if number != self.asked || number == self.answered {
            return false;
        }
        self.answered = number;
        if planted(Fault::LookUpIgnored) {
            return true;
        }
        let known = |known: &Parked| known.since > number && !planted(Fault::LateNewsFree);
        // What was read before, and is read again in this assignment, was a letter all the same.
        for key in self.keys.values_mut().filter(|key| !known(key)) {
            key.later = Later::Free;
        }
        for &ParkedKey { key, from, to, returning } in parked {
            let later = if returning { Later::Wait } else { Later::Follow };
            let new = Parked { from, to, later, below: self.read, since: 0 };
            let key = self.keys.entry(spread(key)).or_insert(new);
            (key.from, key.to) = (key.from.min(from), key.to.max(to));
            if !known(key) {
                (key.later, key.below) = (later, self.read);
            }
        }
        self.keys.retain(|_, key| key.later != Later::Free || key.to >= read);
        true
    }
}

impl Partition {
    /// Asks which keys are parked, unless that is asked already.
    pub(super) fn look_up(&mut self, out: &mut Effects) {
        let read = self.ledger.position().unwrap_or(0);
        let Some(parking) = &mut self.parking else { return };
        parking.due = None;
        if parking.asked == parking.answered {
            parking.asked += 1;
            parking.read = read;
            out.list.push(Effect::LookUp { partition: self.id, epoch: self.epoch, number: parking.asked });
        }
    }

    /// A key's oldest event is a dead letter now: whatever has arrived of the key follows it.
    pub(super) fn note_letter(&mut self, key: &Key) {
        let (offset, read) = (self.ledger.offset(key.head), self.ledger.position().unwrap_or(0));
        let (Some(parking), Some(hash)) = (&mut self.parking, key.hash) else { return };
        if planted(Fault::FollowersHandled) {
            return;
        }
        let since = parking.asked + 1;
        let new = Parked { from: offset, to: offset, later: Later::Follow, below: read, since };
        let parked = parking.keys.entry(hash).or_insert(new);
        *parked = Parked { from: parked.from.min(offset), to: parked.to.max(offset), ..new };
    }
}

impl Engine {
    /// Does what the dead letters of a key ask for, whose turn it is.
    pub(super) fn regard_letters(&mut self, id: KeyId, stance: Stance, out: &mut Effects) {
        let key = &mut self.keys[id];
        let Some(partition) = self.partitions.get_mut(key.partition) else { return };
        match stance {
            Stance::Free | Stance::Before => {
                self.dispatch(id, 1, None, out);
            }
            Stance::Follow => self.dead_letter(id, DeadLetterReason::Follows, out),
            Stance::Letter => {
                out.list.push(Effect::PassedOver { token: partition.ledger.token(key.head) });
                partition.finish_head(key, out);
                self.go_on(id);
            }
            Stance::Wait | Stance::Doubt => {
                key.state = State::Doubtful;
                if let Some(parking) = &mut partition.parking {
                    parking.doubtful.push(id);
                    if stance == Stance::Wait && parking.asked == parking.answered {
                        parking.due.get_or_insert(self.now.saturating_add(self.settings.look_again));
                    }
                }
                if stance == Stance::Doubt {
                    partition.look_up(out);
                }
            }
        }
    }

    /// It was found out which keys are parked.
    pub(super) fn looked_up(&mut self, id: PartitionId, epoch: Epoch, number: u32, parked: &[ParkedKey]) {
        let Some(partition) = self.partitions.of_epoch(id, epoch) else { return };
        let read = partition.ledger.position().unwrap_or(0);
        let Some(parking) = &mut partition.parking else { return };
        if !parking.learn(number, parked, read) {
            return;
        }
        for id in parking.take_doubtful() {
            let key = &mut self.keys[id];
            key.state = State::Ready;
            self.lanes.push(key.lane, id, partition.ledger.turn(key.head));
        }
        self.release_stalled(id);
    }
}
