//! Finding the partition key in the payloads of a channel.

use serde_json::Value;

use crate::{
    api::{Api, Channel, Payload, Schema, SchemaId, Schemas, TopicKey, TypeSet},
    diagnostic::{At, Code, Diagnostic},
    document::Place,
};

/// Paths looked at for one key; a payload that offers more is not one to search by name.
const MOST: usize = 100_000;

/// A property of the name sought.
struct Found {
    path: Vec<String>,
    schema: SchemaId,
    /// The part of the path without which an event may come, and why: it is optional, or may be null.
    optional: Option<(String, &'static str)>,
}

/// Finds the key named `name` (a property's name, or its path with dots) in every message of a channel. `at` is where the
/// name is written.
pub(super) fn find(api: &Api, channel: &Channel, name: &str, at: Place) -> Result<Option<TopicKey>, Diagnostic> {
    let mut key: Option<TopicKey> = None;
    for id in &channel.messages {
        let message = &api.messages[id.0 as usize];
        let Payload::Schema(payload) = message.payload else {
            return Err(Diagnostic::new(
                Code::KEY_ABSENT,
                format!("the payload of `{}` has no schema to find `{name}` in", message.name),
            )
            .at(at)
            .related(At::Key(message.place), "this message")
            .help("leave out `partition_key`, or give the payload a schema"));
        };
        let found = in_payload(&api.schemas, payload, name, &message.name, at)?;
        match &mut key {
            None => key = Some(TopicKey { path: found.path, schemas: vec![found.schema] }),
            Some(key) if key.path == found.path => key.schemas.push(found.schema),
            Some(key) => {
                let message = format!(
                    "`{name}` is `{}` in one message of the channel and `{}` in another",
                    key.path.join("."),
                    found.path.join(".")
                );
                return Err(Diagnostic::new(Code::KEY_AMBIGUOUS, message)
                    .at(at)
                    .help("a topic has one key; write its path"));
            }
        }
    }
    Ok(key)
}

fn in_payload(schemas: &Schemas, payload: SchemaId, name: &str, message: &str, at: Place) -> Result<Found, Diagnostic> {
    let root = At::Key(schemas[payload].place);
    let found = if name.contains('.') {
        along(schemas, payload, name).into_iter().collect()
    } else {
        search(schemas, payload, name)
    };
    let certain: Vec<&Found> = found.iter().filter(|f| f.optional.is_none()).collect();
    match (certain.as_slice(), found.first()) {
        ([only], _) => {
            let schema = &schemas[only.schema];
            if !is_scalar(schemas, only.schema) {
                let what =
                    if may_be_null(schema) { "may be null" } else { "is neither a string, an integer nor a boolean" };
                return Err(Diagnostic::new(
                    Code::KEY_NOT_SCALAR,
                    format!("`{}` of `{message}` {what}", only.path.join(".")),
                )
                .at(at)
                .related(At::Key(schema.place), "declared here")
                .help("a key is text on the wire; choose a property of one scalar type"));
            }
            Ok(Found { path: only.path.clone(), schema: only.schema, optional: None })
        }
        ([], None) => {
            let near = nearest(schemas, payload, name).map(|n| format!("did you mean `{n}`?"));
            Err(Diagnostic::new(Code::KEY_ABSENT, format!("the payload of `{message}` has no property `{name}`"))
                .at(at)
                .related(root, "this payload")
                .help(
                    near.unwrap_or_else(|| {
                        "name a property that the payload requires, or its path with dots".to_owned()
                    }),
                ))
        }
        ([], Some(first)) => {
            let (part, why) = first.optional.as_ref().map_or(("", ""), |(part, why)| (part, why));
            Err(Diagnostic::new(
                Code::KEY_OPTIONAL,
                format!("`{part}` of `{message}` {why}, so an event may come without its key"),
            )
            .at(at)
            .related(At::Key(schemas[first.schema].place), "the property")
            .help("make all of its path required and never null, or choose a key that is"))
        }
        (several, _) => {
            let paths: Vec<String> = several.iter().take(8).map(|f| format!("`{}`", f.path.join("."))).collect();
            Err(Diagnostic::new(Code::KEY_AMBIGUOUS, format!("`{name}` may be {} of `{message}`", paths.join(" or ")))
                .at(at)
                .related(root, "this payload")
                .help("write the path of the one that is meant"))
        }
    }
}

/// Follows a path that is written out.
fn along(schemas: &Schemas, payload: SchemaId, path: &str) -> Option<Found> {
    let mut schema = payload;
    let mut optional = None;
    let mut so_far = Vec::new();
    for part in path.split('.') {
        let object = &schemas[schema];
        so_far.push(part.to_owned());
        let above = so_far.len() > 1;
        if above && may_be_null(object) {
            optional.get_or_insert_with(|| (so_far[..so_far.len() - 1].join("."), "may be null"));
        }
        if !object.required.iter().any(|r| r == part) {
            optional.get_or_insert_with(|| (so_far.join("."), "is optional"));
        }
        schema = *object.properties.get(part)?;
    }
    Some(Found { path: so_far, schema, optional })
}

/// Every property of that name, at any depth. Lists are not entered: an event has one key.
fn search(schemas: &Schemas, payload: SchemaId, name: &str) -> Vec<Found> {
    struct Here {
        schema: SchemaId,
        path: Vec<String>,
        above: Vec<SchemaId>,
        optional: Option<(String, &'static str)>,
    }
    let mut found = Vec::new();
    let mut looked_at = 0;
    let mut todo = vec![Here { schema: payload, path: Vec::new(), above: vec![payload], optional: None }];
    while let Some(here) = todo.pop() {
        let object = &schemas[here.schema];
        for (property, schema) in &object.properties {
            looked_at += 1;
            if looked_at > MOST || found.len() > 64 {
                return found;
            }
            let mut path = here.path.clone();
            path.push(property.clone());
            let required = object.required.contains(property);
            let optional = here.optional.clone().or_else(|| (!required).then(|| (path.join("."), "is optional")));
            if property == name {
                found.push(Found { path: path.clone(), schema: *schema, optional: optional.clone() });
            }
            if !schemas[*schema].properties.is_empty() && !here.above.contains(schema) && path.len() < 16 {
                let mut above = here.above.clone();
                above.push(*schema);
                let null = may_be_null(&schemas[*schema]).then(|| (path.join("."), "may be null"));
                let optional = optional.or(null);
                todo.push(Here { schema: *schema, path, above, optional });
            }
        }
    }
    found
}

/// Whether null is said to be one of its values; what says nothing of types is taken for an object where it has properties.
fn may_be_null(schema: &Schema) -> bool {
    schema.types.contains(TypeSet::NULL) && schema.types != TypeSet::ANY
}

fn nearest(schemas: &Schemas, payload: SchemaId, name: &str) -> Option<String> {
    let object = &schemas[payload];
    let inner = object.properties.values().flat_map(|p| schemas[*p].properties.keys());
    let known = object.properties.keys().chain(inner).map(String::as_str);
    let (distance, near) = crate::document::nearest(name, known)?;
    (distance <= 2).then(|| near.to_owned())
}

fn is_scalar(schemas: &Schemas, id: SchemaId) -> bool {
    let schema = &schemas[id];
    let scalars = TypeSet::STRING.union(TypeSet::INTEGER).union(TypeSet::BOOLEAN);
    let is_text = |value: &Value| value.is_string() || value.is_boolean() || value.is_i64() || value.is_u64();
    // The values that are listed say what it is, whether or not a type does.
    scalars.contains(schema.types) || schema.enumeration.as_ref().is_some_and(|values| values.iter().all(is_text))
}
