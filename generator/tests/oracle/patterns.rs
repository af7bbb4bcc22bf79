//! Texts that match a pattern nobody gave texts for.

use crate::rng::Rng;

/// A text that should match; `None` where the pattern is beyond this. Knows literals, classes, groups, alternatives and
/// repetition.
pub(crate) fn matching(pattern: &str, rng: &mut Rng) -> Option<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut writer = Writer { chars: &chars, at: 0, rng };
    let text = writer.alternatives(0)?;
    (writer.at == chars.len()).then_some(text)
}

struct Writer<'a> {
    chars: &'a [char],
    at: usize,
    rng: &'a mut Rng,
}

impl Writer<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn alternatives(&mut self, depth: usize) -> Option<String> {
        if depth > 20 {
            return None;
        }
        let mut all = vec![self.sequence(depth)?];
        while self.eat('|') {
            all.push(self.sequence(depth)?);
        }
        Some(self.rng.pick(&all).clone())
    }

    fn sequence(&mut self, depth: usize) -> Option<String> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let start = self.at;
            let first = self.atom(depth)?;
            let (low, high) = self.repetition()?;
            let end = self.at;
            for _ in 0..self.rng.range(low, high) {
                // Each time anew, so that a class gives other characters.
                self.at = start;
                text.push_str(&self.atom(depth)?);
            }
            self.at = end;
            drop(first);
        }
        Some(text)
    }

    fn repetition(&mut self) -> Option<(i64, i64)> {
        let range = match self.peek() {
            Some('?') => (0, 1),
            Some('*') => (0, 3),
            Some('+') => (1, 3),
            Some('{') => {
                let close = self.chars[self.at..].iter().position(|c| *c == '}')? + self.at;
                let inner: String = self.chars[self.at + 1..close].iter().collect();
                self.at = close;
                let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
                let low: i64 = low.parse().ok()?;
                (low, if high.is_empty() { low + 2 } else { high.parse::<i64>().ok()?.min(low + 50) })
            }
            _ => return Some((1, 1)),
        };
        self.at += 1;
        self.eat('?');
        (range.0 <= range.1 && range.1 < 5_000).then_some(range)
    }

    fn atom(&mut self, depth: usize) -> Option<String> {
        let c = self.peek()?;
        self.at += 1;
        Some(match c {
            '^' | '$' => String::new(),
            '.' => self.rng.pick(&['a', '1', '-']).to_string(),
            '(' => {
                if self.eat('?') && !self.eat(':') {
                    return None;
                }
                let text = self.alternatives(depth + 1)?;
                if !self.eat(')') {
                    return None;
                }
                text
            }
            '[' => self.class()?.to_string(),
            '\\' => self.escape()?.map(String::from).unwrap_or_default(),
            '*' | '+' | '?' | '{' => return None,
            literal => literal.to_string(),
        })
    }

    /// `None` within for an assertion of no width.
    #[allow(clippy::option_option)]
    fn escape(&mut self) -> Option<Option<char>> {
        let c = self.peek()?;
        self.at += 1;
        Some(Some(match c {
            'd' => *self.rng.pick(&['0', '5', '9']),
            'w' => *self.rng.pick(&['a', 'Z', '_', '0']),
            's' => ' ',
            'S' | 'D' | 'W' => *self.rng.pick(if c == 'W' { &['-', ' '] } else { &['x', 'y'] }),
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' | 'B' => return Some(None),
            '0'..='9' | 'u' | 'x' | 'p' | 'P' | 'k' | 'c' => return None,
            other => other,
        }))
    }

    fn class(&mut self) -> Option<char> {
        let negated = self.eat('^');
        let mut ranges: Vec<(char, char)> = Vec::new();
        while self.peek()? != ']' {
            let low = self.class_atom()?;
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            let high = if is_range {
                self.at += 1;
                self.class_atom()?
            } else {
                low
            };
            ranges.push((low, high));
        }
        self.at += 1;
        if negated {
            return ['a', '0', ' ', '~', 'Z']
                .into_iter()
                .find(|c| !ranges.iter().any(|(low, high)| low <= c && c <= high));
        }
        let (low, high) = *self.rng.pick(ranges.get(..).filter(|r| !r.is_empty())?);
        let span = (high as u32).checked_sub(low as u32)?;
        char::from_u32(low as u32 + u32::try_from(self.rng.below(span as usize + 1)).ok()?)
    }

    fn class_atom(&mut self) -> Option<char> {
        if self.eat('\\') {
            return self.escape()?;
        }
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }
}

#[test]
fn texts_that_are_made_match() {
    let mut rng = Rng::new(7);
    for pattern in
        ["^[A-Z]{2}-\\d{4}$", "^(a|bc)+[^a-z]?$", "^\\+?[1-9]\\d{1,14}$", "^([0-9a-f]{2}:){5}[0-9a-f]{2}$", "x*y"]
    {
        let compiled = regex_lite::Regex::new(pattern).unwrap();
        for _ in 0..50 {
            let text = matching(pattern, &mut rng).unwrap();
            assert!(compiled.is_match(&text), "{pattern}: {text}");
        }
    }
}
