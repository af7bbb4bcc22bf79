//! CG0412, CG0413: a Kafka binding with a value of the wrong kind, and with a field that there is not.
//! <https://github.com/asyncapi/bindings/blob/master/kafka/README.md>

use std::collections::HashSet;

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings, Severity},
    document::{Kind, Place, nearest},
    resolve::objects::Role,
};

/// What a field of a binding must be.
#[derive(Clone, Copy)]
enum Wanted {
    Text,
    /// A whole number from 1 on.
    Count,
    Integer,
    Boolean,
    Schema,
    /// `delete`, `compact` or both.
    Policies,
    /// Settings of a topic: those of which more is known, and any others.
    Settings,
}

type Fields = &'static [(&'static str, Wanted)];

const SERVER: Fields = &[("schemaRegistryUrl", Wanted::Text), ("schemaRegistryVendor", Wanted::Text)];
const CHANNEL: Fields = &[
    ("topic", Wanted::Text),
    ("partitions", Wanted::Count),
    ("replicas", Wanted::Count),
    ("topicConfiguration", Wanted::Settings),
];
const OPERATION: Fields = &[("groupId", Wanted::Schema), ("clientId", Wanted::Schema)];
const MESSAGE: Fields = &[
    ("key", Wanted::Schema),
    ("schemaIdLocation", Wanted::Text),
    ("schemaIdPayloadEncoding", Wanted::Text),
    ("schemaLookupStrategy", Wanted::Text),
];
const SETTINGS: Fields = &[
    ("cleanup.policy", Wanted::Policies),
    ("retention.ms", Wanted::Integer),
    ("retention.bytes", Wanted::Integer),
    ("delete.retention.ms", Wanted::Integer),
    ("max.message.bytes", Wanted::Integer),
    ("confluent.key.schema.validation", Wanted::Boolean),
    ("confluent.value.schema.validation", Wanted::Boolean),
    ("confluent.key.subject.name.strategy", Wanted::Text),
    ("confluent.value.subject.name.strategy", Wanted::Text),
];

/// Versions of the bindings whose fields are known.
const VERSIONS: &[&str] = &["latest", "0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0"];

/// Protocols that have bindings.
const PROTOCOLS: &[&str] = &[
    "amqp",
    "amqp1",
    "anypointmq",
    "googlepubsub",
    "http",
    "ibmmq",
    "jms",
    "kafka",
    "mercure",
    "mqtt",
    "mqtt5",
    "nats",
    "pulsar",
    "redis",
    "ros2",
    "sns",
    "solace",
    "sqs",
    "stomp",
    "ws",
];

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let mut seen = HashSet::new();
    let kinds = [
        (Role::Server, "a server", SERVER),
        (Role::Channel, "a channel", CHANNEL),
        (Role::Operation, "an operation", OPERATION),
        (Role::OperationTrait, "an operation", OPERATION),
        (Role::Message, "a message", MESSAGE),
        (Role::MessageTrait, "a message", MESSAGE),
    ];
    for (role, of, fields) in kinds {
        for &holder in cx.resolved.index.of(role) {
            let Some(bindings) = cx.document.get(holder, "bindings").map(|b| cx.end(b)) else { continue };
            if !seen.insert(bindings) {
                continue;
            }
            for (protocol, binding) in cx.document.entries(bindings) {
                match nearest(protocol, PROTOCOLS.iter().copied()) {
                    Some((0, "kafka")) => kafka(cx, cx.end(binding), of, fields, findings),
                    Some((1 | 2, near)) if protocol.len() > 4 && !protocol.starts_with("x-") => findings.push(
                        Diagnostic::new(Code::UNKNOWN_BINDING, format!("no protocol `{protocol}` has bindings"))
                            .at_key(binding)
                            .help(format!("did you mean `{near}`?")),
                    ),
                    _ => {}
                }
            }
        }
    }
}

