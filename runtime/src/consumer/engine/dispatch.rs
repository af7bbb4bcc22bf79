//! From arrival to lane.

use super::Engine;
use super::fault::{Fault, planted};
use super::io::{Arrival, BatchId, Effect, Effects, Epoch, Offset, PartitionId, RunId};
use super::keys::{KeyId, State};
use super::parking::Stance;
use super::partition::Partition;

impl Engine {
    /// Enters records into their ledger, and queues the keys that were waiting for some.
    pub(super) fn arrived(
        &mut self,
        id: PartitionId,
        epoch: Epoch,
        records: &[Arrival],
        next: Offset,
        out: &mut Effects,
    ) {
        let Some(partition) = self.partitions.of_epoch(id, epoch).filter(|partition| partition.draining.is_none())
        else {
            out.released.extend(records.iter().map(|record| record.token));
            return;
        };
        // Gathered keys that have an event more, and how many they have then.
        let mut grown = Vec::new();
        for record in records {
            // Read again after a pause, say. What the ledger has passed it has, or had.
            if partition.ledger.has_passed(record.offset) {
                out.released.push(record.token);
                continue;
            }
            partition.bytes += u64::from(record.bytes);
            self.turn += 1;
            let place = partition.ledger.next_place();
            let hash = record.key.map(spread);
            if let Some(&key) = hash.and_then(|hash| partition.keys.get(&hash)) {
                partition.ledger.push(record, self.turn, key);
                let chain = &mut self.keys[key];
                partition.ledger.link(chain.tail, place);
                chain.tail = place;
                chain.len += 1;
                if chain.state == State::Gathered {
                    grown.push((key, chain.len));
                }
                if planted(Fault::TwoRunsOfAKey) && chain.state == State::Running {
                    self.lanes.push_new(chain.lane, key, self.turn);
                }
            } else {
                let lane = self.lanes.of(hash);
                let key = self.keys.insert(id, hash, lane, place);
                partition.ledger.push(record, self.turn, key);
                if let Some(hash) = hash {
                    partition.keys.insert(hash, key);
                }
                self.lanes.push_new(lane, key, self.turn);
            }
        }
        partition.ledger.advance(next);
        let circuit = partition.circuit;
        grown.into_iter().for_each(|(key, events)| self.gathered_more(key, events, circuit));
    }

    /// Hands out what is ready, as far as the lanes have room. What may not be handed out yet waits in its partition.
    pub(super) fn dispatch_ready(&mut self, out: &mut Effects) {
        while let Some((key, room)) = self.lanes.next() {
            let Some(partition) = self.partitions.get_mut(self.keys[key].partition) else { continue };
            let overlooked = if partition.undelivered > 0 { Fault::UndeliveredGoesOn } else { Fault::OpenDispatches };
            if !partition.wants(self.keys[key].head) {
                self.keys[key].state = State::Held;
            } else if partition.stands_still(&self.breakers) && !planted(overlooked) {
                partition.stalled.push_back(key);
            } else {
                let stance = if partition.parking.is_some() { partition.stance(&self.keys[key]) } else { Stance::Free };
                let (circuit, drains) = (partition.circuit, partition.draining.is_some());
                if stance != Stance::Free {
                    self.regard_letters(key, stance, out);
                    continue;
                }
                match self.gathers(circuit) {
                    Some(gather) if self.keys[key].tries == 0 && !drains => self.gather(key, circuit, gather),
                    _ => {
                        self.dispatch(key, room, None, out);
                    }
                }
            }
        }
    }

    /// Queues again what waits in a partition, unless it still has to.
    pub(super) fn release_stalled(&mut self, id: PartitionId) {
        let partition = self.partitions.get_mut(id);
        if let Some(partition) = partition.filter(|partition| !partition.stands_still(&self.breakers)) {
            for id in partition.stalled.drain(..) {
                let key = &self.keys[id];
                self.lanes.push(key.lane, id, partition.ledger.turn(key.head));
            }
        }
    }

    /// Hands out one event, to see whether the dependency answers: the one that failed, if it is still here.
    pub(super) fn probe(&mut self, circuit: usize, out: &mut Effects) {
        // What follows a dead letter proves nothing: it is not handled.
        let first = |partition: &Partition| {
            let is_handled = |key: &KeyId| matches!(partition.stance(&self.keys[*key]), Stance::Free | Stance::Before);
            partition.stalled.iter().position(is_handled)
        };
        let has_one = |partition: &&Partition| {
            let can = partition.circuit == circuit && partition.undelivered == 0 && !partition.is_unknown();
            can && first(partition).is_some()
        };
        let suspect = self.partitions.get(self.breakers[circuit].suspect()).filter(has_one);
        let partition = suspect.or_else(|| self.partitions.iter().find(has_one));
        let place = partition.and_then(|partition| Some((partition.id, first(partition)?)));
        let key = place.and_then(|(id, first)| self.partitions.get_mut(id)?.stalled.remove(first));
        if let Some(key) = key {
            let run = self.dispatch(key, 1, None, out);
            self.breakers[circuit].probing(run);
        } else {
            // Nothing waits that could prove anything, and nothing will arrive while all is paused.
            self.breakers[circuit].close(self.now, out);
            self.recover(circuit);
        }
    }

    /// A breaker closed: its partitions go on.
    pub(super) fn recover(&mut self, circuit: usize) {
        let behind = |partition: &Partition| (partition.circuit == circuit).then_some(partition.id);
        let ids: Vec<_> = self.partitions.iter().filter_map(behind).collect();
        ids.into_iter().for_each(|id| self.release_stalled(id));
    }

    /// Hands a key's oldest events to its lane: as many as there is room for, or the one that is tried again. Where the
    /// circuit gathers they are part of that batch, or of one of their own.
    pub(super) fn dispatch(&mut self, id: KeyId, room: u32, batch: Option<BatchId>, out: &mut Effects) -> RunId {
        let run = self.keys.begin(id, State::Running);
        let circuit = self.partitions.get(self.keys[id].partition).map_or(0, |partition| partition.circuit);
        let gather = self.gathers(circuit);
        let batch = batch.or_else(|| gather.is_some().then(|| self.next_batch()));
        let key = &mut self.keys[id];
        let longest = gather.map_or(self.settings.run_length, |gather| gather.events);
        let most = if key.tries > 0 { 1 } else { longest.max(1).min(room) };
        let from = out.tokens.len() as u32;
        if let Some(partition) = self.partitions.get_mut(key.partition) {
            partition.outstanding += 1;
            let skipped = usize::from(planted(Fault::FailedEventSkipped) && key.tries > 0 && key.len > 1);
            let events = partition.ledger.chain(key.head).skip(skipped).take(key.len.min(most) as usize);
            for (place, token) in events.take_while(|(place, _)| partition.wants(*place)) {
                key.last = place;
                out.tokens.push(token);
            }
        }
        key.running = out.tokens.len() as u32 - from;
        self.lanes.occupy(key.lane, key.running);
        if planted(Fault::ReleasedEarly) {
            out.released.extend_from_slice(&out.tokens[from as usize..]);
        }
        out.list.push(Effect::Dispatch { run, lane: key.lane, attempt: key.tries + 1, from, len: key.running, batch });
        run
    }
}

/// Makes the upper half of a hash as good as its lower half: lanes go by the one, maps by the other.
pub(super) fn spread(hash: u64) -> u64 {
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
