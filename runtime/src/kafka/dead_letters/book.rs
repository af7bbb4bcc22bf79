//! Which events of a group are dead letters that are not over: open, or on their way back to it.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use super::reader::Reader;
use super::{DeadLetter, DeadLetters, DeadLettersError};
use crate::kafka::key_hash::hash;

/// Of one topic and group. Remembers what it has read, so that to ask again costs a few small questions.
///
/// What it tells is true of some moment while it was asked, and errs on the side of what is not over: it asks what is settled
/// first, then what is on its way back, then what is dead-lettered. A letter that moves on meanwhile is met at least once, at the
/// place that it leaves.
pub(in crate::kafka) struct Book {
    letters: DeadLetters,
    /// Knows what the operator has settled.
    operator: Reader,
    /// Knows what the group has handled.
    group: Reader,
    /// Sees copies of which it is not decided yet whether they are on their way: the commit of a transaction reaches one
    /// partition sooner than another.
    undecided: Reader,
    partitions: HashMap<i32, Pages>,
}

/// The letters of a partition.
#[derive(Default)]
struct Pages {
    /// The next one to read.
    next: i64,
    /// By their place in the dead-letter topic.
    letters: BTreeMap<i64, Event>,
}

/// An event with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kafka) struct Event {
    /// The hash of its key.
    pub(in crate::kafka) key: u64,
    /// Its offset in its topic, in the partition of the same number.
    pub(in crate::kafka) origin: i64,
}

/// What is not over in a partition.
#[derive(Debug, Default)]
pub(in crate::kafka) struct Unfinished {
    /// Open letters, in the order in which they were written.
    pub(in crate::kafka) open: Vec<Event>,
    /// What was brought back and not handled yet: its offset in the redrive topic, in order.
    pub(in crate::kafka) returning: Vec<(i64, Event)>,
}

impl Book {
    pub(in crate::kafka) fn open(letters: &DeadLetters) -> Result<Self, DeadLettersError> {
        let DeadLetters { settings, group, .. } = letters;
        Ok(Self {
            operator: Reader::new(settings, &letters.operator())?,
            group: Reader::new(settings, group)?,
            undecided: Reader::of_undecided(settings, group)?,
            letters: letters.clone(),
            partitions: HashMap::new(),
        })
    }

    /// Tells what is not over in a partition, of events that were in the topic's partition of that number.
    pub(in crate::kafka) fn unfinished(&mut self, partition: i32) -> Result<Unfinished, DeadLettersError> {
        let topic = self.letters.topic_name();
        let partitions = self.operator.partitions(&topic)?;
        if let Some(partitions) = partitions.filter(|partitions| partition >= *partitions) {
            return Err(DeadLettersError::TooFewPartitions { topic, partitions, partition });
        }
        let state = partitions.map(|partitions| self.letters.state(&self.operator, partitions)).transpose()?;
        let returning = self.returning(partition)?;
        let Some(state) = state else { return Ok(Unfinished { open: Vec::new(), returning }) };
        let below = state.below.get(&partition).copied().unwrap_or_default();
        self.read_on(&topic, partition, below)?;
        let pages = self.partitions.entry(partition).or_default();
        let open = pages.letters.iter().filter(|(offset, _)| state.is_open(partition, **offset));
        Ok(Unfinished { open: open.map(|(_, event)| *event).collect(), returning })
    }

    /// What the group has not committed of its redrive topic.
    fn returning(&self, partition: i32) -> Result<Vec<(i64, Event)>, DeadLettersError> {
        let mut returning = Vec::new();
        let topic = self.letters.redrive_topic_name();
        let Some(partitions) = self.group.partitions(&topic)? else { return Ok(returning) };
        if partition >= partitions {
            return Err(DeadLettersError::TooFewPartitions { topic, partitions, partition });
        }
        let handled = self.group.committed(&topic, partitions)?.get(&partition).copied();
        let (_, decided) = self.group.ends(&topic, partition)?;
        let mut note = |copy: DeadLetter| {
            returning.extend(self.event(&copy).map(|event| (copy.offset, event)));
            ControlFlow::Continue(())
        };
        self.group.read(&topic, partition, handled, |copy| match copy.offset < decided {
            true => note(copy),
            false => ControlFlow::Break(()),
        })?;
        self.undecided.read(&topic, partition, Some(handled.unwrap_or_default().max(decided)), note)?;
        Ok(returning)
    }

    /// Reads what was dead-lettered since the last time.
    fn read_on(&mut self, topic: &str, partition: i32, below: i64) -> Result<(), DeadLettersError> {
        let (low, high) = self.operator.ends(topic, partition)?;
        let mut pages = self.partitions.remove(&partition).unwrap_or_default();
        if high < pages.next {
            // It is another topic of the same name.
            pages = Pages::default();
        }
        // What is settled, or has come to the end of the topic's retention, is never asked for again.
        pages.letters = pages.letters.split_off(&low.max(below));
        let from = pages.next.max(low).max(below);
        let read = self.operator.read(topic, partition, Some(from), |letter| {
            if let Some(event) = self.event(&letter) {
                pages.letters.insert(letter.offset, event);
            }
            pages.next = letter.offset + 1;
            ControlFlow::Continue(())
        });
        self.partitions.insert(partition, pages);
        read
    }

    fn event(&self, letter: &DeadLetter) -> Option<Event> {
        event(letter, &self.letters.topic)
    }
}

/// The event of a letter or of its copy; `None` without a key, and where it was elsewhere first.
pub(super) fn event(letter: &DeadLetter, topic: &str) -> Option<Event> {
    let origin = letter.origin()?;
    let is_ours = origin.topic == topic && origin.partition == letter.partition;
    let key = letter.key.as_deref().filter(|_| is_ours)?;
    Some(Event { key: hash(key), origin: origin.offset })
}
