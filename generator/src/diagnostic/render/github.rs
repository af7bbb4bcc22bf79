//! GitHub's workflow commands: `::error file=…,line=…,col=…::message`.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::Write;

use super::printable;
use crate::{
    diagnostic::{Diagnostic, Severity},
    document::Document,
};

pub(super) fn render(diagnostics: &[Diagnostic], document: &Document) -> String {
    let mut out = String::new();
    for d in diagnostics {
        let command = match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut properties = Vec::new();
        if let Some(span) = d.at.and_then(|at| document.span(at))
            && let Some(file) = document.files().get(span.file as usize)
        {
            let (start, end) = (file.position(span.start), file.position(span.end));
            properties.push(format!("file={}", property(&file.name)));
            properties.push(format!("line={},col={}", start.line, start.column));
            properties.push(format!("endLine={},endColumn={}", end.line, end.column));
        }
        properties.push(format!("title={}", d.code));
        let mut message = printable(&d.message);
        // An annotation has one place; the others are told.
        for related in &d.related {
            if let Some(span) = document.span(related.at)
                && let Some(file) = document.files().get(span.file as usize)
            {
                let start = file.position(span.start);
                let _ = write!(
                    message,
                    "\n{}:{}:{}: {}",
                    printable(&file.name),
                    start.line,
                    start.column,
                    printable(&related.message)
                );
            }
        }
        if let Some(help) = &d.help {
            let _ = write!(message, "\n{}", printable(help));
        }
        let message = data(&message);
        let _ = writeln!(out, "::{command} {}::{message}", properties.join(","));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100%\n::error::x"), "100%25%0A::error::x");
        assert_eq!(property("a,b:c"), "a%2Cb%3Ac");
    }
}
