//! A bare array, one object a finding; keys are only ever added.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    diagnostic::{At, Diagnostic},
    document::Document,
};

#[derive(Serialize)]
struct Finding<'a> {
    code: String,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Serialize, Default)]
struct Place<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    pointer: Option<String>,
}

pub(super) fn render(diagnostics: &[Diagnostic], document: &Document) -> String {
    let findings: Vec<_> = diagnostics
        .iter()
        .map(|d| Finding {
            code: d.code.to_string(),
            severity: d.severity.as_str(),
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
