//! The version-neutral model: what a contract says, whichever AsyncAPI version it was written in.
//!
//! Nothing here knows of YAML, of `$ref` or of 2.x against 3.x; everything that a later stage may have to point at
//! carries the [`Place`] it was read from; the [`Document`](crate::document::Document) knows its file, its JSON pointer and
//! its byte span.

mod expression;
mod schema;
mod told;

use indexmap::IndexMap;
use serde_json::Value;

pub use crate::document::Place;
pub use expression::{Expression, Part};
pub use schema::{AdditionalProperties, Discriminator, Items, Schema, SchemaId, Schemas, TypeSet, WideBounds};
pub use told::Told;

/// A contract.
#[derive(Clone, Debug)]
pub struct Api {
    /// The version it was written in, `2.6.0`.
    pub asyncapi: String,
    /// `info.title`.
    pub title: String,
    /// `info.version`.
    pub version: String,
    /// `info.description`.
    pub description: Option<String>,
    /// Servers in the document's order.
    pub servers: Vec<Server>,
    /// Channels in the document's order.
    pub channels: Vec<Channel>,
    /// Messages that channels use, each once, in the order they are first met.
    pub messages: Vec<Message>,
    /// Every schema of the document, `$ref`s followed and `allOf` merged; those that no message reaches are there too,
    /// because `check` looks at them.
    pub schemas: Schemas,
}

/// Index into [`Api::messages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u32);

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its key.
    pub name: String,
    /// Address without a scheme: 2.x `url`, 3.x `host` + `pathname`, variables left as `{name}`.
    pub address: String,
    /// The variables that its address has and it describes, in the address' order.
    pub variables: Vec<Variable>,
    /// Protocol, in lower case.
    pub protocol: String,
    /// What it says of itself.
    pub description: Option<String>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// The Kafka binding, raw (`schemaRegistryUrl`).
    pub kafka_binding: Option<Value>,
    /// `x-` fields.
    pub extensions: IndexMap<String, Value>,
    /// Place.
    pub place: Place,
}

/// A variable of a server's address.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name in the address.
    pub name: String,
    /// What it is where nothing else is said.
    pub default: Option<String>,
    /// The values it may take; empty is any.
    pub values: Vec<String>,
    /// What the document says of it.
    pub description: Option<String>,
}

/// The `{name}`s in an address: its parameters, or its variables.
pub(crate) fn names_in(address: &str) -> impl Iterator<Item = &str> {
    address.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

/// A channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its key in the document.
    pub name: String,
    /// The address (2.x: the key; 3.x: `address`, else the key). With parameters it holds `{name}`.
    pub address: String,
    /// Whether the address is only known when the application runs (3.x `address: null`, or that of a reply that the
    /// request names); then [`address`](Self::address) is the key.
    pub address_unknown: bool,
    /// Parameters of the address.
    pub parameters: Vec<Parameter>,
    /// Description, or title, or summary.
    pub description: Option<String>,
    /// Whether any of its servers (or the document's, where it names none) speaks Kafka; true where no server is known.
    pub kafka: bool,
    /// The Kafka binding, raw (`topic`, `partitions`, `replicas`, `topicConfiguration`).
    pub kafka_binding: Option<Value>,
    /// What is known of its topic: the Kafka binding and, over it, the topics file. Absent where neither says anything.
    pub topic: Option<TopicConfig>,
    /// Operations, in the document's order.
    pub operations: Vec<Operation>,
    /// All its messages, those of its operations included, each once.
    pub messages: Vec<MessageId>,
    /// Names of its tags (3.x).
    pub tags: Vec<String>,
    /// `x-` fields.
    pub extensions: IndexMap<String, Value>,
    /// Place.
    pub place: Place,
}

impl Channel {
    /// Whether nothing says what its topic is called: whoever publishes or consumes says it.
    pub fn is_open(&self) -> bool {
        self.address_unknown && self.topic.is_none()
    }
}

