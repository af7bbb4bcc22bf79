//! The model itself, from the document: servers, channels, operations, messages.

mod channels;
mod message;
mod servers;

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::{objects::Index, schemas::Builder, traits::Merged};
use crate::{
    api::{Api, Channel, Expression, Message, MessageId},
    document::{Document, Place},
};

struct Contract<'d> {
    document: &'d Document,
    schemas: Builder<'d>,
    merged: &'d Merged,
    three: bool,
    default_content_type: Option<String>,
    messages: Vec<Message>,
    message_ids: HashMap<Place, MessageId>,
    channels: Vec<Channel>,
    channel_ids: HashMap<Place, usize>,
}

/// Builds the model, and beside it the messages that no channel uses.
pub(super) fn build(
    schemas: Builder<'_>,
    root: Place,
    version: String,
    index: &Index,
    merged: &Merged,
) -> (Api, Vec<Message>) {
    let document = schemas.document();
    let mut contract = Contract {
        document,
        schemas,
        merged,
        three: version.starts_with('3'),
        default_content_type: document.get_str(root, "defaultContentType").map(str::to_owned),
        messages: Vec::new(),
        message_ids: HashMap::new(),
        channels: Vec::new(),
        channel_ids: HashMap::new(),
    };
    let servers = contract.servers(root);
    contract.channels(root, &servers);
    let used = contract.messages.len();
    contract.other_messages(index);
    for schema in &index.schemas {
        contract.schemas.schema(*schema);
    }
    let unused = contract.messages.split_off(used);
    let info = document.get(root, "info");
    let text = |key| info.and_then(|i| document.get_str(i, key)).map(str::to_owned);
    let api = Api {
        asyncapi: version,
        title: text("title").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        description: text("description"),
        servers: servers.into_iter().map(|(server, _)| server).collect(),
        channels: contract.channels,
        messages: contract.messages,
        schemas: contract.schemas.finish(),
    };
    (api, unused)
}

impl Contract<'_> {
    fn text(&self, place: Place, key: &str) -> Option<String> {
        self.document.get_str(place, key).map(str::to_owned)
    }

    /// The runtime expression that is the `location` of an object.
    fn expression(&self, place: Place) -> Option<Expression> {
        let location = self.document.get(place, "location")?;
        Expression::parse(self.document.str(location)?, location)
    }

    /// The value of a field, references followed.
    fn field(&mut self, place: Place, key: &str) -> Option<Place> {
        let value = self.document.get(place, key)?;
        self.schemas.end(value)
    }

    /// What the `bindings` of an object say of Kafka.
    fn kafka_binding(&mut self, place: Place) -> Option<Place> {
        let bindings = self.field(place, "bindings")?;
        self.field(bindings, "kafka")
    }

    /// The names of an object's tags.
    fn tags(&mut self, place: Place) -> Vec<String> {
        let list = self.document.get(place, "tags");
        let items: Vec<Place> = list.map(|list| self.document.items(list).collect()).unwrap_or_default();
        let tags: Vec<Place> = items.into_iter().filter_map(|item| self.schemas.end(item)).collect();
        tags.into_iter().filter_map(|tag| self.text(tag, "name")).collect()
    }

    fn extensions(&self, place: Place) -> IndexMap<String, Value> {
        let fields = self.document.entries(place).filter(|(key, _)| key.starts_with("x-"));
        fields.map(|(key, value)| (key.to_owned(), self.document.value(value))).collect()
    }
}
