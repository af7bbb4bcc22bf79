//! The parts that fields of a payload play: which one is the event's identifier, its type, its version.
//!
//! Found, first come first served: where the document says so (`correlationId`), where `conecta-gen.toml` says so, and by known conventions:
//! a payload with `evento_id` (Conecta360's envelope), `event_id` or `eventId`, or the attributes of a `CloudEvent`.

use crate::api::{Api, Expression, Message, Part, Schema, SchemaId, TopicKey};
use crate::config::{Config, Envelope as Names};
use crate::diagnostic::{At, Code, Diagnostic};
use crate::document::Document;
use crate::types::Outline;
use crate::types::form::{self, Form};

/// Fields of a payload, by the part they play.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) id: Option<Path>,
    pub(crate) kind: Option<Path>,
    pub(crate) version: Option<Path>,
    pub(crate) time: Option<Path>,
    pub(crate) correlation: Option<Path>,
    /// The partition key.
    pub(crate) key: Option<Path>,
    /// The header that `correlationId` points at.
    pub(crate) correlation_header: Option<String>,
}

/// A field of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// From the payload down.
    pub(crate) steps: Vec<Step>,
    /// What it holds.
    pub(crate) schema: SchemaId,
}

/// A step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The name on the wire.
    pub(crate) json: String,
    /// The field.
    pub(crate) ident: String,
    /// Whether it may be absent, or null: an `Option`.
    pub(crate) optional: bool,
    /// Whether it may be either, which are told apart: an `Option` of an `Option`.
    pub(crate) doubly_optional: bool,
    /// Whether its type wraps the value, for the sake of rules.
    pub(crate) wrapped: bool,
}

impl Path {
    /// Whether it is that field of the payload itself.
    pub(crate) fn is_own(&self, json: &str) -> bool {
        matches!(self.steps.as_slice(), [only] if only.json == json)
    }

    /// Whether every step is always there.
    pub(crate) fn is_certain(&self) -> bool {
        self.steps.iter().all(|step| !step.optional)
    }
}

/// A convention: names of the identifier, type, version, time, and correlation; the first must be there.
struct Convention {
    marks: &'static [&'static str],
    id: &'static str,
    kind: &'static str,
    version: &'static str,
    time: &'static str,
    correlation: &'static str,
}

const CONVENTIONS: [Convention; 4] = [
    Convention {
        marks: &["evento_id", "evento_tipo"],
        id: "evento_id",
        kind: "evento_tipo",
        version: "evento_version",
        time: "timestamp",
        correlation: "metadata.request_id",
    },
    Convention {
        marks: &["event_id", "event_type"],
        id: "event_id",
        kind: "event_type",
        version: "event_version",
        time: "timestamp",
        correlation: "correlation_id",
    },
    Convention {
        marks: &["eventId", "eventType"],
        id: "eventId",
        kind: "eventType",
        version: "eventVersion",
        time: "timestamp",
        correlation: "correlationId",
    },
    Convention {
        marks: &["id", "source", "specversion", "type"],
        id: "id",
        kind: "type",
        version: "dataversion",
        time: "time",
        correlation: "correlationid",
    },
];

/// Finds the parts in a message's payload.
pub(crate) fn envelope(
    document: &Document,
    api: &Api,
    outline: &Outline,
    config: &Config,
    message: &Message,
    payload: SchemaId,
    findings: &mut Vec<Diagnostic>,
) -> Envelope {
    let resolve = |path: &str| find(api, outline, payload, &path.split('.').collect::<Vec<_>>());
    let schema = &api.schemas[payload];
    let known = CONVENTIONS.iter().find(|c| c.marks.iter().all(|mark| schema.properties.contains_key(*mark)));
    let mut part = |key: &str, configured: &Option<String>, known: Option<&str>| match configured {
        Some(path) => {
            let found = resolve(path);
            if found.is_none() {
                let said = format!("the payload of `{}` has no scalar `{path}`", message.name);
                let found = Diagnostic::new(Code::NO_SUCH_FIELD, said)
                    .help("the path is one of `[envelope]` in conecta-gen.toml: names of properties, joined by dots");
                findings.push(match config.written.at(&["envelope", key], document) {
                    Some(at) => found.pointing(at).related(At::Value(schema.place), "this payload"),
                    None => found.at(schema.place),
                });
            }
            found
        }
        None => known.and_then(resolve),
    };
    let Names { id, kind, version, time, correlation } = &config.envelope;
    let mut envelope = Envelope {
        id: part("id", id, known.map(|c| c.id)),
        kind: part("type", kind, known.map(|c| c.kind)),
        version: part("version", version, known.map(|c| c.version)),
        time: part("time", time, known.map(|c| c.time)),
        correlation: part("correlation", correlation, known.map(|c| c.correlation)),
        key: None,
        correlation_header: None,
    };
    if let Some(Expression { part, path, .. }) = &message.correlation_id {
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        match part {
            Part::Payload => envelope.correlation = find(api, outline, payload, &steps).or(envelope.correlation),
            Part::Header => envelope.correlation_header = path.first().cloned(),
        }
    }
    envelope
}

/// The partition key of a message on its channel.
pub(crate) fn key(api: &Api, outline: &Outline, payload: SchemaId, key: &TopicKey) -> Option<Path> {
    let path = follow(api, outline, payload, &key.path.iter().map(String::as_str).collect::<Vec<_>>())?;
    // One of several scalars has a text as well, as an enum or as a JSON value.
    let has_text = matches!(outline.form(path.schema), Form::Untyped(_) | Form::Union(_));
    (is_scalar(outline, path.schema) || has_text).then_some(path)
}

/// A scalar of the payload itself.
pub(crate) fn field(api: &Api, outline: &Outline, payload: SchemaId, name: &str) -> Option<Path> {
    find(api, outline, payload, &[name])
}

/// Follows names of properties down to a scalar.
pub(crate) fn find(api: &Api, outline: &Outline, payload: SchemaId, path: &[&str]) -> Option<Path> {
    follow(api, outline, payload, path).filter(|path| is_scalar(outline, path.schema))
}

/// Follows names of properties down.
fn follow(api: &Api, outline: &Outline, payload: SchemaId, path: &[&str]) -> Option<Path> {
    let mut at = payload;
    let mut steps = Vec::new();
    for name in path {
        if *outline.form(at) != Form::Object {
            return None;
        }
        let schema: &Schema = &api.schemas[at];
        let child = form::usage(&api.schemas, *schema.properties.get(*name)?);
        let filled = outline.absence(api, at, *schema.properties.get(*name)?).is_some_and(|absence| absence.fills);
        let required = filled || schema.required.iter().any(|required| required == name);
        steps.push(Step {
            json: (*name).to_owned(),
            ident: outline.field_ident(api, at, name),
            optional: child.nullable || !required,
            doubly_optional: child.nullable && !required,
            wrapped: matches!(outline.form(child.id), Form::Checked(_) | Form::Untyped(_)),
        });
        at = child.id;
    }
    (!steps.is_empty()).then_some(Path { steps, schema: at })
}

fn is_scalar(outline: &Outline, schema: SchemaId) -> bool {
    matches!(
        outline.form(schema).inner(),
        Form::String
            | Form::Text
            | Form::Spelled(_)
            | Form::Integer(_)
            | Form::Number(_)
            | Form::Decimal { .. }
            | Form::Boolean
            | Form::Enumeration(_)
    )
}
