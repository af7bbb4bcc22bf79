//! Which lane a key goes to, and whose turn it is there.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::keys::KeyId;
use super::ledger::Turn;

/// The lanes' queues of keys that are ready.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Lanes to look at: something became ready there, or room was made.
    woken: Vec<u32>,
    /// The most events that a lane has at a time.
    capacity: u32,
    /// Where the next record without a key goes.
    turn: u32,
}

/// The keys of a lane that are ready, that with the oldest event first: so the watermark is never far behind what was
/// handled, however busy a key is.
#[derive(Debug, Default)]
struct Lane {
    /// Those that are new. They come in the order of their turns, which spares sorting most of all keys.
    new: VecDeque<(Turn, KeyId)>,
    /// Those that had their turn before.
    returned: BinaryHeap<Reverse<(Turn, KeyId)>>,
    /// How many events it was handed and has not answered for.
    running: u32,
    /// Whether it stands in `woken`.
    woken: bool,
}

impl Lanes {
    pub(super) fn new(count: u32, capacity: u32) -> Self {
        let lanes = (0..count.max(1)).map(|_| Lane::default()).collect();
        Self { lanes, woken: Vec::new(), capacity: capacity.max(1), turn: 0 }
    }

    /// The lane of a key: always the same. Without a key: each in turn.
    pub(super) fn of(&mut self, hash: Option<u64>) -> u32 {
        let count = self.lanes.len() as u64;
        match hash {
            // The upper half, scaled: the map of keys goes by the lower one.
            Some(hash) => (((hash >> 32) * count) >> 32) as u32,
            None => {
                self.turn = (self.turn + 1) % count as u32;
                self.turn
            }
        }
    }

    /// Queues a key whose first event is the newest of all.
    pub(super) fn push_new(&mut self, lane: u32, key: KeyId, turn: Turn) {
        self.lanes[lane as usize].new.push_back((turn, key));
        self.wake(lane);
    }

    /// Queues a key by the turn of its oldest event.
    pub(super) fn push(&mut self, lane: u32, key: KeyId, turn: Turn) {
        self.lanes[lane as usize].returned.push(Reverse((turn, key)));
        self.wake(lane);
    }

    /// The next key that a lane has room for, and how much room. Takes it out of the queue.
    pub(super) fn next(&mut self) -> Option<(KeyId, u32)> {
        while let Some(&index) = self.woken.last() {
            let lane = &mut self.lanes[index as usize];
            let room = self.capacity.saturating_sub(lane.running);
            if room > 0
                && let Some(key) = lane.pop()
            {
                return Some((key, room));
            }
            lane.woken = false;
            self.woken.pop();
        }
        None
    }

    /// How many events more a lane may be handed.
    pub(super) fn room(&self, lane: u32) -> u32 {
        self.capacity.saturating_sub(self.lanes[lane as usize].running)
    }

    /// The lane has that many events more.
    pub(super) fn occupy(&mut self, lane: u32, events: u32) {
        self.lanes[lane as usize].running += events;
    }

    /// The lane has answered for that many events.
    pub(super) fn vacate(&mut self, lane: u32, events: u32) {
        self.lanes[lane as usize].running -= events;
        self.wake(lane);
    }

    /// Drops the keys that are no longer wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(KeyId) -> bool) {
        for lane in &mut self.lanes {
            lane.new.retain(|&(_, key)| wanted(key));
            lane.returned.retain(|&Reverse((_, key))| wanted(key));
        }
    }

    fn wake(&mut self, lane: u32) {
        if !std::mem::replace(&mut self.lanes[lane as usize].woken, true) {
            self.woken.push(lane);
        }
    }
}

impl Lane {
    fn pop(&mut self) -> Option<KeyId> {
        let returned = self.returned.peek().map(|&Reverse((turn, _))| turn);
        let new = self.new.front().map(|&(turn, _)| turn);
        let new_is_older = new.is_some_and(|new| returned.is_none_or(|returned| new < returned));
        if new_is_older {
            self.new.pop_front().map(|(_, key)| key)
        } else {
            self.returned.pop().map(|Reverse((_, key))| key)
        }
    }
}
