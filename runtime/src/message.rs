//! What travels: headers, an outgoing message, an incoming record.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Record headers: ordered, repeatable, a value may be null. One buffer holds them all.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    buffer: Vec<u8>,
    /// Where each name and each value end; `None` is a null value.
    ends: Vec<(u32, Option<u32>)>,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), ends: Vec::new() }
    }

    /// Adds a header behind those that are there.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.push_raw(name, Some(value.as_ref()));
    }

    /// Adds a header whose value may be null.
    pub fn push_raw(&mut self, name: &str, value: Option<&[u8]>) {
        self.buffer.extend_from_slice(name.as_bytes());
        let name_end = end(&self.buffer);
        let value_end = value.map(|value| {
            self.buffer.extend_from_slice(value);
            end(&self.buffer)
        });
        self.ends.push((name_end, value_end));
    }

    /// The last value of that name, as Kafka's `Headers.lastHeader` gives it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().filter(|(found, _)| *found == name).last().and_then(|(_, value)| value)
    }

    /// The last value of that name, where it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Each header, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let mut start = 0usize;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let name_end = name_end as usize;
            let name = std::str::from_utf8(&self.buffer[start..name_end]).unwrap_or("");
            let value = value_end.map(|end| &self.buffer[name_end..end as usize]);
            start = value_end.map_or(name_end, |end| end as usize);
            (name, value)
        })
    }

    /// How many headers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// librdkafka refuses messages of more than 1 GB, so an offset always fits.
fn end(buffer: &[u8]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names alone: a value may be personal data.
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// A message on its way out: what a transport or an outbox needs, and no more.
#[derive(Clone)]
#[non_exhaustive]
pub struct Message {
    /// Where it goes.
    pub topic: Cow<'static, str>,
    /// What its partition is chosen by.
    pub key: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Headers,
    /// Its body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
}

impl Message {
    /// A message to a topic.
    pub fn new(
        topic: impl Into<Cow<'static, str>>,
        key: Option<Vec<u8>>,
        headers: Headers,
        payload: Option<Vec<u8>>,
    ) -> Self {
        Self { topic: topic.into(), key, headers, payload }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("topic", &self.topic)
            .field("headers", &self.headers)
            .field("payload_bytes", &self.payload.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

/// A record as it came in. Cheap to clone; its fields are reached through methods so that a batch can share one buffer.
#[derive(Clone)]
pub struct RawRecord(Arc<RecordParts>);

/// What a record is made of.
#[derive(Clone, Default)]
pub struct RecordParts {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Milliseconds since 1970, where the broker says.
    pub timestamp_ms: Option<i64>,
    /// Key bytes.
    pub key: Option<Vec<u8>>,
    /// Headers.
    pub headers: Headers,
    /// Body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
}

impl RawRecord {
    /// Wraps the parts.
    #[must_use]
    pub fn new(parts: RecordParts) -> Self {
        Self(Arc::new(parts))
    }
    /// A record of which only the body is known.
    #[must_use]
    pub fn from_payload(payload: &[u8]) -> Self {
        Self::new(RecordParts { payload: Some(payload.to_vec()), ..RecordParts::default() })
    }
    /// Topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.0.topic
    }
    /// Partition.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.0.partition
    }
    /// Offset in the partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.0.offset
    }
    /// Milliseconds since 1970, where the broker says.
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.0.timestamp_ms
    }
    /// Key bytes.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.0.key.as_deref()
    }
    /// Headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.0.headers
    }
    /// Body; `None` is a tombstone.
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        self.0.payload.as_deref()
    }
}

impl fmt::Debug for RawRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}@{}", self.topic(), self.partition(), self.offset())
    }
}
