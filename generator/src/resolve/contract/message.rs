//! Messages.

use super::Contract;
use crate::{
    api::{Message, MessageExample, MessageId, Payload, SchemaId},
    diagnostic::{Code, Diagnostic},
    document::{Kind, Place},
    resolve::{
        format::{Written, written},
        objects::{Index, Role},
    },
};

impl Contract<'_> {
    /// The messages that `place` holds: one, or those of a 2.x `oneOf`.
    pub(super) fn messages_at(&mut self, place: Place, channel: &str) -> Vec<MessageId> {
        let Some(end) = self.schemas.end(place) else { return Vec::new() };
        match self.document.get(end, "oneOf").filter(|_| !self.three) {
            Some(list) => {
                let items: Vec<Place> = self.document.items(list).collect();
                let ends: Vec<Place> = items.into_iter().filter_map(|item| self.schemas.end(item)).collect();
                // A `oneOf` of `oneOf`s is not foreseen; its items are taken as messages.
                ends.into_iter().filter_map(|end| self.message(end, channel)).collect()
            }
            None => self.message(end, channel).into_iter().collect(),
        }
    }

    /// Messages among the components that no channel uses.
    pub(super) fn other_messages(&mut self, index: &Index) {
        for &place in index.of(Role::Message) {
            self.message(place, "");
        }
    }

    fn message(&mut self, place: Place, channel: &str) -> Option<MessageId> {
        if self.document.kind(place) != Kind::Map {
            return None;
        }
        if let Some(id) = self.message_ids.get(&place) {
            return Some(*id);
        }
        let id = MessageId(self.messages.len() as u32);
        self.message_ids.insert(place, id);
        let fields = self.merged.fields(place);
        let headers = self.headers(fields);
        let headers_name = headers.and_then(|_| {
            let owner = self.merged.headers_trait(place)?;
            self.document.key(owner).map(str::to_owned)
        });
        let correlation_id = self.field(fields, "correlationId").and_then(|c| self.expression(c));
        let content_type = self.text(fields, "contentType").or_else(|| self.default_content_type.clone());
        let kafka_binding = self.kafka_binding(fields).map(|b| self.document.value(b));
        let content_type = content_type.unwrap_or_else(|| "application/json".to_owned());
        let payload = self.payload(fields, &content_type);
        let message = Message {
            name: self.message_name(place, fields, channel),
            title: self.text(fields, "title"),
            summary: self.text(fields, "summary"),
            description: self.text(fields, "description"),
            content_type,
            payload,
            headers,
            headers_name,
            correlation_id,
            kafka_binding,
            tags: self.tags(fields),
            examples: self.examples(fields),
            extensions: self.extensions(fields),
            place,
        };
        self.messages.push(message);
        Some(id)
    }

    fn message_name(&self, place: Place, fields: Place, channel: &str) -> String {
        // Under `messages`, of the components or of a 3.x channel, the key is the name.
        let parent = self.document.parent(place);
        if parent.and_then(|p| self.document.key(p)) == Some("messages")
            && let Some(key) = self.document.key(place)
        {
            return key.to_owned();
        }
        let named = self.text(fields, "messageId").or_else(|| self.text(fields, "name"));
        named.filter(|n| !n.is_empty()).unwrap_or_else(|| channel.to_owned())
    }

    fn payload(&mut self, fields: Place, content_type: &str) -> Payload {
        let Some(place) = self.document.get(fields, "payload") else { return Payload::Any };
        let Written { schema, opaque } = written(self.document, fields, place);
        if let Some((format, at)) = opaque {
            let found =
                Diagnostic::new(Code::OPAQUE_PAYLOAD, "payloads of this format are not typed; they pass as bytes")
                    .at(at)
                    .help("write the payload as a JSON Schema to have types generated");
            self.schemas.findings().push(found);
            return Payload::Opaque(format.to_owned());
        }
        let read = self.schemas.schema(schema).map_or(Payload::Any, Payload::Schema);
        if !self.is_json(schema, content_type) {
            let said = format!("`{content_type}` is not JSON: the payload passes as bytes");
            let at = self.document.get(fields, "contentType").unwrap_or(place);
            let found = Diagnostic::new(Code::OPAQUE_PAYLOAD, said).at(at);
            self.schemas.findings().push(found.help("the schema is checked and not enforced"));
            return Payload::Opaque(content_type.to_owned());
        }
        read
    }

    /// Whether a body of that content type is JSON. Plain text with an object's schema is meant to be.
    fn is_json(&self, schema: Place, content_type: &str) -> bool {
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_structure = || {
            self.document.get(schema, "properties").is_some()
                || matches!(self.document.get_str(schema, "type"), Some("object" | "array") | None)
        };
        match media.as_str() {
            "application/octet-stream"
            | "application/xml"
            | "text/xml"
            | "avro/binary"
            | "application/avro"
            | "application/vnd.apache.avro"
            | "application/protobuf"
            | "application/x-protobuf" => false,
            "text/plain" => is_structure(),
            other => !other.ends_with("+xml"),
        }
    }

    fn headers(&mut self, fields: Place) -> Option<SchemaId> {
        let place = self.document.get(fields, "headers")?;
        let Written { schema, opaque } = written(self.document, place, place);
        if opaque.is_some() { None } else { self.schemas.schema(schema) }
    }

    fn examples(&self, fields: Place) -> Vec<MessageExample> {
        let Some(list) = self.document.get(fields, "examples") else { return Vec::new() };
        let items = self.document.items(list).filter(|i| self.document.kind(*i) == Kind::Map);
        let example = |place| MessageExample {
            name: self.text(place, "name"),
            payload: self.document.get(place, "payload").map(|p| self.document.value(p)),
            headers: self.document.get(place, "headers").map(|h| self.document.value(h)),
            refused: None,
            place,
        };
        items.map(example).collect()
    }
}
