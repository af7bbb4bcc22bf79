//! Every code, once. A code keeps its meaning for ever; one that is no longer used is not given to another rule.
//!
//! CG01 reading, CG02 references, CG03 the AsyncAPI objects, CG04 what they say of each other, CG05 schemas, CG06 examples
//! and defaults, CG07 topics, CG08 generation, CG09 the configuration and what is allowed.

mod table;

use std::fmt;

use super::Severity;
use table::REGISTRY;

/// A code, `CG0105`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u16);

/// What the registry knows of a code.
struct Entry {
    code: Code,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    example: &'static str,
}

impl Code {
    fn entry(self) -> Option<&'static Entry> {
        REGISTRY.iter().find(|e| e.code == self)
    }

    /// Its weight, where nothing sets another.
    pub fn severity(self) -> Severity {
        self.entry().map_or(Severity::Error, |e| e.severity)
    }

    /// Why it matters, in a sentence or a few.
    pub(crate) fn why(self) -> &'static str {
        self.entry().map_or("", |e| e.why)
    }

    /// How it is done right, or what is wrong, in a few lines.
    pub(crate) fn example(self) -> &'static str {
        self.entry().map_or("", |e| e.example)
    }

    /// What it means, in a line.
    pub fn title(self) -> &'static str {
        self.entry().map_or("", |e| e.title)
    }

    /// Whether the types are sound in spite of it, so that `generate` goes on: an example or a default that contradicts its
    /// schema; messages that cannot be told apart, which are left without a consumer.
    pub fn spares_types(self) -> bool {
        matches!(
            self,
            Self::EXAMPLE | Self::HEADERS_EXAMPLE | Self::DEFAULT | Self::SCHEMA_EXAMPLE | Self::MESSAGES_ALIKE
        )
    }

    /// Whether a finding may be allowed, or given a level below error: what is generated is sound in spite of it.
    pub fn may_be_lowered(self) -> bool {
        const ERRORS_OF_STYLE: &[Code] = &[
            Code::UNKNOWN_FIELD,
            Code::DUPLICATE_MESSAGE_ID,
            Code::UNKNOWN_SERVER,
            Code::PARAMETER_NOT_DESCRIBED,
            Code::PARAMETER_NOT_IN_ADDRESS,
            Code::UNKNOWN_SECURITY,
            Code::DUPLICATE_TAG,
            Code::ADDRESS_DELIMITER,
            Code::VARIABLE_NOT_DESCRIBED,
            Code::TOPIC_NAME,
        ];
        // That there is more to be said is never kept silent.
        self != Self::MORE
            && (self.severity() != Severity::Error || self.spares_types() || ERRORS_OF_STYLE.contains(&self))
    }

    /// Every code, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        REGISTRY.iter().map(|e| e.code)
    }

    /// The code that is written `text`: `CG0105`, `cg0105` or `105`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_start_matches(['C', 'G', 'c', 'g']);
        let code = Self(digits.parse().ok()?);
        code.entry().map(|e| e.code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CG{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a code means, why it matters, and an example, as text of at most 80 columns.
pub fn explain(code: Code) -> String {
    let Some(entry) = code.entry() else { return String::new() };
    let mut text = format!("{code} ({}): {}\n\n", entry.severity.as_str(), entry.title);
    let mut width = 0;
    for word in entry.why.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 80 {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text.push_str("\n\nExample:\n\n");
    for line in entry.example.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_given_once_and_explained() {
        let (mut seen, mut last) = (HashSet::new(), None);
        for code in Code::all() {
            assert!(seen.insert(code), "{code} stands for two rules");
            assert!(last.is_none_or(|last| last < code), "{code} is out of order");
            last = Some(code);
            assert!(!code.title().is_empty());
            let text = explain(code);
            assert!(text.contains("Example:") && text.starts_with(&code.to_string()), "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "wider than 80 columns: {text}");
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in ["CG0105", "cg0105", "0105", "105"] {
            assert_eq!(Code::parse(text), Some(Code::DUPLICATE_KEY), "{text}");
        }
        assert_eq!(Code::parse("CG9999"), None);
        assert_eq!(Code::parse("duplicate"), None);
    }
}
