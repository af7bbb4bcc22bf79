//! Topics: what Kafka bindings say, and over it the topics file.

mod key;

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    api::{Api, TopicConfig},
    diagnostic::{Code, Diagnostic, Findings},
    document::{Document, Kind, Place, edit_distance, nearest},
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

fn settings_of(document: &Document, map: Place) -> IndexMap<String, String> {
    let entries = document.entries(map).filter(|(key, _)| !key.starts_with("x-"));
    entries.map(|(key, value)| (key.to_owned(), setting_text(document, value))).collect()
}

/// A setting as Kafka takes it: text, lists joined by commas.
fn setting_text(document: &Document, place: Place) -> String {
    match document.kind(place) {
        Kind::List => {
            let items: Vec<String> = document.items(place).map(|i| plain(&document.value(i))).collect();
            items.join(",")
        }
        _ => plain(&document.value(place)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reads a topics file and lays what it says over the channels' bindings. Gives the place of each channel's entry.
pub(crate) fn apply(document: &Document, root: Place, api: &mut Api, findings: &mut Findings) -> HashMap<usize, Place> {
    let mut places = HashMap::new();
    let Some(topics) = topics_of(document, root, findings) else { return places };
    for (name, entry) in document.entries(topics).filter(|(key, _)| !key.starts_with("x-")) {
        let channel = api.channels.iter().position(|c| c.address == name).or_else(|| {
            api.channels.iter().position(|c| c.name == name || c.topic.as_ref().is_some_and(|t| t.name == name))
        });
        let Some(channel) = channel else {
            findings.push(unknown_topic(name, entry, api));
            continue;
        };
        if document.kind(entry) != Kind::Map {
            let what = document.kind(entry).describe();
            findings.push(
                Diagnostic::new(Code::TOPIC_VALUE, format!("the settings of a topic are a mapping, this is {what}"))
                    .at_key(entry),
            );
            continue;
        }
        places.insert(channel, entry);
        let mut topic = api.channels[channel].topic.take().unwrap_or_default();
        if topic.name.is_empty() {
            topic.name.clone_from(&api.channels[channel].address);
        }
        for (key, value) in document.entries(entry).filter(|(key, _)| !key.starts_with("x-")) {
            setting(document, key, value, &mut topic, findings);
        }
        if let Some(key) = document.get(entry, "partition_key")
            && let Some(name) = document.str(key)
        {
            match key::find(api, &api.channels[channel], name, key) {
                Ok(found) => topic.key = found,
                Err(finding) => findings.push(finding),
            }
        }
        api.channels[channel].topic = Some(topic);
    }
    places
}

fn topics_of(document: &Document, root: Place, findings: &mut Findings) -> Option<Place> {
    let help = "it has one mapping, `Topics`, from channel addresses to settings";
    if document.kind(root) != Kind::Map {
        let what = document.kind(root).describe();
        findings.push(
            Diagnostic::new(Code::TOPICS_FILE, format!("a topics file is a mapping, this is {what}"))
                .at(root)
                .help(help),
        );
        return None;
    }
    for (key, value) in document.entries(root).filter(|(key, _)| *key != "Topics" && !key.starts_with("x-")) {
        findings
            .push(Diagnostic::new(Code::TOPICS_FILE, format!("a topics file has no `{key}`")).at_key(value).help(help));
    }
    let topics = document.get(root, "Topics");
    match topics.map(|t| (t, document.kind(t))) {
        Some((topics, Kind::Map)) => Some(topics),
        Some((topics, kind)) => {
            let message = format!("`Topics` must be a mapping, this is {}", kind.describe());
            findings.push(Diagnostic::new(Code::TOPICS_FILE, message).at_key(topics).help(help));
            None
        }
        None => {
            if document.entries(root).next().is_none() {
                findings
                    .push(Diagnostic::new(Code::TOPICS_FILE, "the topics file has no `Topics`").at(root).help(help));
            }
            None
        }
    }
}

fn unknown_topic(name: &str, entry: Place, api: &Api) -> Diagnostic {
    let help = match nearest(name, api.channels.iter().map(|c| c.address.as_str())) {
        Some((distance, address)) if distance <= 3 => format!("did you mean `{address}`?"),
        _ => "name a channel of the document by its address, or remove the entry".to_owned(),
    };
    Diagnostic::new(Code::UNKNOWN_TOPIC, format!("the document has no channel `{name}`")).at_key(entry).help(help)
}

fn setting(document: &Document, key: &str, value: Place, topic: &mut TopicConfig, findings: &mut Findings) {
    let mut wrong = |wanted: &str| {
        let what = match document.kind(value) {
            Kind::Number => "not one".to_owned(),
            kind => kind.describe().to_owned(),
        };
        findings
            .push(Diagnostic::new(Code::TOPIC_VALUE, format!("`{key}` must be {wanted}, this is {what}")).at(value));
    };
    let integer = document.number(value).and_then(|n| n.as_i64());
    match key {
        "partitions" => match integer.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0) {
            Some(n) => topic.partitions = Some(n),
            None => wrong("a whole number from 1 on"),
        },
        "replication_factor" => match integer.and_then(|n| i16::try_from(n).ok()).filter(|n| *n > 0) {
            Some(n) => topic.replication_factor = Some(n as u16),
            None => wrong("a whole number from 1 to 32767"),
        },
        "retention_ms" | "retention.ms" => match integer.filter(|n| *n >= -1) {
            Some(n) => topic.retention_ms = Some(n),
            None => wrong("a number of milliseconds, or -1 for ever"),
        },
        "partition_key" => {
            if document.str(value).is_none_or(str::is_empty) {
                wrong("the name of a property, or its path with dots");
            }
        }
        _ => {
            const KNOWN: [&str; 4] = ["partitions", "replication_factor", "retention_ms", "partition_key"];
            if let Some(meant) = KNOWN.into_iter().find(|known| edit_distance(known, key) <= 2) {
                let found = Diagnostic::new(Code::TOPIC_VALUE, format!("a topic has no setting `{key}`")).at_key(value);
                findings.push(found.help(format!("did you mean `{meant}`?")));
            } else if document.kind(value) == Kind::Map || document.kind(value) == Kind::Null {
                wrong("a text, a number, a boolean or a list");
            } else {
                // Kafka spells its settings with dots; here they may be written as the others in this file are.
                topic.config.insert(key.replace('_', "."), setting_text(document, value));
            }
        }
    }
}
