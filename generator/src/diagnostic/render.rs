//! Findings as text: for people, for programs, for GitHub's annotations.

mod github;
mod human;
mod json;

use schemars::schema::RootSchema;

use super::Diagnostic;
use crate::document::Document;

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people, with the text they are about.
    #[default]
    Human,
    /// A JSON array.
    Json,
    /// Workflow commands that GitHub shows beside the lines.
    Github,
}

/// The JSON Schema (draft-07) of what [`Format::Json`] writes, with an `$id` that bears its version.
pub fn findings_schema() -> RootSchema {
    json::schema()
}

/// Writes findings out; `colour` matters to people only.
pub fn render(diagnostics: &[Diagnostic], document: &Document, format: Format, colour: bool) -> String {
    match format {
        Format::Human => human::render(diagnostics, document, colour),
        Format::Json => json::render(diagnostics, document),
        Format::Github => github::render(diagnostics, document),
    }
}

/// Text of a document as it may go to a terminal: control characters, and those that turn the direction of writing, are
/// shown as their code points, and a line break as one that would be written, so that no text draws a line of its own.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.extend(c.escape_default()),
            _ if hostile(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
