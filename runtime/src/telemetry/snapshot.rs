//! What a consumer has counted, at one time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The counters and levels of a consumer at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// The consumer's group.
    pub group: Arc<str>,
    /// By topic; topics of an address each by itself, from when a partition of theirs was assigned.
    pub topics: BTreeMap<Arc<str>, TopicMetrics>,
    /// The topics and addresses whose handler has its breaker open.
    pub open_breakers: Vec<&'static str>,
    /// Times that partitions were assigned or revoked.
    pub rebalances: u64,
    /// Commits sent to the broker.
    pub commits: u64,
    /// Commits that the broker refused; each is sent again.
    pub commit_failures: u64,
    /// Times that the breaker opened.
    pub breaker_openings: u64,
    /// Events whose handler was still at work when its partition had to be given back. They come again.
    pub abandoned: u64,
    /// Times that the inbox did not do what it was asked to.
    pub inbox_failures: u64,
    /// Alerts that were told of something that has happened, or begun.
    pub alerts: u64,
    /// Alerts that a webhook did not take.
    pub alerts_undelivered: u64,
    /// Partitions that this member has now.
    pub assigned: u64,
    /// Events under way now: read, and not yet committed.
    pub in_flight: u64,
    /// Their bytes.
    pub in_flight_bytes: u64,
    /// Handlers that may be at work at a time.
    pub lanes: u64,
    /// Those that are at work now.
    pub lanes_busy: u64,
    /// For how many milliseconds nothing was done although there was something to do.
    pub idle_ms: u64,
}

impl MetricsSnapshot {
    /// The counters of one topic; zeros for one that the consumer has no handler for.
    #[must_use]
    pub fn topic(&self, name: &str) -> TopicMetrics {
        self.topics.get(name).copied().unwrap_or_default()
    }
}

/// What became of the records of one topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicMetrics {
    /// Records read, those read again after a rebalance included.
    pub consumed: u64,
    /// Events whose handler succeeded.
    pub handled: u64,
    /// Tries after the first.
    pub retried: u64,
    /// Records safe in the dead-letter topic.
    pub dead_lettered: u64,
    /// Records safe in a retry topic.
    pub postponed: u64,
    /// Times that a dead letter could not be written; it is tried again.
    pub dead_letter_failures: u64,
    /// Events skipped because they were handled before.
    pub duplicates: u64,
    /// Records that a filter passed over.
    pub filtered: u64,
    /// Headers that said another thing than the envelope; the envelope won.
    pub header_contradictions: u64,
    /// Records of this member's partitions that are not committed yet, as of librdkafka's last statistics.
    pub lag: u64,
    /// For how many milliseconds the partition that waits longest has had something to commit and committed nothing.
    pub commit_age_ms: u64,
}

impl TopicMetrics {
    /// With another topic's added; of ages the older one.
    #[cfg(feature = "metrics")]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            consumed: self.consumed + other.consumed,
            handled: self.handled + other.handled,
            retried: self.retried + other.retried,
            dead_lettered: self.dead_lettered + other.dead_lettered,
            postponed: self.postponed + other.postponed,
            dead_letter_failures: self.dead_letter_failures + other.dead_letter_failures,
            duplicates: self.duplicates + other.duplicates,
            filtered: self.filtered + other.filtered,
            header_contradictions: self.header_contradictions + other.header_contradictions,
            lag: self.lag + other.lag,
            commit_age_ms: self.commit_age_ms.max(other.commit_age_ms),
        }
    }
}

impl fmt::Display for TopicMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumed, handled, retried, dead_lettered, duplicates, .. } = self;
        write!(
            f,
            "{consumed} consumed, {handled} handled, {retried} retried, {dead_lettered} dead-lettered, \
             {duplicates} duplicates"
        )
    }
}
