//! The consumer's engine: every decision, and nothing else.
//!
//! A pure state machine. It is told what happened ([`Input`]) and says what is to be done ([`Effect`]); it has no clock, no
//! socket, no task and no randomness but what a seed gives it. A thin shell drives it: it polls records, hands runs to
//! lanes, commits, writes dead letters. So whole lives of a consumer, with crashes and rebalances, are tried by the thousand
//! in a second, and what was tried is what runs.
//!
//! ```text
//!            ┌ Ledger: offsets in order, the watermark           one a partition
//!  Records ─▶│ Key: its events in a chain, one run at a time     ready ─▶ running ─▶ (finished)
//!            └ Lanes: whose turn it is, and what goes together     ▲         │ failed
//!                                                                  └─ parked ◀┴─▶ dead letter
//! ```
//!
//! What always holds:
//! - Nothing is committed above an unfinished event of its partition; an event is finished when it was handled, or when
//!   its dead letter is safe. Nothing is committed after a loss.
//! - The events of a key in a partition are handed out in order of offset, and none while an earlier one is unfinished,
//!   but for those behind it in the same run.
//! - The ledgers hold [`Settings::max_in_flight`] events and [`Settings::max_in_flight_bytes`] bytes with one event beyond, as
//!   long as a partition is given no more than it has [room](Engine::room) for. A partition that is stuck leaves the others
//!   theirs then.
//! - Events that are handed out in batches wait for others no longer than [`Gather::linger`], as far as lanes have room; a
//!   batch is of one circuit and of no more events than it may have.
//! - While a breaker is open, one event at a time of its partitions is handed out, none is dead-lettered, and nothing is
//!   committed unless a partition is given back.
//! - A partition that is given back was handled up to its committed position and no further, unless time ran out, its breaker
//!   is open, or an event failed that cannot be finished in time: its next owner handles nothing twice.
//! - Where a circuit is [ordered](Settings::ordered), no event of a key is handed out while an earlier one of it is a dead
//!   letter that is not settled, or on its way back: it becomes a dead letter too, behind them, or waits.
//! - Every event ends: handled, dead-lettered, or given up with its partition and so read again by the next owner.

mod assignment;
mod backoff;
mod breaker;
mod dispatch;
mod fault;
mod gather;
mod io;
mod keys;
mod lanes;
mod ledger;
mod outcome;
mod parking;
mod partition;
mod settings;
mod share;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub use backoff::Backoff;
pub use io::{
    Arrival, BatchId, CircuitId, Completion, DeadLetterReason, Effect, Effects, Epoch, InFlight, Input, Millis, Offset,
    ParkedKey, PartitionId, Room, RunId, Token,
};
pub use settings::{BreakerSettings, Gather, Settings};

use backoff::Rng;
use breaker::Breaker;
use fault::{Fault, planted};
use gather::Gathering;
use keys::Keys;
use lanes::Lanes;
use ledger::Turn;
use partition::{Partition, Partitions};
use share::Share;

/// The consumer's state machine. See the [module](self).
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    rng: Rng,
    now: Millis,
    next_commit: Millis,
    /// The turn of the latest arrival.
    turn: Turn,
    partitions: Partitions,
    keys: Keys,
    lanes: Lanes,
    /// Keys that wait to be handed out in batches: one a circuit and lane.
    gatherings: Vec<Gathering>,
    /// How many batches were handed out.
    batches: u64,
    /// When a parked key is to be looked at again, and which of its runs it is parked after.
    timers: BinaryHeap<Reverse<(Millis, RunId)>>,
    /// One a circuit.
    breakers: Vec<Breaker>,
}

impl Engine {
    /// An engine without partitions. `seed` spreads its retries; `now` is the time on the clock of [`Input::Tick`].
    #[must_use]
    pub fn new(settings: Settings, seed: u64, now: Millis) -> Self {
        Self {
            rng: Rng::new(seed),
            now,
            next_commit: now.saturating_add(settings.commit_interval),
            turn: 0,
            partitions: Partitions::default(),
            keys: Keys::default(),
            lanes: Lanes::new(settings.lanes, settings.lane_capacity),
            gatherings: Vec::new(),
            batches: 0,
            timers: BinaryHeap::new(),
            breakers: Vec::new(),
            settings,
        }
    }

