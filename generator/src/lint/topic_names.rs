//! CG0708, CG0709: names that Kafka refuses, or cannot tell apart.

use std::collections::HashMap;

use super::Context;
use crate::topics::is_topic_name;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Place,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let mut folded: HashMap<String, (&str, Place)> = HashMap::new();
    // A topic is made of what the contract or the topics file says of one; an address alone may be anything.
    for channel in cx.resolved.api.channels.iter().filter(|c| c.kafka && !c.address.contains('{')) {
        let Some(topic) = &channel.topic else { continue };
        let name = topic.name.as_str();
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
