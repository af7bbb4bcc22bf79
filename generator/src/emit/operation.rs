//! Operations: which end each is for, and what its trait and its method are called.
//!
//! A contract names operations from one end or from both; both ends are generated from either. An `operationId` that begins with a
//! verb of the table below gives the trait of that end its name, and the other end's verb takes its place for the other:
//! `publicarCasoCreado` ↔ `consumirCasoCreado`. Without such a verb the document's word decides: `publish` (2.x) and `send` are
//! the producer's, `subscribe` and `receive` the consumer's; the trait of that end is called as the operation is, and that of the other end
//! `Publish…` or `Consume…`. An operation without a name is called after its message, or its channel where that carries several.
//!
//! Where one end is named for some messages of a channel and not for others (2.x `publish` of one, `subscribe` of another), the
//! others' operations give that end as well: whoever is on the other side needs it.

use std::collections::HashMap;

use serde_json::Value;

use crate::api::{Action, Api, Channel, MessageId, Operation};
use crate::config::{Config, Role};
use crate::diagnostic::{Code, Diagnostic};
use crate::envelope::Path;
use crate::naming::{self, Scope, Wanted};
use crate::overrides::{self, Overrides, Said};
use crate::tell::{self, Tell};
use crate::types::Outline;

use super::address::{self, AddressPlan};
use super::message::{self, MessagePlan};

/// A channel, planned.
#[derive(Clone, Debug)]
pub(crate) struct ChannelPlan {
    /// Its module.
    pub(crate) module: String,
    /// What can be sent to it.
    pub(crate) producers: Vec<End>,
    /// What can be received from it.
    pub(crate) consumers: Vec<End>,
    /// The enum of its messages, where a record may be one of several, and how they are told apart.
    pub(crate) several: Option<(String, Tell)>,
    /// The parameters of its address.
    pub(crate) address: Option<AddressPlan>,
    /// The partition key of those of its messages whose home is another channel.
    pub(crate) keys: HashMap<MessageId, Option<Path>>,
}

/// One end of an operation.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// The trait.
    pub(crate) name: String,
    /// The messages that it is about: of the channel's, those that the operation names.
    pub(crate) messages: Vec<MessageId>,
    /// Its methods, without `r#`: a producer has one a message, a consumer one for all.
    pub(crate) methods: Vec<String>,
    /// What the operation says of itself, where this end is the one it names.
    pub(crate) summary: Option<String>,
    /// The operation in the document, and which of its words it has.
    pub(crate) said: Option<(String, Action)>,
    /// The operation that it is the reply to.
    pub(crate) reply_to: Option<String>,
    /// The consumer groups that its Kafka binding names.
    pub(crate) groups: Vec<String>,
}

