//! For people: annotate-snippets, at most 80 columns of what is ours.

use std::fmt::Write;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet, renderer::DecorStyle,
};

use super::{hostile, printable};
use crate::{
    diagnostic::{Diagnostic, Severity},
    document::{Document, File, Position, Span},
};

/// Lines further apart than this are drawn as two snippets, so that what lies between is not printed.
const NEAR: usize = 6;

/// Columns.
const WIDTH: usize = 80;

/// Bytes of a line that is still shown; in a minified document a line is all of it.
const LONG: usize = 1000;

pub(super) fn render(diagnostics: &[Diagnostic], document: &Document, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let mut out = String::new();
    for d in diagnostics {
        let drawing = Drawing::of(d, document);
        out.push_str(&renderer.render(&[drawing.group(d)]));
        out.push_str("\n\n");
    }
    summary(diagnostics, &mut out);
    out
}

fn summary(diagnostics: &[Diagnostic], out: &mut String) {
    let count = |s| diagnostics.iter().filter(|d| d.severity == s).count();
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .filter_map(|(severity, word)| match count(severity) {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        })
        .collect();
    let _ = match diagnostics.iter().map(|d| d.code).min() {
        None => writeln!(out, "no findings"),
        Some(code) => writeln!(out, "{}; `conecta-gen explain {code}` says more", parts.join(", ")),
    };
}

/// The lines around one place, or around two that are near each other.
struct Window {
    file: String,
    first_line: usize,
    text: String,
    marks: Vec<(std::ops::Range<usize>, bool, String)>,
}

impl Window {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let marks = self.marks.iter().map(|(range, primary, label)| {
            let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(range.clone());
            if label.is_empty() { annotation } else { annotation.label(label.as_str()) }
        });
        Snippet::source(self.text.as_str()).line_start(self.first_line).path(self.file.as_str()).annotations(marks)
    }
}

/// What is shown of the text: its lines, or where it is, if these are too long to show.
enum View {
    Lines(Window),
    Place { file: String, line: usize, column: usize, note: String },
}

struct Drawing {
    message: String,
    code: String,
    help: Option<String>,
    views: Vec<View>,
}

impl Drawing {
    fn of(d: &Diagnostic, document: &Document) -> Self {
        let mut views = Vec::new();
        let places = d.at.iter().map(|at| (*at, true, d.label.as_str()));
        let related = d.related.iter().map(|r| (r.at, false, r.message.as_str()));
        let mut marks: Vec<(Span, bool, &str)> = places
            .chain(related)
            .filter_map(|(at, primary, label)| Some((document.span(at)?, primary, label)))
            .collect();
        // The offending place first; the others after it, in one window where they are near.
        while !marks.is_empty() {
            let (span, ..) = marks[0];
            let Some(file) = document.files().get(span.file as usize) else { break };
            let line = |s: u32| file.position(s).line;
            let (mut from, mut to) = (line(span.start), line(span.start));
            let mut here = Vec::new();
            marks.retain(|(s, primary, label)| {
                let at = line(s.start);
                let near = s.file == span.file && at + NEAR >= from && at <= to + NEAR;
                if near {
                    from = from.min(at);
                    to = to.max(at);
                    here.push((*s, *primary, (*label).to_owned()));
                }
                !near
            });
            if (from..=to).all(|line| file.line(line).len() <= LONG) {
                views.push(View::Lines(window(file, from, to, &here)));
            } else {
                views.extend(here.into_iter().map(|(span, _, label)| {
                    let Position { line, column } = file.position(span.start);
                    let note = wrapped(&printable(&label), WIDTH - 13);
                    View::Place { file: printable(&file.name), line, column, note }
                }));
            }
        }
        Self {
            // `warning[CG0601]: ` and `    = help: ` stand before them.
            message: wrapped(&printable(&d.message), WIDTH - 17),
            code: d.code.to_string(),
            help: d.help.as_deref().map(|help| wrapped(&printable(help), WIDTH - 13)),
            views,
        }
    }

    fn group<'a>(&'a self, d: &Diagnostic) -> Group<'a> {
        let level = match d.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut group = level.primary_title(self.message.as_str()).id(self.code.as_str()).elements([] as [Padding; 0]);
        for view in &self.views {
            group = match view {
                View::Lines(window) => group.element(window.snippet()),
                View::Place { file, line, column, note } => {
                    let origin = Origin::path(file.as_str()).line(*line).char_column(*column);
                    let group = group.element(origin);
                    if note.is_empty() { group } else { group.element(Level::NOTE.message(note.as_str())) }
                }
            };
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}

/// Breaks a text at spaces, so that no line is longer than `width` where that can be.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// Cuts out lines `from` to `to` (from 1), makes them fit for a terminal, and moves the marks along. A mark that spans
/// several lines is drawn on its first.
fn window(file: &File, from: usize, to: usize, marks: &[(Span, bool, String)]) -> Window {
    let mut text = String::new();
    let mut starts = Vec::new();
    for line in from..=to {
        starts.push(text.len());
        // One for one, so that columns stay.
        text.extend(file.line(line).chars().map(|c| if hostile(c) && c != '\t' { '\u{fffd}' } else { c }));
        text.push('\n');
    }
    let marks = marks
        .iter()
        .map(|(span, primary, label)| {
            let (begin, end) = (file.position(span.start), file.position(span.end));
            let start = starts.get(begin.line - from).copied().unwrap_or_default();
            let row = text[start..].split('\n').next().unwrap_or_default();
            let byte = |column: usize| row.char_indices().nth(column - 1).map_or(row.len(), |(i, _)| i);
            let first = byte(begin.column);
            let last = if end.line == begin.line { byte(end.column) } else { row.trim_end().len() };
            (start + first..start + last.max(first), *primary, printable(label))
        })
        .collect();
    Window { file: printable(&file.name), first_line: from, text, marks }
}
