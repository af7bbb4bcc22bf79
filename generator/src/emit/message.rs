//! What is decided of each message before anything is written.

use serde_json::Value;

use crate::api::{Api, Message, MessageId, Payload, SchemaId, TopicKey};
use crate::config::Config;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Document;
use crate::envelope::{self, Envelope, Path};
use crate::tell::{TYPE_HEADERS, texts};
use crate::types::Outline;
use crate::types::form::{self, Form};

/// A message, planned.
#[derive(Clone, Debug)]
pub(crate) struct MessagePlan {
    /// The parts that its fields play; all absent where the payload is no object.
    pub(crate) envelope: Envelope,
    /// What the envelope calls this kind of event.
    pub(crate) kind: String,
    /// Whether that is only the message's name, since nothing says it.
    pub(crate) kind_guessed: bool,
    /// Whether the configuration says it.
    pub(crate) configured: bool,
    /// Its JSON pointer, where another message of its channel has the same name.
    pub(crate) pointer: Option<String>,
    /// The version of its schema.
    pub(crate) version: Option<String>,
}

pub(super) fn plan(
    document: &Document,
    api: &Api,
    outline: &Outline,
    config: &Config,
    id: MessageId,
    findings: &mut Vec<Diagnostic>,
) -> MessagePlan {
    let message = &api.messages[id.0 as usize];
    let ty = &outline.messages[id.0 as usize];
    // One that wraps its payload reads as the payload.
    let payload = ty.payload.filter(|used| !used.nullable).map(|used| used.id);
    let mut envelope = match payload {
        Some(payload) => envelope::envelope(document, api, outline, config, message, payload, findings),
        None => Envelope::default(),
    };
    let channel = &api.channels[ty.channel];
    if let Some(topic_key) = channel.topic.as_ref().and_then(|topic| topic.key.as_ref()) {
        envelope.key = key(api, outline, id, topic_key, findings);
    }
    let said = said(document, config, message);
    let configured = said.is_some();
    let kind = said
        .or_else(|| envelope.kind.as_ref().and_then(|path| constant(api, outline, message, path)))
        .or_else(|| header_kind(api, message));
    // Where several share a channel, more depends on it, and more is said of it.
    if envelope.kind.is_some() && kind.is_none() && channel.messages.len() < 2 {
        findings.push(
            Diagnostic::new(Code::TYPE_GUESSED, format!("new events of `{0}` bear the type `{0}`", message.name))
                .at(message.place)
                .label("the message's name")
                .help("give the field a `const`, or the message an example"),
        );
    }
    let version = version(api, outline, config, message, &envelope, findings);
    let kind_guessed = kind.is_none();
    // Messages without a name have that of their channel.
    let alike = |other: &&MessageId| **other != id && api.messages[other.0 as usize].name == message.name;
    let shares_name = channel.messages.iter().any(|other| alike(&other));
    MessagePlan {
        envelope,
        kind: kind.unwrap_or_else(|| message.name.clone()),
        kind_guessed,
        configured,
        pointer: shares_name.then(|| document.pointer(message.place)),
        version,
    }
}

/// The type of a message's events that the configuration says, by the message's JSON pointer or its name.
fn said(document: &Document, config: &Config, message: &Message) -> Option<String> {
    let pointed = config.messages.iter().filter(|(name, _)| name.starts_with('/'));
    let mut pointed =
        pointed.filter(|(name, _)| document.find(name).is_some_and(|at| document.real(at) == message.place));
    let said = pointed.next().map(|(_, said)| said).or_else(|| config.messages.get(&message.name))?;
    said.kind.clone()
}

/// The partition key of a message on a channel with that key; a finding says where it cannot be read.
pub(super) fn key(
    api: &Api,
    outline: &Outline,
    id: MessageId,
    key: &TopicKey,
    findings: &mut Vec<Diagnostic>,
) -> Option<Path> {
    let message = &api.messages[id.0 as usize];
    let payload = outline.messages[id.0 as usize].payload.filter(|used| !used.nullable);
    let path = payload.and_then(|used| envelope::key(api, outline, used.id, key));
    if path.is_none() {
        let said = format!("the key `{}` cannot be read from events of `{}`", key.path.join("."), message.name);
        findings.push(
            Diagnostic::new(Code::KEY_OUT_OF_REACH, said)
                .at(message.place)
                .label("its payload's type does not lead there")
                .help("make the payload an object that is not null, with properties down to the key"),
        );
    }
    path
}

