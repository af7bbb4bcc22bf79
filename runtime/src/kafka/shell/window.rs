//! From where to where each partition is read.

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::statistics::Statistics;

use super::partitions::{Partition, Partitions};
use crate::consumer::Position;
use crate::consumer::engine::Offset;
use crate::kafka::positions::{committed, offsets};

/// How many times in a row librdkafka has to say that it has nothing more before the end of a partition. The first of them may
/// tell of the time before the partition was let go.
const SURE: u8 = 3;

/// How often it says so, in milliseconds.
pub(super) const STATISTICS: (&str, &str) = ("statistics.interval.ms", "200");

/// From where to where a group reads.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Where it begins on a partition that it has committed nothing on.
    pub(crate) begin: Position,
    /// Where it ends.
    pub(crate) end: Option<Position>,
}

/// The same, of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) topic: String,
    pub(super) number: i32,
    /// Where it begins, unless that is what the group has committed, or librdkafka's to say.
    pub(super) begin: Option<Offset>,
    /// The offset that is not read any more.
    pub(super) end: Option<Offset>,
    /// Whether that is committed already.
    pub(super) is_through: bool,
}

impl Window {
    /// Whether each partition is read from what is committed, else from its beginning, and for ever.
    pub(super) fn is_open(&self) -> bool {
        self.begin == Position::Earliest && self.end.is_none()
    }

    /// Finds the bounds of partitions that are to be assigned. Those that `is_beside` a topic hold what was brought back to the
    /// group: all of that is read, as far as it goes now.
    pub(super) fn find<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        list: &TopicPartitionList,
        is_beside: impl Fn(&str) -> bool,
    ) -> KafkaResult<Vec<Bounds>> {
        if self.is_open() {
            return Ok(Vec::new());
        }
        let all: Vec<_> = list.elements().iter().map(|it| (it.topic().to_owned(), it.partition())).collect();
        let (beside, own): (Vec<_>, Vec<_>) = all.into_iter().partition(|(topic, _)| is_beside(topic));
        let mut bounds = self.find_from(consumer, &own, &self.begin, self.end.as_ref())?;
        let end = self.end.as_ref().map(|_| &Position::Latest);
        bounds.extend(self.find_from(consumer, &beside, &Position::Earliest, end)?);
        Ok(bounds)
    }

    fn find_from<C: ConsumerContext>(
        &self,
        consumer: &BaseConsumer<C>,
        partitions: &[(String, i32)],
        begin: &Position,
        end: Option<&Position>,
    ) -> KafkaResult<Vec<Bounds>> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let committed = committed(consumer, partitions)?;
        let begins = match begin {
            Position::Earliest => Vec::new(),
            _ => offsets(consumer, partitions, begin)?,
        };
        let ends = end.map(|end| offsets(consumer, partitions, end)).transpose()?.unwrap_or_default();
        let bounds = partitions.iter().zip(committed).enumerate().map(|(index, ((topic, number), committed))| {
            let begin = begins.get(index).copied().filter(|_| committed.is_none());
            let end = ends.get(index).copied();
            let is_through = end.is_some_and(|end| committed.or(begin).is_some_and(|start| start >= end));
            Bounds { topic: topic.clone(), number: *number, begin, end, is_through }
        });
        Ok(bounds.collect())
    }
}

/// How far a partition is from its end.
#[derive(Debug, Default)]
pub(super) struct Progress {
    end: Option<Offset>,
    /// Nothing more is read of it.
    pub(super) is_through: bool,
    /// How many times in a row librdkafka has said that it has nothing more.
    said: u8,
}

impl Progress {
    pub(super) fn until(bounds: &Bounds) -> Self {
        Self { end: bounds.end, is_through: bounds.is_through, said: 0 }
    }

    /// Whether a record is before the end.
    fn admits(&mut self, offset: Offset) -> bool {
        let Some(end) = self.end else { return true };
        self.is_through |= offset + 1 >= end;
        offset < end
    }

    /// Hears what librdkafka says of the partition. What stands before the end need not be a record: a transaction's marker is
    /// none, and compaction leaves gaps. So this is how the end is noticed where no record tells.
    fn hear(&mut self, is_held: bool, queued: i64, next: Offset) {
        let has_nothing = !is_held && queued == 0 && self.end.is_some_and(|end| next >= end);
        self.said = if has_nothing { (self.said + 1).min(SURE) } else { 0 };
        self.is_through |= self.said == SURE;
    }
}

impl Partitions {
    /// Whether a record is before the end of its partition.
    pub(super) fn admits(&mut self, topic: &str, number: i32, offset: Offset, turn: u64) -> bool {
        let id = self.find(topic, number);
        let current = |partition: &&mut Partition| partition.epoch.is_some() && partition.since_turn <= turn;
        let partition = id.and_then(|id| self.get_mut(id)).filter(current);
        partition.is_none_or(|partition| partition.progress.admits(offset))
    }

    /// Hears what librdkafka says of its queues.
    pub(super) fn hear(&mut self, statistics: &Statistics) {
        for (name, topic) in &statistics.topics {
            for (number, queue) in &topic.partitions {
                let id = self.find(name, *number);
                if let Some(partition) = id.and_then(|id| self.get_mut(id)).filter(|it| it.epoch.is_some()) {
                    let is_held = partition.held || partition.paused.is_some();
                    partition.progress.hear(is_held, queue.fetchq_cnt, queue.next_offset);
                }
            }
        }
    }

    /// Whether there are partitions, and all of them are read to their end and given to the engine.
    pub(super) fn are_through(&self) -> bool {
        let mut assigned = self.assigned().peekable();
        let is_through = |partition: &Partition| partition.progress.is_through && partition.ahead.is_empty();
        assigned.peek().is_some() && assigned.all(|(_, partition)| is_through(partition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(end: Offset) -> Progress {
        Progress { end: Some(end), ..Progress::default() }
    }

    #[test]
    fn a_partition_is_through_with_the_last_record_before_its_end_or_the_first_one_behind() {
        let mut progress = until(5);
        assert!(progress.admits(3) && !progress.is_through);
        assert!(progress.admits(4) && progress.is_through);
        let mut progress = until(5);
        assert!(!progress.admits(7) && progress.is_through);
        let mut endless = Progress::default();
        assert!(endless.admits(7) && !endless.is_through);
    }

    #[test]
    fn one_word_of_librdkafkas_is_not_enough_and_none_counts_of_a_partition_that_is_held() {
        let mut progress = until(5);
        let nothing_more = |progress: &mut Progress, held| progress.hear(held, 0, 5);
        nothing_more(&mut progress, false);
        nothing_more(&mut progress, false);
        nothing_more(&mut progress, true);
        nothing_more(&mut progress, false);
        nothing_more(&mut progress, false);
        progress.hear(false, 1, 5);
        nothing_more(&mut progress, false);
        nothing_more(&mut progress, false);
        assert!(!progress.is_through);
        progress.hear(false, 0, 4);
        (0..3).for_each(|_| nothing_more(&mut progress, false));
        assert!(progress.is_through);
        let mut endless = Progress::default();
        (0..9).for_each(|_| nothing_more(&mut endless, false));
        assert!(!endless.is_through);
    }
}
