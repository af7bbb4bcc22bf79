#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::Validator;
use crate::{Source, document::NoFiles, load};

/// The paths and keywords that a value of the schema breaks.
fn faults(schema: Value, value: Value) -> Vec<String> {
    let document = json!({
        "asyncapi": "2.6.0",
        "info": { "title": "t", "version": "1.0.0" },
        "channels": { "c": { "publish": { "message": { "payload": schema } } } },
    });
    let loaded = load(Source::new("t.json", document.to_string()), None, &NoFiles);
    let api = loaded.api.unwrap();
    let crate::api::Payload::Schema(id) = api.messages[0].payload else { panic!("no payload") };
    let faults = Validator::new(&api.schemas).faults(id, &value);
    faults.iter().map(|f| format!("{}:{}", f.path, f.keyword)).collect()
}

#[track_caller]
fn refuses(schema: Value, value: Value, expected: &[&str]) {
    assert_eq!(faults(schema, value), expected);
}

#[test]
fn types_are_told_apart() {
    refuses(json!({ "type": "integer" }), json!(1.0), &[]);
    refuses(json!({ "type": "integer" }), json!(1.5), &[":type"]);
    refuses(json!({ "type": "number" }), json!("1"), &[":type"]);
    refuses(json!({ "type": ["string", "null"] }), json!(null), &[]);
    refuses(json!({ "type": "string", "nullable": true }), json!(null), &[]);
    refuses(json!({ "type": "string" }), json!(null), &[":type"]);
    refuses(json!(false), json!(1), &[":false"]);
    refuses(json!(true), json!(1), &[]);
}

#[test]
fn bounds_hold_for_what_they_are_of() {
    refuses(json!({ "minimum": 1, "exclusiveMaximum": 5 }), json!(5), &[":exclusiveMaximum"]);
    refuses(json!({ "minimum": 1, "exclusiveMaximum": 5 }), json!("no number"), &[]);
    refuses(json!({ "minLength": 2 }), json!("é"), &[":minLength"]);
    refuses(json!({ "multipleOf": 0.01 }), json!(19.99), &[]);
    refuses(json!({ "enum": [1, "a"] }), json!(1.0), &[]);
    refuses(json!({ "enum": [1, "a"] }), json!("b"), &[":enum"]);
    refuses(json!({ "const": { "a": [1] } }), json!({ "a": [1.0] }), &[]);
    refuses(json!({ "pattern": "^\\d+$" }), json!("4x"), &[":pattern"]);
    refuses(json!({ "format": "date-time" }), json!("yesterday"), &[":format"]);
    refuses(json!({ "format": "email" }), json!("anything"), &[]);
}

#[test]
fn faults_are_found_at_their_path() {
    let schema = json!({
        "required": ["a", "b"],
        "properties": { "a": { "type": "array", "items": { "type": "string" } } },
        "additionalProperties": false,
    });
    refuses(schema, json!({ "a": ["x", 1], "c": 1 }), &[":required", "a[1]:type", "c:additionalProperties"]);
}

#[test]
fn arrays_and_objects_are_counted_and_compared() {
    refuses(json!({ "uniqueItems": true }), json!([1, 2, 1.0]), &["[2]:uniqueItems"]);
    refuses(json!({ "contains": { "type": "string" } }), json!([1]), &[":contains"]);
    refuses(json!({ "items": [{ "type": "string" }], "additionalItems": false }), json!(["a", 1]), &["[1]:false"]);
    refuses(json!({ "propertyNames": { "maxLength": 1 } }), json!({ "ab": 1 }), &["ab:propertyNames"]);
    refuses(
        json!({ "patternProperties": { "^n": { "type": "number" } } }),
        json!({ "n1": "x", "a": "x" }),
        &["n1:type"],
    );
    refuses(json!({ "dependencies": { "a": ["b"] } }), json!({ "a": 1 }), &[":dependencies"]);
    refuses(json!({ "dependencies": { "a": { "required": ["c"] } } }), json!({ "a": 1 }), &[":required"]);
    refuses(json!({ "minProperties": 1 }), json!({}), &[":minProperties"]);
}

#[test]
fn alternatives_are_counted() {
    let number = json!({ "type": "number" });
    let integer = json!({ "type": "integer" });
    refuses(json!({ "oneOf": [number, integer] }), json!(1), &[":oneOf"]);
    refuses(json!({ "oneOf": [number, integer] }), json!(1.5), &[]);
    refuses(json!({ "anyOf": [number, integer] }), json!("a"), &[":anyOf"]);
    refuses(json!({ "not": number }), json!(1), &[":not"]);
    refuses(json!({ "if": number, "then": { "minimum": 5 }, "else": { "minLength": 5 } }), json!(1), &[":minimum"]);
    refuses(json!({ "if": number, "then": { "minimum": 5 }, "else": { "minLength": 5 } }), json!("a"), &[":minLength"]);
}

#[test]
fn the_alternative_that_was_meant_is_explained() {
    let schema = json!({ "oneOf": [{ "type": "null" }, { "type": "object", "required": ["id"] }] });
    refuses(schema, json!({}), &[":required"]);
}

#[test]
fn all_of_is_an_intersection() {
    let schema = json!({
        "allOf": [
            { "properties": { "k": { "enum": ["a", "b"] }, "n": { "maximum": 9 } } },
            { "properties": { "k": { "enum": ["b", "c"] }, "n": { "maximum": 5 } }, "required": ["k"] },
        ],
    });
    refuses(schema.clone(), json!({ "k": "b", "n": 5 }), &[]);
    refuses(schema.clone(), json!({ "k": "a" }), &["k:const"]);
    refuses(schema, json!({ "n": 6 }), &[":required", "n:maximum"]);
}

#[test]
fn a_closed_member_of_an_all_of_closes_it_for_the_others() {
    let schema = json!({
        "allOf": [
            { "properties": { "a": {} }, "additionalProperties": false },
            { "properties": { "b": {} } },
        ],
    });
    refuses(schema.clone(), json!({ "a": 1 }), &[]);
    refuses(schema, json!({ "b": 1 }), &["b:additionalProperties"]);
    let schema = json!({
        "allOf": [
            { "properties": { "a": {} }, "additionalProperties": { "type": "string" } },
            { "properties": { "b": { "minLength": 2 } } },
        ],
    });
    refuses(schema, json!({ "b": "x", "c": 1 }), &["b:minLength", "c:type"]);
}

#[test]
fn recursion_that_consumes_nothing_ends() {
    let schema = json!({
        "definitions": { "a": { "anyOf": [{ "$ref": "#/channels/c/publish/message/payload/definitions/a" }, { "type": "null" }] } },
        "anyOf": [{ "$ref": "#/channels/c/publish/message/payload/definitions/a" }],
    });
    let _ = faults(schema, json!(1));
}
