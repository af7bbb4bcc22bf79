//! Where generated types are known to differ from their schema. Each has an example that must still differ: what is mended
//! goes from here.

use serde_json::Value;

use crate::judge::any;

/// A known difference.
pub(crate) struct Known {
    /// What it is.
    pub(crate) what: &'static str,
    /// A schema and a value that show it.
    pub(crate) schema: &'static str,
    pub(crate) value: &'static str,
    /// Whether a difference between these schemas and the types made from them, about this value and told so, may be it.
    covers: fn(&Value, &Value, &str) -> bool,
}

/// Whether a difference is known.
pub(crate) fn is_known(schemas: &Value, value: &Value, told: &str) -> bool {
    KNOWN.iter().any(|known| (known.covers)(schemas, value, told))
}

pub(crate) const KNOWN: [Known; 10] = [
    Known {
        what: "a schema with `properties` and no `type` is taken for an object",
        schema: r#"{ "properties": { "a": { "type": "string" } } }"#,
        value: "true",
        covers: |schemas, _, told| {
            told.contains("expected an object, found")
                && any(schemas, &|s| s.get("type").is_none() && s["properties"].is_object())
        },
    },
    Known {
        what: "properties that only `patternProperties` describes are dropped",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "patternProperties": { "^k": {} } }"#,
        value: r#"{ "k9": 15 }"#,
        covers: |schemas, _, told| {
            told.contains("does not come back") && any(schemas, &|s| s["patternProperties"].is_object())
        },
    },
    Known {
        what: "a required property that `properties` does not name takes any value",
        schema: r#"{ "type": "object", "required": ["b"], "properties": { "a": {} }, "additionalProperties": { "type": "string" } }"#,
        value: r#"{ "b": 26 }"#,
        covers: |schemas, _, told| {
            told.contains("nothing warns") && {
                let path = told.split('`').nth(3).unwrap_or_default();
                path.split(['.', '[']).any(|name| any(schemas, &|s| undescribed(s, name)))
            }
        },
    },
    Known {
        what: "a fractional `multipleOf` of an integer is rounded",
        schema: r#"{ "type": "integer", "multipleOf": 1.5 }"#,
        value: "38",
        covers: |schemas, _, told| {
            (told.contains("nothing warns that `multipleOf`") || told.contains("is not a multiple of 2"))
                && any(schemas, &|s| s["multipleOf"].as_f64().is_some_and(|step| step.fract() != 0.0))
        },
    },
    Known {
        what: "`date-time` beside a length or a pattern is lost",
        schema: r#"{ "type": "string", "format": "date-time", "maxLength": 24 }"#,
        value: r#""noon""#,
        covers: |schemas, _, told| {
            told.contains("nothing warns that `format`")
                && any(schemas, &|s| {
                    s["format"] == "date-time" && (s.get("maxLength").or(s.get("minLength"))).is_some()
                })
        },
    },
    Known {
        what: "a number of more than 19 digits is no multiple of anything",
        schema: r#"{ "type": "number", "multipleOf": 0.01 }"#,
        value: "1e300",
        covers: |schemas, value, told| {
            told.contains("is not a multiple of")
                && any(value, &|number| number.as_f64().is_some_and(|n| n.abs() >= 1e19))
                && any(schemas, &|s| s["multipleOf"].is_number())
        },
    },
    Known {
        what: "`contains`, `not`, `if` and their like beside no `type` are lost",
        schema: r#"{ "contains": { "enum": ["a"] } }"#,
        value: "[]",
        covers: |schemas, _, told| {
            ["contains", "not", "if", "propertyNames", "dependencies", "minProperties", "maxProperties", "uniqueItems"]
                .iter()
                .any(|keyword| {
                    told.contains(&format!("nothing warns that `{keyword}`"))
                        && any(schemas, &|s| s.get("type").is_none() && s.get(*keyword).is_some())
                })
        },
    },
    Known {
        what: "`additionalProperties` beside `patternProperties` is lost",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "patternProperties": { "^x": {} }, "additionalProperties": false }"#,
        value: r#"{ "b": 1 }"#,
        covers: |schemas, _, told| {
            told.contains("nothing warns")
                && any(schemas, &|s| s["patternProperties"].is_object() && s.get("additionalProperties").is_some())
        },
    },
    Known {
        what: "a body that may be null takes anything",
        schema: r#"{ "type": ["object", "null"], "required": ["a"], "properties": { "a": {} } }"#,
        value: "{}",
        covers: |schemas, _, told| {
            told.contains("nothing warns") && may_be_null(schemas, &schemas[crate::schemas::ROOT], 0)
        },
    },
    Known {
        what: "properties that are dropped no longer count for `minProperties` when the value is written",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "minProperties": 2 }"#,
        value: r#"{ "a": 1, "b": 2 }"#,
        covers: |_, _, told| told.contains("refused") && told.contains("properties") && told.contains("has fewer than"),
    },
];

/// Whether a schema requires a property by this name; whether `properties` of the same schema name it is told by the merge
/// only, so that is not asked where an `allOf` may have taken it away.
fn undescribed(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
}

fn may_be_null(schemas: &Value, schema: &Value, depth: usize) -> bool {
    let below = |schema: &Value| depth < 20 && may_be_null(schemas, schema, depth + 1);
    let list = |keyword: &str| schema[keyword].as_array().into_iter().flatten();
    schema["type"] == "null"
        || schema["type"].as_array().is_some_and(|types| types.iter().any(|ty| ty == "null"))
        || list("enum").any(Value::is_null)
        || list("anyOf").chain(list("oneOf")).chain(list("allOf")).any(below)
        || schema["$ref"].as_str().and_then(|r| schemas.get(r.rsplit('/').next()?)).is_some_and(below)
}
