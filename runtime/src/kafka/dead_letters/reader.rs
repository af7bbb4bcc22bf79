//! Reading topics from one end to the other, outside of any group.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::{DeadLetter, DeadLettersError, REQUEST};
use crate::kafka::client;
use crate::kafka::settings::{KafkaSettings, SettingsError};
use crate::message::Headers;

/// How long nothing may come of a partition that has more.
const SILENCE: Duration = Duration::from_secs(60);

/// Reads topics. Of transactions it sees those that are committed.
pub(super) struct Reader {
    consumer: BaseConsumer<client::Logging>,
}

impl ConsumerContext for client::Logging {}

impl Reader {
    /// A reader that is not a member of that group, but can tell its offsets.
    pub(super) fn new(settings: &KafkaSettings, group: &str) -> Result<Self, DeadLettersError> {
        Self::with_isolation(settings, group, "read_committed")
    }

    /// One that sees what transactions have written before they are committed, or aborted.
    pub(super) fn of_undecided(settings: &KafkaSettings, group: &str) -> Result<Self, DeadLettersError> {
        Self::with_isolation(settings, group, "read_uncommitted")
    }

    fn with_isolation(settings: &KafkaSettings, group: &str, level: &str) -> Result<Self, DeadLettersError> {
        let mut config = settings.consumer_config(group)?;
        config.set("isolation.level", level).set("enable.partition.eof", "true");
        config.remove("group.instance.id");
        let consumer = config.create_with_context(client::Logging).map_err(SettingsError::from_client)?;
        Ok(Self { consumer })
    }

    /// How many partitions a topic has; `None` where it does not exist. A topic that one may not see, or whose partitions are
    /// not known yet, may exist: that is an error.
    pub(super) fn partitions(&self, topic: &str) -> Result<Option<i32>, DeadLettersError> {
        let asking = DeadLettersError::of("asking for a topic");
        let found = self.consumer.fetch_metadata(Some(topic), REQUEST).map_err(&asking)?;
        let Some(found) = found.topics().iter().find(|found| found.name() == topic) else { return Ok(None) };
        match found.error().map(RDKafkaErrorCode::from) {
            None => Ok(i32::try_from(found.partitions().len()).ok().filter(|partitions| *partitions > 0)),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Ok(None),
            Some(code) => Err(asking(KafkaError::MetadataFetch(code))),
        }
    }

    /// Waits until each partition of a topic that was just made has a leader.
    pub(super) fn wait_for(&self, topic: &str) -> Result<(), DeadLettersError> {
        let end = Instant::now() + REQUEST;
        loop {
            let found = self.consumer.fetch_metadata(Some(topic), REQUEST);
            let found = found.map_err(DeadLettersError::of("asking for a topic"))?;
            let mut partitions = found.topics().iter().flat_map(|topic| topic.partitions()).peekable();
            if partitions.peek().is_some() && partitions.all(|partition| partition.leader() >= 0) {
                return Ok(());
            }
            if Instant::now() > end {
                let reason = format!("{topic} has no leaders after {REQUEST:?}");
                return Err(DeadLettersError::Kafka { what: "making a topic", reason });
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// What the group has committed of each partition of a topic.
    pub(super) fn committed(&self, topic: &str, partitions: i32) -> Result<BTreeMap<i32, i64>, DeadLettersError> {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let asking = DeadLettersError::of("asking for what is settled");
        let found = self.consumer.committed_offsets(list, REQUEST).map_err(&asking)?;
        let mut committed = BTreeMap::new();
        for element in found.elements() {
            element.error().map_err(&asking)?;
            if let Offset::Offset(offset) = element.offset() {
                committed.insert(element.partition(), offset);
            }
        }
        Ok(committed)
    }

    /// Names the group to a transaction.
    pub(super) fn group(&self) -> Result<ConsumerGroupMetadata, DeadLettersError> {
        self.consumer.group_metadata().ok_or_else(|| DeadLettersError::Kafka {
            what: "naming the group of the offsets",
            reason: "librdkafka knows no group".into(),
        })
    }

    /// The offset of the oldest record of a partition, and that of the one that comes next.
    pub(super) fn ends(&self, topic: &str, partition: i32) -> Result<(i64, i64), DeadLettersError> {
        let ends = self.consumer.fetch_watermarks(topic, partition, REQUEST);
        ends.map_err(DeadLettersError::of("asking for the ends of a topic"))
    }

    /// Reads a partition from an offset, or from its beginning, to where its end is now.
    pub(super) fn read(
        &self,
        topic: &str,
        partition: i32,
        from: Option<i64>,
        mut each: impl FnMut(DeadLetter) -> ControlFlow<()>,
    ) -> Result<(), DeadLettersError> {
        let reading = DeadLettersError::of("reading");
        let (low, high) = self.ends(topic, partition)?;
        let from = from.map_or(low, |from| from.max(low));
        if from >= high {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(from)).map_err(&reading)?;
        self.consumer.assign(&list).map_err(&reading)?;
        let mut heard = Instant::now();
        let result = loop {
            let message = match self.consumer.poll(Duration::from_millis(100)) {
                None if heard.elapsed() > SILENCE => {
                    let reason = format!("nothing more of {topic}-{partition} after {SILENCE:?}");
                    break Err(DeadLettersError::Kafka { what: "reading", reason });
                }
                None => continue,
                Some(Err(KafkaError::PartitionEOF(_))) => break Ok(()),
                // librdkafka goes on by itself.
                Some(Err(error)) if heard.elapsed() < SILENCE => {
                    client::error(&error, "while reading");
                    continue;
                }
                Some(Err(error)) => break Err(reading(error)),
                Some(Ok(message)) => message,
            };
            heard = Instant::now();
            let offset = message.offset();
            // What is written from now on is for the next time: it may be what is brought back just now.
            if offset >= high || each(letter(&message)).is_break() || offset + 1 >= high {
                break Ok(());
            }
        };
        self.consumer.unassign().map_err(&reading)?;
        result
    }
}

fn letter(message: &BorrowedMessage<'_>) -> DeadLetter {
    let mut headers = Headers::new();
    client::headers(message).for_each(|(name, value)| headers.push_raw(name, value));
    DeadLetter {
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().map(<[u8]>::to_vec),
        headers,
        is_open: true,
    }
}
