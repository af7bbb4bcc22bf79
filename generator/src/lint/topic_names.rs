//! CG0708, CG0709: names that Kafka refuses, or cannot tell apart.

use std::collections::HashMap;

use super::Context;
use crate::topics::is_topic_name;
use crate::{
    api::Server,
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Place,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let mut folded: HashMap<String, (&str, Place)> = HashMap::new();
    let api = &cx.resolved.api;
    let is_kafka = |server: &Server| server.protocol == "kafka" || server.protocol.starts_with("kafka-");
    // An address alone is a topic where there is nothing but Kafka that it can be at.
    let only_kafka = !api.servers.is_empty() && api.servers.iter().all(is_kafka);
    for channel in api.channels.iter().filter(|c| c.kafka && !c.is_open() && !c.address.contains('{')) {
        let name = match &channel.topic {
            Some(topic) => topic.name.as_str(),
            None if only_kafka => channel.address.as_str(),
            None => continue,
        };
        if !is_topic_name(name) {
            findings.push(
                Diagnostic::new(Code::TOPIC_NAME, "Kafka refuses this name of a topic")
                    .at_key(channel.place)
                    .help("letters, digits, `.`, `_` and `-`, at most 249; a binding can give the topic another name: `bindings: { kafka: { topic: … } }`"),
            );
        }
        match folded.insert(name.replace('.', "_"), (name, channel.place)) {
            Some((other, place)) if other != name => findings.push(
                Diagnostic::new(Code::TOPIC_COLLISION, format!("`{name}` and `{other}` are one to Kafka's metrics"))
                    .at_key(channel.place)
                    .related(At::Key(place), "the other one")
                    .help("use either dots or underscores in the names of topics"),
            ),
            _ => {}
        }
    }
}
