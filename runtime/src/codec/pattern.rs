//! Patterns of texts, in linear time.
//!
//! Most patterns of contracts are a row of characters and classes with counts, anchored on both sides, of which each
//! step excludes the next (`^CRV-\d{4}-\d{8}$`, `^\d+\.\d+$`). Such a row is walked once, without backtracking; the
//! others are compiled by `regex-lite` at their first use. Its walk of a short text takes longer than reading the event
//! around it.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex_lite::Regex;

/// A pattern, compiled at its first use.
#[derive(Debug)]
pub(super) struct Pattern {
    source: Cow<'static, str>,
    compiled: OnceLock<Compiled>,
}

#[derive(Debug)]
enum Compiled {
    Row(Vec<Step>),
    Search(Regex),
    /// The generator lets none of these through.
    Unusable(String),
}

/// Characters of one class, so and so many of them.
#[derive(Debug, PartialEq)]
struct Step {
    /// Which ASCII characters.
    ascii: u128,
    /// Whether all others too.
    others: bool,
    min: u32,
    max: u32,
}

impl Pattern {
    /// The pattern of that text, in `regex-lite`'s syntax. It is searched for, so it may match anywhere unless it says `^` and `$`.
    #[must_use]
    pub(super) const fn new(source: &'static str) -> Self {
        Self { source: Cow::Borrowed(source), compiled: OnceLock::new() }
    }

    /// The same of a text that was read.
    pub(super) const fn of(source: String) -> Self {
        Self { source: Cow::Owned(source), compiled: OnceLock::new() }
    }

    /// Holds a text against the pattern.
    ///
    /// # Errors
    /// A sentence that names the pattern.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        match self.compiled() {
            Compiled::Row(row) if walk(row, text) => Ok(()),
            Compiled::Search(regex) if regex.is_match(text) => Ok(()),
            Compiled::Unusable(fault) => Err(format!("its pattern `{}` cannot be used: {fault}", self.source)),
            _ => Err(format!("does not match the pattern `{}`", self.source)),
        }
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| match row(&self.source) {
            Some(row) => Compiled::Row(row),
            None => match Regex::new(&self.source) {
                Ok(regex) => Compiled::Search(regex),
                Err(fault) => Compiled::Unusable(fault.to_string()),
            },
        })
    }
}

impl Step {
    fn accepts(&self, char: char) -> bool {
        if char.is_ascii() { self.ascii & (1 << u32::from(char)) != 0 } else { self.others }
    }

    fn excludes(&self, other: &Step) -> bool {
        self.ascii & other.ascii == 0 && !(self.others && other.others)
    }
}

fn walk(row: &[Step], text: &str) -> bool {
    let mut chars = text.chars().peekable();
    for step in row {
        let mut count = 0;
        while count < step.max && chars.next_if(|char| step.accepts(*char)).is_some() {
            count += 1;
        }
        if count < step.min {
            return false;
        }
    }
    chars.next().is_none()
}

/// The row that a pattern is, if it is one and can be walked without ever turning back.
fn row(source: &str) -> Option<Vec<Step>> {
    let mut rest = source.strip_prefix('^')?.strip_suffix('$')?;
    let mut row: Vec<Step> = Vec::new();
    while !rest.is_empty() {
        let (ascii, others, after) = class(rest)?;
        let (min, max, after) = count(after)?;
        row.push(Step { ascii, others, min, max });
        rest = after;
    }
    // Taking as many as can be had is right where no character taken could have been wanted later: a step of variable
    // length must exclude what can come next, as far as the first step that cannot be skipped.
    for (index, step) in row.iter().enumerate().filter(|(_, step)| step.min != step.max) {
        for next in &row[index + 1..] {
            if !step.excludes(next) {
                return None;
            }
            if next.min > 0 {
                break;
            }
        }
    }
    Some(row)
}

/// The class at the start of a pattern, and what follows it.
fn class(source: &str) -> Option<(u128, bool, &str)> {
    let mut chars = source.chars();
    match chars.next()? {
        '\\' => escape(chars.next()?).map(|(ascii, others)| (ascii, others, chars.as_str())),
        '[' => set(chars.as_str()),
        // Syntax, or in need of a thought that regex-lite has had.
        '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | ']' | '{' | '}' => None,
        char => Some((bit(char)?, false, chars.as_str())),
    }
}

