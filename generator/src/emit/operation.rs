//! Operations: which end each is for, and what its trait and its method are called.
//!
//! A contract names operations from one end or from both; both ends are generated from either. An `operationId` that begins with a
//! verb of the table below gives the trait of that end its name, and the other end's verb takes its place for the other:
//! `publicarCasoCreado` ↔ `consumirCasoCreado`. Without such a verb the document's word decides: `publish` (2.x) and `send` are
//! the producer's, `subscribe` and `receive` the consumer's; the trait of that end is called as the operation is, and that of the other end
//! `Publish…` or `Consume…`. An operation without a name is called after its message.

use crate::api::{Action, Api, Channel, MessageId, Operation};
use crate::diagnostic::{Code, Diagnostic};
use crate::naming::{self, Scope, Wanted};
use crate::types::Outline;

/// A channel, planned.
#[derive(Clone, Debug)]
pub(crate) struct ChannelPlan {
    /// Its module.
    pub(crate) module: String,
    /// What can be sent to it.
    pub(crate) producers: Vec<End>,
    /// What can be received from it.
    pub(crate) consumers: Vec<End>,
}

/// One end of an operation.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// The trait.
    pub(crate) name: String,
    /// Its methods: the message and the name, without `r#`.
    pub(crate) methods: Vec<(MessageId, String)>,
    /// What the operation says of itself, where this end is the one it names.
    pub(crate) summary: Option<String>,
    /// The operation in the document, and which of its words it has.
    pub(crate) said: Option<(String, Action)>,
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
    fn of(operation: &Operation) -> Self {
        let words = operation.id.as_deref().map(naming::snake).unwrap_or_default();
        let verb = words.split('_').next().unwrap_or_default();
        if VERBS.iter().any(|(producer, _)| *producer == verb) {
            return Self::Producer;
        }
        if VERBS.iter().any(|(_, consumer)| *consumer == verb) {
            return Self::Consumer;
        }
        match operation.action {
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

    const fn other(self) -> Self {
        match self {
            Self::Producer => Self::Consumer,
            Self::Consumer => Self::Producer,
        }
    }
}

/// Names modules and traits.
pub(super) fn plan(api: &Api, outline: &mut Outline, findings: &mut Vec<Diagnostic>) -> Vec<ChannelPlan> {
    let modules: Vec<Wanted> = api
        .channels
        .iter()
        .map(|channel| Wanted { name: naming::module(naming::snake(&channel.name)), spelling: channel.name.clone() })
        .collect();
    let modules = Scope::default().assign(&modules);
    let mut plans = Vec::with_capacity(modules.len());
    for (channel, module) in api.channels.iter().zip(modules) {
        if !channel.kafka {
            findings.push(
                Diagnostic::new(Code::NOT_KAFKA, format!("`{}` is not on Kafka", channel.name))
                    .at_key(channel.place)
                    .label("no topic is generated for it"),
            );
        }
        if channel.messages.len() > 1 {
            findings.push(
                Diagnostic::new(
                    Code::SEVERAL_MESSAGES,
                    format!("`{}` carries {} messages", channel.name, channel.messages.len()),
                )
                .at_key(channel.place)
                .label("no handler trait is generated for it yet"),
            );
        }
        plans.push(ChannelPlan {
            module,
            producers: ends(channel, Side::Producer, api, outline),
            consumers: ends(channel, Side::Consumer, api, outline),
        });
    }
    plans
}

/// The ends of one side: one an operation that names this side; of those that name the other, where none names this one.
fn ends(channel: &Channel, side: Side, api: &Api, outline: &mut Outline) -> Vec<End> {
    let named: Vec<&Operation> = channel.operations.iter().filter(|o| Side::of(o) == side).collect();
    let (operations, from) =
        if named.is_empty() { (channel.operations.iter().collect(), side.other()) } else { (named, side) };
    let mut ends = Vec::new();
    for operation in operations {
        let messages: Vec<MessageId> =
            operation.messages.iter().copied().filter(|m| channel.messages.contains(m)).collect();
        if messages.is_empty() || (side == Side::Consumer && messages.len() > 1) {
            continue;
        }
        let name = match &operation.id {
            Some(id) => side.name(id, from),
            None => side.name(&api.messages[messages[0].0 as usize].name, side.other()),
        };
        ends.push(End {
            name: trait_name(&name, side, &mut outline.scope),
            methods: methods(&name, &messages, api),
            summary: operation.summary.clone().or_else(|| operation.description.clone()).filter(|_| from == side),
            said: operation.id.clone().map(|id| (id, operation.action)),
        });
    }
    ends
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
fn methods(name: &str, messages: &[MessageId], api: &Api) -> Vec<(MessageId, String)> {
    if let [only] = messages {
        return vec![(*only, naming::safe_field(name.to_owned()))];
    }
    let wanted: Vec<Wanted> = messages
        .iter()
        .map(|id| {
            let message = &api.messages[id.0 as usize].name;
            Wanted { name: format!("{name}_{}", naming::snake(message)), spelling: message.clone() }
        })
        .collect();
    messages.iter().copied().zip(Scope::default().assign(&wanted)).collect()
}
