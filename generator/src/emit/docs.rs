//! Text of the document as doc comments: shown as it was written, and nothing else.
//!
//! Emphasis, lists and code spans stay, since descriptions are `CommonMark`. What would make rustdoc or a reader see more than
//! text does not: no code block can be opened (it would be compiled), no link, no HTML, no heading, no control character.

use proc_macro2::TokenStream;
use quote::quote;

/// Where lines are broken, at spaces.
const WIDTH: usize = 96;

/// Doc attributes for paragraphs of the document's text or of ours; empty ones are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Docs {
    lines: Vec<String>,
}

impl Docs {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A paragraph, or several, of the document's text.
    pub(super) fn text(mut self, text: &str) -> Self {
        let lines = text_lines(text);
        if !lines.is_empty() {
            self.blank();
            self.lines.extend(lines);
        }
        self
    }

    /// A paragraph of ours, in Markdown.
    pub(super) fn markdown(mut self, line: impl AsRef<str>) -> Self {
        self.blank();
        self.lines.extend(wrap(line.as_ref(), ""));
        self
    }

    /// A line of ours directly below the last one, not wrapped: a row of a table.
    pub(super) fn row(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn blank(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
    }

    /// `#[doc = "…"]`, a line each.
    pub(super) fn outer(&self) -> TokenStream {
        let lines = self.spaced();
        quote!(#(#[doc = #lines])*)
    }

    /// `//! …`, for the top of a file.
    pub(super) fn inner(&self) -> String {
        self.comment("//!")
    }

    /// `/// …`, for what is written as text.
    pub(super) fn outer_text(&self) -> String {
        self.comment("///")
    }

    fn comment(&self, sign: &str) -> String {
        let mut out = String::new();
        for line in self.spaced() {
            out.push_str(sign);
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    fn spaced(&self) -> impl Iterator<Item = String> {
        self.lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") })
    }
}

/// A value of the document within a paragraph of ours, as code.
pub(super) fn code(text: &str) -> String {
    let text: String = visible(text).map(|c| if c == '\n' { ' ' } else { c }).collect();
    let text = text.trim();
    if text.is_empty() {
        "the empty text".to_owned()
    } else if text.contains('`') {
        escape(text)
    } else {
        format!("`{text}`")
    }
}

/// A value of the document as code within a row of a table.
pub(super) fn cell(text: &str) -> String {
    visible(text).map(|c| if matches!(c, '|' | '`' | '\\' | '\n') { ' ' } else { c }).collect()
}

/// The document's text, line by line, made harmless.
fn text_lines(text: &str) -> Vec<String> {
    let text: String = visible(text).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut in_list = false;
    for line in text.trim().lines() {
        let line = line.trim();
        if line.is_empty() {
            if lines.last().is_some_and(|last| !last.is_empty()) {
                lines.push(String::new());
            }
            in_list = false;
            continue;
        }
        let marker = list_marker(line);
        // A line behind an item that is not one itself would be taken for part of it.
        if in_list && marker == 0 {
            lines.push(String::new());
        }
        in_list = marker > 0;
        let (marker, rest) = line.split_at(marker);
        let indent = " ".repeat(marker.len());
        let mut wrapped = wrap(rest, &indent).into_iter();
        if let Some(first) = wrapped.next() {
            let first =
                if marker.is_empty() { start(&escape(&first)) } else { format!("{marker}{}", start(&escape(&first))) };
            lines.push(first);
        }
        lines.extend(wrapped.map(|line| format!("{indent}{}", start(&escape(line.trim_start())))));
    }
    lines
}

/// Without what a terminal or an editor would obey: control characters and marks of direction.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter_map(|c| match c {
        '\n' => Some('\n'),
        '\t' | '\u{2028}' | '\u{2029}' | '\u{a0}' => Some(' '),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    })
}

/// Breaks a line at spaces, never within a code span; further lines get the indent.
fn wrap(line: &str, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut length = 0;
    let mut in_code = false;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let chars = word.chars().count();
        if !current.trim_start().is_empty() && !in_code && length + 1 + chars > WIDTH {
            lines.push(std::mem::replace(&mut current, indent.to_owned()));
            length = indent.len();
        }
        if !current.trim_start().is_empty() {
            current.push(' ');
            length += 1;
        }
        current.push_str(word);
        length += chars;
        in_code ^= word.matches('`').count() % 2 == 1;
    }
    if !current.trim_start().is_empty() {
        lines.push(current);
    }
    lines
}

