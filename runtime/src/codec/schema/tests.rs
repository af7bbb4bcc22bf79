#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::{Rules, read};

fn rules(schema: &Value) -> Rules {
    Rules::new(String::leak(schema.to_string()))
}

/// `path: message`, or nothing.
fn fault(schema: &Value, value: &Value) -> Option<String> {
    let (path, message) = rules(schema).hold(value).err()?;
    Some(if path.is_empty() { message } else { format!("{path}: {message}") })
}

#[test]
fn each_word_refuses_what_breaks_it_and_nothing_else() {
    let cases = [
        (json!({ "type": ["string", "null"] }), vec![json!("a"), json!(null)], vec![json!(1), json!([])]),
        (json!({ "type": "integer" }), vec![json!(1), json!(1.0), json!(1e300)], vec![json!(1.5), json!("1")]),
        (json!({ "enum": [1, "a", { "b": [1] }] }), vec![json!(1.0), json!({ "b": [1.0] })], vec![json!("b")]),
        (json!({ "minimum": 1, "exclusiveMaximum": 2.5 }), vec![json!(1), json!("x")], vec![json!(0.5), json!(2.5)]),
        (json!({ "maximum": 9_007_199_254_740_992.0 }), vec![json!(1)], vec![json!(9_007_199_254_740_993_i64)]),
        (json!({ "multipleOf": 0.1 }), vec![json!(0.3), json!(1e300)], vec![json!(0.35)]),
        (json!({ "minLength": 2, "maxLength": 3 }), vec![json!("ñu"), json!(1)], vec![json!("ñ"), json!("abcd")]),
        (json!({ "pattern": "^a+$" }), vec![json!("aa"), json!(1)], vec![json!("b")]),
        (json!({ "format": "date-time" }), vec![json!("2024-01-15T10:30:00Z")], vec![json!("noon")]),
        (json!({ "items": { "type": "string" } }), vec![json!([]), json!(["a"])], vec![json!([1])]),
        (
            json!({ "items": [{ "type": "string" }], "additionalItems": false }),
            vec![json!([]), json!(["a"])],
            vec![json!([1]), json!(["a", 1])],
        ),
        (
            json!({ "uniqueItems": true }),
            vec![json!([1, 2])],
            vec![json!([0, -0.0]), json!([{ "a": 1 }, { "a": 1.0 }])],
        ),
        (json!({ "contains": { "type": "null" } }), vec![json!([1, null])], vec![json!([]), json!([1])]),
        (
            json!({ "properties": { "a": { "type": "null" } }, "patternProperties": { "^x": { "type": "string" } }, "additionalProperties": false }),
            vec![json!({ "a": null, "xy": "b" })],
            vec![json!({ "a": 1 }), json!({ "xy": 1 }), json!({ "b": 1 })],
        ),
        (json!({ "additionalProperties": { "type": "null" } }), vec![json!({ "a": null })], vec![json!({ "a": 1 })]),
        (json!({ "required": ["a"], "minProperties": 2 }), vec![json!({ "a": 1, "b": 1 })], vec![json!({ "a": 1 })]),
        (json!({ "propertyNames": { "maxLength": 1 } }), vec![json!({ "a": 1 })], vec![json!({ "ab": 1 })]),
        (json!({ "dependencies": { "a": ["b"] } }), vec![json!({ "b": 1 })], vec![json!({ "a": 1 })]),
        (
            json!({ "dependencies": { "a": { "required": ["b"] } } }),
            vec![json!({ "a": 1, "b": 1 }), json!({})],
            vec![json!({ "a": 1 })],
        ),
        (
            json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 2 }] }),
            vec![json!(0), json!(3)],
            vec![json!(1.5), json!("x")],
        ),
        (
            json!({ "anyOf": [{ "type": "string" }, { "minimum": 5, "type": "number" }] }),
            vec![json!("a")],
            vec![json!(1)],
        ),
        (json!({ "allOf": [{ "minimum": 1 }, { "not": { "enum": [3] } }] }), vec![json!(2)], vec![json!(0), json!(3)]),
        (
            json!({ "if": { "minimum": 5 }, "then": { "multipleOf": 5 }, "else": { "enum": [1, 2] } }),
            vec![json!(1), json!(10)],
            vec![json!(3), json!(6)],
        ),
    ];
    for (schema, sound, unsound) in cases {
        assert!(read::schema(&schema.to_string()).is_ok(), "{schema}");
        for value in sound {
            assert_eq!(fault(&schema, &value), None, "{schema} and {value}");
        }
        for value in unsound {
            assert!(fault(&schema, &value).is_some(), "{schema} accepts {value}");
        }
    }
}

#[test]
fn a_fault_has_a_path_and_tells_nothing_of_the_value() {
    let schema = json!({ "properties": { "a": { "items": { "patternProperties": { "^x": { "type": "string" } } } } } });
    assert_eq!(
        fault(&schema, &json!({ "a": [{}, { "b": 1, "xsecret": 2 }] })).unwrap(),
        "a[1]{1}: expected a string, found a number"
    );
    let schema = json!({ "oneOf": [{ "type": "string", "enum": ["a"] }, { "type": "object", "required": ["b"] }] });
    assert_eq!(fault(&schema, &json!({})).unwrap(), "missing field `b`", "of the alternative that was meant");
    assert_eq!(fault(&schema, &json!(1)).unwrap(), "fits none of the 2 alternatives");
}

#[test]
fn recursion_ends_and_work_stays_in_proportion() {
    // Two ways at each level to look at the next one.
    let schema = json!({
        "$ref": "#/definitions/Node",
        "definitions": { "Node": { "type": "object", "oneOf": [
            { "properties": { "next": { "$ref": "#/definitions/Node" }, "kind": { "enum": ["a"] } }, "required": ["kind"] },
            { "properties": { "next": { "$ref": "#/definitions/Node" }, "kind": { "enum": ["b"] } }, "required": ["kind"] },
        ] } },
    });
    let mut value = json!({ "kind": "a" });
    for _ in 0..120 {
        value = json!({ "kind": "b", "next": value });
    }
    assert_eq!(fault(&schema, &value), None);
    let schema = json!({
        "$ref": "#/definitions/A",
        "definitions": { "A": { "anyOf": [{ "$ref": "#/definitions/B" }] }, "B": { "not": { "$ref": "#/definitions/A" } } },
    });
    let _ = fault(&schema, &json!(1));
}

#[test]
fn rules_that_cannot_be_read_refuse_everything() {
    assert!(fault(&json!({ "unevaluatedItems": false }), &json!(1)).unwrap().contains("cannot be read"));
}