impl End {
    /// The function that registers a handler of this trait, of so many in its module.
    pub(crate) fn register(&self, consumers: usize) -> String {
        match self.methods.first() {
            Some(method) if consumers > 1 && method.starts_with("consume_") => method.clone(),
            Some(method) if consumers > 1 => format!("consume_{method}"),
            _ => "consume".to_owned(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Producer,
    Consumer,
}

/// The producer's verb, the consumer's.
const VERBS: [(&str, &str); 14] = [
    ("publicar", "consumir"),
    ("enviar", "recibir"),
    ("emitir", "escuchar"),
    ("publish", "consume"),
    ("produce", "consume"),
    ("send", "receive"),
    ("emit", "handle"),
    ("publish", "subscribe"),
    ("publish", "on"),
    ("publish", "process"),
    ("publish", "listen"),
    ("dispatch", "handle"),
    ("publicar", "suscribir"),
    ("publicar", "procesar"),
];

impl Side {
    /// By the verb at the beginning, else by the document's word.
    fn of(id: Option<&str>, action: Action) -> Self {
        let words = id.map(naming::snake).unwrap_or_default();
        let verb = words.split('_').next().unwrap_or_default();
        if VERBS.iter().any(|(producer, _)| *producer == verb) {
            return Self::Producer;
        }
        if VERBS.iter().any(|(_, consumer)| *consumer == verb) {
            return Self::Consumer;
        }
        match action {
            Action::Publish | Action::Send => Self::Producer,
            Action::Subscribe | Action::Receive => Self::Consumer,
        }
    }

    /// What this end is called, given the name of an operation and the end that that names.
    fn name(self, id: &str, named: Self) -> String {
        let snake = naming::snake(id);
        if self == named {
            return snake;
        }
        let verb = snake.split('_').next().unwrap_or_default();
        let swapped = VERBS.iter().find_map(|(producer, consumer)| match self {
            Self::Producer if *consumer == verb => Some(*producer),
            Self::Consumer if *producer == verb => Some(*consumer),
            _ => None,
        });
        match (swapped, self) {
            (Some(other), _) => format!("{other}{}", &snake[verb.len()..]),
            (None, Self::Producer) => format!("publish_{snake}"),
            (None, Self::Consumer) => format!("consume_{snake}"),
        }
    }

    /// Whether whoever has this role is at this end of such an operation. In 2.x the direction is written either way.
    const fn is_of(self, role: Role, action: Action) -> bool {
        let application = match action {
            Action::Publish | Action::Subscribe => return true,
            Action::Send => matches!(self, Self::Producer),
            Action::Receive => matches!(self, Self::Consumer),
        };
        match role {
            Role::Application => application,
            Role::Client => !application,
            Role::Both => true,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Producer => Self::Consumer,
            Self::Consumer => Self::Producer,
        }
    }
}

/// Names modules and traits.
pub(super) fn plan(
    api: &Api,
    outline: &mut Outline,
    config: &Config,
    overrides: &Overrides,
    messages: &[MessagePlan],
    findings: &mut Vec<Diagnostic>,
) -> Vec<ChannelPlan> {
    let mut operations = api.channels.iter().flat_map(|channel| &channel.operations);
    if config.package.role != Role::Both
        && let Some(operation) = operations.find(|o| matches!(o.action, Action::Publish | Action::Subscribe))
    {
        let said = format!(
            "the role `{}` has no meaning in a 2.x document: both ends are generated",
            config.package.role.name()
        );
        findings.push(Diagnostic::new(Code::NO_ROLE, said).at_key(operation.place).help(
            "write the document in 3.x, where `send` and `receive` are the application's; or leave the role out",
        ));
    }
    findings.extend(elsewhere(api));
    let modules: Vec<Wanted> = api
        .channels
        .iter()
        .map(|channel| Wanted { name: naming::module(naming::snake(&channel.name)), spelling: channel.name.clone() })
        .collect();
    let said: Vec<Option<&Said>> = (0..modules.len()).map(|index| overrides.channels.get(&index)).collect();
    let modules = overrides::assign(&mut Scope::default(), &modules, &said, findings);
    let mut plans = Vec::with_capacity(modules.len());
    for (index, (channel, module)) in api.channels.iter().zip(modules).enumerate() {
        let producers = ends(channel, Side::Producer, config, api, overrides, outline);
        let mut consumers = ends(channel, Side::Consumer, config, api, overrides, outline);
        // A topic has the messages of all operations; elsewhere, what goes one way does not come the other.
        let mixed = channel.kafka || consumers.iter().any(|end| end.messages.len() > 1);
        let mut several = None;
        if mixed && channel.messages.len() > 1 && !consumers.is_empty() {
            match tell::tell(api, outline, config, messages, channel, findings) {
                Some(tell) => {
                    let name = outline.scope.take(&format!("{}Message", naming::pascal(&channel.name)));
                    several = Some((name, tell));
                }
                None => consumers.clear(),
            }
        }
        let keys = keys(index, api, outline, findings);
        let address = address::plan(api, outline, channel, findings);
        plans.push(ChannelPlan { module, producers, consumers, several, address, keys });
    }
    plans
}

/// A note where channels are not on Kafka, at the first of them.
fn elsewhere(api: &Api) -> Option<Diagnostic> {
    let channels: Vec<&Channel> = api.channels.iter().filter(|channel| !channel.kafka).collect();
    let first = channels.first()?;
    let what = match channels.len() - 1 {
        0 => format!("`{}` is", first.name),
        1 => format!("`{}` and `{}` are", first.name, channels[1].name),
        n => format!("`{}` and {n} other channels are", first.name),
    };
    Some(
        Diagnostic::new(Code::NOT_KAFKA, format!("{what} not on Kafka"))
            .at_key(first.place)
            .label("types and traits are generated, and no topic"),
    )
}

/// The partition keys of a channel's messages whose home is another channel.
fn keys(
    index: usize,
    api: &Api,
    outline: &Outline,
    findings: &mut Vec<Diagnostic>,
) -> HashMap<MessageId, Option<Path>> {
    let channel = &api.channels[index];
    let key = channel.topic.as_ref().and_then(|topic| topic.key.as_ref());
    let guests = channel.messages.iter().filter(|id| outline.messages[id.0 as usize].channel != index);
    guests.map(|id| (*id, key.and_then(|key| message::key(api, outline, *id, key, findings)))).collect()
}

/// The ends of one side: one an operation that names this side, and one of each that names the other for a message that
/// none of those has.
fn ends(
    channel: &Channel,
    side: Side,
    config: &Config,
    api: &Api,
    overrides: &Overrides,
    outline: &mut Outline,
) -> Vec<End> {
    let id = |operation: &Operation| match overrides.operations.get(&operation.place) {
        Some(said) => Some(said.name.clone()),
        None => operation.id.clone(),
    };
    let wanted = channel.operations.iter().filter(|operation| side.is_of(config.package.role, operation.action));
    let (named, others): (Vec<&Operation>, Vec<&Operation>) =
        wanted.partition(|operation| Side::of(id(operation).as_deref(), operation.action) == side);
    let has = |operation: &&Operation, id: &MessageId| operation.messages.contains(id);
    let missed = others.into_iter().filter(|other| {
        other.messages.iter().any(|id| channel.messages.contains(id) && !named.iter().any(|named| has(named, id)))
    });
    let missed: Vec<&Operation> = missed.collect();
    let mut ends = Vec::new();
    for (operation, from) in
        named.iter().map(|operation| (operation, side)).chain(missed.iter().map(|operation| (operation, side.other())))
    {
        let messages: Vec<MessageId> =
            operation.messages.iter().copied().filter(|m| channel.messages.contains(m)).collect();
        let Some(first) = messages.first() else { continue };
        let name = match id(operation) {
            Some(id) => side.name(&id, from),
            None if messages.len() > 1 => side.name(&channel.name, side.other()),
            None => side.name(&api.messages[first.0 as usize].name, side.other()),
        };
        let methods = match side {
            Side::Producer => methods(&name, &messages, api),
            Side::Consumer => vec![naming::safe_field(name.clone())],
        };
        ends.push(End {
            name: trait_name(&name, side, &mut outline.scope),
            messages,
            methods,
            summary: operation.summary.clone().or_else(|| operation.description.clone()).filter(|_| from == side),
            said: operation.id.clone().map(|id| (id, operation.action)),
            reply_to: operation.reply_to.clone(),
            groups: if side == Side::Consumer { groups(operation) } else { Vec::new() },
        });
    }
    ends
}

/// The consumer groups that a Kafka binding allows: those that the schema of `groupId` lists.
fn groups(operation: &Operation) -> Vec<String> {
    let Some(schema) = operation.kafka_binding.as_ref().and_then(|binding| binding.get("groupId")) else {
        return Vec::new();
    };
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    listed.chain(schema.get("const")).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A trait is called as its operation is, unless a type is.
fn trait_name(snake: &str, side: Side, scope: &mut Scope) -> String {
    let name = naming::pascal(snake);
    if !scope.has(&name) {
        return scope.take(&name);
    }
    let prefix = if side == Side::Producer { "Publish" } else { "Consume" };
    scope.take(&format!("{prefix}{name}"))
}

/// One method where the operation has one message, else one a message.
fn methods(name: &str, messages: &[MessageId], api: &Api) -> Vec<String> {
    if messages.len() == 1 {
        return vec![naming::safe_field(name.to_owned())];
    }
    let wanted: Vec<Wanted> = messages
        .iter()
        .map(|id| {
            let message = &api.messages[id.0 as usize].name;
            Wanted { name: format!("{name}_{}", naming::snake(message)), spelling: message.clone() }
        })
        .collect();
    Scope::default().assign(&wanted)
}