/// The length of `- `, `* `, `1. ` at the start of a line.
fn list_marker(line: &str) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match line.as_bytes().get(digits) {
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        Some(b'.' | b')') if (1..=3).contains(&digits) => digits + 1,
        _ => return 0,
    };
    if line.as_bytes().get(marker) == Some(&b' ') && !line[marker..].trim().is_empty() { marker + 1 } else { 0 }
}

/// Escapes what begins a block: a heading, a quotation, a rule, a list where none is meant.
fn start(line: &str) -> String {
    let bytes = line.as_bytes();
    let first = bytes.first().copied().unwrap_or_default();
    let rule = line.len() >= 2
        && matches!(first, b'-' | b'=' | b'_' | b'*')
        && bytes.iter().all(|b| *b == first || *b == b' ');
    let block = match first {
        b'#' | b'>' | b'~' | b'|' => true,
        b'-' | b'+' | b'*' | b'=' => rule || bytes.len() == 1 || bytes.get(1) == Some(&b' '),
        _ => rule,
    };
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if block {
        format!("\\{line}")
    } else if digits > 0 && list_marker(line) > 0 {
        format!("{}\\{}", &line[..digits], &line[digits..])
    } else {
        line.to_owned()
    }
}

/// Escapes what is more than text within a line; code spans that open and close on it stay.
fn escape(line: &str) -> String {
    let ticks = line.matches('`').count();
    let spans = ticks.is_multiple_of(2) && !line.contains("``");
    let mut out = String::with_capacity(line.len() + 8);
    for (index, part) in line.split('`').enumerate() {
        if index > 0 {
            out.push_str(if spans { "`" } else { "\\`" });
        }
        if spans && index % 2 == 1 {
            out.push_str(part);
        } else {
            escape_text(part, &mut out);
        }
    }
    out
}

fn escape_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("http://") || rest.starts_with("https://") {
            let end = rest.find(|c: char| !is_url(c)).unwrap_or(rest.len());
            let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*', '_', '~']);
            out.push('<');
            out.push_str(url);
            out.push('>');
            rest = &rest[url.len()..];
            continue;
        }
        if matches!(c, '[' | ']' | '<' | '\\' | '$') {
            out.push('\\');
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
}

const fn is_url(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '-' | '.'
                | '_'
                | '~'
                | ':'
                | '/'
                | '?'
                | '#'
                | '@'
                | '!'
                | '$'
                | '&'
                | '('
                | ')'
                | '*'
                | '+'
                | ','
                | ';'
                | '='
                | '%'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(text_lines("**Protocolo:** Apache Kafka\n\n\nJSON"), ["**Protocolo:** Apache Kafka", "", "JSON"]);
        assert_eq!(text_lines("usar `caso_id`"), ["usar `caso_id`"]);
        assert_eq!(text_lines("a\u{202e}b\u{7}c\u{1b}[0m"), ["abc\\[0m"]);
    }

    #[test]
    fn nothing_opens_a_block_a_link_or_html() {
        assert_eq!(text_lines("```rust\nfn main() {}\n```"), ["\\`\\`\\`rust", "fn main() {}", "\\`\\`\\`"]);
        assert_eq!(text_lines("~~~\nx"), ["\\~~~", "x"]);
        assert_eq!(text_lines("    let x = 1;"), ["let x = 1;"]);
        assert_eq!(text_lines("[Vec] <script> # no\n# yes"), ["\\[Vec\\] \\<script> # no", "\\# yes"]);
        assert_eq!(text_lines("\\[Vec\\]"), ["\\\\\\[Vec\\\\\\]"]);
        assert_eq!(text_lines("a\n---\nb\n===\n> c"), ["a", "\\---", "b", "\\===", "\\> c"]);
        assert_eq!(text_lines("an `open tick"), ["an \\`open tick"]);
    }

    #[test]
    fn lists_end_where_they_end_and_wrapped_items_are_indented() {
        assert_eq!(text_lines("uses:\n- a\n- b\nthen"), ["uses:", "- a", "- b", "", "then"]);
        let lines = text_lines(&format!("- {}", "word ".repeat(40)));
        assert!(lines.len() == 3 && lines[1].starts_with("  word"), "{lines:?}");
    }

    #[test]
    fn an_address_becomes_a_link_to_itself() {
        assert_eq!(text_lines("see https://example.org/a_b."), ["see <https://example.org/a_b>."]);
    }

    #[test]
    fn a_wrapped_line_cannot_begin_a_list() {
        let lines = text_lines(&format!("{} - b 1. c", "x".repeat(95)));
        assert_eq!(lines[1], "\\- b 1. c");
    }
}
