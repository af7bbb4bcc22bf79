//! What mutations put in: texts, numbers, keywords and small schemas that are likely to be read wrongly by someone.

use serde_json::{Value, json};

use crate::rng::Rng;

/// Texts that mean something to Rust, TOML, Markdown, HTML, a shell, a terminal, a path, YAML or JSON Schema.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "-",
    "_",
    "__",
    "0",
    "1a",
    "null",
    "true",
    "self",
    "Self",
    "crate",
    "super",
    "type",
    "fn",
    "async",
    "gen",
    "r#type",
    "_",
    "Vec",
    "Option",
    "String",
    "Result",
    "Box",
    "Event",
    "Topic",
    "TOPIC",
    "MESSAGES",
    "SERVERS",
    "headers",
    "schemas",
    "lib",
    "mod",
    "main",
    "new",
    "builder",
    "build",
    "clone",
    "check",
    "validate",
    "serde",
    "std",
    "core",
    "conecta_runtime",
    "é",
    "ß",
    "İ",
    "日本",
    "🚀",
    "a\u{301}",
    "\u{202e}evil",
    "\u{0}",
    "\u{1b}[31m",
    "\r\n",
    "a\nb",
    "\t",
    "\\",
    "\"",
    "'",
    "\"#",
    "\"##",
    "*/",
    "//",
    "/* ",
    "{",
    "}",
    "{}",
    "{{ name }}",
    "{% raw %}",
    "${x}",
    "{a}",
    "{a}/{b}",
    "```",
    "```rust\npanic!()\n```",
    "`",
    "[a](b)",
    "<script>",
    "# a",
    "|",
    "../../x",
    "/etc/passwd",
    "C:\\con",
    "a/b",
    "a.b",
    "a~b",
    "a%20b",
    "#/",
    "#",
    "?",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "1.0.0",
    "1e400",
    ".inf",
    "^(",
    "^(?!a)b$",
    "(a+)+$",
    "[",
    "\\",
    "^[\\w-]{1,1000}{1,1000}$",
    "$message.header#/x",
    "$message.payload#/id",
    "application/vnd.apache.avro",
    "application/json",
    "file:///etc/passwd",
    "http://example.org/x",
    "x-sensitive",
    "date-time",
    "uuid",
    "int64",
    "kafka",
    "send",
];

/// Keys that the specifications know; where one lands does not matter.
const KEYS: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "const",
    "default",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "additionalItems",
    "contains",
    "dependencies",
    "if",
    "then",
    "else",
    "not",
    "allOf",
    "anyOf",
    "oneOf",
    "nullable",
    "discriminator",
    "title",
    "description",
    "examples",
    "example",
    "deprecated",
    "readOnly",
    "definitions",
    "$defs",
    "$id",
    "$schema",
    "x-sensitive",
    "x-rust-name",
    "x-rust-type",
    "x-version",
    "asyncapi",
    "info",
    "version",
    "channels",
    "servers",
    "components",
    "operations",
    "address",
    "messages",
    "message",
    "payload",
    "headers",
    "traits",
    "bindings",
    "kafka",
    "topic",
    "partitions",
    "replicas",
    "key",
    "topicConfiguration",
    "correlationId",
    "location",
    "contentType",
    "schemaFormat",
    "schema",
    "operationId",
    "messageId",
    "name",
    "publish",
    "subscribe",
    "action",
    "channel",
    "reply",
    "parameters",
    "tags",
    "externalDocs",
    "url",
    "host",
    "protocol",
    "variables",
    "security",
    "summary",
    "defaultContentType",
    "id",
];

/// A text.
pub(crate) fn text(rng: &mut Rng) -> String {
    match rng.below(40) {
        0 => "x".repeat(rng.below(2000)),
        1 => format!("{}{}", rng.pick(TEXTS), rng.pick(TEXTS)),
        2 => "(a".repeat(rng.below(200)),
        _ => (*rng.pick(TEXTS)).to_owned(),
    }
}

