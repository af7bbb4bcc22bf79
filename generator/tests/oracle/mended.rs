//! Where generated types once differed from their schema: each stays mended.

/// What was wrong, and a schema and a value that showed it.
pub(crate) struct Mended {
    pub(crate) what: &'static str,
    pub(crate) schema: &'static str,
    pub(crate) value: &'static str,
}

pub(crate) const MENDED: [Mended; 16] = [
    Mended {
        what: "a schema with `properties` and no `type` is taken for an object, and nothing says so",
        schema: r#"{ "properties": { "a": { "type": "string" } } }"#,
        value: "true",
    },
    Mended {
        what: "properties that only `patternProperties` describes are dropped",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "patternProperties": { "^k": {} } }"#,
        value: r#"{ "k9": 15 }"#,
    },
    Mended {
        what: "a property that only `then` describes is dropped",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "if": { "required": ["a"] }, "then": { "properties": { "b": { "type": "string" } } } }"#,
        value: r#"{ "a": 1, "b": "x" }"#,
    },
    Mended {
        what: "a required property that `properties` does not name takes any value",
        schema: r#"{ "type": "object", "required": ["b"], "properties": { "a": {} }, "additionalProperties": { "type": "string" } }"#,
        value: r#"{ "b": 26 }"#,
    },
    Mended {
        what: "a required property that is not allowed is",
        schema: r#"{ "allOf": [{ "required": ["a"], "properties": { "a": {} } }, { "additionalProperties": false }] }"#,
        value: r#"{ "a": 1 }"#,
    },
    Mended {
        what: "a fractional `multipleOf` of an integer is rounded",
        schema: r#"{ "type": "integer", "multipleOf": 1.5 }"#,
        value: "38",
    },
    Mended {
        what: "a multiple of a fraction is refused as one of the rounded fraction",
        schema: r#"{ "type": "integer", "multipleOf": 1.5 }"#,
        value: "39",
    },
    Mended {
        what: "`date-time` beside a length or a pattern is lost",
        schema: r#"{ "type": "string", "format": "date-time", "maxLength": 24 }"#,
        value: r#""noon""#,
    },
    Mended {
        what: "a number of more than 19 digits is no multiple of anything",
        schema: r#"{ "type": "number", "multipleOf": 0.01 }"#,
        value: "1e300",
    },
    Mended {
        what: "`contains`, `not`, `if` and their like beside no `type` are lost",
        schema: r#"{ "contains": { "enum": ["a"] } }"#,
        value: "[]",
    },
    Mended {
        what: "`additionalProperties` beside `patternProperties` is lost",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "patternProperties": { "^x": {} }, "additionalProperties": false }"#,
        value: r#"{ "b": 1 }"#,
    },
    Mended {
        what: "a body that may be null takes anything",
        schema: r#"{ "type": ["object", "null"], "required": ["a"], "properties": { "a": {} } }"#,
        value: "{}",
    },
    Mended {
        what: "properties that are dropped no longer count for `minProperties` when the value is written",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "minProperties": 2 }"#,
        value: r#"{ "a": 1, "b": 2 }"#,
    },
    Mended {
        what: "an integer's bound beyond its type is none",
        schema: r#"{ "type": "integer", "minimum": 1e30 }"#,
        value: "5",
    },
    Mended {
        what: "a name that matches another member's pattern escapes `additionalProperties`",
        schema: r#"{ "type": "object", "properties": { "a": {} }, "allOf": [{ "additionalProperties": { "maximum": 16.75 } }, { "patternProperties": { "_id$": {} } }] }"#,
        value: r#"{ "clave_id": 17 }"#,
    },
    Mended {
        what: "a pattern is dropped because a member that allows the name by a pattern of its own forbids others",
        schema: r#"{ "type": "object", "allOf": [{ "patternProperties": { "^clave": {} }, "additionalProperties": false }, { "patternProperties": { "_id$": { "type": "string" } } }] }"#,
        value: r#"{ "clave_id": 17 }"#,
    },
];
