//! CG0710: topics with one key and different numbers of partitions.

use indexmap::IndexMap;

use super::Context;
use crate::{
    api::TopicConfig,
    diagnostic::{At, Code, Diagnostic, Findings},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let mut by_key: IndexMap<&[String], Vec<(usize, &TopicConfig)>> = IndexMap::new();
    for (index, channel) in cx.resolved.api.channels.iter().enumerate() {
        if let Some(topic) = &channel.topic
            && let Some(key) = &topic.key
        {
            by_key.entry(&key.path).or_default().push((index, topic));
        }
    }
    for (key, topics) in by_key {
        let Some((first, rest)) = topics.split_first() else { continue };
        let Some(other) = rest.iter().find(|t| t.1.partitions != first.1.partitions) else { continue };
        let place = |index: usize| {
            let entry = cx.resolved.topics.get(&index).copied().unwrap_or(cx.resolved.api.channels[index].place);
            At::Key(cx.document.get(entry, "partitions").unwrap_or(entry))
        };
        let list: Vec<String> = topics
            .iter()
            .map(|(_, t)| format!("{} ({})", t.name, t.partitions.map_or("?".to_owned(), |n| n.to_string())))
            .collect();
        findings.push(
            Diagnostic::new(
                Code::ORDER_ACROSS_TOPICS,
                format!("`{}` orders events within each topic, not across {}", key.join("."), list.join(", ")),
            )
            .pointing(place(other.0))
            .label("another number of partitions")
            .related(place(first.0), "than here")
            .help("a service that reads several of them must bear with events of one key in any order"),
        );
    }
}
