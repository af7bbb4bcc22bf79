//! In which order the dead letters of a key may be brought back.
//!
//! Letters stand in the topic in the order in which they were written. That is not always the order of their events: while those
//! of a key are on their way back and one of them fails again, it and what comes behind it become letters once more, among live
//! events of the key that follow.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::book::event;
use super::{DeadLetter, Unfinished};

/// The letters of a partition that are open, and whose turn it is.
pub(super) struct Sequence {
    topic: String,
    /// The events of each key that were open, each with how many letters of it are left to take: two, where a process was cut
    /// off between writing one and committing.
    open: HashMap<u64, BTreeMap<i64, u32>>,
    /// Keys of which something is on its way back: what comes before the rest, and may fail again.
    returning: HashSet<u64>,
    /// Letters that were left, by their offsets.
    left: HashSet<i64>,
    /// Whether letters were met before their turn since it was last asked, and others taken.
    early: bool,
    taken: bool,
}

impl Sequence {
    pub(super) fn of(topic: &str, unfinished: &Unfinished) -> Self {
        let mut open: HashMap<u64, BTreeMap<i64, u32>> = HashMap::new();
        for event in &unfinished.open {
            *open.entry(event.key).or_default().entry(event.origin).or_default() += 1;
        }
        let returning = unfinished.returning.iter().map(|(_, event)| event.key).collect();
        Self { topic: topic.into(), open, returning, left: HashSet::new(), early: false, taken: false }
    }

    pub(super) fn has_turn(&mut self, letter: &DeadLetter) -> bool {
        if self.has_left(letter) {
            return false;
        }
        let Some(event) = event(letter, &self.topic).filter(|_| letter.is_ordered()) else { return true };
        if self.returning.contains(&event.key) {
            return false;
        }
        // What was written since may stand before what comes before it, or be what this run brought back and failed again.
        let Some(open) = self.open.get(&event.key).filter(|open| open.contains_key(&event.origin)) else {
            return false;
        };
        let is_first = open.first_key_value().is_some_and(|(first, _)| *first == event.origin);
        self.early |= !is_first;
        is_first
    }

    pub(super) fn took(&mut self, letter: &DeadLetter) {
        if let Some(event) = event(letter, &self.topic)
            && let Some(open) = self.open.get_mut(&event.key)
            && let Some(letters) = open.get_mut(&event.origin)
        {
            *letters -= 1;
            if *letters == 0 {
                open.remove(&event.origin);
            }
        }
        self.taken = true;
    }

    pub(super) fn left(&mut self, letter: &DeadLetter) {
        self.left.insert(letter.offset);
    }

    /// Whether a letter was left before.
    pub(super) fn has_left(&self, letter: &DeadLetter) -> bool {
        self.left.contains(&letter.offset)
    }

    /// Whether the turn of letters may have come that were met too early since the last time.
    pub(super) fn has_more(&mut self) -> bool {
        std::mem::take(&mut self.early) & std::mem::take(&mut self.taken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::Event;
    use super::*;
    use crate::consumer::dead_letter::{ORDERED, Origin};
    use crate::kafka::key_hash::hash;
    use crate::message::Headers;

    fn letter(offset: i64, origin: i64) -> DeadLetter {
        let mut headers = Headers::new();
        Origin { topic: "t", partition: 0, offset: origin, timestamp_ms: None }.write(&mut headers);
        headers.push(ORDERED, "yes");
        let key = Some(b"k".to_vec());
        DeadLetter { partition: 0, offset, timestamp_ms: None, key, payload: None, headers, is_open: true }
    }

    /// The offsets of the letters that are taken, pass by pass.
    fn passes(sequence: &mut Sequence, letters: &[DeadLetter], left: &[i64]) -> Vec<Vec<i64>> {
        let mut passes = Vec::new();
        let mut settled = Vec::new();
        loop {
            let mut taken = Vec::new();
            for letter in letters.iter().filter(|letter| !settled.contains(&letter.offset)).collect::<Vec<_>>() {
                if !sequence.has_turn(letter) {
                    continue;
                }
                if left.contains(&letter.offset) {
                    sequence.left(letter);
                } else {
                    sequence.took(letter);
                    taken.push(letter.offset);
                }
            }
            settled.extend(&taken);
            passes.push(taken);
            if !sequence.has_more() {
                return passes;
            }
        }
    }

    fn unfinished(letters: &[DeadLetter]) -> Unfinished {
        Unfinished { open: letters.iter().filter_map(|it| event(it, "t")).collect(), returning: Vec::new() }
    }

    #[test]
    fn letters_of_a_key_are_taken_in_the_order_of_their_events_wherever_they_stand() {
        let letters = [letter(10, 5), letter(11, 9), letter(12, 7), letter(13, 12), letter(14, 5)];
        let mut sequence = Sequence::of("t", &unfinished(&letters));
        assert_eq!(passes(&mut sequence, &letters, &[]), [vec![10, 14], vec![12], vec![11, 13]]);
    }

    #[test]
    fn what_was_written_since_has_no_turn() {
        let letters = [letter(10, 5), letter(11, 7)];
        let mut sequence = Sequence::of("t", &unfinished(&letters));
        assert_eq!(passes(&mut sequence, &letters, &[]), [vec![10, 11]]);
        // A live event that followed, and the first one, which has failed again.
        let later = [letter(15, 9), letter(20, 5)];
        assert_eq!(passes(&mut sequence, &later, &[]), [Vec::<i64>::new()]);
    }

    #[test]
    fn nothing_is_taken_behind_what_is_left_or_on_its_way_back() {
        let letters = [letter(10, 5), letter(11, 7), letter(12, 9)];
        let mut sequence = Sequence::of("t", &unfinished(&letters));
        assert_eq!(passes(&mut sequence, &letters, &[11]), [vec![10], vec![]]);
        let returning = vec![(3, Event { key: hash(b"k"), origin: 4 })];
        let mut sequence = Sequence::of("t", &Unfinished { returning, ..unfinished(&letters) });
        assert_eq!(passes(&mut sequence, &letters, &[]), [Vec::<i64>::new()]);
    }
}
