//! Topics: what Kafka bindings say, and over it the topics file.

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    api::TopicConfig,
    document::{Document, Kind, Place},
};

/// What the Kafka binding of a channel says of its topic. What has the wrong type counts as absent; it is reported
/// elsewhere.
pub(super) fn from_binding(document: &Document, binding: Place, address: &str) -> TopicConfig {
    let number =
        |map: Place, key: &str| document.get(map, key).and_then(|v| document.number(v)).and_then(|n| n.as_i64());
    let mut topic = TopicConfig {
        name: document.get_str(binding, "topic").unwrap_or(address).to_owned(),
        partitions: number(binding, "partitions").and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0),
        replication_factor: number(binding, "replicas").and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0),
        ..TopicConfig::default()
    };
    if let Some(settings) = document.get(binding, "topicConfiguration") {
        topic.retention_ms = number(settings, "retention.ms");
        topic.config = settings_of(document, settings);
        topic.config.shift_remove("retention.ms");
    }
    topic
}

/// Settings as Kafka takes them: text, lists joined by commas.
fn settings_of(document: &Document, map: Place) -> IndexMap<String, String> {
    let text = |place: Place| match document.kind(place) {
        Kind::List => {
            let items: Vec<String> = document.items(place).map(|i| plain(&document.value(i))).collect();
            items.join(",")
        }
        _ => plain(&document.value(place)),
    };
    document
        .entries(map)
        .filter(|(key, _)| !key.starts_with("x-"))
        .map(|(key, value)| (key.to_owned(), text(value)))
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
