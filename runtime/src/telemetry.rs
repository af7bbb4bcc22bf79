//! Counters that can be read while a consumer runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What a consumer has done so far. Cheap to clone; every clone reads the same counters.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug, Default)]
pub(crate) struct Counters {
    topics: BTreeMap<&'static str, TopicCounters>,
    /// Topics of addresses, which are met as partitions of theirs are assigned.
    met: RwLock<BTreeMap<Arc<str>, Arc<TopicCounters>>>,
    /// Times that partitions were assigned or revoked.
    pub(crate) rebalances: AtomicU64,
    /// Commits sent to the broker.
    pub(crate) commits: AtomicU64,
    /// Commits that the broker refused.
    pub(crate) commit_failures: AtomicU64,
    /// Times that the breaker opened.
    pub(crate) breaker_openings: AtomicU64,
    /// Events whose handler was still at work when its partition had to be given back.
    pub(crate) abandoned: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct TopicCounters {
    pub(crate) consumed: AtomicU64,
    pub(crate) handled: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    pub(crate) dead_letter_failures: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) filtered: AtomicU64,
    pub(crate) contradictions: AtomicU64,
}

impl Metrics {
    pub(crate) fn new(topics: impl IntoIterator<Item = &'static str>) -> Self {
        let topics = topics.into_iter().map(|topic| (topic, TopicCounters::default())).collect();
        Self(Arc::new(Counters { topics, ..Counters::default() }))
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0
    }

    /// Counts something of a topic that the consumer has a handler for. Gives what `count` does.
    pub(crate) fn of<T>(&self, topic: &str, count: impl FnOnce(&TopicCounters) -> T) -> Option<T> {
        if let Some(counters) = self.0.topics.get(topic) {
            return Some(count(counters));
        }
        let met = self.0.met.read().unwrap_or_else(PoisonError::into_inner);
        met.get(topic).map(|counters| count(counters))
    }

    /// Has a topic counted.
    pub(crate) fn meet(&self, topic: &str) {
        if self.of(topic, |_| ()).is_none() {
            self.0.met.write().unwrap_or_else(PoisonError::into_inner).entry(topic.into()).or_default();
        }
    }

    /// The counters as they are now.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        let counters = &*self.0;
        MetricsSnapshot {
            topics: {
                let own = counters.topics.iter().map(|(topic, counters)| (Arc::from(*topic), counters.snapshot()));
                let met = counters.met.read().unwrap_or_else(PoisonError::into_inner);
                own.chain(met.iter().map(|(topic, counters)| (Arc::clone(topic), counters.snapshot()))).collect()
            },
            rebalances: read(&counters.rebalances),
            commits: read(&counters.commits),
            commit_failures: read(&counters.commit_failures),
            breaker_openings: read(&counters.breaker_openings),
            abandoned: read(&counters.abandoned),
        }
    }
}

impl TopicCounters {
    fn snapshot(&self) -> TopicMetrics {
        TopicMetrics {
            consumed: read(&self.consumed),
            handled: read(&self.handled),
            retried: read(&self.retried),
            dead_lettered: read(&self.dead_lettered),
            dead_letter_failures: read(&self.dead_letter_failures),
            duplicates: read(&self.duplicates),
            filtered: read(&self.filtered),
            header_contradictions: read(&self.contradictions),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, number: u64) -> u64 {
    // Counters order nothing.
    counter.fetch_add(number, Ordering::Relaxed) + number
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The counters of a consumer at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// By topic; topics of an address each by itself, from when a partition of theirs was assigned.
    pub topics: BTreeMap<Arc<str>, TopicMetrics>,
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
    /// Times that a dead letter could not be written; it is tried again.
    pub dead_letter_failures: u64,
    /// Events skipped because they were handled before.
    pub duplicates: u64,
    /// Records that a filter passed over.
    pub filtered: u64,
    /// Headers that said another thing than the envelope; the envelope won.
    pub header_contradictions: u64,
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
