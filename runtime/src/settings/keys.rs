//! The keys of `[kafka]`, `[consumer]` and `[alerts]`; a variable is found by its key.

use super::value::Text;
use super::{ALERTS_PREFIX, AlertSettings, CONSUMER_PREFIX, ConsumerSettings};

/// A table whose keys are known, and which variables have a prefix for.
pub(super) struct Section<S: 'static> {
    pub(super) table: &'static str,
    prefix: &'static str,
    pub(super) keys: &'static [Key<S>],
}

/// A key of such a table. What is expected instead of a value never quotes it: it may be a secret.
pub(super) struct Key<S> {
    pub(super) name: &'static str,
    pub(super) set: fn(&mut S, Text<'_>) -> Result<(), &'static str>,
}

pub(super) const CONSUMER: Section<ConsumerSettings> =
    Section { table: "consumer", prefix: CONSUMER_PREFIX, keys: &CONSUMER_KEYS };

pub(super) const ALERTS: Section<AlertSettings> = Section { table: "alerts", prefix: ALERTS_PREFIX, keys: &ALERT_KEYS };

/// The keys of `[consumer]`, in the order of [`ConsumerSettings`].
const CONSUMER_KEYS: [Key<ConsumerSettings>; 11] = [
    Key { name: "concurrency", set: |to, text| text.number(1).map(|it| to.concurrency = Some(it)) },
    Key { name: "max_in_flight", set: |to, text| text.number(1).map(|it| to.max_in_flight = Some(it)) },
    Key { name: "max_in_flight_bytes", set: |to, text| text.bytes().map(|it| to.max_in_flight_bytes = Some(it)) },
    Key { name: "retries", set: |to, text| text.number(0).map(|it| to.retries = Some(it)) },
    Key { name: "backoff.base", set: |to, text| text.duration().map(|it| to.backoff.base = it) },
    Key { name: "backoff.factor", set: |to, text| text.number(1).map(|it| to.backoff.factor = it) },
    Key { name: "backoff.cap", set: |to, text| text.duration().map(|it| to.backoff.cap = it) },
    Key { name: "commit_interval", set: |to, text| text.duration().map(|it| to.commit_interval = Some(it)) },
    Key { name: "drain_timeout", set: |to, text| text.duration().map(|it| to.drain_timeout = Some(it)) },
    Key { name: "handler_deadline", set: |to, text| text.duration().map(|it| to.handler_deadline = Some(it)) },
    Key {
        name: "create_dead_letter_topics",
        set: |to, text| text.boolean().map(|it| to.create_dead_letter_topics = Some(it)),
    },
];

/// The keys of `[alerts]`, in the order of [`AlertSettings`]; they are set in that order.
const ALERT_KEYS: [Key<AlertSettings>; 6] = [
    Key { name: "interval", set: |to, text| text.duration().map(|it| to.interval = Some(it)) },
    Key { name: "stalled_after", set: |to, text| text.duration().map(|it| to.stalled_after = Some(it)) },
    Key { name: "max_lag", set: |to, text| text.number(0).map(|it| to.max_lag = Some(it)) },
    Key { name: "webhook.url", set: |to, text| to.url(text.0) },
    Key { name: "webhook.ca", set: |to, text| to.ca(text.0) },
    Key { name: "webhook.secret", set: |to, text| to.secret(text.0) },
];

/// The keys of `[kafka]`; those that are tables hold librdkafka's properties.
pub(super) const KAFKA: [&str; 5] = ["brokers", "replication_factor", "properties", "producer", "consumer"];

/// The tables of a file.
pub(super) const TABLES: [&str; 3] = ["kafka", "consumer", "alerts"];

impl<S> Section<S> {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }

    /// How the environment calls a key.
    pub(super) fn variable(&self, key: &str) -> String {
        format!("{}{}", self.prefix, key.to_ascii_uppercase().replace('.', "_"))
    }

    pub(super) fn has_variable(&self, name: &str) -> bool {
        name.starts_with(self.prefix)
    }
}

/// `; did you mean …?`, when a known name is near enough to be a slip.
pub(super) fn suggestion(name: &str, known: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let near = known.into_iter().map(|known| (strsim::osa_distance(name, known.as_ref()), known));
    match near.min_by_key(|(distance, _)| *distance) {
        Some((distance, known)) if distance <= 2.max(name.len() / 3) => {
            format!("; did you mean `{}`?", known.as_ref())
        }
        _ => String::new(),
    }
}
