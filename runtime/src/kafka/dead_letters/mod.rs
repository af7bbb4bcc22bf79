//! What a group has given up, and ways to deal with it: read it, bring it back, or let it rest.
//!
//! A dead letter is *open* until it is settled: brought back or skipped. What is settled is known from two places, both
//! written in the transaction that does it, so that a tool may be killed at any time and run again:
//! - the offsets of the group `<group>.redrive` on the dead-letter topic: everything below is settled;
//! - the compacted topic `<topic>.<group>.dlq.settled`, made when it is first needed, for what is settled above an open
//!   one. Once the offset has passed it, its mark is removed.

mod book;
mod letter;
mod reader;
mod sequence;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use rdkafka::error::KafkaError;

#[cfg(test)]
pub(super) use self::book::Event;
pub(super) use self::book::{Book, Unfinished};
pub use self::letter::DeadLetter;
pub use self::settle::{Choice, Settled, Settlement, Step};

use self::reader::Reader;
use super::admin::{Admin, AdminError};
use super::settings::{KafkaSettings, SettingsError};
use crate::consumer::{dead_letter, redrive_topic};

/// How long the cluster may take to answer one question.
const REQUEST: Duration = Duration::from_secs(30);

/// The dead letters of a topic and a group. Its calls block: from async code go through `spawn_blocking`.
///
/// ```no_run
/// # use std::ops::ControlFlow;
/// # use conecta_runtime::kafka::{DeadLetters, KafkaSettings, Settlement, Choice};
/// # fn operate() -> Result<(), Box<dyn std::error::Error>> {
/// let letters = DeadLetters::new(&KafkaSettings::from_env()?, "casos.creados", "derivacion");
/// letters.read(|letter| {
///     println!("{}@{} {:?}", letter.partition, letter.offset, letter.code());
///     ControlFlow::Continue(())
/// })?;
/// letters.settle(Settlement::Redrive, |_| Choice::Take, |_| {})?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DeadLetters {
    settings: KafkaSettings,
    topic: String,
    group: String,
}

impl DeadLetters {
    /// Those of a topic that this group gave up.
    pub fn new(settings: &KafkaSettings, topic: impl Into<String>, group: impl Into<String>) -> Self {
        Self { settings: settings.clone(), topic: topic.into(), group: group.into() }
    }

    /// The topic they are in.
    #[must_use]
    pub fn topic_name(&self) -> String {
        dead_letter::topic_name(&self.topic, &self.group)
    }

    /// The topic they are brought back through.
    #[must_use]
    pub fn redrive_topic_name(&self) -> String {
        redrive_topic(&self.topic, &self.group)
    }

    /// Gives `each` every dead letter that the topic holds now, partition by partition and in order of offset within each, until it
    /// breaks. Changes nothing.
    ///
    /// # Errors
    /// When there is no such topic, or the cluster does not answer.
    pub fn read(&self, mut each: impl FnMut(&DeadLetter) -> ControlFlow<()>) -> Result<(), DeadLettersError> {
        let topic = self.topic_name();
        let reader = Reader::new(&self.settings, &self.operator())?;
        let partitions =
            reader.partitions(&topic)?.ok_or_else(|| DeadLettersError::NoTopic { topic: topic.clone() })?;
        let state = self.state(&reader, partitions)?;
        for partition in 0..partitions {
            let mut stopped = false;
            reader.read(&topic, partition, None, |record| {
                let letter = DeadLetter { is_open: state.is_open(record.partition, record.offset), ..record };
                let flow = each(&letter);
                stopped = flow.is_break();
                flow
            })?;
            if stopped {
                break;
            }
        }
        Ok(())
    }

    /// The group whose offsets say what is settled.
    fn operator(&self) -> String {
        format!("{}.redrive", self.group)
    }

    fn settled_topic_name(&self) -> String {
        format!("{}.settled", self.topic_name())
    }

