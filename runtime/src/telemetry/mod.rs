//! What can be read of a consumer while it runs: [counters and levels](Metrics), and whether it is [well](Health).

#[cfg(feature = "metrics")]
mod facade;
mod health;
mod inbox;
mod snapshot;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::consumer::failure::Failure;

#[cfg(feature = "http")]
pub(crate) use self::facade::DURATION;
#[cfg(feature = "metrics")]
pub(crate) use self::facade::{Reporter, alerted};
pub use self::health::{Health, Liveness, Readiness};
pub(crate) use self::inbox::Counted;
pub use self::snapshot::{MetricsSnapshot, TopicMetrics};

/// What a consumer has done so far, and how it stands. Cheap to clone; every clone reads the same counters.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
pub(crate) struct Counters {
    group: Arc<str>,
    topics: BTreeMap<&'static str, TopicCounters>,
    /// Topics of addresses, which are met as partitions of theirs are assigned.
    met: RwLock<BTreeMap<Arc<str>, Met>>,
    handlers: Vec<Handler>,
    pub(crate) rebalances: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) commit_failures: AtomicU64,
    pub(crate) breaker_openings: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) inbox_failures: AtomicU64,
    pub(crate) alerts: AtomicU64,
    pub(crate) alerts_undelivered: AtomicU64,
    pub(crate) assigned: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) in_flight_bytes: AtomicU64,
    pub(crate) lanes: AtomicU64,
    pub(crate) lanes_busy: AtomicU64,
    /// When everything here began; times below are milliseconds since.
    origin: Instant,
    /// When the poll thread last did something, 0 until it is started.
    polled_at: AtomicU64,
    /// When an event was last brought to an end, or there was none to bring.
    progress_at: AtomicU64,
    stage: RwLock<Stage>,
}

/// A topic of an address.
#[derive(Debug)]
struct Met {
    address: &'static str,
    counters: TopicCounters,
}

/// What is known of a handler.
#[derive(Debug)]
struct Handler {
    /// Its topic or address.
    topic: &'static str,
    breaker_open: AtomicBool,
    #[cfg(feature = "metrics")]
    durations: facade::Durations,
}

/// How far a consumer has come in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not run yet, or not yet in its group.
    #[default]
    Joining,
    /// Its group has told it what it has, be it nothing.
    Member,
    /// Asked to stop, or at its end.
    Leaving,
}

#[derive(Debug, Default)]
pub(crate) struct TopicCounters {
    pub(crate) consumed: AtomicU64,
    pub(crate) handled: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    pub(crate) postponed: AtomicU64,
    pub(crate) dead_letter_failures: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) filtered: AtomicU64,
    pub(crate) contradictions: AtomicU64,
    pub(crate) lag: AtomicU64,
    pub(crate) commit_age_ms: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            group: Arc::default(),
            topics: BTreeMap::new(),
            met: RwLock::default(),
            handlers: Vec::new(),
            rebalances: AtomicU64::default(),
            commits: AtomicU64::default(),
            commit_failures: AtomicU64::default(),
            breaker_openings: AtomicU64::default(),
            abandoned: AtomicU64::default(),
            inbox_failures: AtomicU64::default(),
            alerts: AtomicU64::default(),
            alerts_undelivered: AtomicU64::default(),
            assigned: AtomicU64::default(),
            in_flight: AtomicU64::default(),
            in_flight_bytes: AtomicU64::default(),
            lanes: AtomicU64::default(),
            lanes_busy: AtomicU64::default(),
            origin: Instant::now(),
            polled_at: AtomicU64::default(),
            progress_at: AtomicU64::default(),
            stage: RwLock::default(),
        }
    }
}

