//! Who is right: the `jsonschema` crate, draft-07, set to what the project promises.
//!
//! - `format` describes, as the specification lets it, except `date-time`, `date` (RFC 3339) and `ipv4`.
//! - A `discriminator` that tells alternatives apart decides among them ([`crate::discriminators`]).
//! - `contentEncoding` and `contentMediaType` describe.
//! - A reference reaches the components of the document and nothing else: the crate is built without its features that
//!   read files and the network.

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::{discriminators::spelled_out, schemas::Components};

/// What the crate holds for an assertion in draft-07 and the project does not.
const DESCRIBING_FORMATS: [&str; 15] = [
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv6",
    "iri",
    "iri-reference",
    "uri",
    "uri-reference",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// A judge of one schema.
pub(crate) struct Judge(Validator);

impl Judge {
    /// Of the schema at a JSON pointer (`/components/schemas/Root`) of a document. `None` where it is none.
    pub(crate) fn of(document: &Value, pointer: &str) -> Option<Self> {
        let mut schema = spelled_out(document);
        schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
        // In draft-07 nothing beside a `$ref` counts, so the rest of the document is there for references alone.
        schema["$ref"] = json!(format!("#{}", escape(pointer)));
        let mut options = jsonschema::options()
            .with_draft(Draft::Draft7)
            .without_content_encoding_support("base64")
            .without_content_media_type_support("application/json");
        for format in DESCRIBING_FORMATS {
            options = options.with_format(format, |_| true);
        }
        options.build(&schema).ok().map(Self)
    }

    /// Of one of several components.
    pub(crate) fn of_component(components: &Components, name: &str) -> Option<Self> {
        Self::of(&json!({ "components": { "schemas": components } }), &format!("/components/schemas/{name}"))
    }

    pub(crate) fn accepts(&self, instance: &Value) -> bool {
        self.0.is_valid(instance)
    }

    /// Whether the crate is known to be wrong about a value:
    /// - It divides integers beyond 2^53 by a fractional `multipleOf` as doubles, so that 18446744073709551615 is no
    ///   multiple of 1.5 to it, and 9223372036854775807 one of 2.5.
    /// - `\b` is Unicode's to it; to ECMA-262 `ñ` is no letter of a word, so that `\bcat\b` is found in `catñ`.
    pub(crate) fn errs(document: &Value, value: &Value) -> bool {
        let large = |value: &Value| value.as_number().and_then(whole).is_some_and(|n| n.unsigned_abs() > 1 << 53);
        let fraction = |schema: &Value| schema["multipleOf"].as_f64().is_some_and(|step| step.fract() != 0.0);
        let boundary = |schema: &Value| schema["pattern"].as_str().is_some_and(|pattern| pattern.contains(r"\b"));
        (any(value, &large) && any(document, &fraction))
            || (any(value, &|value| value.as_str().is_some_and(|text| !text.is_ascii())) && any(document, &boundary))
    }

    /// Why not, in the crate's words.
    pub(crate) fn reason(&self, instance: &Value) -> String {
        match self.0.validate(instance) {
            Ok(()) => "accepted".to_owned(),
            Err(error) => format!("`{}` at `{}`", error.schema_path(), error.instance_path()),
        }
    }
}

/// Whether anything in a value is so.
pub(crate) fn any(value: &Value, is: &dyn Fn(&Value) -> bool) -> bool {
    is(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any(item, is)),
            Value::Object(object) => object.values().any(|value| any(value, is)),
            _ => false,
        }
}

/// A JSON pointer as the fragment of a URI.
fn escape(pointer: &str) -> String {
    let mut text = String::new();
    for byte in pointer.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

/// Equality of JSON Schema: numbers by value, objects in any order.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => a == b,
            (None, None) => a.as_f64() == b.as_f64(),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

/// The integer that a number is, `3.0` included.
pub(crate) fn whole(number: &serde_json::Number) -> Option<i128> {
    let small = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    small.or_else(|| number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 1e30).map(|n| n as i128))
}

#[test]
fn formats_describe_except_those_that_become_types() {
    for (format, _) in crate::schemas::FORMATS {
        let schema = json!({ "type": "string", "format": format });
        let judge = Judge::of_component(&Components::from_iter([("Root".to_owned(), schema)]), "Root").unwrap();
        assert_eq!(
            judge.accepts(&json!("none of these")),
            !["date-time", "date", "ipv4"].contains(&format),
            "{format}"
        );
    }
}

#[test]
fn a_reference_reaches_the_components_and_what_stands_beside_it_does_not_count() {
    let components = json!({
        "Root": { "properties": { "a": { "$ref": "#/components/schemas/a~1b", "type": "string" } } },
        "a/b": { "type": "integer", "contentEncoding": "base64" },
    });
    let judge = Judge::of_component(components.as_object().unwrap(), "Root").unwrap();
    assert!(judge.accepts(&json!({ "a": 1.0 })));
    assert!(!judge.accepts(&json!({ "a": "x" })));
    assert!(judge.reason(&json!({ "a": "x" })).contains("/a"));
}

#[test]
fn a_step_that_binary_cannot_hold_is_judged_by_its_decimals() {
    let components = json!({ "Root": { "type": "number", "multipleOf": 0.01 } });
    let judge = Judge::of_component(components.as_object().unwrap(), "Root").unwrap();
    for cents in [19.99, 0.07, 1_070_468.14, -4.35, 1e300] {
        assert!(judge.accepts(&json!(cents)), "{cents}");
    }
    assert!(!judge.accepts(&json!(19.995)));
}

#[test]
fn where_the_judge_errs_is_known() {
    let document = json!({ "components": { "schemas": { "Root": { "multipleOf": 1.5 } } } });
    let judge = Judge::of(&document, "/components/schemas/Root").unwrap();
    // 18446744073709551615 is 12297829382473034410 times 1.5.
    assert!(!judge.accepts(&json!(u64::MAX)), "the judge has learnt to divide: `errs` can go");
    assert!(Judge::errs(&document, &json!([u64::MAX])));
    assert!(!Judge::errs(&document, &json!(3)));

    let document = json!({ "components": { "schemas": { "Root": { "pattern": r"\bcat\b" } } } });
    let judge = Judge::of(&document, "/components/schemas/Root").unwrap();
    assert!(!judge.accepts(&json!("catñ")), "the judge knows ECMA-262's `\\b`: `errs` can say less");
    assert!(Judge::errs(&document, &json!("catñ")) && !Judge::errs(&document, &json!("cats")));
}
