//! What a partition has read and not yet committed, in order of offset.

use std::collections::VecDeque;

use super::fault::{Fault, planted};
use super::io::{Arrival, Offset, Token};
use super::keys::KeyId;

/// Where an event stands in its ledger: counted from the first ever, modulo 2³². The ledger is bounded far below that.
pub(super) type Place = u32;

/// The events of a partition from the oldest unfinished one on, finished ones among them included.
///
/// The watermark is the oldest unfinished offset, else the position. Offsets that never held a record for us (compacted
/// away, transaction markers) are thus done without anybody counting them.
#[derive(Debug)]
pub(super) struct Ledger {
    entries: VecDeque<Entry>,
    /// The place of the front entry.
    first: Place,
    /// The next offset to be read, where it is known.
    position: Option<Offset>,
}

#[derive(Debug)]
struct Entry {
    offset: Offset,
    turn: Turn,
    token: Token,
    bytes: u32,
    /// Whose event it is; [`FINISHED`] once it is nobody's any more.
    key: KeyId,
    /// The next event of the same key; itself while there is none.
    next: Place,
}

/// When an event arrived, counted over all partitions: who came first is handed out first.
pub(super) type Turn = u64;

const FINISHED: KeyId = KeyId::MAX;

/// An event that has just been finished.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) token: Token,
    pub(super) bytes: u32,
    pub(super) next: Place,
}

impl Ledger {
    pub(super) fn starting_at(position: Option<Offset>) -> Self {
        Self { entries: VecDeque::new(), first: 0, position }
    }

    /// How many events it holds, finished ones above the watermark included.
    pub(super) fn len(&self) -> usize {
        if planted(Fault::FinishedNotCounted) {
            return self.unfinished().count();
        }
        self.entries.len()
    }

    /// Whether the offset was read before.
    pub(super) fn has_passed(&self, offset: Offset) -> bool {
        self.position.is_some_and(|position| offset < position)
    }

    /// Where the next event will stand.
    pub(super) fn next_place(&self) -> Place {
        self.first.wrapping_add(self.entries.len() as u32)
    }

    /// Enters an event behind all others, at the [next place](Self::next_place).
    pub(super) fn push(&mut self, arrival: &Arrival, turn: Turn, key: KeyId) {
        let next = self.next_place();
        let Arrival { offset, bytes, token, .. } = *arrival;
        self.entries.push_back(Entry { offset, turn, token, bytes, key, next });
        self.position = Some(offset.saturating_add(1));
    }

    /// Records that everything below `next` was read.
    pub(super) fn advance(&mut self, next: Offset) {
        if !self.has_passed(next) {
            self.position = Some(next);
        }
    }

    /// Says which event of the same key comes after `place`.
    pub(super) fn link(&mut self, place: Place, next: Place) {
        let index = self.index(place);
        self.entries[index].next = next;
    }

    /// The events of a key from that one on. Goes round at the last: the key knows how many there are.
    pub(super) fn chain(&self, mut place: Place) -> impl Iterator<Item = (Place, Token)> {
        std::iter::repeat_with(move || {
            let entry = &self.entries[self.index(place)];
            (std::mem::replace(&mut place, entry.next), entry.token)
        })
    }

    /// The token of an event.
    pub(super) fn token(&self, place: Place) -> Token {
        self.entries[self.index(place)].token
    }

    /// The offset of an event.
    pub(super) fn offset(&self, place: Place) -> Offset {
        self.entries[self.index(place)].offset
    }

    /// The offset below which everything was read, as far as that is known.
    pub(super) fn position(&self) -> Option<Offset> {
        self.position
    }

    /// When an event arrived.
    pub(super) fn turn(&self, place: Place) -> Turn {
        self.entries[self.index(place)].turn
    }

    /// Marks an event as finished and lets go of everything below the new watermark.
    pub(super) fn finish(&mut self, place: Place) -> Finished {
        let index = self.index(place);
        let entry = &mut self.entries[index];
        entry.key = FINISHED;
        let finished = Finished { token: entry.token, bytes: entry.bytes, next: entry.next };
        while self.entries.front().is_some_and(|entry| entry.key == FINISHED) {
            self.entries.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        finished
    }

    /// The offset below which every event is finished: what may be committed.
    pub(super) fn watermark(&self) -> Option<Offset> {
        if planted(Fault::CommitPosition) {
            return self.position;
        }
        if planted(Fault::GapsBlock) && self.entries.is_empty() {
            return None;
        }
        self.entries.front().map(|entry| entry.offset).or(self.position)
    }

    /// Every unfinished event: where it stands, whose it is, its token.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = (Place, KeyId, Token)> {
        let places = std::iter::successors(Some(self.first), |place| Some(place.wrapping_add(1)));
        let unfinished = places.zip(&self.entries).filter(|(_, entry)| entry.key != FINISHED);
        unfinished.map(|(place, entry)| (place, entry.key, entry.token))
    }

    /// How many events, from the oldest unfinished one on, reach to the newest one that is finished or has begun. All of
    /// them must be finished before that one can be committed.
    pub(super) fn reach(&self, has_begun: impl Fn(Place, KeyId) -> bool) -> usize {
        let begun = |(index, entry): &(usize, &Entry)| {
            entry.key == FINISHED || has_begun(self.first.wrapping_add(*index as u32), entry.key)
        };
        self.entries.iter().enumerate().rev().find(begun).map_or(0, |(index, _)| index + 1)
    }

    /// How many events stand before that place.
    pub(super) fn index(&self, place: Place) -> usize {
        place.wrapping_sub(self.first) as usize
    }
}
