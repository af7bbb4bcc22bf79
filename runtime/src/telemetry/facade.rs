//! The counters and levels for the crate `metrics`, whatever recorder the program has installed.
//!
//! Labels are the group, the topic, what came of a handler's call and the kind of an alert. A topic of an address with parameters goes by the address:
//! there may be one a tenant. Keys, identifiers and reasons are nowhere a label.
//!
//! Consumers of one group in one process add up their counters; of the levels the one that reports last is seen.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::{Metrics, MetricsSnapshot, TopicMetrics};

/// How often they are brought up to date.
const EVERY: Duration = Duration::from_secs(1);

/// Name, what it says, and where it is taken from.
type Figure<S, N> = (&'static str, &'static str, fn(&S) -> N);

/// Counters of each topic.
const COUNTERS: [Figure<TopicMetrics, u64>; 9] = [
    ("conecta_consumed_total", "Records read, again after a rebalance included", |it| it.consumed),
    ("conecta_handled_total", "Events whose handler succeeded", |it| it.handled),
    ("conecta_retried_total", "Tries after the first", |it| it.retried),
    ("conecta_dead_lettered_total", "Records safe in the dead-letter topic", |it| it.dead_lettered),
    ("conecta_postponed_total", "Records safe in a retry topic", |it| it.postponed),
    ("conecta_dead_letter_failures_total", "Dead letters that could not be written", |it| it.dead_letter_failures),
    ("conecta_duplicates_total", "Events that the inbox knew", |it| it.duplicates),
    ("conecta_filtered_total", "Records that a filter passed over", |it| it.filtered),
    ("conecta_header_contradictions_total", "Headers that contradict their event", |it| it.header_contradictions),
];

/// Levels of each topic.
const LEVELS: [Figure<TopicMetrics, f64>; 2] = [
    ("conecta_lag", "Records of this member's partitions that are not committed", |it| it.lag as f64),
    ("conecta_commit_age_seconds", "For how long a partition with lag has committed nothing", |it| {
        Duration::from_millis(it.commit_age_ms).as_secs_f64()
    }),
];

/// Counters of the consumer.
const OF_GROUP: [Figure<MetricsSnapshot, u64>; 7] = [
    ("conecta_rebalances_total", "Times that partitions came or went", |it| it.rebalances),
    ("conecta_commits_total", "Commits sent", |it| it.commits),
    ("conecta_commit_failures_total", "Commits refused", |it| it.commit_failures),
    ("conecta_breaker_openings_total", "Times that a dependency was found down", |it| it.breaker_openings),
    ("conecta_abandoned_total", "Events begun and not finished when their partition went", |it| it.abandoned),
    ("conecta_inbox_failures_total", "Times that the inbox did not do what it was asked to", |it| it.inbox_failures),
    ("conecta_alerts_undelivered_total", "Alerts that a webhook did not take", |it| it.alerts_undelivered),
];

/// Levels of the consumer.
const LEVELS_OF_GROUP: [Figure<MetricsSnapshot, f64>; 6] = [
    ("conecta_assigned_partitions", "Partitions that this member has", |it| it.assigned as f64),
    ("conecta_in_flight", "Events read and not yet committed", |it| it.in_flight as f64),
    ("conecta_in_flight_bytes", "Their bytes", |it| it.in_flight_bytes as f64),
    ("conecta_lanes", "Handlers that may be at work at a time", |it| it.lanes as f64),
    ("conecta_lanes_busy", "Handlers that are at work", |it| it.lanes_busy as f64),
    ("conecta_idle_seconds", "For how long nothing was done although there was something to do", |it| {
        Duration::from_millis(it.idle_ms).as_secs_f64()
    }),
];

/// Alerts of each kind.
const ALERTS: &str = "conecta_alerts_total";
const BREAKER: &str = "conecta_breaker_open";
/// How long handlers take, by what came of it.
pub(crate) const DURATION: &str = "conecta_handler_duration_seconds";

