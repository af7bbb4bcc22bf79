//! CG0601 for Avro: an example of a message contradicts its Avro schema. The payload is passed through untyped; what its
//! examples say is held against the schema all the same. <https://avro.apache.org/docs/1.11.1/specification/>

use std::collections::HashMap;

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Document, Kind, Place},
    resolve::{format::written, objects::Role},
};

/// Levels of a value that are looked at.
const DEEPEST: usize = 64;

/// Comparisons of a value with a schema, in all examples of a document.
const STEPS: usize = 200_000;

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let mut steps = 0;
    for &message in cx.resolved.index.of(Role::Message) {
        let Some(payload) = cx.document.get(message, "payload") else { continue };
        let written = written(cx.document, message, payload);
        if !written.opaque.is_some_and(|(format, _)| format.contains("avro")) {
            continue;
        }
        let examples = cx.document.get(message, "examples");
        let values = examples.into_iter().flat_map(|list| cx.document.items(list));
        let mut judge = None;
        for value in values.filter_map(|example| cx.document.get(example, "payload")) {
            let judge = judge.get_or_insert_with(|| Judge::new(cx.document, written.schema));
            judge.steps = steps;
            let fault = judge.fault(written.schema, value, 0);
            steps = judge.steps;
            if let Some(Fault { value, schema, why }) = fault {
                let at = match cx.document.kind(value) {
                    Kind::Map | Kind::List => At::Key(value),
                    _ => At::Value(value),
                };
                findings.push(
                    Diagnostic::new(Code::EXAMPLE, format!("the example contradicts its schema: {why}"))
                        .pointing(at)
                        .related(At::Key(schema), "the schema says so here")
                        .help("correct the value, or the schema"),
                );
            }
        }
    }
}

struct Fault {
    value: Place,
    schema: Place,
    why: String,
}

struct Judge<'d> {
    document: &'d Document,
    /// Records, enums and fixeds, by their names without a namespace.
    named: HashMap<&'d str, Place>,
    steps: usize,
}

impl<'d> Judge<'d> {
    fn new(document: &'d Document, schema: Place) -> Self {
        let mut named = HashMap::new();
        let mut todo = vec![schema];
        while let Some(place) = todo.pop() {
            if let Some("record" | "enum" | "fixed" | "error") = document.get_str(place, "type")
                && let Some(name) = document.get_str(place, "name")
            {
                named.entry(short(name)).or_insert(place);
            }
            // Not into what an alias stands for: that is met where it is written.
            todo.extend(
                document.entries(place).map(|(_, inner)| inner).filter(|inner| document.real(*inner) == *inner),
            );
            todo.extend(document.items(place).filter(|inner| document.real(*inner) == *inner));
        }
        Self { document, named, steps: 0 }
    }

    /// Why a value is none of a schema; what is not known of Avro is no fault.
    fn fault(&mut self, schema: Place, value: Place, depth: usize) -> Option<Fault> {
        self.steps += 1;
        if depth > DEEPEST || self.steps > STEPS {
            return None;
        }
        let document = self.document;
        let fault = |wanted: &str| Some(Fault { value, schema, why: format!("this must be {wanted}") });
        if document.kind(schema) == Kind::List {
            return self.union(schema, value, depth);
        }
        let (name, object) = match document.str(schema) {
            Some(name) => (name, None),
            None => match document.get(schema, "type") {
                Some(inner) if document.str(inner).is_none() => return self.fault(inner, value, depth + 1),
                inner => (inner.and_then(|inner| document.str(inner))?, Some(schema)),
            },
        };
        // What stands for a date or a decimal in an example is written in many ways.
        if object.is_some_and(|object| document.get(object, "logicalType").is_some()) {
            return None;
        }
        let kind = document.kind(value);
        match (name, object) {
            ("null", _) if kind != Kind::Null => fault("null"),
            ("boolean", _) if kind != Kind::Bool => fault("a boolean"),
            ("int" | "long", _)
                if document.number(value).is_none_or(|n| n.as_f64().is_none_or(|n| n.fract() != 0.0)) =>
            {
                fault("a whole number")
            }
            ("float" | "double", _) if kind != Kind::Number => fault("a number"),
            ("string" | "bytes" | "fixed", _) if kind != Kind::String => fault("a string"),
            ("enum", Some(object)) => {
                let symbols: Vec<&str> = document
                    .get(object, "symbols")
                    .into_iter()
                    .flat_map(|list| document.items(list))
                    .filter_map(|symbol| document.str(symbol))
                    .collect();
                let known = document.str(value).is_some_and(|text| symbols.contains(&text));
                let shown: Vec<String> = symbols.iter().take(8).map(|symbol| format!("`{symbol}`")).collect();
                if known || symbols.is_empty() { None } else { fault(&format!("one of {}", shown.join(", "))) }
            }
            ("array", Some(object)) => {
                let items = document.get(object, "items")?;
                if kind != Kind::List {
                    return fault("a list");
                }
                document.items(value).find_map(|item| self.fault(items, item, depth + 1))
            }
            ("map", Some(object)) => {
                let values = document.get(object, "values")?;
                if kind != Kind::Map {
                    return fault("a mapping");
                }
                document.entries(value).find_map(|(_, item)| self.fault(values, item, depth + 1))
            }
            ("record" | "error", Some(object)) => self.record(object, value, depth),
            (name, None) => {
                let named = self.named.get(short(name)).copied();
                named.and_then(|named| self.fault(named, value, depth + 1))
            }
            _ => None,
        }
    }

    fn record(&mut self, record: Place, value: Place, depth: usize) -> Option<Fault> {
        let document = self.document;
        if document.kind(value) != Kind::Map {
            return Some(Fault { value, schema: record, why: "this must be a mapping".to_owned() });
        }
        let fields = document.get(record, "fields")?;
        document.items(fields).find_map(|field| {
            let (name, schema) = (document.get_str(field, "name")?, document.get(field, "type")?);
            match document.get(value, name) {
                Some(inner) => self.fault(schema, inner, depth + 1),
                None if document.get(field, "default").is_some() || self.takes_null(schema) => None,
                None => Some(Fault { value, schema: field, why: format!("the field `{name}` is missing") }),
            }
        })
    }

    fn takes_null(&self, schema: Place) -> bool {
        self.document.str(schema) == Some("null")
            || self.document.items(schema).any(|branch| self.document.str(branch) == Some("null"))
    }

    /// A value of a union is written as it is, or in a mapping under the name of the branch.
    fn union(&mut self, union: Place, value: Place, depth: usize) -> Option<Fault> {
        let document = self.document;
        let mut first = None;
        for branch in document.items(union) {
            let fault = self.fault(branch, value, depth + 1)?;
            let name = document.get_str(branch, "name").or_else(|| document.str(branch));
            let name = name.or_else(|| document.get_str(branch, "type")).map(short);
            let wrapped = document.entries(value).find(|(key, _)| Some(short(key)) == name).map(|(_, inner)| inner);
            if document.entries(value).count() == 1
                && let Some(inner) = wrapped
                && self.fault(branch, inner, depth + 1).is_none()
            {
                return None;
            }
            // What is said of the branch that is not null is what was meant.
            if document.str(branch) != Some("null") {
                first.get_or_insert(fault);
            }
        }
        first
    }
}

/// A name without its namespace.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
