//! Batches: keys wait until enough of their handler's events are ready, or for long enough, and are handed out together.

use std::collections::VecDeque;

use super::Engine;
use super::fault::{Fault, planted};
use super::io::{BatchId, Effects, Millis, PartitionId, RunId};
use super::keys::{KeyId, State};
use super::partition::Partition;
use super::settings::Gather;

/// The keys of one circuit and lane that wait for company.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Until when each waits, the one that came first in front. One that is no longer gathered is passed over.
    waiting: VecDeque<(Millis, RunId)>,
    /// Those of them that have a batch by themselves.
    full: VecDeque<RunId>,
    /// How many events they all have.
    events: u64,
}

impl Gathering {
    fn push(&mut self, due: Millis, run: RunId, events: u32) {
        self.waiting.push_back((due, run));
        self.events += u64::from(events);
    }
}

impl Engine {
    /// How a circuit's events are handed out, if in batches.
    pub(super) fn gathers(&self, circuit: usize) -> Option<Gather> {
        self.settings.gather.get(circuit).copied().flatten()
    }

    fn gathering(&mut self, circuit: usize, lane: u32) -> &mut Gathering {
        let index = circuit * self.settings.lanes.max(1) as usize + lane as usize;
        if self.gatherings.len() <= index {
            self.gatherings.resize_with(index + 1, Gathering::default);
        }
        &mut self.gatherings[index]
    }

    /// Has a key that is ready wait for company. Those that were tried before are tried alone; so is what has to be
    /// finished before its partition is given back.
    pub(super) fn gather(&mut self, id: KeyId, circuit: usize, gather: Gather) {
        let due = self.now.saturating_add(gather.linger);
        let key = &mut self.keys[id];
        key.state = State::Gathered;
        let (lane, events) = (key.lane, key.len);
        // Without a key nothing more will come that may go with it.
        let is_full = gather.by_key && (events >= gather.events || key.hash.is_none());
        let run = self.keys.run(id);
        let gathering = self.gathering(circuit, lane);
        gathering.push(due, run, events);
        if is_full {
            gathering.full.push_back(run);
        }
    }

    /// A gathered key has one event more, and so many in all.
    pub(super) fn gathered_more(&mut self, id: KeyId, events: u32, circuit: usize) {
        let Some(gather) = self.gathers(circuit) else { return };
        let (lane, is_full) = (self.keys[id].lane, gather.by_key && events == gather.events);
        let run = self.keys.run(id);
        let gathering = self.gathering(circuit, lane);
        gathering.events += 1;
        if is_full {
            gathering.full.push_back(run);
        }
    }

    /// Hands out the batches that are full, or have waited long enough, as far as the lanes have room.
    pub(super) fn hand_out_gathered(&mut self, out: &mut Effects) {
        for index in 0..self.gatherings.len() {
            let lanes = self.settings.lanes.max(1) as usize;
            let (circuit, lane) = (index / lanes, (index % lanes) as u32);
            let Some(gather) = self.gathers(circuit) else { continue };
            while self.lanes.room(lane) > 0 && self.is_due(index, gather) {
                self.hand_out_batch(index, gather, lane, out);
            }
        }
    }

    fn is_due(&mut self, index: usize, gather: Gather) -> bool {
        let gathering = &mut self.gatherings[index];
        let keys = &self.keys;
        let is_gathered = |run: RunId| matches!(keys.find(run), Some((_, State::Gathered)));
        while gathering.waiting.pop_front_if(|(_, run)| !is_gathered(*run)).is_some() {}
        while gathering.full.pop_front_if(|run| !is_gathered(*run)).is_some() {}
        let Some((due, _)) = gathering.waiting.front() else { return false };
        let enough = u64::from(gather.events.min(self.settings.lane_capacity.max(1)));
        let is_full = if gather.by_key { !gathering.full.is_empty() } else { gathering.events >= enough };
        is_full || (*due <= self.now && !planted(Fault::NeverDue)) || planted(Fault::AlwaysDue)
    }

    fn hand_out_batch(&mut self, index: usize, gather: Gather, lane: u32, out: &mut Effects) {
        let batch = self.next_batch();
        let mut taken = 0;
        loop {
            let room = self.lanes.room(lane).min(gather.events.saturating_sub(taken));
            if room == 0 {
                break;
            }
            let gathering = &mut self.gatherings[index];
            let next = gathering.full.pop_front().or_else(|| gathering.waiting.pop_front().map(|(_, run)| run));
            let Some(run) = next else { break };
            let Some((id, State::Gathered)) = self.keys.find(run) else { continue };
            gathering.events -= u64::from(self.keys[id].len);
            let room = if planted(Fault::BatchOverfull) { gather.events } else { room };
            self.dispatch(id, room, Some(batch), out);
            taken += self.keys[id].running;
            if gather.by_key && !planted(Fault::KeysMixed) {
                break;
            }
        }
    }

    /// A breaker opened: so do all partitions behind it.
    pub(super) fn stall_circuit(&mut self, circuit: usize) {
        let behind = |partition: &Partition| (partition.circuit == circuit).then_some(partition.id);
        let ids: Vec<_> = self.partitions.iter().filter_map(behind).collect();
        ids.into_iter().for_each(|id| self.stall_gathered(id));
    }

    /// A partition stands still: its keys wait there, and make no batch full any more.
    pub(super) fn stall_gathered(&mut self, partition: PartitionId) {
        for id in self.take_gathered(partition, State::Ready) {
            if let Some(partition) = self.partitions.get_mut(partition) {
                partition.stalled.push_back(id);
            }
        }
    }

    /// Takes a partition's keys out of the batches to be.
    pub(super) fn take_gathered(&mut self, partition: PartitionId, state: State) -> Vec<KeyId> {
        let mut taken = Vec::new();
        for gathering in &mut self.gatherings {
            let keys = &mut self.keys;
            let mut events = 0;
            gathering.waiting.retain(|(_, run)| {
                let Some((id, State::Gathered)) = keys.find(*run) else { return false };
                let key = &mut keys[id];
                let stays = key.partition != partition;
                if stays {
                    events += u64::from(key.len);
                } else {
                    key.state = state;
                    taken.push(id);
                }
                stays
            });
            gathering.events = events;
            gathering.full.retain(|run| matches!(keys.find(*run), Some((_, State::Gathered))));
        }
        taken
    }

    /// By when the next batch is due.
    pub(super) fn next_batch_due(&self) -> Option<Millis> {
        self.gatherings.iter().filter_map(|gathering| gathering.waiting.front()).map(|(due, _)| *due).min()
    }

    /// Names a new batch.
    pub(super) fn next_batch(&mut self) -> BatchId {
        self.batches += 1;
        BatchId(self.batches)
    }
}
