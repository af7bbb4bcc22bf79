//! What was read of a partition and is not yet given to the engine.

use std::collections::VecDeque;

use crate::consumer::engine::{Arrival, Room, Token};

/// Records in order of offset, and what they occupy.
#[derive(Default)]
pub(super) struct Ahead {
    arrivals: VecDeque<Arrival>,
    size: Size,
}

/// So many records, of so many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

impl Size {
    pub(super) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.bytes += other.bytes;
    }

    /// Whether it is more than that, in either way.
    pub(super) fn exceeds(self, most: Self) -> bool {
        self.events > most.events || self.bytes > most.bytes
    }
}

impl Ahead {
    pub(super) fn push(&mut self, arrival: Arrival) {
        self.size.add(Size { events: 1, bytes: arrival.bytes.into() });
        self.arrivals.push_back(arrival);
    }

    /// Takes out what there is room for, and no more than `most`.
    pub(super) fn take(&mut self, room: Room, most: usize, into: &mut Vec<Arrival>) {
        let many = room.fits(self.arrivals.iter().take(most).map(|arrival| arrival.bytes));
        for arrival in self.arrivals.drain(..many) {
            self.size.events -= 1;
            self.size.bytes -= u64::from(arrival.bytes);
            into.push(arrival);
        }
    }

    /// What it holds, in order of offset.
    pub(super) fn tokens(&self) -> impl Iterator<Item = Token> {
        self.arrivals.iter().map(|arrival| arrival.token)
    }

    /// Takes out everything.
    pub(super) fn take_all(&mut self) -> VecDeque<Arrival> {
        std::mem::take(self).arrivals
    }

    pub(super) fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }
}
