//! A record as it came in, and the batches that hold many in one piece of memory.
#![cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "a transport fills batches"))]

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cancellation::Flag;
use crate::message::{HeaderEntry, Headers, HeadersRef};

/// A record as it came in. Cheap to clone and to keep for a while: records that arrived together share their memory, which
/// is freed with the last of them (at most 64 kB or one record, whichever is more).
#[derive(Clone)]
pub struct RawRecord {
    batch: Arc<RecordBatch>,
    index: u32,
}

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
    /// A record by itself.
    #[must_use]
    pub fn new(parts: RecordParts) -> Self {
        let mut batch = BatchBuilder::new(parts.topic, parts.partition);
        let (key, payload) = (parts.key.as_deref(), parts.payload.as_deref());
        batch.push(parts.offset, parts.timestamp_ms, key, payload, parts.headers.iter());
        Self { batch: batch.finish(), index: 0 }
    }

    /// A record of which only the body is known.
    #[must_use]
    pub fn from_payload(payload: &[u8]) -> Self {
        let mut batch = BatchBuilder::new(Arc::default(), 0);
        batch.push(0, None, None, Some(payload), std::iter::empty());
        Self { batch: batch.finish(), index: 0 }
    }

    /// The topic whose event it is.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.batch.topic
    }

    /// The topic that it was read from: its own, or the one through which a dead letter of it is brought back to a group.
    #[must_use]
    pub fn read_from(&self) -> &str {
        self.batch.read_from.as_deref().unwrap_or(&self.batch.topic)
    }

    /// Partition, of the topic that it was read from.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.batch.partition
    }

    /// Offset in that partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.entry().offset
    }

    /// Milliseconds since 1970, where the broker says.
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.entry().timestamp_ms
    }

    /// Key bytes.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.bytes(self.entry().key.as_ref()?)
    }

    /// Headers.
    #[must_use]
    pub fn headers(&self) -> HeadersRef<'_> {
        let range = &self.entry().headers;
        let entries = self.batch.headers.get(range.start as usize..range.end as usize).unwrap_or_default();
        HeadersRef::new(&self.batch.bytes, entries)
    }

    /// Body; `None` is a tombstone.
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        self.bytes(self.entry().payload.as_ref()?)
    }

    /// Raised when it is another member's, or comes again.
    pub(crate) fn lease(&self) -> Option<&Arc<Flag>> {
        self.batch.lease.as_ref()
    }

    fn entry(&self) -> &Entry {
        // A record is only made with the index of an entry, and a batch is never changed.
        &self.batch.entries[self.index as usize]
    }

    fn bytes(&self, range: &Range<u32>) -> Option<&[u8]> {
        self.batch.bytes.get(range.start as usize..range.end as usize)
    }
}

/// Names the place, never the content: that may be personal data.
impl fmt::Debug for RawRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}@{}", self.read_from(), self.partition(), self.offset())
    }
}

/// Records of one partition in one piece of memory.
pub(crate) struct RecordBatch {
    topic: Arc<str>,
    /// Where they were read, if that is another topic.
    read_from: Option<Arc<str>>,
    partition: i32,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    headers: Vec<HeaderEntry>,
    shelf: Option<Arc<Shelf>>,
    /// The assignment in which they were read.
    lease: Option<Arc<Flag>>,
}

struct Entry {
    offset: i64,
    timestamp_ms: Option<i64>,
    key: Option<Range<u32>>,
    payload: Option<Range<u32>>,
    headers: Range<u32>,
}

impl RecordBatch {
    /// How much a batch holds before it is closed. Small, so that one record that is kept for long keeps little else.
    pub(crate) const MAX_BYTES: usize = 64 << 10;
    const MAX_RECORDS: usize = 64;

    /// One of its records, if it has so many.
    pub(crate) fn record(self: &Arc<Self>, index: u32) -> Option<RawRecord> {
        ((index as usize) < self.entries.len()).then(|| RawRecord { batch: Arc::clone(self), index })
    }
}

impl Drop for RecordBatch {
    fn drop(&mut self) {
        if let Some(shelf) = self.shelf.take() {
            shelf.put_back(Buffers {
                bytes: std::mem::take(&mut self.bytes),
                entries: std::mem::take(&mut self.entries),
                headers: std::mem::take(&mut self.headers),
            });
        }
    }
}

/// Where the memory of batches is kept for the next ones. Without it every batch's pages are given back to the system and
/// asked for again, which costs more than filling them.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Vec<Buffers>>);

#[derive(Default)]
struct Buffers {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    headers: Vec<HeaderEntry>,
}

impl Shelf {
    /// How many are kept; 4 MiB with [`RecordBatch::MAX_BYTES`].
    const MOST: usize = 64;

    fn take(&self) -> Buffers {
        self.buffers().pop().unwrap_or_default()
    }