/// What came of a call; the names of failures are those of dead letters.
const OUTCOMES: [&str; 6] = ["ok", "rejected", "failed", "panicked", "timed-out", "dependency-down"];

/// How long the calls of one handler took.
#[derive(Default)]
pub(super) struct Durations([OnceLock<Histogram>; OUTCOMES.len()]);

impl std::fmt::Debug for Durations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Durations")
    }
}

/// Brings them up to date every second, and once more when it is dropped.
#[derive(Debug)]
pub(crate) struct Reporter {
    task: JoinHandle<()>,
}

impl Reporter {
    /// Starts on the tokio runtime that it is called on.
    pub(crate) fn start(metrics: Metrics) -> Self {
        describe();
        let mut report = Report { metrics, told: MetricsSnapshot::default(), topics: BTreeMap::new() };
        let task = tokio::spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                report.tell();
            }
        });
        Self { task }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        // Drops the report, which tells what has changed since.
        self.task.abort();
    }
}

/// What was told so far.
struct Report {
    metrics: Metrics,
    told: MetricsSnapshot,
    topics: BTreeMap<&'static str, TopicMetrics>,
}

impl Report {
    fn tell(&mut self) {
        let now = self.metrics.snapshot();
        let mut topics: BTreeMap<&'static str, TopicMetrics> = BTreeMap::new();
        self.metrics.each_topic(|_, label, counters| {
            let sum = topics.entry(label).or_default();
            *sum = sum.and(counters.snapshot());
        });
        let group = || now.group.to_string();
        for (topic, values) in &topics {
            let before = self.topics.get(topic).copied().unwrap_or_default();
            for (name, _, value) in COUNTERS {
                counter!(name, "group" => group(), "topic" => *topic).increment(value(values) - value(&before));
            }
            for (name, _, value) in LEVELS {
                gauge!(name, "group" => group(), "topic" => *topic).set(value(values));
            }
        }
        for (name, _, value) in OF_GROUP {
            counter!(name, "group" => group()).increment(value(&now) - value(&self.told));
        }
        for (name, _, value) in LEVELS_OF_GROUP {
            gauge!(name, "group" => group()).set(value(&now));
        }
        for handler in &self.metrics.0.handlers {
            let is_open = if now.open_breakers.contains(&handler.topic) { 1.0 } else { 0.0 };
            gauge!(BREAKER, "group" => group(), "topic" => handler.topic).set(is_open);
        }
        self.topics = topics;
        self.told = now;
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.tell();
    }
}

impl Metrics {
    /// A handler was called, and this came of it.
    pub(crate) fn called(&self, handler: u32, outcome: &str, took: Duration) {
        let Some(handler) = self.0.handlers.get(handler as usize) else { return };
        let Some(index) = OUTCOMES.iter().position(|known| *known == outcome) else { return };
        let histogram = handler.durations.0[index].get_or_init(|| {
            histogram!(DURATION, "group" => self.0.group.to_string(), "topic" => handler.topic, "outcome" => OUTCOMES[index])
        });
        histogram.record(took.as_secs_f64());
    }
}

/// An alert was told.
pub(crate) fn alerted(group: &str, kind: &'static str) {
    counter!(ALERTS, "group" => group.to_owned(), "alert" => kind).increment(1);
}

fn describe() {
    for (name, text) in COUNTERS.map(|it| (it.0, it.1)).into_iter().chain(OF_GROUP.map(|it| (it.0, it.1))) {
        describe_counter!(name, text);
    }
    for (name, text) in LEVELS.map(|it| (it.0, it.1)).into_iter().chain(LEVELS_OF_GROUP.map(|it| (it.0, it.1))) {
        describe_gauge!(name, text);
    }
    describe_counter!(ALERTS, "Alerts that were told, by kind");
    describe_gauge!(BREAKER, "1 while the handler of the topic waits for a dependency");
    describe_histogram!(DURATION, "How long handlers take, by what came of it");
}
