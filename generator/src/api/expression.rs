//! Runtime expressions: which part of a message, and where in it.
//! <https://www.asyncapi.com/docs/reference/specification/v3.0.0#runtimeExpression>

use super::{AdditionalProperties, Message, Payload, Place, SchemaId, Schemas};

/// `$message.header#/correlationId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The part of the message.
    pub part: Part,
    /// Names from there down; none where the part as a whole is meant.
    pub path: Vec<String>,
    /// Where it is written.
    pub place: Place,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its headers.
    Header,
    /// Its payload.
    Payload,
}

impl Expression {
    /// Reads an expression; `None` where it is none.
    pub fn parse(text: &str, place: Place) -> Option<Self> {
        let (part, pointer) = text.strip_prefix("$message.")?.split_once('#')?;
        let part = match part {
            "header" => Part::Header,
            "payload" => Part::Payload,
            _ => return None,
        };
        if pointer.is_empty() {
            return Some(Self { part, path: Vec::new(), place });
        }
        let path = pointer.strip_prefix('/')?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
        Some(Self { part, path: path.collect(), place })
    }
    /// The first step for which a message certainly describes nothing; `None` where it may be there.
    pub fn astray<'e>(&'e self, schemas: &Schemas, message: &Message) -> Option<&'e str> {
        match (self.part, &message.payload) {
            (Part::Header, _) => match message.headers {
                Some(headers) => lost(schemas, headers, &self.path),
                None => self.path.first().map(String::as_str),
            },
            (Part::Payload, Payload::Schema(id)) => lost(schemas, *id, &self.path),
            (Part::Payload, _) => None,
        }
    }
}

/// The step of a path that there is not, where that is certain.
fn lost<'p>(schemas: &Schemas, mut at: SchemaId, path: &'p [String]) -> Option<&'p str> {
    for step in path {
        let schema = &schemas[at];
        match schema.properties.get(step) {
            Some(next) => at = *next,
            None => {
                let other = schema.properties.is_empty()
                    || !schema.pattern_properties.is_empty()
                    || matches!(schema.additional, AdditionalProperties::Schema(_))
                    || !(schema.one_of.is_empty() && schema.any_of.is_empty() && schema.conditions.is_empty());
                return (!other).then_some(step);
            }
        }
    }
    None
}