    fn put_back(&self, mut buffers: Buffers) {
        let Buffers { bytes, entries, headers } = &mut buffers;
        // One that had to hold a large record is not worth keeping.
        if bytes.capacity() <= 2 * RecordBatch::MAX_BYTES {
            bytes.clear();
            entries.clear();
            headers.clear();
            let mut all = self.buffers();
            if all.len() < Self::MOST {
                all.push(buffers);
            }
        }
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a batch together.
pub(crate) struct BatchBuilder(RecordBatch);

impl BatchBuilder {
    pub(crate) fn new(topic: Arc<str>, partition: i32) -> Self {
        Self::with(topic, partition, Buffers::default(), None)
    }

    /// A batch whose memory comes from a shelf, and goes back to it with the last of its records.
    pub(crate) fn from_shelf(topic: Arc<str>, partition: i32, shelf: &Arc<Shelf>) -> Self {
        Self::with(topic, partition, shelf.take(), Some(Arc::clone(shelf)))
    }

    /// The records were read from another topic than that whose events they are.
    #[must_use]
    pub(crate) fn read_from(mut self, topic: Option<Arc<str>>) -> Self {
        self.0.read_from = topic;
        self
    }

    /// The records were read in that assignment.
    #[must_use]
    pub(crate) fn leased(mut self, lease: Arc<Flag>) -> Self {
        self.0.lease = Some(lease);
        self
    }

    fn with(topic: Arc<str>, partition: i32, buffers: Buffers, shelf: Option<Arc<Shelf>>) -> Self {
        let Buffers { bytes, entries, headers } = buffers;
        Self(RecordBatch { topic, read_from: None, partition, bytes, entries, headers, shelf, lease: None })
    }

    /// Whether so many more bytes should go to another batch.
    pub(crate) fn is_full(&self, more: usize) -> bool {
        let RecordBatch { bytes, entries, .. } = &self.0;
        entries.len() >= RecordBatch::MAX_RECORDS
            || (!entries.is_empty() && bytes.len() + more > RecordBatch::MAX_BYTES)
    }

    pub(crate) fn push<'h>(
        &mut self,
        offset: i64,
        timestamp_ms: Option<i64>,
        key: Option<&[u8]>,
        payload: Option<&[u8]>,
        headers: impl Iterator<Item = (&'h str, Option<&'h [u8]>)>,
    ) {
        let key = key.map(|key| self.append(key));
        let payload = payload.map(|payload| self.append(payload));
        let first = end(self.0.headers.len());
        for (name, value) in headers {
            let name = self.append(name.as_bytes());
            let value_end = value.map(|value| self.append(value).end);
            self.0.headers.push(HeaderEntry { start: name.start, name_end: name.end, value_end });
        }
        let headers = first..end(self.0.headers.len());
        self.0.entries.push(Entry { offset, timestamp_ms, key, payload, headers });
    }

    pub(crate) fn finish(self) -> Arc<RecordBatch> {
        Arc::new(self.0)
    }

    fn append(&mut self, bytes: &[u8]) -> Range<u32> {
        let start = end(self.0.bytes.len());
        self.0.bytes.extend_from_slice(bytes);
        start..end(self.0.bytes.len())
    }
}

/// A record is of 1 GB at most (`message.max.bytes`), and a batch of one record or less than that.
fn end(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_what_it_is_made_of() {
        let mut headers = Headers::new();
        headers.push("evento_id", "evt_1");
        headers.push_raw("nada", None);
        let record = RawRecord::new(RecordParts {
            topic: "casos.creados".into(),
            partition: 3,
            offset: 42,
            timestamp_ms: Some(7),
            key: Some(b"12345".to_vec()),
            headers,
            payload: None,
        });
        assert_eq!((record.topic(), record.partition(), record.offset()), ("casos.creados", 3, 42));
        assert_eq!((record.timestamp_ms(), record.key(), record.payload()), (Some(7), Some(&b"12345"[..]), None));
        let found: Vec<_> = record.headers().iter().collect();
        assert_eq!(found, [("evento_id", Some(&b"evt_1"[..])), ("nada", None)]);
        assert_eq!(format!("{record:?}"), "casos.creados-3@42");
    }

    #[test]
    fn records_of_one_batch_keep_apart() {
        let mut batch = BatchBuilder::new("t".into(), 0);
        batch.push(1, None, None, Some(b""), [("a", Some(&b"1"[..]))].into_iter());
        batch.push(5, None, Some(b""), None, std::iter::empty());
        batch.push(6, None, Some(b"k"), Some(b"v"), [("b", None), ("c", Some(&b"3"[..]))].into_iter());
        let batch = batch.finish();
        let records: Vec<_> = (0..3).filter_map(|index| batch.record(index)).collect();
        assert!(batch.record(3).is_none());
        let parts = |record: &RawRecord| {
            (record.offset(), record.key().map(<[u8]>::to_vec), record.payload().map(<[u8]>::to_vec))
        };
        assert_eq!(parts(&records[0]), (1, None, Some(vec![])));
        assert_eq!(parts(&records[1]), (5, Some(vec![]), None));
        assert_eq!(parts(&records[2]), (6, Some(b"k".to_vec()), Some(b"v".to_vec())));
        assert_eq!(records[0].headers().text("a"), Some("1"));
        assert!(records[1].headers().is_empty());
        assert_eq!(records[2].headers().iter().count(), 2);
        assert_eq!(records[2].headers().text("c"), Some("3"));
    }

    #[test]
    fn the_memory_of_a_batch_is_used_again_when_its_last_record_is_gone() {
        let shelf = Arc::new(Shelf::default());
        let mut first = BatchBuilder::from_shelf("t".into(), 0, &shelf);
        first.push(1, None, Some(b"k"), Some(b"v"), [("a", None)].into_iter());
        let first = first.finish();
        let record = first.record(0);
        drop(first);
        assert!(shelf.buffers().is_empty());
        drop(record);
        assert_eq!(shelf.buffers().len(), 1);
        let mut second = BatchBuilder::from_shelf("t".into(), 0, &shelf);
        assert!(shelf.buffers().is_empty());
        second.push(2, None, None, Some(b"w"), std::iter::empty());
        let record = second.finish().record(0);
        assert!(record.is_some_and(|record| record.key().is_none() && record.payload() == Some(b"w")));
    }

    #[test]
    fn a_large_record_does_not_share_its_batch() {
        let mut batch = BatchBuilder::new("t".into(), 0);
        let large = vec![0; RecordBatch::MAX_BYTES];
        assert!(!batch.is_full(large.len() + 1));
        batch.push(0, None, None, Some(&large), std::iter::empty());
        assert!(batch.is_full(1));
    }
}
