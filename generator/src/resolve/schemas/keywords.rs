//! What each keyword of JSON Schema is to us, and what is none.

use crate::{
    diagnostic::{Code, Diagnostic, Findings, Severity},
    document::{Document, Kind, Place, edit_distance},
};

/// Keys that are no keywords, as they are met.
#[derive(Debug, Default)]
pub(super) struct Unknown<'d> {
    /// Each such key, the first place of it and how often it is met, in that order.
    keys: indexmap::IndexMap<&'d str, (Place, usize)>,
}

/// Different keys that are held against the keywords; a document with more was made to keep its reader busy.
const MOST: usize = 2_000;

impl<'d> Unknown<'d> {
    /// Takes note of a key that is no keyword; says so at once where it is a slip of the pen.
    pub(super) fn met(
        &mut self,
        document: &'d Document,
        schema: Place,
        key: &'d str,
        value: Place,
        findings: &mut Findings,
    ) {
        // A parameter of 3.x that lists its values is read as a schema.
        let of_parameter =
            || key == "location" && document.parent(schema).and_then(|above| document.key(above)) == Some("parameters");
        if is_annotation(key) || ALSO_KNOWN.contains(&key) || of_parameter() {
            return;
        }
        if let Some((_, times)) = self.keys.get_mut(key) {
            *times += 1;
        } else if self.keys.len() < MOST {
            self.keys.insert(key, (value, 1));
        } else {
            return;
        }
        if let Some(meant) = meant(key).filter(|meant| document.get(schema, meant).is_none()) {
            findings.push(
                Diagnostic::new(Code::UNKNOWN_KEYWORD, format!("JSON Schema has no keyword `{key}`: it says nothing"))
                    .at_key(value)
                    .help(format!("did you mean `{meant}`?")),
            );
            // It has been spoken of.
            self.keys.shift_remove(key);
        }
    }

    /// Says of each key that is nothing like a keyword, once, that it says nothing.
    pub(super) fn tell(self, document: &Document, findings: &mut Findings) {
        for (key, (place, times)) in self.keys {
            let again = match times {
                1 => String::new(),
                times => format!(" (it stands in {times} places)"),
            };
            let message = format!("JSON Schema has no keyword `{key}`: it says nothing{again}");
            let mut found =
                Diagnostic::new(Code::UNKNOWN_KEYWORD, message).at_key(place).help(match document.kind(place) {
                    Kind::Map => format!("if it is a property, write it under `properties`; else make it `x-{key}`"),
                    _ => format!("remove it, or make it an extension: `x-{key}`"),
                });
            found.severity = Severity::Note;
            findings.push(found);
        }
    }
}

/// Keywords that are read elsewhere, or of which nothing is made, and what OpenAPI has beside the keywords.
const ALSO_KNOWN: &[&str] =
    &["$dynamicAnchor", "$recursiveAnchor", "$ref", "allOf", "contentEncoding", "contentMediaType", "nullable", "xml"];

/// Keywords that a slip of the pen may have been meant for.
const MEANT: &[&str] = &[
    "$defs",
    "$ref",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "default",
    "definitions",
    "dependencies",
    "deprecated",
    "description",
    "discriminator",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// The keyword that a key was meant to be: the same but for case and hyphens, or but for a letter or two.
fn meant(key: &str) -> Option<&'static str> {
    let fold = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let folded = fold(key);
    let near = MEANT.iter().filter(|known| known.len().abs_diff(key.len()) <= 3).map(|known| {
        let plain = fold(known);
        (edit_distance(&plain, &folded), known.len(), plain, *known)
    });
    let (distance, _, plain, known) = near.min()?;
    let same_start = plain.chars().next() == folded.chars().next();
    let most = match plain.len() {
        // Of short words every other one is near.
        ..=5 if same_start => 1,
        ..=5 => 0,
        6..=8 => 1 + usize::from(same_start),
        _ => 2,
    };
    (distance <= most).then_some(known)
}

/// Keywords that only describe.
pub(super) fn is_annotation(key: &str) -> bool {
    is_silent(key)
        || key.starts_with("x-")
        || matches!(
            key,
            "title"
                | "description"
                | "default"
                | "example"
                | "examples"
                | "deprecated"
                | "externalDocs"
                | "readOnly"
                | "writeOnly"
        )
}

/// Keywords that say nothing of values, nor of the schema to its reader.
pub(super) fn is_silent(key: &str) -> bool {
    matches!(
        key,
        "$schema" | "$id" | "id" | "$comment" | "$anchor" | "definitions" | "$defs" | "$vocabulary" | "x-conecta-allow"
    )
}

/// Keywords of later drafts that restrict values and are not enforced.
pub(super) fn is_not_enforced(key: &str) -> bool {
    matches!(
        key,
        "unevaluatedProperties"
            | "unevaluatedItems"
            | "minContains"
            | "maxContains"
            | "$recursiveRef"
            | "$dynamicRef"
            | "contentSchema"
            | "extends"
            | "disallow"
            | "divisibleBy"
    )
}
