//! What is really on the broker, read with plain rdkafka, and conditions to wait for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::KafkaService;

/// A record as it lies on the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRecord {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Key bytes.
    pub key: Option<Vec<u8>>,
    /// Body.
    pub payload: Option<Vec<u8>>,
    /// Headers in order; a value may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl WireRecord {
    /// The last header of that name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.header_bytes(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The last header of that name.
    #[must_use]
    pub fn header_bytes(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().rev().find(|(found, _)| found == name)?.1.as_deref()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.payload.as_deref().unwrap_or_default()).expect("the body is JSON")
    }
}

impl KafkaService {
    /// Every record that a topic holds now, by partition and offset.
    ///
    /// # Panics
    /// When the topic does not exist or is not read to its end within a minute.
    #[must_use]
    pub fn read(&self, topic: &str) -> Vec<WireRecord> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "conecta-tests-read")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let ends = self.ends(topic);
        let mut assignment = TopicPartitionList::new();
        for &partition in ends.keys() {
            assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&assignment).unwrap();
        let mut left: BTreeMap<i32, i64> = ends.into_iter().filter(|&(_, (low, high))| low < high).map(end).collect();
        let mut records = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !left.is_empty() {
            assert!(Instant::now() < deadline, "{topic} was not read to its end: {left:?} are missing");
            let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
            let message = match message {
                Ok(message) => message,
                // What stands at the end need not be a record: a transaction's marker is none.
                Err(KafkaError::PartitionEOF(partition)) => {
                    left.remove(&partition);
                    continue;
                }
                Err(error) => panic!("cannot read {topic}: {error}"),
            };
            let Some(&high) = left.get(&message.partition()) else { continue };
            records.push(WireRecord::of(&message));
            if message.offset() + 1 >= high {
                left.remove(&message.partition());
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// The first offset and the one behind the last, of each partition.
    ///
    /// # Panics
    /// When the topic does not exist.
    #[must_use]
    pub fn ends(&self, topic: &str) -> BTreeMap<i32, (i64, i64)> {
        let client: BaseConsumer = self.client().create().unwrap();
        let metadata = client.fetch_metadata(Some(topic), Duration::from_secs(30)).unwrap();
        let partitions = metadata.topics()[0].partitions();
        assert!(!partitions.is_empty(), "{topic} does not exist");
        // A leader that has just been elected is not known to everyone yet.
        let of = |id| {
            let what = format!("the ends of {topic}-{id}");
            until(Duration::from_secs(30), &what, || client.fetch_watermarks(topic, id, Duration::from_secs(10)).ok())
        };
        partitions.iter().map(|partition| (partition.id(), of(partition.id()))).collect()
    }

    /// What a group has committed, of each partition of a topic; a partition without a commit is left out.
    ///
    /// # Panics
    /// When the topic does not exist or the group's coordinator does not answer.
    #[must_use]
    pub fn committed(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        let client: BaseConsumer = self.client().set("group.id", group).create().unwrap();
        let mut wanted = TopicPartitionList::new();
        for partition in self.ends(topic).into_keys() {
            wanted.add_partition(topic, partition);
        }
        // The group's coordinator may just be moving in.
        let found = until(Duration::from_secs(30), &format!("the offsets of {group}"), || {
            client.committed_offsets(wanted.clone(), Duration::from_secs(10)).ok()
        });
        found
            .elements()
            .iter()
            .filter_map(|e| Some((e.partition(), e.offset().to_raw().filter(|&o| o >= 0)?)))
            .collect()
    }

    /// How many records of a topic a group has not committed yet.
    ///
    /// # Panics
    /// As [`committed`](Self::committed).
    #[must_use]
    pub fn lag(&self, group: &str, topic: &str) -> i64 {
        let committed = self.committed(group, topic);
        let behind = |(id, (low, high)): (&i32, &(i64, i64))| high - committed.get(id).unwrap_or(low);
        self.ends(topic).iter().map(behind).sum()
    }
}

impl WireRecord {
    fn of(message: &rdkafka::message::BorrowedMessage<'_>) -> Self {
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            headers.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect()
        });
        Self {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }
}

fn end((partition, (_, high)): (i32, (i64, i64))) -> (i32, i64) {
    (partition, high)
}

/// Waits until `condition` gives something, looking every few milliseconds.
///
/// # Panics
/// When the time is up, naming what was waited for.
pub fn until<T>(limit: Duration, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// A name that no other test uses, on a broker that several runs may share.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    format!("{prefix}-{since}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
