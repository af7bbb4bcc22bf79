//! Channels, their addresses and parameters, and the operations on them.

use indexmap::IndexMap;
use serde_json::Value;

use super::Contract;
use crate::{
    api::{Action, Channel, MessageId, Operation, Parameter, Reply, Server},
    document::{Kind, Place},
    resolve::topics,
};

impl Contract<'_> {
    pub(super) fn channels(&mut self, root: Place, servers: &[(Server, Place)]) {
        let Some(map) = self.document.get(root, "channels") else { return };
        for (name, place) in self.entries(map) {
            let Some(end) = self.schemas.end(place) else { continue };
            let channel = self.channel(name, end, servers);
            self.channel_ids.insert(end, self.channels.len());
            self.channels.push(channel);
        }
        if self.three {
            self.operations_of_3(root);
        }
    }

    fn channel(&mut self, name: String, place: Place, servers: &[(Server, Place)]) -> Channel {
        let address = match self.three {
            true => self.text(place, "address").unwrap_or_else(|| name.clone()),
            false => name.clone(),
        };
        let binding = self.kafka_binding(place);
        let description = ["description", "title", "summary"].iter().find_map(|key| self.text(place, key));
        let mut channel = Channel {
            parameters: self.parameters(place),
            description,
            kafka: self.speaks_kafka(place, servers),
            kafka_binding: binding.map(|b| self.document.value(b)),
            topic: binding.map(|b| topics::from_binding(self.document, b, &address)),
            operations: Vec::new(),
            messages: Vec::new(),
            tags: self.tags(place),
            extensions: self.extensions(place),
            place,
            address_unknown: self.three
                && self.document.get(place, "address").is_some_and(|a| self.document.kind(a) == Kind::Null),
            name,
            address,
        };
        if self.three {
            for (_, message) in self.document.get(place, "messages").map(|m| self.entries(m)).unwrap_or_default() {
                let found = self.messages_at(message, &channel.name);
                extend(&mut channel.messages, &found);
            }
        } else {
            for (key, operation) in self.entries(place) {
                let action = match key.as_str() {
                    "publish" => Action::Publish,
                    "subscribe" => Action::Subscribe,
                    _ => continue,
                };
                let operation = self.operation_of_2(action, operation, &channel.name);
                extend(&mut channel.messages, &operation.messages);
                channel.operations.push(operation);
            }
        }
        channel
    }

    fn operation_of_2(&mut self, action: Action, place: Place, channel: &str) -> Operation {
        let fields = self.merged.fields(place);
        let messages = self.document.get(fields, "message").map(|m| self.messages_at(m, channel)).unwrap_or_default();
        self.operation(self.text(fields, "operationId"), action, messages, place)
    }

    fn operation(&mut self, id: Option<String>, action: Action, messages: Vec<MessageId>, place: Place) -> Operation {
        let fields = self.merged.fields(place);
        Operation {
            id,
            action,
            summary: self.text(fields, "summary").or_else(|| self.text(fields, "title")),
            description: self.text(fields, "description"),
            messages,
            reply: None,
            reply_to: None,
            kafka_binding: self.kafka_binding(fields).map(|b| self.document.value(b)),
            tags: self.tags(fields),
            extensions: self.extensions(fields),
            place,
        }
    }

    fn operations_of_3(&mut self, root: Place) {
        let Some(map) = self.document.get(root, "operations") else { return };
        for (id, place) in self.entries(map) {
            let Some(end) = self.schemas.end(place) else { continue };
            let action = match self.document.get_str(end, "action") {
                Some("send") => Action::Send,
                Some("receive") => Action::Receive,
                _ => continue,
            };
            let Some(channel) = self.field(end, "channel").and_then(|c| self.channel_ids.get(&c).copied()) else {
                continue;
            };
            let messages = self.messages_of(end, channel);
            let mut operation = self.operation(Some(id), action, messages, end);
            operation.reply = self.field(end, "reply").map(|reply| self.reply(reply));
            extend(&mut self.channels[channel].messages, &operation.messages);
            self.channels[channel].operations.push(operation);
        }
        self.replies();
    }

    /// A reply is an operation on its channel, unless one that is written out has its messages already.
    fn replies(&mut self) {
        let requests = self.channels.iter().flat_map(|channel| &channel.operations);
        let replies: Vec<Operation> = requests.filter_map(reply_of).collect();
        for reply in replies {
            let Some(Reply { channel: Some(index), address, .. }) = &reply.reply else { continue };
            let channel = &mut self.channels[*index];
            // What the request says where to send it is not written in the channel.
            channel.address_unknown |= address.is_some() && self.document.get(channel.place, "address").is_none();
            let written = channel.operations.iter().filter(|other| other.reply_to.is_none());
            let had: Vec<MessageId> = written.flat_map(|other| other.messages.iter().copied()).collect();
            if reply.messages.iter().all(|id| had.contains(id)) {
                continue;
            }
            extend(&mut channel.messages, &reply.messages);
            channel.operations.push(Operation { reply: None, ..reply });
        }
    }

    /// The messages that an operation or a reply names, else all of its channel's.
    fn messages_of(&mut self, place: Place, channel: usize) -> Vec<MessageId> {
        let Some(list) = self.document.get(place, "messages") else { return self.channels[channel].messages.clone() };
        let name = self.channels[channel].name.clone();
        let items: Vec<Place> = self.document.items(list).collect();
        items.into_iter().flat_map(|item| self.messages_at(item, &name)).collect()
    }

    fn reply(&mut self, place: Place) -> Reply {
        let channel = self.field(place, "channel").and_then(|c| self.channel_ids.get(&c).copied());
        Reply {
            channel,
            messages: channel.map(|channel| self.messages_of(place, channel)).unwrap_or_default(),
            address: self.field(place, "address").and_then(|address| self.expression(address)),
            place,
        }
    }

    fn parameters(&mut self, channel: Place) -> Vec<Parameter> {
        let Some(map) = self.document.get(channel, "parameters") else { return Vec::new() };
        let mut parameters = Vec::new();
        for (name, place) in self.entries(map) {
            let Some(end) = self.schemas.end(place) else { continue };
            // 2.x has a schema, 3.x the values themselves.
            let of_2 = self.field(end, "schema");
            let schema = of_2.unwrap_or(end);
            let values = self.document.get(schema, "enum").map(|list| {
                self.document.items(list).filter_map(|v| self.document.str(v)).map(str::to_owned).collect()
            });
            let has_schema = of_2.is_some() || (self.three && values.is_some());
            let text = match self.document.get(schema, "default").map(|default| self.document.value(default)) {
                Some(Value::String(text)) => Some(text),
                other => other.map(|value| value.to_string()),
            };
            parameters.push(Parameter {
                name,
                description: self.text(end, "description"),
                values: values.unwrap_or_default(),
                schema: has_schema.then(|| self.schemas.schema(schema)).flatten(),
                default: text,
                location: self.text(end, "location"),
                place: end,
            });
        }
        parameters
    }

    fn speaks_kafka(&mut self, channel: Place, servers: &[(Server, Place)]) -> bool {
        let named: Vec<Place> =
            self.document.get(channel, "servers").map(|l| self.document.items(l).collect()).unwrap_or_default();
        let mut of_channel: Vec<&Server> = Vec::new();
        for item in named {
            let end = if self.three { self.schemas.end(item) } else { None };
            let name = self.document.str(item);
            of_channel.extend(
                servers.iter().filter(|(s, p)| Some(*p) == end || Some(s.name.as_str()) == name).map(|(s, _)| s),
            );
        }
        if of_channel.is_empty() {
            of_channel = servers.iter().map(|(s, _)| s).collect();
        }
        of_channel.is_empty() || of_channel.iter().any(|s| s.protocol == "kafka" || s.protocol.starts_with("kafka-"))
    }
}

/// The reply to an operation, as an operation that goes the other way.
fn reply_of(request: &Operation) -> Option<Operation> {
    let reply = request.reply.as_ref()?;
    let id = request.id.clone()?;
    Some(Operation {
        id: Some(format!("{id}_reply")),
        action: if request.action == Action::Send { Action::Receive } else { Action::Send },
        summary: None,
        description: None,
        messages: reply.messages.clone(),
        reply: Some(reply.clone()),
        reply_to: Some(id),
        kafka_binding: None,
        tags: Vec::new(),
        extensions: IndexMap::new(),
        place: reply.place,
    })
}

fn extend(messages: &mut Vec<MessageId>, more: &[MessageId]) {
    for id in more {
        if !messages.contains(id) {
            messages.push(*id);
        }
    }
}