    /// Takes one input and appends what follows from it to `out`.
    pub fn step(&mut self, input: Input<'_>, out: &mut Effects) {
        match input {
            Input::Assigned { partition, epoch, circuit, position } => {
                self.assigned(partition, epoch, circuit, position, out);
            }
            Input::Revoked { partition } => self.revoked(partition, out),
            Input::Lost { partition } => self.lost(partition, out),
            Input::Records { partition, epoch, records, next } => self.arrived(partition, epoch, records, next, out),
            Input::Completed { completions } => {
                completions.iter().for_each(|completion| self.completed(completion, out))
            }
            Input::DeadLettered { run, ok } => self.dead_lettered(run, ok, out),
            Input::LookedUp { partition, epoch, number, parked } => self.looked_up(partition, epoch, number, parked),
            Input::CommitFailed { partition, epoch } => {
                if let Some(partition) = self.partitions.of_epoch(partition, epoch) {
                    partition.uncommit();
                }
            }
            Input::Tick { now } => self.ticked(now, out),
        }
        self.go_on_draining();
        self.dispatch_ready(out);
        self.hand_out_gathered(out);
        self.give_back_drained(out);
        self.regulate(out);
    }

    /// How much is in flight, for gauges.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        let mut in_flight = InFlight::default();
        for partition in self.partitions.iter() {
            in_flight.events += partition.ledger.len() as u64;
            in_flight.bytes += partition.bytes;
        }
        in_flight
    }

    /// How much more of a partition the engine wants at once: nothing of one that is paused, draining or not assigned, and
    /// something of every other. More would take from the others what is theirs, and keep it for as long as a key is stuck.
    #[must_use]
    pub fn room(&self, partition: PartitionId) -> Room {
        let wanted = |partition: &&Partition| !partition.paused && partition.draining.is_none();
        let Some(partition) = self.partitions.get(partition).filter(wanted) else { return Room::default() };
        let (events, bytes) = self.shares();
        if planted(Fault::RoomForAll) {
            return Room { events: u64::MAX, bytes: u64::MAX };
        }
        Room { events: events.room(partition.ledger.len() as u64), bytes: bytes.room(partition.bytes) }
    }

    /// How the bounds on events and on bytes are shared.
    fn shares(&self) -> (Share, Share) {
        let events = self.partitions.iter().map(|partition| partition.ledger.len() as u64);
        let bytes = self.partitions.iter().map(|partition| partition.bytes);
        (Share::of(self.settings.max_in_flight.into(), events), Share::of(self.settings.max_in_flight_bytes, bytes))
    }

    /// By when the engine wants the next tick, unless an input changes that. A later one is no fault: what was due is done
    /// then.
    #[must_use]
    pub fn next_tick(&self) -> Millis {
        let retry = self.timers.peek().map(|Reverse((due, _))| *due);
        let drained = self
            .partitions
            .iter()
            .filter_map(|partition| partition.draining.as_ref())
            .map(|draining| draining.deadline)
            .min();
        let probe = self.breakers.iter().filter_map(Breaker::due).min();
        let look_up = self.partitions.iter().filter_map(|partition| partition.parking.as_ref()?.due()).min();
        [retry, drained, probe, look_up, self.next_batch_due()]
            .into_iter()
            .flatten()
            .fold(self.next_commit, Millis::min)
    }

    fn ticked(&mut self, now: Millis, out: &mut Effects) {
        self.now = self.now.max(now);
        while let Some(&Reverse((due, run))) = self.timers.peek()
            && due <= self.now
        {
            self.timers.pop();
            self.wake(run, out);
        }
        for circuit in 0..self.breakers.len() {
            if self.breakers[circuit].due().is_some_and(|due| due <= self.now) {
                self.probe(circuit, out);
            }
        }
        for partition in self.partitions.iter_mut() {
            if partition.parking.as_ref().is_some_and(|parking| parking.due().is_some_and(|due| due <= self.now)) {
                partition.look_up(out);
            }
        }
        if self.next_commit <= self.now {
            self.next_commit = self.now.saturating_add(self.settings.commit_interval);
            for partition in self.partitions.iter_mut() {
                if self.breakers[partition.circuit].is_closed() || planted(Fault::OpenCommits) {
                    partition.commit(out);
                }
            }
        }
    }

    /// Pauses and resumes partitions as their state asks for.
    fn regulate(&mut self, out: &mut Effects) {
        let (events, bytes) = self.shares();
        for partition in self.partitions.iter_mut().filter(|partition| partition.draining.is_none()) {
            partition.full = events.is_full(partition.ledger.len() as u64, partition.full)
                || bytes.is_full(partition.bytes, partition.full);
            let stands = partition.full || partition.stands_still(&self.breakers);
            if stands == partition.paused || planted(if stands { Fault::NeverPaused } else { Fault::NeverResumed }) {
                continue;
            }
            partition.paused = stands;
            let id = partition.id;
            out.list.push(if stands { Effect::Pause { partition: id } } else { Effect::Resume { partition: id } });
        }
    }
}
