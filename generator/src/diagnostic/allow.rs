//! Findings that a document allows where they stand.
//!
//! In YAML by a comment, at the end of the line of the place or alone on a line above it:
//!
//! ```yaml
//! LegacyOrder: # conecta-gen: allow(CG0420)
//!   type: object
//! # conecta-gen: allow(CG0505, CG0420)
//! OldOrder: { type: object, required: [id], properties: { sku: {} } }
//! ```
//!
//! In either syntax by a field `x-conecta-allow: [CG0420]`, which holds for the mapping that it stands in and all within.

use std::collections::HashMap;

use super::{At, Code, Diagnostic};
use crate::document::{Document, Kind, Place, Span};

const COMMENT: &str = "# conecta-gen:";
const FIELD: &str = "x-conecta-allow";

/// Faults of this kind that are told.
const MOST: usize = 1_000;

/// What a document allows, and what is wrong with how it says so.
pub(super) struct Allowed {
    lines: HashMap<(u32, usize), Vec<Code>>,
    fields: HashMap<Place, Vec<Code>>,
    faults: Vec<Diagnostic>,
}

impl Allowed {
    pub(super) fn of(document: &Document) -> Self {
        let mut allowed = Self { lines: HashMap::new(), fields: HashMap::new(), faults: Vec::new() };
        allowed.comments(document);
        if document.files().iter().any(|file| file.text.contains(FIELD)) {
            allowed.fields(document);
        }
        allowed
    }

    /// Whether a finding is allowed where it stands.
    pub(super) fn covers(&self, finding: &Diagnostic, document: &Document) -> bool {
        let Some(at) = finding.at else { return false };
        if !self.lines.is_empty()
            && let Some(span) = document.span(at)
            && let Some(file) = document.files().get(span.file as usize)
            && let Some(codes) = self.lines.get(&(span.file, file.position(span.start).line))
            && codes.contains(&finding.code)
        {
            return true;
        }
        let (At::Value(place) | At::Key(place)) = at else { return false };
        if self.fields.is_empty() {
            return false;
        }
        let above = std::iter::successors(Some(document.real(place)), |place| document.parent(*place));
        above.into_iter().any(|place| self.fields.get(&place).is_some_and(|codes| codes.contains(&finding.code)))
    }

    pub(super) fn into_faults(self) -> Vec<Diagnostic> {
        self.faults
    }

    fn comments(&mut self, document: &Document) {
        for (number, file) in document.contract().filter(|(_, file)| file.text.contains(COMMENT)) {
            // Texts do not overlap: the last that begins before a place is the one that may hold it.
            let texts = document.texts_holding(COMMENT).filter(|text| text.file == number);
            let mut texts: Vec<(usize, usize)> = texts.map(|text| (text.start as usize, text.end as usize)).collect();
            texts.sort_unstable();
            // From below, so that of a column of comments each knows the line that the one below it is about.
            let mut below = (usize::MAX, usize::MAX);
            for (start, _) in file.text.rmatch_indices(COMMENT) {
                let before = file.text[..start].rsplit('\n').next().unwrap_or_default();
                let text = texts.partition_point(|(begin, _)| *begin <= start).checked_sub(1).map(|i| texts[i]);
                let is_comment = before.is_empty() || before.ends_with([' ', '\t']);
                if !is_comment || text.is_some_and(|(_, end)| start < end) {
                    continue;
                }
                let rest = file.text[start + COMMENT.len()..].lines().next().unwrap_or_default();
                let end = start + COMMENT.len() + rest.trim_end().len();
                let at = At::Text(Span { file: number, start: start as u32, end: end as u32 });
                let own = file.position(start as u32).line;
                let mut line = own;
                if before.trim().is_empty() {
                    let passed = |text: &str| text.trim().is_empty() || text.trim_start().starts_with('#');
                    line += 1;
                    while line != below.0 && line <= file.lines() && passed(file.line(line)) {
                        line += 1;
                    }
                    line = if line == below.0 { below.1 } else { line };
                    below = (own, line);
                }
                match rest.trim().strip_prefix("allow(").and_then(|rest| rest.strip_suffix(')')) {
                    Some(list) => {
                        let codes = self.codes(list.split(','), at);
                        self.lines.entry((number, line)).or_default().extend(codes);
                    }
                    None => self.fault(
                        at,
                        "this comment asks for nothing that there is".to_owned(),
                        "`# conecta-gen: allow(CG0420)` is what can be asked for".to_owned(),
                    ),
                }
            }
        }
    }

    fn fields(&mut self, document: &Document) {
        for field in document.under_key(FIELD) {
            let Some(map) = document.parent(field) else { continue };
            let items: Vec<Place> = match document.kind(field) {
                Kind::List => document.items(field).collect(),
                Kind::String => vec![field],
                // A property or a parameter of that name.
                _ => continue,
            };
            for item in items {
                let codes = self.codes(document.str(item).into_iter(), At::Value(item));
                self.fields.entry(map).or_default().extend(codes);
            }
        }
    }

    fn codes<'t>(&mut self, list: impl Iterator<Item = &'t str>, at: At) -> Vec<Code> {
        let mut codes = Vec::new();
        for text in list.map(str::trim) {
            match Code::parse(text) {
                Some(code) if code.may_be_lowered() => codes.push(code),
                Some(code) => self.fault(
                    at,
                    format!("{code} cannot be allowed"),
                    "what is generated would be in doubt; correct the document".to_owned(),
                ),
                None => {
                    let help = "`conecta-gen explain --all` lists the codes".to_owned();
                    self.fault(at, format!("there is no code `{text}`"), help);
                }
            }
        }
        codes
    }

    fn fault(&mut self, at: At, message: String, help: String) {
        if self.faults.len() < MOST {
            self.faults.push(Diagnostic::new(Code::ALLOW, message).pointing(at).help(help));
        }
    }
}