impl Metrics {
    /// Of a consumer with these handlers: the name of each one's topic or address, and whether it is an address.
    pub(crate) fn new(group: &str, handlers: impl Iterator<Item = (&'static str, bool)> + Clone) -> Self {
        let exact = handlers.clone().filter(|(_, is_address)| !is_address);
        Self(Arc::new(Counters {
            group: group.into(),
            topics: exact.map(|(topic, _)| (topic, TopicCounters::default())).collect(),
            handlers: handlers.map(|(topic, _)| Handler::new(topic)).collect(),
            ..Counters::default()
        }))
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
        met.get(topic).map(|met| count(&met.counters))
    }

    /// Has a topic counted, which is of that address.
    pub(crate) fn meet(&self, topic: &str, address: &'static str) {
        if self.of(topic, |_| ()).is_none() {
            let mut met = self.0.met.write().unwrap_or_else(PoisonError::into_inner);
            met.entry(topic.into()).or_insert_with(|| Met { address, counters: TopicCounters::default() });
        }
    }

    /// The breaker of that handler opened or closed.
    pub(crate) fn breaker(&self, handler: u32, is_open: bool) {
        if let Some(handler) = self.0.handlers.get(handler as usize) {
            handler.breaker_open.store(is_open, Ordering::Relaxed);
        }
    }

    /// The poll thread is alive, and has that many events and bytes under way.
    pub(crate) fn polled(&self, events: u64, bytes: u64) {
        let counters = &*self.0;
        set(&counters.in_flight, events);
        set(&counters.in_flight_bytes, bytes);
        // 0 stands for never.
        set(&counters.polled_at, self.now().max(1));
        if events == 0 && counters.lag() == 0 {
            self.progressed();
        }
    }

    /// How many records of each topic are not committed, and since how many milliseconds nothing was.
    pub(crate) fn stand(&self, of: impl Fn(&str) -> (u64, u64)) {
        self.each_topic(|topic, _, counters| {
            let (lag, age) = of(topic);
            set(&counters.lag, lag);
            set(&counters.commit_age_ms, age);
        });
    }

    /// Something was brought to an end, or there is nothing to do.
    pub(crate) fn progressed(&self) {
        set(&self.0.progress_at, self.now());
    }

    pub(crate) fn enter(&self, stage: Stage) {
        let mut now = self.0.stage.write().unwrap_or_else(PoisonError::into_inner);
        // Who leaves does not join again.
        if *now != Stage::Leaving {
            *now = stage;
        }
    }

    fn stage(&self) -> Stage {
        *self.0.stage.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long ago the poll thread did something; `None` before it is started.
    fn since_poll(&self) -> Option<Duration> {
        let at = read(&self.0.polled_at);
        (at > 0).then(|| Duration::from_millis(self.now().saturating_sub(at)))
    }

    /// The counters as they are now.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        let counters = &*self.0;
        MetricsSnapshot {
            group: Arc::clone(&counters.group),
            topics: self.each_topic(|topic, _, counters| (topic.into(), counters.snapshot())).into_iter().collect(),
            open_breakers: counters.open_breakers().collect(),
            rebalances: read(&counters.rebalances),
            commits: read(&counters.commits),
            commit_failures: read(&counters.commit_failures),
            breaker_openings: read(&counters.breaker_openings),
            abandoned: read(&counters.abandoned),
            inbox_failures: read(&counters.inbox_failures),
            alerts: read(&counters.alerts),
            alerts_undelivered: read(&counters.alerts_undelivered),
            assigned: read(&counters.assigned),
            in_flight: read(&counters.in_flight),
            in_flight_bytes: read(&counters.in_flight_bytes),
            lanes: read(&counters.lanes),
            lanes_busy: read(&counters.lanes_busy),
            idle_ms: match self.since_poll() {
                Some(_) => self.now().saturating_sub(read(&counters.progress_at)),
                None => 0,
            },
        }
    }

    /// What `f` makes of each topic: of its name, of what it goes by where topics are not told apart by the thousand, and of its
    /// counters.
    fn each_topic<T>(&self, mut f: impl FnMut(&str, &'static str, &TopicCounters) -> T) -> Vec<T> {
        let mut all: Vec<T> = self.0.topics.iter().map(|(topic, counters)| f(topic, topic, counters)).collect();
        let met = self.0.met.read().unwrap_or_else(PoisonError::into_inner);
        all.extend(met.iter().map(|(topic, met)| f(topic, met.address, &met.counters)));
        all
    }
}

impl Counters {
    fn open_breakers(&self) -> impl Iterator<Item = &'static str> {
        let open = self.handlers.iter().filter(|handler| handler.breaker_open.load(Ordering::Relaxed));
        open.map(|handler| handler.topic)
    }

    fn lag(&self) -> u64 {
        let own: u64 = self.topics.values().map(|topic| read(&topic.lag)).sum();
        let met = self.met.read().unwrap_or_else(PoisonError::into_inner);
        own + met.values().map(|met| read(&met.counters.lag)).sum::<u64>()
    }
}

impl Handler {
    fn new(topic: &'static str) -> Self {
        Self {
            topic,
            breaker_open: AtomicBool::new(false),
            #[cfg(feature = "metrics")]
            durations: facade::Durations::default(),
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
            postponed: read(&self.postponed),
            dead_letter_failures: read(&self.dead_letter_failures),
            duplicates: read(&self.duplicates),
            filtered: read(&self.filtered),
            header_contradictions: read(&self.contradictions),
            lag: read(&self.lag),
            commit_age_ms: read(&self.commit_age_ms),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, number: u64) -> u64 {
    // Counters order nothing.
    counter.fetch_add(number, Ordering::Relaxed) + number
}

pub(crate) fn set(level: &AtomicU64, number: u64) {
    level.store(number, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Counts itself in a level for as long as it lives.
pub(crate) struct Occupied<'a>(&'a AtomicU64);

impl<'a> Occupied<'a> {
    pub(crate) fn new(level: &'a AtomicU64) -> Self {
        add(level, 1);
        Self(level)
    }
}

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a handler takes. Without the feature `metrics` nobody asks, and no clock is read.
pub(crate) struct Clock(#[cfg(feature = "metrics")] Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(
            #[cfg(feature = "metrics")]
            Instant::now(),
        )
    }

    pub(crate) fn stop(self, metrics: &Metrics, handler: u32, failure: Option<&Failure>) {
        #[cfg(feature = "metrics")]
        metrics.called(handler, failure.map_or("ok", |failure| failure.code.as_str()), self.0.elapsed());
        #[cfg(not(feature = "metrics"))]
        let _ = (metrics, handler, failure);
    }
}
