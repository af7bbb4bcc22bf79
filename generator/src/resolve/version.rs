//! The version a document is written in.

use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Document, Place},
};

const SUPPORTED: &[&str] = &["2.0.0", "2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0", "2.6.0", "3.0.0", "3.1.0"];

/// The version, where it is one that can be read.
pub(super) fn of(document: &Document, root: Place, findings: &mut Findings) -> Option<String> {
    let Some(place) = document.get(root, "asyncapi") else {
        let first = document.entries(root).next().map_or(At::Value(root), |(_, first)| At::Key(first));
        findings.push(
            Diagnostic::new(Code::NO_VERSION, "this is no AsyncAPI document: the field `asyncapi` is missing")
                .pointing(first)
                .help("add the version it is written in, `asyncapi: 2.6.0`"),
        );
        return None;
    };
    let text = match document.str(place) {
        Some(text) => text.to_owned(),
        None => document.value(place).to_string(),
    };
    if SUPPORTED.contains(&text.as_str()) {
        return Some(text);
    }
    let help = match SUPPORTED.iter().find(|v| v.strip_suffix(".0").is_some_and(|short| short == text)) {
        Some(full) => format!("write it in full: `asyncapi: {full}`"),
        None if text.starts_with("1.") => {
            "2.0 to 2.6, 3.0 and 3.1 are supported; convert the document first".to_owned()
        }
        None => "2.0.0 to 2.6.0, 3.0.0 and 3.1.0 are supported".to_owned(),
    };
    let short: String = text.chars().take(20).collect();
    findings.push(
        Diagnostic::new(Code::UNKNOWN_VERSION, format!("AsyncAPI {short} is not supported")).at(place).help(help),
    );
    None
}
