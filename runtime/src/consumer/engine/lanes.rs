//! Which lane a key goes to, and whose turn it is there.

use std::collections::VecDeque;

use super::keys::KeyId;

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

/// The end of a lane's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Front,
    Back,
}

#[derive(Debug, Default)]
struct Lane {
    ready: VecDeque<KeyId>,
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

    /// Queues a key behind the others of its lane, or before them.
    pub(super) fn push(&mut self, lane: u32, key: KeyId, at: End) {
        let ready = &mut self.lanes[lane as usize].ready;
        match at {
            End::Back => ready.push_back(key),
            End::Front => ready.push_front(key),
        }
        self.wake(lane);
    }

    /// The next key that a lane has room for, and how much room. Takes it out of the queue.
    pub(super) fn next(&mut self) -> Option<(KeyId, u32)> {
        while let Some(&index) = self.woken.last() {
            let lane = &mut self.lanes[index as usize];
            let room = self.capacity.saturating_sub(lane.running);
            if room > 0
                && let Some(key) = lane.ready.pop_front()
            {
                return Some((key, room));
            }
            lane.woken = false;
            self.woken.pop();
        }
        None
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
            lane.ready.retain(|&key| wanted(key));
        }
    }

    fn wake(&mut self, lane: u32) {
        if !std::mem::replace(&mut self.lanes[lane as usize].woken, true) {
            self.woken.push(lane);
        }
    }
}
