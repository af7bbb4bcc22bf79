//! A schema of a document with all that it refers to, as one draft-07 schema that any judge can read.
//!
//! Copied off the text keyword by keyword, so that whatever the generator does with `allOf`, with several files or with
//! OpenAPI's words is not trusted: a reference becomes one to `#/defs`, in whichever file it leads; `nullable` becomes a type;
//! and what later drafts call otherwise gets draft-07's name.

use std::collections::{HashMap, HashSet};

use conecta_gen::document::{Document, Kind, Place};
use serde_json::{Map, Value, json};

/// `#/root` accepts what fits all of these places; `None` where a reference leads nowhere.
pub(crate) fn bundle(document: &Document, places: &[Place]) -> Option<Value> {
    let mut writer = Writer { document, numbers: HashMap::new(), pending: Vec::new() };
    let mut all: Vec<Value> = places.iter().map(|place| writer.refer(*place)).collect();
    all.dedup();
    let root = if all.len() == 1 { all.remove(0) } else { json!({ "allOf": all }) };
    let mut defs = Map::new();
    while let Some(place) = writer.pending.pop() {
        let schema = writer.schema(place)?;
        defs.insert(writer.numbers[&place].to_string(), schema);
    }
    Some(json!({ "root": root, "defs": defs }))
}

struct Writer<'d> {
    document: &'d Document,
    numbers: HashMap<Place, usize>,
    pending: Vec<Place>,
}

impl Writer<'_> {
    fn refer(&mut self, place: Place) -> Value {
        let place = self.document.real(place);
        let next = self.numbers.len();
        let number = *self.numbers.entry(place).or_insert_with(|| {
            self.pending.push(place);
            next
        });
        json!({ "$ref": format!("#/defs/{number}") })
    }

    fn schema(&mut self, place: Place) -> Option<Value> {
        let (document, place) = (self.document, self.document.real(place));
        if document.kind(place) != Kind::Map {
            return document.bool(place).map(Value::Bool);
        }
        if let Some(reference) = document.get(place, "$ref") {
            return Some(self.refer(document.follow(reference).ok()?));
        }
        let name = document.parent(place).filter(|above| document.key(*above) == Some("schemas"));
        let name = name.and_then(|_| document.key(place));
        let prefixed = document.get(place, "prefixItems").is_some();
        let is_true = |key: &str| document.get(place, key).and_then(|value| document.bool(value)) == Some(true);
        let mut schema = Map::new();
        for (key, value) in document.entries(place) {
            let written = match key {
                "$id" | "id" | "$schema" | "$anchor" | "$comment" | "$defs" | "definitions" => continue,
                "properties" | "patternProperties" => self.map(value)?,
                "additionalProperties"
                | "additionalItems"
                | "contains"
                | "not"
                | "if"
                | "then"
                | "else"
                | "propertyNames" => self.schema(value)?,
                "allOf" | "anyOf" | "oneOf" => self.list(value)?,
                "prefixItems" => {
                    schema.insert("items".to_owned(), self.list(value)?);
                    continue;
                }
                "items" if prefixed => {
                    schema.insert("additionalItems".to_owned(), self.schema(value)?);
                    continue;
                }
                "items" if document.kind(document.real(value)) == Kind::List => self.list(value)?,
                "items" => self.schema(value)?,
                "dependencies" | "dependentSchemas" | "dependentRequired" => {
                    let needed = self.map(value)?;
                    let all = schema.entry("dependencies").or_insert_with(|| json!({}));
                    all.as_object_mut()?.extend(needed.as_object()?.clone());
                    continue;
                }
                "type" if is_true("nullable") => {
                    let mut types = match document.value(value) {
                        Value::Array(types) => types,
                        one => vec![one],
                    };
                    types.push(json!("null"));
                    types.dedup();
                    Value::Array(types)
                }
                // OpenAPI's and draft-04's: they make the bound beside them exclusive.
                "exclusiveMinimum" | "exclusiveMaximum" if document.bool(value).is_some() => continue,
                "minimum" if is_true("exclusiveMinimum") => {
                    schema.insert("exclusiveMinimum".to_owned(), document.value(value));
                    continue;
                }
                "maximum" if is_true("exclusiveMaximum") => {
                    schema.insert("exclusiveMaximum".to_owned(), document.value(value));
                    continue;
                }
                _ => document.value(value),
            };
            schema.insert(key.to_owned(), written);
        }
        // A discriminator may tell it by that.
        schema.extend(name.map(|name| ("x-name".to_owned(), json!(name))));
        Some(Value::Object(schema))
    }

    fn map(&mut self, place: Place) -> Option<Value> {
        let mut all = Map::new();
        for (name, value) in self.document.entries(self.document.real(place)) {
            // Names of properties that are needed, under `dependencies`.
            let needed = self.document.kind(self.document.real(value)) == Kind::List;
            let value = if needed { self.document.value(value) } else { self.schema(value)? };
            all.insert(name.to_owned(), value);
        }
        Some(Value::Object(all))
    }

    fn list(&mut self, place: Place) -> Option<Value> {
        let items: Vec<Place> = self.document.items(self.document.real(place)).collect();
        items.into_iter().map(|item| self.schema(item)).collect::<Option<Vec<_>>>().map(Value::Array)
    }
}

/// Whether a bundle holds a schema that stands in its own place, as an alternative of its own: the specification gives it no
/// meaning, and judges differ.
pub(crate) fn is_circular(bundle: &Value) -> bool {
    let defs = bundle["defs"].as_object();
    let mut open: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut settled: HashSet<&str> = HashSet::new();
    for (name, schema) in defs.into_iter().flatten() {
        if settled.contains(name.as_str()) {
            continue;
        }
        open.push((name, in_place(schema)));
        while let Some((at, next)) = open.last_mut() {
            let (at, next) = (*at, next.pop());
            match next {
                Some(other) if open.iter().any(|(on_way, _)| *on_way == other) => return true,
                Some(other) if !settled.contains(other) => open.push((other, in_place(&bundle["defs"][other]))),
                Some(_) => {}
                None => {
                    settled.insert(at);
                    open.pop();
                }
            }
        }
    }
    false
}

/// The definitions that a schema holds the value itself against.
fn in_place(schema: &Value) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    found.extend(schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/defs/")));
    for list in ["allOf", "anyOf", "oneOf"] {
        found.extend(schema[list].as_array().into_iter().flatten().flat_map(in_place));
    }
    for one in ["not", "if", "then", "else"] {
        found.extend(schema.get(one).into_iter().flat_map(in_place));
    }
    let needed = schema["dependencies"].as_object().into_iter().flatten();
    found.extend(needed.flat_map(|(_, schema)| in_place(schema)));
    found
}

#[test]
fn a_schema_in_its_own_place_is_known_from_one_that_is_recursive() {
    let list = json!({ "items": { "$ref": "#/defs/0" }, "properties": { "a": { "$ref": "#/defs/0" } } });
    assert!(!is_circular(&json!({ "defs": { "0": list } })));
    let (worker, employer) =
        (json!({ "oneOf": [{ "$ref": "#/defs/1" }] }), json!({ "allOf": [{ "$ref": "#/defs/0" }] }));
    assert!(is_circular(&json!({ "defs": { "0": worker, "1": employer } })));
}
