//! The rules of `check`, one a file. What the walk over the objects and the merging of schemas cannot but notice is reported
//! there; here is what has to be looked for.

mod address_parameters;
mod addresses;
mod avro;
mod bindings;
mod channel_messages;
mod defaults;
mod enum_types;
mod examples;
mod headers;
mod identifiers;
mod infinite;
mod keys;
mod listed;
mod locations;
mod operation_channels;
mod order;
mod overlaps;
mod parameter_values;
mod parameters;
mod patterns;
mod protobuf;
mod raml;
mod required;
mod security;
mod servers;
mod tags;
mod topic_names;
mod unaddressed;
mod undefined_tags;
mod unused;
mod variables;

use std::collections::HashMap;

use crate::{
    api::{Schema, SchemaId},
    diagnostic::Findings,
    document::{Document, Place},
    resolve::Resolved,
    validate::{Path, Step},
};

/// What a rule looks at.
struct Context<'a> {
    document: &'a Document,
    resolved: &'a Resolved,
}

/// Applies every rule. Examples that contradict their schema are marked in the model.
pub(crate) fn run(document: &Document, resolved: &mut Resolved, findings: &mut Findings) {
    let cx = Context { document, resolved };
    address_parameters::check(&cx, findings);
    addresses::check(&cx, findings);
    avro::check(&cx, findings);
    bindings::check(&cx, findings);
    channel_messages::check(&cx, findings);
    defaults::check(&cx, findings);
    enum_types::check(&cx, findings);
    headers::check(&cx, findings);
    identifiers::check(&cx, findings);
    infinite::check(&cx, findings);
    keys::check(&cx, findings);
    listed::check(&cx, findings);
    locations::check(&cx, findings);
    operation_channels::check(&cx, findings);
    order::check(&cx, findings);
    overlaps::check(&cx, findings);
    parameter_values::check(&cx, findings);
    parameters::check(&cx, findings);
    patterns::check(&cx, findings);
    protobuf::check(&cx, findings);
    raml::check(&cx, findings);
    required::check(&cx, findings);
    security::check(&cx, findings);
    servers::check(&cx, findings);
    tags::check(&cx, findings);
    topic_names::check(&cx, findings);
    unaddressed::check(&cx, findings);
    undefined_tags::check(&cx, findings);
    unused::check(&cx, findings);
    variables::check(&cx, findings);
    for (message, example, why) in examples::check(&cx, findings) {
        if let Some(message) = resolved.api.messages.get_mut(message) {
            message.examples[example].refused = Some(why);
        }
    }
}

impl Context<'_> {
    /// The value a path leads to below `place`, or the last one on the way there.
    fn below(&self, place: Place, path: &Path) -> Place {
        path.0
            .iter()
            .fold((place, true), |(at, going), step| {
                let next = match step {
                    _ if !going => None,
                    Step::Key(key) => self.document.get(at, key),
                    Step::Index(index) => self.document.items(at).nth(*index),
                };
                next.map_or((at, false), |next| (next, true))
            })
            .0
    }

    /// Follows references as far as they lead; rings have been reported.
    fn end(&self, place: Place) -> Place {
        let mut at = self.document.real(place);
        for _ in 0..32 {
            match self.document.get(at, "$ref").and_then(|r| self.document.follow(r).ok()) {
                Some(next) => at = self.document.real(next),
                None => break,
            }
        }
        at
    }

    /// Where a schema has a keyword, in the first of its members that does.
    fn keyword(&self, schema: &Schema, keyword: &str) -> Option<Place> {
        let other = match keyword {
            "const" => "enum",
            "dependencies" => "dependentRequired",
            other => other,
        };
        let find = |key| schema.members.iter().find_map(|m| self.document.get(*m, key));
        find(keyword).or_else(|| find(other))
    }

    /// The names of the document's channels, by where each really stands.
    fn channel_names(&self) -> HashMap<Place, &str> {
        self.resolved.api.channels.iter().map(|c| (c.place, c.name.as_str())).collect()
    }

    /// All schemas, with their ids.
    fn schemas(&self) -> impl Iterator<Item = (SchemaId, &Schema)> {
        self.resolved.api.schemas.0.iter().enumerate().map(|(i, schema)| (SchemaId(i as u32), schema))
    }
}
