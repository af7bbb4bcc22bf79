//! One dead letter: what its headers say, and the record that it is brought back as.

use std::fmt;

use crate::consumer::dead_letter::{
    self, ATTEMPTS, CODE, FIRST_FAILURE, HANDLER, LAST_FAILURE, ORDERED, Origin, PATH, REDRIVES, own_headers,
};
use crate::message::{Headers, Message};

/// A record of a dead-letter topic, of ours or of another system's that writes Spring Kafka's headers.
#[derive(Clone)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its partition in the dead-letter topic.
    pub partition: i32,
    /// And its offset there.
    pub offset: i64,
    /// When it was written, in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// The record's key.
    pub key: Option<Vec<u8>>,
    /// The record's body; `None` is a tombstone.
    pub payload: Option<Vec<u8>>,
    /// The record's headers, and behind them what happened.
    pub headers: Headers,
    /// Whether it was neither brought back nor skipped.
    pub is_open: bool,
}

impl DeadLetter {
    /// What kind of failure, see [`CODE`].
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.headers.text(CODE)
    }

    /// Where in the payload, see [`PATH`].
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.headers.text(PATH)
    }

    /// What was said, without the payload's values.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.headers.text(dead_letter::MESSAGE)
    }

    /// How often it was tried.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.headers.text(ATTEMPTS)?.parse().ok()
    }

    /// The handler's type.
    #[must_use]
    pub fn handler(&self) -> Option<&str> {
        self.headers.text(HANDLER)
    }

    /// When it failed first, RFC 3339.
    #[must_use]
    pub fn first_failure(&self) -> Option<&str> {
        self.headers.text(FIRST_FAILURE)
    }

    /// When it failed last, RFC 3339.
    #[must_use]
    pub fn last_failure(&self) -> Option<&str> {
        self.headers.text(LAST_FAILURE)
    }

    /// Whether the later events of its key follow it, see [`ORDERED`].
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        self.headers.text(ORDERED).is_some()
    }

    /// How often it was brought back before.
    #[must_use]
    pub fn redrives(&self) -> u32 {
        self.headers.text(REDRIVES).and_then(|times| times.parse().ok()).unwrap_or_default()
    }

    /// Where it was before anything went wrong.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'_>> {
        Origin::in_headers(self.headers.as_ref())
    }

    /// The headers that the record came with.
    #[must_use]
    pub fn own_headers(&self) -> Headers {
        own_headers(self.headers.as_ref())
    }

    /// The record as it goes back to the group: as it came, where it was, and how often this was done.
    pub(super) fn brought_back(&self, to: String, payload: Option<Vec<u8>>) -> Message {
        let mut headers = Headers::with_capacity(self.headers.len(), 256);
        for (name, value) in self.own_headers().iter().filter(|(name, _)| *name != REDRIVES) {
            headers.push_raw(name, value);
        }
        headers.push(REDRIVES, self.redrives().saturating_add(1).to_string());
        if let Some(origin) = self.origin() {
            origin.write(&mut headers);
        }
        Message::new(to, self.key.clone(), headers, payload)
    }
}

/// Names the place, never the content: that may be personal data.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, offset, is_open, .. } = self;
        f.debug_struct("DeadLetter")
            .field("partition", partition)
            .field("offset", offset)
            .field("code", &self.code())
            .field("is_open", is_open)
            .finish_non_exhaustive()
    }
}