/// How a channel's topic is to be made and keyed.
#[derive(Clone, Debug, Default)]
pub struct TopicConfig {
    /// The topic's name: the binding's `topic`, else the channel's address.
    pub name: String,
    /// Number of partitions.
    pub partitions: Option<u32>,
    /// Replicas of each partition.
    pub replication_factor: Option<u16>,
    /// How long records are kept, in milliseconds; -1 is for ever.
    pub retention_ms: Option<i64>,
    /// Where in the payload the partition key stands.
    pub key: Option<TopicKey>,
    /// Further settings (`cleanup.policy`), as Kafka spells them, values as text.
    pub config: IndexMap<String, String>,
}

/// The partition key of a topic: a scalar that every payload of the channel is certain to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicKey {
    /// Property names from the payload down, `["datos", "caso_id"]`.
    pub path: Vec<String>,
    /// The key's schema in each message of the channel, in the order of [`Channel::messages`].
    pub schemas: Vec<SchemaId>,
}

/// A parameter of a channel's address.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name as in the address.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// The values it may take; empty is any.
    pub values: Vec<String>,
    /// Its schema: 2.x has one, in 3.x the parameter itself reads as one where it lists values.
    pub schema: Option<SchemaId>,
    /// The value that it has if none is given.
    pub default: Option<String>,
    /// Where an event has it, a runtime expression.
    pub location: Option<String>,
    /// Place.
    pub place: Place,
}

/// Which way an operation goes. In 2.x `publish` is what the application receives, but many documents (Conecta360's
/// among them) write it the other way round; so the word of the document is kept and both ends are generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// 2.x `publish`.
    Publish,
    /// 2.x `subscribe`.
    Subscribe,
    /// 3.x `send`.
    Send,
    /// 3.x `receive`.
    Receive,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// 2.x `operationId`, 3.x the key under `operations`.
    pub id: Option<String>,
    /// Direction in the document's word.
    pub action: Action,
    /// Summary.
    pub summary: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Its messages (all of the channel's where 3.x names none).
    pub messages: Vec<MessageId>,
    /// Its reply (3.x).
    pub reply: Option<Reply>,
    /// The operation that this one is the reply to: the document writes such a one under `reply`.
    pub reply_to: Option<String>,
    /// The Kafka binding, raw (`groupId`, `clientId`).
    pub kafka_binding: Option<Value>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// `x-` fields.
    pub extensions: IndexMap<String, Value>,
    /// Place.
    pub place: Place,
}

/// The reply to an operation.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its channel, an index into [`Api::channels`].
    pub channel: Option<usize>,
    /// Its messages (all of the channel's where it names none).
    pub messages: Vec<MessageId>,
    /// Where the request says which address it is sent to.
    pub address: Option<Expression>,
    /// Place.
    pub place: Place,
}

/// A message, its traits applied.
#[derive(Clone, Debug)]
pub struct Message {
    /// The key under `components/messages`; of an inline message its 3.x key, `messageId`, `name`, or the channel's name.
    pub name: String,
    /// Title.
    pub title: Option<String>,
    /// Summary.
    pub summary: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Content type, the document's default applied.
    pub content_type: String,
    /// What the payload is written in.
    pub payload: Payload,
    /// Headers, an object schema.
    pub headers: Option<SchemaId>,
    /// The name under which the headers were written once (`CommonHeaders`, the trait's key), where there is one.
    pub headers_name: Option<String>,
    /// Where what correlates it stands.
    pub correlation_id: Option<Expression>,
    /// The Kafka binding, raw (`key`, `schemaIdLocation`).
    pub kafka_binding: Option<Value>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// Examples in the document's order.
    pub examples: Vec<MessageExample>,
    /// `x-` fields.
    pub extensions: IndexMap<String, Value>,
    /// Place.
    pub place: Place,
}

/// What a payload is written in.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A schema that types can be made from.
    Schema(SchemaId),
    /// A schema language that is passed through untyped; its `schemaFormat`.
    Opaque(String),
    /// The message says nothing of its payload.
    Any,
}

/// An example of a message.
#[derive(Clone, Debug)]
pub struct MessageExample {
    /// Its name.
    pub name: Option<String>,
    /// Payload.
    pub payload: Option<Value>,
    /// Headers.
    pub headers: Option<Value>,
    /// Why the payload contradicts its schema, set by the example rule of `check`: `datos.cambios[0].valor_anterior: what`.
    pub refused: Option<String>,
    /// Place of the example object.
    pub place: Place,
}
