//! What travels: headers and an outgoing message.

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;

/// Record headers: ordered, repeatable, a value may be null. One buffer holds them all.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    buffer: Vec<u8>,
    entries: Vec<HeaderEntry>,
}

/// Where a header stands in its buffer: name, then value. Without `value_end` the value is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeaderEntry {
    pub(crate) start: u32,
    pub(crate) name_end: u32,
    pub(crate) value_end: Option<u32>,
}

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), entries: Vec::new() }
    }

    /// No headers, and room for some.
    #[must_use]
    pub fn with_capacity(headers: usize, bytes: usize) -> Self {
        Self { buffer: Vec::with_capacity(bytes), entries: Vec::with_capacity(headers) }
    }

    /// Adds a header behind those that are there.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.push_raw(name, Some(value.as_ref()));
    }

    /// Adds a header whose value may be null.
    pub fn push_raw(&mut self, name: &str, value: Option<&[u8]>) {
        let start = end(&self.buffer);
        self.buffer.extend_from_slice(name.as_bytes());
        let name_end = end(&self.buffer);
        let value_end = value.map(|value| {
            self.buffer.extend_from_slice(value);
            end(&self.buffer)
        });
        self.entries.push(HeaderEntry { start, name_end, value_end });
    }

    /// Adds a header and writes its value in place, without a text of its own.
    pub fn push_display(&mut self, name: &str, value: &dyn fmt::Display) {
        let start = end(&self.buffer);
        self.buffer.extend_from_slice(name.as_bytes());
        let name_end = end(&self.buffer);
        // Writing to a `Vec` cannot fail; a `Display` that says so anyhow leaves what it wrote.
        let _ = write!(self.buffer, "{value}");
        self.entries.push(HeaderEntry { start, name_end, value_end: Some(end(&self.buffer)) });
    }

    /// The same headers, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> HeadersRef<'_> {
        HeadersRef::new(&self.buffer, &self.entries)
    }

    /// The last value of that name, as Kafka's `Headers.lastHeader` gives it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.as_ref().get(name)
    }

    /// The last value of that name, where it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.as_ref().text(name)
    }

    /// Each header, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, Option<&[u8]>)> + Clone {
        self.as_ref().iter()
    }

    /// How many headers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl From<HeadersRef<'_>> for Headers {
    fn from(headers: HeadersRef<'_>) -> Self {
        let mut copy = Self::with_capacity(headers.len(), 0);
        headers.iter().for_each(|(name, value)| copy.push_raw(name, value));
        copy
    }
}

/// librdkafka refuses messages of more than 1 GB, so an offset always fits.
fn end(buffer: &[u8]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref(), f)
    }
}

/// Record headers, borrowed from a record or from [`Headers`].
#[derive(Clone, Copy)]
pub struct HeadersRef<'a> {
    buffer: &'a [u8],
    entries: &'a [HeaderEntry],
}

impl<'a> HeadersRef<'a> {
    /// The headers that the entries point out in the buffer.
    pub(crate) const fn new(buffer: &'a [u8], entries: &'a [HeaderEntry]) -> Self {
        Self { buffer, entries }
    }

    /// The last value of that name, as Kafka's `Headers.lastHeader` gives it; `None` for an absent and for a null one.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.entries.iter().rev().find(|entry| self.name(entry) == name.as_bytes()).and_then(|entry| self.value(entry))
    }

    /// The last value of that name, where it is UTF-8.
    #[must_use]
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Each header, in order. A name that is not UTF-8 comes as the empty one.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = (&'a str, Option<&'a [u8]>)> + Clone {
        self.entries
            .iter()
            .map(move |entry| (std::str::from_utf8(self.name(entry)).unwrap_or_default(), self.value(entry)))
    }

    /// How many headers there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    fn name(self, entry: &HeaderEntry) -> &'a [u8] {
        self.buffer.get(entry.start as usize..entry.name_end as usize).unwrap_or_default()
    }

    fn value(self, entry: &HeaderEntry) -> Option<&'a [u8]> {
        self.buffer.get(entry.name_end as usize..entry.value_end? as usize)
    }
}

impl fmt::Debug for HeadersRef<'_> {
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
