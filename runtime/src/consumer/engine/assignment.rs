//! Partitions come and go.

use super::Engine;
use super::breaker::Breaker;
use super::fault::{Fault, planted};
use super::io::{CircuitId, Effect, Effects, Epoch, Offset, PartitionId};
use super::keys::{Key, State};
use super::parking::Stance;
use super::partition::{Draining, Partition};

impl Engine {
    pub(super) fn assigned(
        &mut self,
        id: PartitionId,
        epoch: Epoch,
        circuit: CircuitId,
        position: Option<Offset>,
        out: &mut Effects,
    ) {
        // Given twice without a word between: the former assignment was lost.
        self.lost(id, out);
        if !planted(Fault::PauseNotRepeated) {
            // A client may forget its pauses when its assignment changes.
            for partition in self.partitions.iter().filter(|partition| partition.paused) {
                out.list.push(Effect::Pause { partition: partition.id });
            }
        }
        let circuit = circuit.0 as usize;
        while self.breakers.len() <= circuit {
            let next = CircuitId(self.breakers.len() as u32);
            self.breakers.push(Breaker::new(next, self.settings.breaker.clone()));
        }
        let parking = self.settings.ordered.get(circuit).is_some_and(|ordered| *ordered).then(Box::default);
        self.partitions.insert(Partition::new(id, epoch, circuit, position, parking));
        if let Some(partition) = self.partitions.get_mut(id) {
            partition.look_up(out);
        }
    }

    pub(super) fn revoked(&mut self, id: PartitionId, out: &mut Effects) {
        let Some(partition) = self.partitions.get_mut(id) else {
            out.list.push(Effect::Drained { partition: id, abandoned: 0 });
            return;
        };
        if partition.draining.is_none() {
            let deadline = self.now.saturating_add(self.settings.drain_timeout);
            partition.draining = Some(Draining { deadline, reach: 0 });
            let doubtful = partition.parking.as_mut().map(|parking| parking.take_doubtful());
            for key in partition.stalled.drain(..).chain(doubtful.into_iter().flatten()) {
                self.keys[key].state = State::Held;
            }
            if !planted(Fault::DrainKeepsGathered) {
                self.take_gathered(id, State::Held);
            }
        }
    }

    /// Goes on with what must be finished of the partitions that are to be given back.
    ///
    /// Their next owners read from the watermark on, so every event above it that was handled would be handled twice. That
    /// is what is left to do, then: the events *below* one that is finished or under way, and no others. What a lane gives
    /// back unstarted is not under way any more, so the work may become less meanwhile, and never more. Nothing is begun
    /// above an event that cannot be finished in time, since it could not be committed.
    pub(super) fn go_on_draining(&mut self) {
        for partition in self.partitions.iter_mut() {
            let stands_still = partition.stands_still(&self.breakers) || planted(Fault::DrainLeavesHoles);
            let Some(draining) = &mut partition.draining else { continue };
            draining.reach = 0;
            if stands_still {
                continue;
            }
            let mut reach = partition.ledger.reach(|place, key| self.keys[key].has_begun(place));
            if planted(Fault::DispatchWhileDraining) {
                reach = partition.ledger.len();
            }
            let (parking, ledger) = (&partition.parking, &partition.ledger);
            let returns = |key: &Key, place| match (parking, key.hash) {
                (Some(parking), Some(hash)) => parking.stance(hash, ledger.offset(place)) == Stance::Wait,
                _ => false,
            };
            for (place, id, _) in partition.ledger.unfinished() {
                let index = partition.ledger.index(place);
                let key = &mut self.keys[id];
                if index >= reach {
                    break;
                }
                if key.head != place {
                    continue;
                }
                match key.state {
                    State::Parked(until) if until >= draining.deadline => reach = index,
                    // Its letters come back in their own time.
                    State::Doubtful if returns(key, place) => reach = index,
                    State::Held => {
                        key.state = State::Ready;
                        self.lanes.push(key.lane, id, partition.ledger.turn(place));
                    }
                    _ => {}
                }
            }
            draining.reach = reach;
        }
    }

    pub(super) fn lost(&mut self, id: PartitionId, out: &mut Effects) {
        if let Some(mut partition) = self.partitions.remove(id) {
            if planted(Fault::CommitAfterLoss) {
                partition.commit(out);
            }
            self.forget(partition, out);
        }
    }

    /// Gives back what is drained, or was given time enough.
    pub(super) fn give_back_drained(&mut self, out: &mut Effects) {
        while let Some(mut partition) = self.partitions.remove_drained(self.now) {
            let id = partition.id;
            if !planted(Fault::DrainWithoutCommit) {
                // The last word: what became of earlier commits may not be known yet.
                partition.uncommit();
                partition.commit(out);
            }
            let abandoned = self.forget(partition, out);
            out.list.push(Effect::Drained { partition: id, abandoned });
        }
    }

    /// Forgets a partition and all that belongs to it. Returns how many of its events lanes were working on.
    fn forget(&mut self, partition: Partition, out: &mut Effects) -> u32 {
        self.lanes.retain(|key| self.keys[key].partition != partition.id);
        self.take_gathered(partition.id, State::Held);
        let mut abandoned = 0;
        for (place, key, token) in partition.ledger.unfinished() {
            out.released.push(token);
            if self.keys[key].head != place {
                continue;
            }
            if !planted(Fault::ProbeForgotten) {
                self.breakers[partition.circuit].forget(self.keys.run(key), self.now);
            }
            let held = &self.keys[key];
            if held.state == State::Running {
                abandoned += held.running;
                if !planted(Fault::LaneLeaks) {
                    self.lanes.vacate(held.lane, held.running);
                }
            }
            self.keys.remove(key);
        }
        abandoned
    }
}
