//! The keys of `[kafka]` and `[consumer]`; a variable is found by its key.

use super::value::Text;
use super::{CONSUMER_PREFIX, ConsumerSettings};

/// A key of `[consumer]`.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) set: fn(&mut ConsumerSettings, Text<'_>) -> Result<(), &'static str>,
}

/// The keys of `[consumer]`, in the order of [`ConsumerSettings`].
pub(super) const CONSUMER: [Key; 11] = [
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

/// The keys of `[kafka]`; those that are tables hold librdkafka's properties.
pub(super) const KAFKA: [&str; 5] = ["brokers", "replication_factor", "properties", "producer", "consumer"];

/// The tables of a file.
pub(super) const TABLES: [&str; 2] = ["kafka", "consumer"];

/// How the environment calls a key of `[consumer]`.
pub(super) fn variable(key: &str) -> String {
    format!("{CONSUMER_PREFIX}{}", key.to_ascii_uppercase().replace('.', "_"))
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