/// The type that a header always has: its `const`, or the one that all examples give it.
fn header_kind(api: &Api, message: &Message) -> Option<String> {
    let headers = form::usage(&api.schemas, message.headers?).id;
    let properties = &api.schemas[headers].properties;
    let (name, schema) = TYPE_HEADERS.iter().find_map(|name| Some((*name, *properties.get(*name)?)))?;
    if let [only] = texts(api, form::usage(&api.schemas, schema).id).as_slice() {
        return Some(only.clone());
    }
    let mut values = message.examples.iter().filter_map(|example| example.headers.as_ref()?.get(name)?.as_str());
    let first = values.next()?;
    values.all(|value| value == first).then(|| first.to_owned())
}

/// The value that a field always has: its `const`, or the one that all examples give it.
fn constant(api: &Api, outline: &Outline, message: &Message, path: &Path) -> Option<String> {
    if let Form::Enumeration(values) = outline.form(path.schema)
        && let [Value::String(only)] = values.as_slice()
    {
        return Some(only.clone());
    }
    let _ = api;
    let mut values = message.examples.iter().filter_map(|example| at(example.payload.as_ref()?, path));
    let first = values.next()?;
    values.all(|value| value == first).then(|| first.to_owned())
}

fn at<'v>(payload: &'v Value, path: &Path) -> Option<&'v str> {
    path.steps.iter().try_fold(payload, |value, step| value.get(&step.json))?.as_str()
}

/// The version that new events bear: from the configuration or an `x-version` field, else from examples that agree, else
/// the document's, without its patch level.
fn version(
    api: &Api,
    outline: &Outline,
    config: &Config,
    message: &Message,
    envelope: &Envelope,
    findings: &mut Vec<Diagnostic>,
) -> Option<String> {
    let extension = |name: &str| message.extensions.get(name).and_then(Value::as_str).map(str::to_owned);
    let said =
        config.events.version.clone().or_else(|| extension("x-version")).or_else(|| extension("x-event-version"));
    if said.is_some() {
        return said;
    }
    if let Some(found) = envelope.version.as_ref().and_then(|path| constant(api, outline, message, path)) {
        return Some(found);
    }
    let mut parts = api.version.split('.');
    let guess = match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => api.version.clone(),
    };
    if envelope.version.is_some() {
        findings.push(
            Diagnostic::new(Code::VERSION_GUESSED, format!("new events of `{}` bear version {guess}", message.name))
                .at(message.place)
                .label(format!("taken from `info.version`, {}", api.version))
                .help("say it in conecta-gen.toml under `[events]`, or in an `x-version` field of the message"),
        );
    }
    Some(guess)
}

/// A note where events have no field that is known to identify them.
pub(super) fn without_identifier(api: &Api, outline: &Outline, plans: &[MessagePlan]) -> Option<Diagnostic> {
    let lacking = |(index, plan): &(usize, &MessagePlan)| {
        let ty = &outline.messages[*index];
        let is_object = ty.payload.is_some_and(|used| *outline.form(used.id) == Form::Object);
        is_object && plan.envelope.id.is_none() && api.channels[ty.channel].kafka
    };
    let messages: Vec<&Message> =
        plans.iter().enumerate().filter(lacking).map(|(index, _)| &api.messages[index]).collect();
    let first = messages.first()?;
    let others = match messages.len() - 1 {
        0 => String::new(),
        1 => format!(" and of `{}`", messages[1].name),
        n => format!(" and of {n} other messages"),
    };
    Some(
        Diagnostic::new(Code::NO_IDENTIFIER, format!("events of `{}`{others} have no known identifier", first.name))
            .at(first.place)
            .help("name the field in conecta-gen.toml: `[envelope]`, `id = \"…\"`"),
    )
}

/// The payload of a message, where it is typed.
pub(super) fn payload(message: &Message, api: &Api) -> Option<SchemaId> {
    match message.payload {
        Payload::Schema(id) => Some(form::usage(&api.schemas, id).id),
        Payload::Opaque(_) | Payload::Any => None,
    }
}
