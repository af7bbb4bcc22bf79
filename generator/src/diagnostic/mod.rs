//! Findings: what is wrong, where, and what to do.

mod allow;
mod codes;
mod levels;
mod render;

use crate::document::{Document, Place, Span};

pub use codes::{Code, explain};
pub use levels::{Level, Levels};
pub use render::{Format, findings_schema, render};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is unsound; `generate` writes nothing.
    Error,
    /// Sound, but not what the author can have meant, or not enforced.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a finding points at. Kept unresolved, so that one can be made without the document at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A value.
    Value(Place),
    /// The key of a value; the value itself where it has none (an item of a list, the root).
    Key(Place),
    /// A stretch of a file that could not be read as a tree.
    Text(Span),
}

/// A second place that a finding is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Where.
    pub at: At,
    /// What it has to do with it.
    pub message: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Which rule found it; its meaning never changes.
    pub code: Code,
    /// Weight.
    pub severity: Severity,
    /// What is wrong, in one line, in lower case.
    pub message: String,
    /// Where; absent for what stands nowhere in a document.
    pub at: Option<At>,
    /// What to write under the offending text.
    pub label: String,
    /// Where else.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding of `code`, with that code's severity.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            at: None,
            label: String::new(),
            related: Vec::new(),
            help: None,
        }
    }

    /// Points at the value at `place`.
    pub fn at(self, place: Place) -> Self {
        self.pointing(At::Value(place))
    }

    /// Points at the key of the value at `place`.
    pub fn at_key(self, place: Place) -> Self {
        self.pointing(At::Key(place))
    }

    /// Points at `at`.
    pub fn pointing(mut self, at: At) -> Self {
        self.at = Some(at);
        self
    }

    /// Says something under the offending text.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at a second place.
    pub fn related(mut self, at: At, message: impl Into<String>) -> Self {
        self.related.push(Related { at, message: message.into() });
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Sorts findings by file and place, and drops those said twice.
pub fn sort(diagnostics: &mut Vec<Diagnostic>, document: &Document) {
    diagnostics.sort_by_cached_key(|d| {
        let span = d.at.and_then(|at| document.span(at));
        (span.map_or((u32::MAX, 0, 0), |s| (s.file, s.start, s.end)), d.code, d.message.clone())
    });
    diagnostics.dedup_by(|a, b| a.code == b.code && a.at == b.at && a.message == b.message);
}

/// Findings as they are gathered. A document with a million faults is told of the first thousands only.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Diagnostic>,
    errors: usize,
    dropped: usize,
}

impl Findings {
    /// How many are kept: errors, and as many that are none. More than are told, since some may be allowed.
    const KEPT: usize = 20_000;

    /// How many are told: errors, and as many that are none.
    const TOLD: usize = 5_000;

    /// Adds one.
    pub fn push(&mut self, finding: Diagnostic) {
        let is_error = finding.severity == Severity::Error;
        let alike = if is_error { self.errors } else { self.list.len() - self.errors };
        if alike < Self::KEPT {
            self.errors += usize::from(is_error);
            self.list.push(finding);
        } else {
            self.dropped += 1;
        }
    }

    /// As [`into_sorted`](Self::into_sorted), each with its level and without what is allowed.
    pub(crate) fn into_settled(mut self, document: &Document, levels: &Levels) -> Vec<Diagnostic> {
        levels.settle(&mut self.list, document);
        self.into_sorted(document)
    }

    /// Sorted by file and place, each said once.
    pub fn into_sorted(mut self, document: &Document) -> Vec<Diagnostic> {
        sort(&mut self.list, document);
        let before = self.list.len();
        let (mut errors, mut others) = (0, 0);
        self.list.retain(|finding| {
            let alike = if finding.severity == Severity::Error { &mut errors } else { &mut others };
            *alike += 1;
            *alike <= Self::TOLD
        });
        self.dropped += before - self.list.len();
        if self.dropped > 0 {
            self.list.push(Diagnostic::new(Code::MORE, format!("{} more findings are not shown", self.dropped)));
        }
        self.list
    }
}

impl Extend<Diagnostic> for Findings {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, findings: I) {
        findings.into_iter().for_each(|f| self.push(f));
    }
}
