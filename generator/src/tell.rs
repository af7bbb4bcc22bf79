//! Which message of its channel a record is: by what it is told, where a channel carries several.
//!
//! In this order, the first that tells every message of the channel apart from every other: where `conecta-gen.toml` says their
//! type stands; a header that has other values in each (a `const` or `enum`), or that has the envelope's type; the envelope's
//! type in the payload; a required text of the payload that has other values in each; a discriminator. Headers come and go
//! on the way of a record, so a sign in the payload stands behind one in a header. Else structure, where no two of them can be
//! the same value.

use std::collections::HashSet;

use serde_json::Value;

use crate::api::{Api, Channel, Message, MessageId, SchemaId};
use crate::config::Config;
use crate::diagnostic::{At, Code, Diagnostic};
use crate::emit::MessagePlan;
use crate::types::Outline;
use crate::types::apart::Apart;
use crate::types::form::{self, Form};

/// How the messages of a channel are told apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tell {
    /// By what stands somewhere; the first that names one decides.
    pub(crate) signs: Vec<Sign>,
    /// Whether the first that a record can be read as is the one.
    pub(crate) by_structure: bool,
}

/// Where the message's type stands, and what.
#[derive(Clone, Debug)]
pub(crate) struct Sign {
    pub(crate) place: Place,
    /// The values of each message of the channel, in its order.
    pub(crate) values: Vec<Vec<String>>,
}

/// Where a sign stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Header(String),
    Payload(Vec<String>),
}

/// Names of headers that carry an event's type.
pub(crate) const TYPE_HEADERS: [&str; 8] =
    ["ce_type", "evento_tipo", "event_type", "eventType", "event-type", "message_type", "messageType", "type"];

/// How deep texts of the payload are looked for.
const DEEPEST: usize = 3;
/// How many of them are looked at.
const MOST: usize = 64;

/// Finds how a channel's messages are told apart; where they are not, findings say so.
pub(crate) fn tell(
    api: &Api,
    outline: &Outline,
    config: &Config,
    plans: &[MessagePlan],
    channel: &Channel,
    findings: &mut Vec<Diagnostic>,
) -> Option<Tell> {
    let here = Here { api, outline, plans, channel };
    if let Some(place) = config.channels.get(&channel.name).and_then(|channel| channel.kind.as_deref()) {
        return here.configured(place, findings);
    }
    let header = here.header();
    let payload = here.envelope().or_else(|| here.text()).or_else(|| here.discriminator());
    let exact = payload.as_ref().is_some_and(|found| found.exact);
    let alike = if exact { None } else { here.alike() };
    let guessed = [&header, &payload].into_iter().flatten().any(|found| found.guessed);
    let signs: Vec<Sign> = [header, payload].into_iter().flatten().map(|found| found.sign).collect();
    match alike {
        None => Some(Tell { signs, by_structure: !exact }),
        Some((one, other)) if signs.is_empty() => here.cannot(one, other, findings),
        Some(_) => {
            if guessed {
                here.guessed(&signs, findings);
            }
            Some(Tell { signs, by_structure: false })
        }
    }
}

/// A sign that was found.
struct Found {
    sign: Sign,
    /// Whether the schemas let nothing else stand there.
    exact: bool,
    /// Whether a value is only the message's name.
    guessed: bool,
}

struct Here<'a> {
    api: &'a Api,
    outline: &'a Outline,
    plans: &'a [MessagePlan],
    channel: &'a Channel,
}

