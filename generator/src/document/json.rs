//! The gate for JSON: a scanner that draws up the tree and its spans, iteratively, so that depth is refused before a
//! recursive deserialiser sees it. serde_json gives the values afterwards.

use super::{
    limits::Limits,
    read::Refusal,
    tree::{Data, NONE, Tree},
    yaml::{too_deep, too_many},
};
use crate::diagnostic::Code;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// A value, or the end of a list that has just begun.
    FirstItem,
    Key,
    /// A key, or the end of a mapping that has just begun.
    FirstKey,
    CommaOrEnd,
    Nothing,
}

/// Draws up the tree of a JSON text. Strings and numbers get their values from [`super::fill`].
pub(super) fn read(text: &str, file: u32, tree: &mut Tree, limits: &Limits) -> Result<u32, Refusal> {
    tree.reserve(text.len() / 16, text.len() / 2);
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let mut open: Vec<(u32, bool, u32)> = Vec::new();
    let mut key: Option<(u32, u32)> = None;
    let mut root = NONE;
    let mut expect = Expect::Value;
    loop {
        scanner.skip_space();
        let start = scanner.at;
        let Some(byte) = scanner.peek() else {
            if expect == Expect::Nothing {
                return Ok(root);
            }
            let end = text.len() as u32;
            let unclosed = open.last().and_then(|(node, ..)| tree.span(super::Place(*node)));
            let mut refusal = Refusal::new(Code::SYNTAX, "the text ends in the middle of a value", (end, end))
                .help("the file seems to be cut off; close what is open, or fetch it anew");
            if let Some(span) = unclosed {
                refusal = refusal.related((span.start, span.start + 1), "this is not closed");
            }
            return Err(refusal);
        };
        match (expect, byte) {
            (Expect::FirstItem, b']') | (Expect::FirstKey, b'}') => {
                scanner.at += 1;
                expect = close(&mut open, tree, scanner.at);
            }
            (Expect::Key | Expect::FirstKey, b'"') => {
                scanner.string()?;
                key = Some((start as u32, scanner.at as u32));
                scanner.skip_space();
                if scanner.peek() != Some(b':') {
                    return Err(scanner.unexpected("`:` must follow the key"));
                }
                scanner.at += 1;
                expect = Expect::Value;
            }
            (Expect::Key | Expect::FirstKey, _) => {
                return Err(scanner.unexpected("a key in double quotes must come here"));
            }
            (Expect::Value | Expect::FirstItem, _) => {
                let data = match byte {
                    b'{' => Data::Map,
                    b'[' => Data::List,
                    b'"' => {
                        scanner.string()?;
                        Data::Null
                    }
                    b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                        scanner.word();
                        Data::Null
                    }
                    _ => return Err(scanner.unexpected("a value must come here")),
                };
                let nested = matches!(data, Data::Map | Data::List);
                if nested {
                    scanner.at += 1;
                    if open.len() as u32 >= limits.depth {
                        return Err(too_deep(limits, (start as u32, scanner.at as u32)));
                    }
                }
                if tree.len() >= limits.nodes {
                    return Err(too_many(limits, (start as u32, scanner.at as u32)));
                }
                let (parent, previous) = open.last().map_or((NONE, NONE), |(node, _, last)| (*node, *last));
                let node = tree.push(file, data, (start as u32, scanner.at as u32), parent, previous);
                match open.last_mut() {
                    Some((_, _, last)) => *last = node,
                    None => root = node,
                }
                if let Some(span) = key.take() {
                    tree.set_key(node, Default::default(), span);
                }
                expect = match byte {
                    b'{' => Expect::FirstKey,
                    b'[' => Expect::FirstItem,
                    _ if open.is_empty() => Expect::Nothing,
                    _ => Expect::CommaOrEnd,
                };
                if nested {
                    open.push((node, byte == b'{', NONE));
                }
            }
            (Expect::CommaOrEnd, b',') => {
                scanner.at += 1;
                expect = if open.last().is_some_and(|o| o.1) { Expect::Key } else { Expect::Value };
            }
            (Expect::CommaOrEnd, b']' | b'}') if open.last().is_some_and(|o| o.1 == (byte == b'}')) => {
                scanner.at += 1;
                expect = close(&mut open, tree, scanner.at);
            }
            (Expect::CommaOrEnd, _) => {
                let end = if open.last().is_some_and(|o| o.1) { '}' } else { ']' };
                return Err(scanner.unexpected(&format!("`,` or `{end}` must come here")));
            }
            (Expect::Nothing, _) => return Err(scanner.unexpected("the document ends before this")),
        }
    }
}

fn close(open: &mut Vec<(u32, bool, u32)>, tree: &mut Tree, end: usize) -> Expect {
    if let Some((node, ..)) = open.pop() {
        tree.set_end(node, end as u32);
    }
    if open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd }
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(b'\n') | None => {
                    let end = self.at.min(self.bytes.len()) as u32;
                    return Err(Refusal::new(Code::SYNTAX, "the text ends within a string", (end, end))
                        .related((start as u32, start as u32 + 1), "the string begins here")
                        .help("close the string; the file may be cut off"));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn unexpected(&self, what: &str) -> Refusal {
        let at = self.at as u32;
        let end = (at + 1).min(self.bytes.len() as u32);
        // The end may fall inside a character; the position is what matters.
        Refusal::new(Code::SYNTAX, format!("this is not JSON: {what}"), (at, end))
    }
}
