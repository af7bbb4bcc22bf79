//! From a place in a topic to offsets.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::client::Logging;
use super::settings::{KafkaSettings, SettingsError};
use crate::consumer::Position;

/// How long a cluster may take to answer a question.
const REQUEST: Duration = Duration::from_secs(15);

/// The offsets of a position in these partitions, in their order.
pub(crate) fn offsets<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(String, i32)],
    position: &Position,
) -> KafkaResult<Vec<i64>> {
    let ends = |(topic, number): &(String, i32)| consumer.fetch_watermarks(topic, *number, REQUEST);
    match position {
        Position::Earliest => partitions.iter().map(|it| Ok(ends(it)?.0)).collect(),
        Position::Latest => partitions.iter().map(|it| Ok(ends(it)?.1)).collect(),
        Position::Offsets(offsets) => {
            partitions.iter().map(|it| offsets.get(it).map_or_else(|| Ok(ends(it)?.0), |offset| Ok(*offset))).collect()
        }
        Position::Time(time) => {
            let mut asked = TopicPartitionList::new();
            for (topic, number) in partitions {
                // To the broker a time before 1970 is no time at all; nothing is older.
                let offset = Offset::Offset(time.timestamp_millis().max(0));
                asked.add_partition_offset(topic, *number, offset)?;
            }
            let found = consumer.offsets_for_times(asked, REQUEST)?;
            partitions
                .iter()
                .map(|it| {
                    let element = found.find_partition(&it.0, it.1);
                    element.as_ref().map_or(Ok(()), |element| element.error())?;
                    match element.map(|element| element.offset()) {
                        Some(Offset::Offset(offset)) => Ok(offset),
                        _ => Ok(ends(it)?.1),
                    }
                })
                .collect()
        }
    }
}

/// What the group of a consumer has committed on these partitions, in their order.
pub(crate) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[(String, i32)],
) -> KafkaResult<Vec<Option<i64>>> {
    let mut asked = TopicPartitionList::new();
    for (topic, number) in partitions {
        asked.add_partition(topic, *number);
    }
    let found = consumer.committed_offsets(asked, REQUEST)?;
    let of = |(topic, number): &(String, i32)| {
        let Some(element) = found.find_partition(topic, *number) else { return Ok(None) };
        element.error()?;
        Ok(Some(element.offset()).and_then(|offset| match offset {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }))
    };
    partitions.iter().map(of).collect()
}

/// Sets a group back, or forward, to a position in these topics: where its members begin when it runs again. With an inbox that
/// remembers for long enough no effect of what they read again is doubled.
///
/// # Errors
/// When the group has members: stop them first. When a topic does not exist, or the cluster does not answer.
pub async fn rewind(
    settings: &KafkaSettings,
    group: &str,
    topics: &[&str],
    position: &Position,
) -> Result<(), RewindError> {
    let config = settings.consumer_config(group)?;
    let (group, position) = (group.to_owned(), position.clone());
    let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
    // Asking a cluster keeps its thread waiting.
    let work = move || {
        let consumer: BaseConsumer<Logging> =
            config.create_with_context(Logging).map_err(SettingsError::from_client)?;
        let mut partitions = Vec::new();
        for topic in topics {
            let metadata = consumer.fetch_metadata(Some(&topic), REQUEST)?;
            let numbers = metadata.topics().iter().flat_map(|topic| topic.partitions());
            let before = partitions.len();
            partitions.extend(numbers.map(|partition| (topic.clone(), partition.id())));
            if partitions.len() == before {
                return Err(RewindError::NoTopic { topic });
            }
        }
        let mut list = TopicPartitionList::new();
        for ((topic, number), offset) in partitions.iter().zip(offsets(&consumer, &partitions, &position)?) {
            list.add_partition_offset(topic, *number, Offset::Offset(offset))?;
        }
        match consumer.commit(&list, CommitMode::Sync) {
            Err(KafkaError::ConsumerCommit(
                RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::StaleMemberEpoch
                | RDKafkaErrorCode::RebalanceInProgress,
            )) => Err(RewindError::InUse { group }),
            done => Ok(done?),
        }
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| RewindError::Kafka { reason: error.to_string() })?
}

/// Why a group was not set to a position.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewindError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No such topic.
    #[error("the topic {topic} does not exist")]
    NoTopic {
        /// Which.
        topic: String,
    },
    /// It has members.
    #[error("the group {group} has members that would not notice: stop them first")]
    InUse {
        /// Which.
        group: String,
    },
    /// The cluster does not answer, or refuses.
    #[error("the group was not set to another position: {reason}")]
    Kafka {
        /// What librdkafka says.
        reason: String,
    },
}

impl From<KafkaError> for RewindError {
    fn from(error: KafkaError) -> Self {
        Self::Kafka { reason: error.to_string() }
    }
}