impl Here<'_> {
    fn messages(&self) -> impl Iterator<Item = (MessageId, &Message, &MessagePlan)> {
        self.channel.messages.iter().map(|id| {
            let index = id.0 as usize;
            (*id, &self.api.messages[index], &self.plans[index])
        })
    }

    fn payload(&self, id: MessageId) -> Option<SchemaId> {
        self.outline.messages[id.0 as usize].payload.map(|used| used.id)
    }

    /// A sign, if it tells each message from every other.
    fn found(&self, place: Place, values: Vec<Vec<String>>, exact: bool, guessed: bool) -> Option<Found> {
        let mut seen = HashSet::new();
        let apart = values.iter().all(|of_one| !of_one.is_empty()) && values.iter().flatten().all(|v| seen.insert(v));
        apart.then_some(Found { sign: Sign { place, values }, exact, guessed })
    }

    /// A sign at a place where each message has the values that the schema there allows, else its type.
    fn of_types(&self, place: Place, at: impl Fn(MessageId, &Message) -> Option<SchemaId>) -> Option<Found> {
        let (mut exact, mut guessed) = (true, false);
        let values = self
            .messages()
            .map(|(id, message, plan)| {
                let listed = at(id, message).map(|schema| texts(self.api, schema)).unwrap_or_default();
                if listed.is_empty() || plan.configured {
                    exact = false;
                    guessed |= plan.kind_guessed;
                    vec![plan.kind.clone()]
                } else {
                    listed
                }
            })
            .collect();
        self.found(place, values, exact, guessed)
    }

    /// `header:event-type`, `payload:meta.kind`.
    fn configured(&self, place: &str, findings: &mut Vec<Diagnostic>) -> Option<Tell> {
        let found = match place.split_once(':') {
            Some(("header", name)) if !name.is_empty() => {
                self.of_types(Place::Header(name.to_owned()), |_, message| self.header_schema(message, name))
            }
            Some(("payload", path)) if !path.is_empty() => {
                let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
                self.of_types(Place::Payload(steps.clone()), |id, _| self.along(id, &steps))
            }
            _ => {
                let said = format!("{place:?} is no place of a message's type");
                findings.push(
                    Diagnostic::new(Code::NO_SUCH_PLACE, said)
                        .at_key(self.channel.place)
                        .label("of this channel in conecta-gen.toml")
                        .help("write \"header:NAME\" or \"payload:PATH\""),
                );
                return None;
            }
        };
        match (found, self.channel.messages.as_slice()) {
            (Some(found), _) => Some(Tell { signs: vec![found.sign], by_structure: false }),
            (None, [one, other, ..]) => self.cannot(*one, *other, findings),
            (None, _) => None,
        }
    }

    fn header_schema(&self, message: &Message, name: &str) -> Option<SchemaId> {
        let headers = form::usage(&self.api.schemas, message.headers?).id;
        let schema = *self.api.schemas[headers].properties.get(name)?;
        Some(form::usage(&self.api.schemas, schema).id)
    }

    /// Names of headers that every message has.
    fn headers(&self) -> Vec<&str> {
        let mut messages = self.messages();
        let Some((_, first, _)) = messages.next() else { return Vec::new() };
        let Some(headers) = first.headers else { return Vec::new() };
        let headers = form::usage(&self.api.schemas, headers).id;
        let mut names: Vec<&str> = self.api.schemas[headers].properties.keys().map(String::as_str).collect();
        for (_, message, _) in messages {
            names.retain(|name| self.header_schema(message, name).is_some());
        }
        names
    }

    fn header(&self) -> Option<Found> {
        let names = self.headers();
        let listed = names.iter().find_map(|name| {
            let values = self
                .messages()
                .map(|(_, message, _)| {
                    self.header_schema(message, name).map(|schema| texts(self.api, schema)).unwrap_or_default()
                })
                .collect();
            self.found(Place::Header((*name).to_owned()), values, false, false)
        });
        listed.or_else(|| {
            let kind = TYPE_HEADERS.iter().find(|kind| names.contains(kind))?;
            self.of_types(Place::Header((*kind).to_owned()), |_, message| self.header_schema(message, kind))
        })
    }

    /// The envelope's type.
    fn envelope(&self) -> Option<Found> {
        let path = |plan: &MessagePlan| {
            let path = plan.envelope.kind.as_ref()?;
            Some(path.steps.iter().map(|step| step.json.clone()).collect::<Vec<_>>())
        };
        let (_, _, first) = self.messages().next()?;
        let steps = path(first)?;
        if !self.messages().all(|(_, _, plan)| path(plan).as_ref() == Some(&steps)) {
            return None;
        }
        let certain = self.messages().all(|(_, _, plan)| plan.envelope.kind.as_ref().is_some_and(|p| p.is_certain()));
        let mut found = self.of_types(Place::Payload(steps.clone()), |id, _| self.along(id, &steps))?;
        found.exact &= certain;
        Some(found)
    }

    /// A text that every payload is sure to have, with other values in each.
    fn text(&self) -> Option<Found> {
        let first = self.payload(*self.channel.messages.first()?)?;
        let mut paths = vec![(Vec::new(), first)];
        let mut next = 0;
        while next < paths.len() && next < MOST {
            let (path, id) = paths[next].clone();
            next += 1;
            let schema = &self.api.schemas[id];
            if path.is_empty() || *self.outline.form(id) == Form::Object {
                let required = schema.properties.iter().filter(|(name, _)| schema.required.contains(name));
                paths.extend(required.filter(|_| path.len() < DEEPEST).map(|(name, child)| {
                    let below: Vec<String> = path.iter().chain([name]).cloned().collect();
                    (below, form::usage(&self.api.schemas, *child).id)
                }));
            }
            if texts(self.api, id).is_empty() {
                continue;
            }
            let values = self.channel.messages.iter().map(|id| {
                let end = self.along(*id, &path);
                end.map(|schema| texts(self.api, schema)).unwrap_or_default()
            });
            let values: Vec<_> = values.collect();
            if let Some(found) = self.found(Place::Payload(path), values, true, false) {
                return Some(found);
            }
        }
        None
    }

    /// Follows required properties down a message's payload.
    fn along(&self, id: MessageId, path: &[String]) -> Option<SchemaId> {
        path.iter().try_fold(self.payload(id)?, |at, name| {
            let schema = &self.api.schemas[at];
            let child = schema.properties.get(name).filter(|_| schema.required.contains(name))?;
            Some(form::usage(&self.api.schemas, *child).id)
        })
    }

    /// A discriminator that all payloads have: its values are the names of their schemas, or those that a mapping gives.
    fn discriminator(&self) -> Option<Found> {
        let mut property = None;
        let mut values = Vec::new();
        for id in &self.channel.messages {
            let payload = self.payload(*id)?;
            let schema = &self.api.schemas[payload];
            let said = schema.discriminator.as_ref()?;
            if *property.get_or_insert(&said.property) != &said.property {
                return None;
            }
            let mapped = said.mapping.iter().filter(|(_, to)| form::usage(&self.api.schemas, **to).id == payload);
            let mut names: Vec<String> = mapped.map(|(name, _)| name.clone()).collect();
            if names.is_empty() {
                names.extend(schema.component.clone());
            }
            values.push(names);
        }
        self.found(Place::Payload(vec![property?.clone()]), values, false, false)
    }

    /// The first two messages that one value can be.
    fn alike(&self) -> Option<(MessageId, MessageId)> {
        let ids = &self.channel.messages;
        let apart = Apart::new(&self.api.schemas);
        ids.iter().enumerate().find_map(|(index, one)| {
            let other = ids[..index].iter().find(|other| match (self.payload(*one), self.payload(**other)) {
                (Some(one), Some(other)) => !apart.apart(one, other),
                _ => true,
            })?;
            Some((*other, *one))
        })
    }

    fn cannot(&self, one: MessageId, other: MessageId, findings: &mut Vec<Diagnostic>) -> Option<Tell> {
        let key = self.plans[one.0 as usize].pointer.as_ref();
        let [one, other] = [one, other].map(|id| &self.api.messages[id.0 as usize]);
        let key = key.unwrap_or(&one.name);
        let said = format!("`{}` and `{}` cannot be told apart on `{}`", one.name, other.name, self.channel.name);
        findings.push(
            Diagnostic::new(Code::MESSAGES_ALIKE, said)
                .at(one.place)
                .label("a record may be both of them: there is no consumer trait")
                .related(At::Value(other.place), "the other one")
                .help(format!(
                    "give each a `const` in a required property, or say in conecta-gen.toml where their type stands, under \
                     [channels.{0:?}]: type = \"header:NAME\" or \"payload:PATH\"; and what stands there, under [messages.{1:?}]: \
                     type = \"VALUE\"",
                    self.channel.name, key
                )),
        );
        None
    }

    fn guessed(&self, signs: &[Sign], findings: &mut Vec<Diagnostic>) {
        let places: Vec<String> = signs
            .iter()
            .map(|sign| match &sign.place {
                Place::Header(name) => format!("the header `{name}`"),
                Place::Payload(path) => format!("`{}`", path.join(".")),
            })
            .collect();
        for (_, message, _) in self.messages().filter(|(_, _, plan)| plan.kind_guessed) {
            let said = format!("the type of `{}` is taken to be its name", message.name);
            findings.push(
                Diagnostic::new(Code::RECORD_TYPE_GUESSED, said)
                    .at(message.place)
                    .label(format!("records of `{}` are told apart by {}", self.channel.name, places.join(" and ")))
                    .help(format!(
                        "give it a `const` there, or say it in conecta-gen.toml under [messages.{:?}]: type = \"VALUE\"",
                        message.name
                    )),
            );
        }
    }
}

/// The texts that a schema allows, where it lists them and nothing else.
pub(crate) fn texts(api: &Api, id: SchemaId) -> Vec<String> {
    let Some(values) = &api.schemas[id].enumeration else { return Vec::new() };
    let texts: Option<Vec<String>> = values.iter().map(Value::as_str).map(|text| text.map(str::to_owned)).collect();
    texts.unwrap_or_default()
}
