//! `discriminator` in draft-07's words: each alternative with what stands in the property that tells it.
//!
//! Read off the text with a mind of its own: the property and the mapping stand beside the list, or in a base of all alternatives;
//! an alternative is told by the names that the mapping leads to it by, else by the texts that it lists, else by its name. Where
//! that does not tell them apart, the keyword describes and the list stays as it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The same document with every discriminator spelled out.
pub(crate) fn spelled_out(document: &Value) -> Value {
    walk(document, document)
}

fn walk(document: &Value, value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| walk(document, item)).collect(),
        Value::Object(object) => {
            let mut written: serde_json::Map<String, Value> =
                object.iter().map(|(name, value)| (name.clone(), walk(document, value))).collect();
            if let Some((keyword, property, values)) = told(document, value) {
                let list = written.get_mut(keyword).and_then(Value::as_array_mut).unwrap();
                for (alternative, values) in list.iter_mut().zip(values) {
                    if !values.is_empty() {
                        let said = json!({ "type": "object", "required": [property], "properties": { property.clone(): { "enum": values } } });
                        *alternative = json!({ "allOf": [alternative.take(), said] });
                    }
                }
            }
            Value::Object(written)
        }
        scalar => scalar.clone(),
    }
}

fn told(document: &Value, schema: &Value) -> Option<(&'static str, String, Vec<Vec<String>>)> {
    let (keyword, list) = match (schema["oneOf"].as_array(), schema["anyOf"].as_array()) {
        (Some(list), None) => ("oneOf", list),
        (None, Some(list)) => ("anyOf", list),
        _ => return None,
    };
    let is_null = |one: &&Value| resolve(document, one).0["type"] == json!("null");
    let alternatives: Vec<&Value> = list.iter().filter(|one| !is_null(one)).collect();
    let (property, mapping) = match discriminator(schema) {
        Some(own) => own,
        None => {
            let inherited = |one: &&Value| members(document, one).into_iter().find_map(discriminator);
            let all: Option<Vec<_>> = alternatives.iter().map(inherited).collect();
            let all = all.filter(|all| all.iter().all(|(property, _)| *property == all[0].0))?;
            all.into_iter().next()?
        }
    };
    let mut seen = BTreeSet::new();
    let mut values = Vec::new();
    for one in list {
        let of_it = if is_null(&one) { Vec::new() } else { names(document, one, &property, &mapping)? };
        if !of_it.iter().all(|value| seen.insert(value.clone())) {
            return None;
        }
        values.push(of_it);
    }
    (!seen.is_empty()).then_some((keyword, property, values))
}

/// The property, and what the mapping leads to: names of schemas.
fn discriminator(schema: &Value) -> Option<(String, Vec<(String, String)>)> {
    let said = schema.get("discriminator")?;
    let property = said.as_str().or_else(|| said["propertyName"].as_str())?.to_owned();
    let mapping = said["mapping"].as_object().into_iter().flatten();
    let last = |target: &Value| target.as_str().map(|text| text.rsplit('/').next().unwrap_or(text).to_owned());
    Some((property, mapping.filter_map(|(value, target)| Some((value.clone(), last(target)?))).collect()))
}

fn names(document: &Value, one: &Value, property: &str, mapping: &[(String, String)]) -> Option<Vec<String>> {
    let all = members(document, one);
    let types: Vec<&Value> = all.iter().filter_map(|schema| schema.get("type")).collect();
    let object = if types.is_empty() {
        all.iter().any(|schema| schema["properties"].as_object().is_some_and(|properties| !properties.is_empty()))
    } else {
        types.iter().any(|ty| **ty == json!("object") || **ty == json!(["object"]))
    };
    if !object || all.iter().any(|schema| schema.get("enum").is_some() || schema.get("const").is_some()) {
        return None;
    }
    let own: Vec<&Value> = all
        .iter()
        .filter_map(|schema| schema["properties"].get(property))
        .flat_map(|schema| members(document, schema))
        .collect();
    if own.is_empty() {
        return None;
    }
    let mut listed: Option<Vec<Value>> = None;
    for schema in &own {
        let here = schema.get("const").map(|only| vec![only.clone()]).or_else(|| schema["enum"].as_array().cloned());
        listed = match (listed, here) {
            (Some(before), Some(here)) => Some(before.into_iter().filter(|value| here.contains(value)).collect()),
            (before, here) => before.or(here),
        };
    }
    let listed: Option<Vec<String>> = match listed {
        Some(values) => Some(values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>()?),
        None => {
            let text =
                own.iter().any(|schema| schema["type"] == json!("string") || schema["type"] == json!(["string"]));
            text.then_some(())?;
            None
        }
    };
    let name = resolve(document, one).1;
    let mapped = mapping.iter().filter(|(_, target)| Some(target) == name.as_ref()).map(|(value, _)| value.clone());
    let mut names: Vec<String> = mapped.collect();
    match listed {
        Some(listed) if names.is_empty() => names = listed,
        Some(listed) => names.retain(|name| listed.contains(name)),
        None if names.is_empty() => names.extend(name),
        None => {}
    }
    (!names.is_empty()).then_some(names)
}

/// A schema and all that it takes in by reference and `allOf`.
fn members<'d>(document: &'d Value, schema: &'d Value) -> Vec<&'d Value> {
    let mut all: Vec<&Value> = Vec::new();
    let mut pending = vec![schema];
    while let Some(next) = pending.pop() {
        let (schema, _) = resolve(document, next);
        if all.len() < 60 && !all.iter().any(|other| std::ptr::eq(*other, schema)) {
            all.push(schema);
            pending.extend(schema["allOf"].as_array().into_iter().flatten());
        }
    }
    all
}

/// What a reference leads to, and its name.
fn resolve<'d>(document: &'d Value, mut schema: &'d Value) -> (&'d Value, Option<String>) {
    let mut name = None;
    for _ in 0..50 {
        let Some(reference) = schema["$ref"].as_str() else { break };
        let Some(target) = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)) else { break };
        name = reference.rsplit('/').next().map(str::to_owned);
        schema = target;
    }
    // A bundle numbers its schemas and keeps their names beside them.
    (schema, schema["x-name"].as_str().map(str::to_owned).or(name))
}

#[test]
fn a_discriminator_is_spelled_out_where_it_tells_the_alternatives_apart() {
    let object = |kind: Value| json!({ "type": "object", "properties": { "kind": kind } });
    let document = |list: Value, discriminator: Value| {
        json!({
            "components": { "schemas": {
                "A": object(json!({ "type": "string" })),
                "B": object(json!({ "enum": ["b", "bb"] })),
                "Root": { "oneOf": list, "discriminator": discriminator },
            } }
        })
    };
    let values = |list: Value, discriminator: Value| {
        let document = document(list, discriminator);
        told(&document, &document["components"]["schemas"]["Root"]).map(|(_, _, values)| values)
    };
    let [a, b] = ["A", "B"].map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
    let told = |names: &[&[&str]]| {
        Some(names.iter().map(|of| of.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).collect::<Vec<_>>())
    };
    assert_eq!(values(json!([a, b, { "type": "null" }]), json!("kind")), told(&[&["A"], &["b", "bb"], &[]]));
    let mapping =
        json!({ "propertyName": "kind", "mapping": { "x": "#/components/schemas/A", "bb": "#/components/schemas/B" } });
    assert_eq!(values(json!([a, b]), mapping), told(&[&["x"], &["bb"]]));
    assert_eq!(values(json!([a, object(json!({ "type": "string" }))]), json!("kind")), None);
    assert_eq!(values(json!([a, b]), json!("other")), None);
}