/// A set without nesting or operators: characters, ranges and `\d`, perhaps negated.
fn set(source: &str) -> Option<(u128, bool, &str)> {
    let (negated, mut rest) = match source.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, source),
    };
    let mut ascii = 0u128;
    loop {
        let mut chars = rest.chars();
        let (item, single) = match chars.next()? {
            ']' if ascii != 0 => {
                return Some((if negated { !ascii } else { ascii }, negated, chars.as_str()));
            }
            '[' | ']' | '-' | '^' | '&' | '~' => return None,
            '\\' => match chars.next()? {
                'd' => (escape('d')?.0, None),
                char if char.is_ascii_punctuation() => (bit(char)?, Some(char)),
                _ => return None,
            },
            char => (bit(char)?, Some(char)),
        };
        rest = chars.as_str();
        ascii |= item;
        if let Some(from) = single
            && let Some(after) = rest.strip_prefix('-')
            && !after.starts_with(']')
        {
            let mut chars = after.chars();
            let to = chars.next().filter(|to| to.is_ascii_alphanumeric() && *to >= from)?;
            for char in from..=to {
                ascii |= bit(char)?;
            }
            rest = chars.as_str();
        } else if rest.starts_with("-]") {
            // A dash at the end is itself.
            ascii |= bit('-')?;
            rest = &rest[1..];
        }
    }
}

fn escape(char: char) -> Option<(u128, bool)> {
    let digits: u128 = ('0'..='9').filter_map(bit).sum();
    match char {
        'd' => Some((digits, false)),
        'D' => Some((!digits, true)),
        char if char.is_ascii_punctuation() => Some((bit(char)?, false)),
        _ => None,
    }
}

fn bit(char: char) -> Option<u128> {
    char.is_ascii().then(|| 1 << u32::from(char))
}

/// The count at the start of what follows a class.
fn count(source: &str) -> Option<(u32, u32, &str)> {
    let (min, max, rest) = match source.as_bytes().first() {
        Some(b'?') => (0, 1, &source[1..]),
        Some(b'*') => (0, u32::MAX, &source[1..]),
        Some(b'+') => (1, u32::MAX, &source[1..]),
        Some(b'{') => {
            let (inside, rest) = source[1..].split_once('}')?;
            let number = |text: &str| {
                (!text.is_empty() && text.len() < 5 && text.bytes().all(|byte| byte.is_ascii_digit()))
                    .then(|| text.parse::<u32>().ok())
                    .flatten()
            };
            match inside.split_once(',') {
                None => (number(inside)?, number(inside)?, rest),
                Some((min, "")) => (number(min)?, u32::MAX, rest),
                Some((min, max)) => (number(min)?, number(max)?, rest),
            }
        }
        _ => return Some((1, 1, source)),
    };
    // `a??` and `a{2}{3}` mean more than they look.
    (min <= max && !rest.starts_with(['?', '*', '+', '{'])).then_some((min, max, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A small generator of pseudo-random numbers, so that a failure can be replayed.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % bound
        }
        fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
            from[self.below(from.len())]
        }
    }

    #[test]
    fn the_patterns_of_contracts_are_rows() {
        for source in [
            r"^CRV-\d{4}-\d{8}$",
            r"^\d+\.\d+$",
            "^[A-Z]{3}$",
            "^[A-Za-z0-9_-]+$",
            r"^\+?\d{8,15}$",
            "^[0-9a-f]{8}-[0-9a-f]{4}$",
            "^$",
        ] {
            assert!(row(source).is_some(), "{source}");
        }
    }

    #[test]
    fn what_needs_turning_back_or_thought_is_left_to_the_engine() {
        for source in
            ["abc", r"^\d+\d$", "^a*b*a$", "^(a|b)$", "^.+$", r"^a\$", "^a|b$", "^[[:alpha:]]$", r"^\w+$", "^a??b$"]
        {
            assert!(row(source).is_none(), "{source}");
        }
    }

    #[test]
    fn a_row_accepts_what_the_engine_accepts() {
        let classes = [
            "a",
            "b",
            "-",
            r"\.",
            r"\d",
            r"\D",
            "[ab]",
            "[^a]",
            "[a-c]",
            "[b-]",
            r"[\d-]",
            r"[\-b]",
            "é",
            "[^0-9]",
            "[A-Za-z_]",
        ];
        let counts = ["", "", "?", "*", "+", "{2}", "{0,2}", "{1,}"];
        let letters = ["a", "b", "c", "-", ".", "1", "22", "é", "\n", "Z", "_", "aa"];
        let mut dice = Dice(1);
        let mut rows = 0;
        for _ in 0..4_000 {
            let steps = dice.below(4);
            let body: String = (0..steps).map(|_| format!("{}{}", dice.pick(&classes), dice.pick(&counts))).collect();
            let source = format!("^{body}$");
            let Some(row) = row(&source) else { continue };
            rows += 1;
            let engine = Regex::new(&source).unwrap();
            for _ in 0..30 {
                let length = dice.below(7);
                let text: String = (0..length).map(|_| dice.pick(&letters)).collect();
                assert_eq!(walk(&row, &text), engine.is_match(&text), "{source} on {text:?}");
            }
        }
        assert!(rows > 1_000, "{rows}");
    }

    #[test]
    fn an_unanchored_pattern_is_searched_for() {
        assert!(Pattern::new("b").check("abc").is_ok());
        assert_eq!(Pattern::new("b").check("ac"), Err("does not match the pattern `b`".to_owned()));
    }
}