/// A key: one that is known, or a text.
pub(crate) fn key(rng: &mut Rng) -> String {
    if rng.chance(60) { (*rng.pick(KEYS)).to_owned() } else { text(rng) }
}

/// A number at the edge of something.
fn number(rng: &mut Rng) -> Value {
    match rng.below(16) {
        0 => json!(0),
        1 => json!(-1),
        2 => json!(1.5),
        3 => json!(-0.0),
        4 => json!(i64::MAX),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(1e308),
        8 => json!(5e-324),
        9 => json!(0.1),
        10 => json!(9_007_199_254_740_993_i64),
        11 => json!(4_294_967_296_i64),
        12 => json!(1.0),
        13 => json!(1e19),
        14 => json!(1_000_000_000),
        _ => json!(rng.below(300)),
    }
}

/// A value that is no list and no mapping.
pub(crate) fn scalar(rng: &mut Rng) -> Value {
    match rng.below(10) {
        0 => Value::Null,
        1 => json!(rng.chance(50)),
        2..=4 => number(rng),
        _ => json!(text(rng)),
    }
}

/// Any value.
pub(crate) fn value(rng: &mut Rng) -> Value {
    match rng.below(8) {
        0 => json!([]),
        1 => json!({}),
        2 => json!([scalar(rng), scalar(rng)]),
        3 => Value::Object([(key(rng), scalar(rng))].into_iter().collect()),
        4 => schema(rng, 2),
        _ => scalar(rng),
    }
}

/// A schema, mostly a sound one.
pub(crate) fn schema(rng: &mut Rng, depth: usize) -> Value {
    let below = depth.saturating_sub(1);
    if depth == 0 {
        return json!({ "type": rng.pick(&["string", "integer", "number", "boolean", "null", "object", "array"]) });
    }
    match rng.below(24) {
        0 => {
            json!({ "type": "object", "properties": { text(rng): schema(rng, below), text(rng): schema(rng, below) } })
        }
        1 => json!({ "type": "object", "required": [text(rng)], "additionalProperties": schema(rng, below) }),
        2 => json!({ "type": "array", "items": schema(rng, below) }),
        3 => json!({ "type": "array", "items": [schema(rng, below), schema(rng, below)] }),
        4 => json!({ "oneOf": [schema(rng, below), schema(rng, below)] }),
        5 => json!({ "anyOf": [schema(rng, below), schema(rng, below)] }),
        6 => json!({ "allOf": [schema(rng, below), schema(rng, below)] }),
        7 => json!({ "enum": [scalar(rng), scalar(rng), scalar(rng)] }),
        8 => json!({ "type": "string", "enum": [text(rng), text(rng), text(rng)] }),
        9 => json!({ "const": scalar(rng) }),
        10 => json!({ "type": "string", "pattern": text(rng) }),
        11 => json!({ "type": "integer", "minimum": number(rng), "maximum": number(rng) }),
        12 => json!({ "type": "number", "multipleOf": number(rng) }),
        13 => json!({ "type": ["string", "null"], "default": scalar(rng) }),
        14 => json!({ "type": ["string", "integer", "object"], "properties": { text(rng): schema(rng, below) } }),
        15 => json!({ "not": schema(rng, below) }),
        16 => {
            json!({ "type": "string", "format": rng.pick(&["date-time", "date", "time", "uuid", "email", "byte", "uri", "duration"]) })
        }
        17 => {
            json!({ "type": "object", "properties": { "a": schema(rng, below) }, "required": ["a"], "additionalProperties": false, "description": text(rng) })
        }
        18 => {
            json!({ "type": "object", "patternProperties": { text(rng): schema(rng, below) }, "minProperties": number(rng) })
        }
        19 => json!({ "if": schema(rng, below), "then": schema(rng, below), "else": schema(rng, below) }),
        20 => json!(rng.chance(50)),
        21 => json!({ "type": "integer", "enum": [number(rng), number(rng)], "default": number(rng) }),
        22 => {
            json!({ "type": "object", "nullable": true, "title": text(rng), "properties": { "kind": { "const": text(rng) } }, "discriminator": "kind" })
        }
        _ => json!({}),
    }
}