fn kafka(cx: &Context<'_>, binding: Place, of: &str, fields: Fields, findings: &mut Findings) {
    if cx.document.kind(binding) != Kind::Map {
        findings.push(wrong(cx, "kafka", binding, "a mapping"));
        return;
    }
    // A topic is made of what a channel's says.
    let used = of == "a channel";
    let version = cx.document.get_str(binding, "bindingVersion");
    for (key, value) in cx.document.entries(binding) {
        if key.starts_with("x-") || matches!(key, "bindingVersion" | "$ref") {
            continue;
        }
        match fields.iter().find(|(name, _)| *name == key) {
            Some((_, Wanted::Settings)) => settings(cx, key, value, findings),
            Some((_, wanted)) => {
                let fault = fault(cx, value, *wanted);
                findings.extend(fault.map(|wanted| {
                    let mut found = wrong(cx, key, value, wanted);
                    found.severity = if used { found.severity } else { Severity::Warning };
                    found
                }));
            }
            None if version.is_none_or(|version| VERSIONS.contains(&version)) => {
                let found =
                    Diagnostic::new(Code::UNKNOWN_BINDING, format!("the Kafka binding of {of} has no field `{key}`"))
                        .at_key(value);
                findings.push(match nearest(key, fields.iter().map(|(name, _)| *name)) {
                    Some((distance, near)) if distance <= 3 => found.help(format!("did you mean `{near}`?")),
                    _ => found.help(format!("remove it, or make it an extension: `x-{key}`")),
                });
            }
            None => {}
        }
    }
}

fn settings(cx: &Context<'_>, key: &str, map: Place, findings: &mut Findings) {
    if cx.document.kind(map) != Kind::Map {
        findings.push(wrong(cx, key, map, "a mapping of a topic's settings"));
        return;
    }
    for (name, value) in cx.document.entries(map).filter(|(name, _)| !name.starts_with("x-")) {
        let fault = match SETTINGS.iter().find(|(known, _)| *known == name) {
            Some((_, wanted)) => fault(cx, value, *wanted),
            None => matches!(cx.document.kind(value), Kind::Map | Kind::Null)
                .then_some("a text, a number, a boolean or a list"),
        };
        findings.extend(fault.map(|wanted| wrong(cx, name, value, wanted)));
    }
}

/// What a value should be, where it is not.
fn fault(cx: &Context<'_>, value: Place, wanted: Wanted) -> Option<&'static str> {
    let kind = cx.document.kind(value);
    let integer = || cx.document.number(value).and_then(|n| n.as_i64());
    let (fits, said) = match wanted {
        Wanted::Text => (kind == Kind::String, "a string"),
        Wanted::Count => {
            (integer().is_some_and(|n| (1..=i64::from(i32::MAX)).contains(&n)), "a whole number from 1 on")
        }
        Wanted::Integer => (integer().is_some(), "a whole number"),
        Wanted::Boolean => (kind == Kind::Bool, "true or false"),
        Wanted::Schema => (matches!(kind, Kind::Map | Kind::Bool), "a schema"),
        Wanted::Policies => {
            let known = |place| matches!(cx.document.str(place), Some("delete" | "compact"));
            let all = match kind {
                Kind::List => cx.document.items(value).all(known),
                _ => cx.document.str(value).is_some_and(|text| matches!(text, "delete" | "compact" | "compact,delete")),
            };
            (all, "a list of `delete` and `compact`")
        }
        Wanted::Settings => (true, ""),
    };
    (!fits).then_some(said)
}

fn wrong(cx: &Context<'_>, key: &str, value: Place, wanted: &str) -> Diagnostic {
    let kind = cx.document.kind(value);
    let at = if matches!(kind, Kind::Map | Kind::List) { At::Key(value) } else { At::Value(value) };
    let what = match kind {
        Kind::Number | Kind::List if !wanted.contains("string") => "not one".to_owned(),
        kind => kind.describe().to_owned(),
    };
    Diagnostic::new(Code::BINDING, format!("`{key}` must be {wanted}, this is {what}")).pointing(at)
}
