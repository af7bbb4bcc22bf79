//! A bare array, one object a finding; keys are only ever added.

use std::fmt::Write as _;

use schemars::JsonSchema;
use schemars::schema::{RootSchema, Schema};
use serde::Serialize;

use crate::{
    diagnostic::{At, Diagnostic, Severity},
    document::Document,
};

/// Where the schema is said to be; its number goes up should a key ever be removed or change its meaning.
const SCHEMA_ID: &str = "https://conecta-rs.github.io/conecta/schemas/findings-1.json";

/// A finding.
#[derive(Serialize, JsonSchema)]
struct Finding<'a> {
    /// The rule that found it; `conecta-gen explain` says more.
    #[schemars(regex(pattern = "^CG[0-9]{4}$"))]
    code: String,
    /// How much it weighs.
    severity: Weight,
    /// What is wrong, in a sentence.
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    /// What to do.
    help: Option<&'a str>,
    /// Other places that it is about.
    related: Vec<Related<'a>>,
}

/// Another place that a finding is about.
#[derive(Serialize, JsonSchema)]
struct Related<'a> {
    /// What it has to do with the finding.
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

/// Lines and columns are counted from 1, columns in Unicode scalar values; the end is the position behind the last character.
#[derive(Serialize, Default, JsonSchema)]
struct Place<'a> {
    /// The file, as it was named; null for what stands nowhere.
    file: Option<&'a str>,
    /// The line, from 1.
    line: Option<usize>,
    /// The column, from 1, in Unicode scalar values.
    column: Option<usize>,
    /// The line it ends in.
    end_line: Option<usize>,
    /// The column behind its last character.
    end_column: Option<usize>,
    /// The JSON Pointer of the value, in its file; null where the text could not be read that far.
    pointer: Option<String>,
}

/// How much a finding weighs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Weight {
    /// `check` fails, `generate` writes nothing.
    Error,
    /// Sound, but not what the author can have meant, or not enforced.
    Warning,
    /// Worth knowing.
    Note,
}

impl From<Severity> for Weight {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }
}

/// The JSON Schema (draft-07) of what is written.
pub(super) fn schema() -> RootSchema {
    let mut root = schemars::schema_for!(Vec<Finding<'static>>);
    let metadata = root.schema.metadata();
    metadata.id = Some(SCHEMA_ID.to_owned());
    metadata.title = Some("Findings of conecta-gen check --format json".to_owned());
    metadata.description = Some("Keys may be added; none is removed or changes its meaning.".to_owned());
    // Every key is always written, with null where there is nothing to say.
    for definition in root.definitions.values_mut() {
        if let Schema::Object(schema) = definition
            && let Some(object) = &mut schema.object
        {
            object.required = object.properties.keys().cloned().collect();
        }
    }
    root
}

pub(super) fn render(diagnostics: &[Diagnostic], document: &Document) -> String {
    let findings: Vec<_> = diagnostics
        .iter()
        .map(|d| Finding {
            code: d.code.to_string(),
            severity: d.severity.into(),
            message: &d.message,
            place: d.at.map(|at| place(at, document)).unwrap_or_default(),
            help: d.help.as_deref(),
            related: d.related.iter().map(|r| Related { message: &r.message, place: place(r.at, document) }).collect(),
        })
        .collect();
    // Plain data with string keys: this cannot fail.
    let text = serde_json::to_string_pretty(&findings).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    // What is left of these stands within a string, and means the same when it is escaped: a terminal may be reading.
    for c in text.chars() {
        match c {
            c if super::hostile(c) && c != '\n' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\n');
    out
}

fn place(at: At, document: &Document) -> Place<'_> {
    let Some(span) = document.span(at) else { return Place::default() };
    let Some(file) = document.files().get(span.file as usize) else { return Place::default() };
    let (start, end) = (file.position(span.start), file.position(span.end));
    Place {
        file: Some(&file.name),
        line: Some(start.line),
        column: Some(start.column),
        end_line: Some(end.line),
        end_column: Some(end.column),
        pointer: match at {
            At::Value(place) | At::Key(place) => Some(document.pointer(place)),
            At::Text(_) => None,
        },
    }
}