    fn state(&self, reader: &Reader, partitions: i32) -> Result<State, DeadLettersError> {
        let below = reader.committed(&self.topic_name(), partitions)?;
        let mut above = BTreeSet::new();
        let settled = self.settled_topic_name();
        for partition in 0..reader.partitions(&settled)?.unwrap_or_default() {
            reader.read(&settled, partition, None, |mark| {
                if let Some(place) = mark.key.as_deref().and_then(place_of_mark) {
                    if mark.payload.is_some() {
                        above.insert(place)
                    } else {
                        above.remove(&place)
                    };
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(State { below, above })
    }

    /// Sees to it that a topic exists, and tells how many partitions it has.
    fn ensure(
        &self,
        reader: &Reader,
        topic: &str,
        like: &str,
        config: Option<(i32, &[(&str, &str)])>,
    ) -> Result<i32, DeadLettersError> {
        if let Some(partitions) = reader.partitions(topic)? {
            return Ok(partitions);
        }
        let created = block_on(async {
            let admin = Admin::new(&self.settings)?;
            let shape = admin.shape(like).await?;
            let (partitions, copies) = shape.ok_or_else(|| DeadLettersError::NoTopic { topic: like.into() })?;
            let (partitions, config) = config.unwrap_or((partitions, &[]));
            admin.create_one(topic, partitions, copies, config).await?;
            Ok::<_, DeadLettersError>(partitions)
        })?;
        // Until every broker knows of it.
        reader.wait_for(topic)?;
        Ok(created)
    }
}

/// What is settled.
#[derive(Debug, Default)]
struct State {
    /// In each partition, everything below this.
    below: BTreeMap<i32, i64>,
    /// Partition and offset of what is settled above that.
    above: BTreeSet<(i32, i64)>,
}

impl State {
    fn is_open(&self, partition: i32, offset: i64) -> bool {
        self.below.get(&partition).is_none_or(|below| offset >= *below) && !self.above.contains(&(partition, offset))
    }
}

/// The key of the mark that says that a dead letter is settled.
fn mark(partition: i32, offset: i64) -> String {
    format!("{partition}-{offset}")
}

fn place_of_mark(key: &[u8]) -> Option<(i32, i64)> {
    let (partition, offset) = std::str::from_utf8(key).ok()?.split_once('-')?;
    Some((partition.parse().ok()?, offset.parse().ok()?))
}

/// Waits for a future on a thread of its own, so that it does not matter what runtime the caller is in.
fn block_on<T: Send>(future: impl Future<Output = Result<T, DeadLettersError>> + Send) -> Result<T, DeadLettersError> {
    let failed = |reason: String| DeadLettersError::Kafka { what: "asking the cluster", reason };
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let waiting = scope.spawn(move || runtime.block_on(future));
        waiting.join().unwrap_or_else(|_| Err(failed("its thread ended".into())))
    })
}

/// Why dead letters could not be dealt with. Nothing is half done: what a failed call has not settled is open still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLettersError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no such topic.
    #[error("there is no topic {topic}: this group has given nothing up, or topic or group are spelt differently")]
    NoTopic {
        /// Which.
        topic: String,
    },
    /// A topic could not be made.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// An event has no place in its dead-letter topic from where its order among those of its key can be told.
    #[error(
        "{topic} has {partitions} partitions, and none of the number {partition}: dead letters in order need as many as \
         their topic has; add them"
    )]
    TooFewPartitions {
        /// Which topic.
        topic: String,
        /// How many it has.
        partitions: i32,
        /// Which one is asked for.
        partition: i32,
    },
    /// Someone else began to settle the same group's dead letters, and has gone on from where this one was.
    #[error(
        "another run has taken over the dead letters of this topic and group: what was settled so far stays settled"
    )]
    TakenOver,
    /// The cluster does not answer, or refuses something.
    #[error("{what}: {reason}")]
    Kafka {
        /// What was asked for.
        what: &'static str,
        /// What librdkafka says.
        reason: String,
    },
}

impl DeadLettersError {
    fn of(what: &'static str) -> impl Fn(KafkaError) -> Self {
        move |error| Self::Kafka { what, reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_the_place_of_its_letter() {
        assert_eq!(place_of_mark(mark(3, 17).as_bytes()), Some((3, 17)));
        for other in ["", "3", "3-", "-17", "a-1", "3-17-1"] {
            assert_eq!(place_of_mark(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_letter_is_open_from_the_offset_on_unless_it_has_a_mark() {
        let state = State { below: BTreeMap::from([(0, 5)]), above: BTreeSet::from([(0, 7), (1, 0)]) };
        let open = |partition| (0..10).filter(|offset| state.is_open(partition, *offset)).collect::<Vec<_>>();
        assert_eq!(open(0), [5, 6, 8, 9]);
        assert_eq!(open(1), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
