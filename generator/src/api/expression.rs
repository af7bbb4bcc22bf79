//! Runtime expressions: which part of a message, and where in it.
//! <https://www.asyncapi.com/docs/reference/specification/v3.0.0#runtimeExpression>

use super::Place;

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
}
