//! Patterns: ECMA-262 as JSON Schema writes them, in the syntax of `regex-lite`, which matches in linear time.

use regex_lite::Regex;

/// Why a pattern cannot be enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`.
    LookAround,
    /// `\1`, `\k<name>`.
    BackReference,
    /// `\p{…}`, which the engine does not know.
    Property,
    /// Too large once compiled.
    TooLarge,
    /// No regular expression at all.
    Malformed,
}

impl Unsupported {
    /// For a message: `look-around`.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::LookAround => "look-around",
            Self::BackReference => "a back-reference",
            Self::Property => "a Unicode property",
            Self::TooLarge => "so many repetitions that it would take too much memory",
            Self::Malformed => "something that is no regular expression",
        }
    }
}

/// What `\d`, `\w`, `\s` are in ECMA-262 and differ in: white space there is Unicode's.
const SPACE: &str = r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";

/// Writes an ECMA-262 pattern in the syntax of `regex-lite`. The result has been compiled once.
pub fn translate(pattern: &str) -> Result<String, Unsupported> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, in_class, &mut out)?,
            '[' if in_class => out.push_str(r"\["),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    if chars.peek() == Some(&']') {
                        // `[^]` is anything at all.
                        chars.next();
                        in_class = false;
                        out.pop();
                        out.push_str(r"(?s:.)");
                    } else {
                        out.push('^');
                    }
                } else if chars.peek() == Some(&']') {
                    // `[]` is nothing at all.
                    chars.next();
                    in_class = false;
                    out.push_str(r"^\s\S]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            ']' => out.push_str(r"\]"),
            '&' | '~' if in_class => {
                // `&&` and `~~` are operators there and text here.
                out.push('\\');
                out.push(c);
            }
            '-' if in_class && chars.peek() == Some(&'-') => out.push_str(r"\-"),
            '(' if !in_class && chars.peek() == Some(&'?') => {
                chars.next();
                match chars.next() {
                    Some(':') => out.push_str("(?:"),
                    Some('=' | '!') => return Err(Unsupported::LookAround),
                    Some('<') if matches!(chars.peek(), Some('=' | '!')) => return Err(Unsupported::LookAround),
                    Some('<') => out.push_str("(?<"),
                    // Inline flags: not ECMA-262 before 2025, but written, and meaning the same.
                    Some(flag @ ('i' | 's' | 'm')) => {
                        out.push_str("(?");
                        out.push(flag);
                    }
                    _ => return Err(Unsupported::Malformed),
                }
            }
            // ECMA's dot leaves out the four line terminators.
            '.' if !in_class => out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            // Without the multi-line flag `$` is the very end, as it is there.
            '{' if !in_class && !is_quantifier(chars.clone()) => out.push_str(r"\{"),
            '}' if !in_class && !closes_quantifier(&out) => out.push_str(r"\}"),
            c => out.push(c),
        }
    }
    if in_class {
        return Err(Unsupported::Malformed);
    }
    match Regex::new(&out) {
        Ok(_) => Ok(out),
        Err(_) if counts_down(&out) => Err(Unsupported::Malformed),
        Err(error) if error.to_string().contains("size") => Err(Unsupported::TooLarge),
        Err(error) if error.to_string().contains("repetition") && error.to_string().contains("big") => {
            Err(Unsupported::TooLarge)
        }
        Err(_) => Err(Unsupported::Malformed),
    }
}

fn is_quantifier(chars: impl Iterator<Item = char>) -> bool {
    let mut digits = false;
    let mut commas = 0;
    for c in chars {
        match c {
            '0'..='9' => digits = true,
            ',' if digits && commas == 0 => commas = 1,
            '}' => return digits,
            _ => return false,
        }
    }
    false
}

/// Whether some repetition ends before it begins: `{2,1}`.
fn counts_down(pattern: &str) -> bool {
    let bounds = pattern.split('{').skip(1).filter_map(|rest| rest.split_once('}')?.0.split_once(','));
    // Numbers of any length: the longer is the larger, but for zeros before it.
    let number = |digits: &str| {
        let digits = digits.trim_start_matches('0');
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| (digits.len(), digits.to_owned()))
    };
    let mut pairs = bounds.filter(|(_, most)| !most.is_empty());
    pairs.any(|(least, most)| number(least).zip(number(most)).is_some_and(|(least, most)| least > most))
}

fn closes_quantifier(out: &str) -> bool {
    let open = out.rfind('{').filter(|i| !out[..*i].ends_with('\\'));
    open.is_some_and(|i| !out[i + 1..].is_empty() && out[i + 1..].bytes().all(|b| b.is_ascii_digit() || b == b','))
}

fn escape(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    in_class: bool,
    out: &mut String,
) -> Result<(), Unsupported> {
    let Some(c) = chars.next() else { return Err(Unsupported::Malformed) };
    match c {
        'd' if in_class => out.push_str("0-9"),
        'd' => out.push_str("[0-9]"),
        'D' if !in_class => out.push_str("[^0-9]"),
        'w' if in_class => out.push_str("0-9A-Za-z_"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' if !in_class => out.push_str("[^0-9A-Za-z_]"),
        's' if in_class => out.push_str(SPACE),
        's' => {
            out.push('[');
            out.push_str(SPACE);
            out.push(']');
        }
        'S' if !in_class => {
            out.push_str("[^");
            out.push_str(SPACE);
            out.push(']');
        }
        // In a class these are ASCII's in the engine too, but for white space, where the difference is forgiven.
        'D' | 'W' | 'S' => {
            out.push('\\');
            out.push(c);
        }
        'b' if in_class => out.push_str(r"\x08"),
        'b' | 'B' => {
            out.push('\\');
            out.push(c);
        }
        'n' | 'r' | 't' => {
            out.push('\\');
            out.push(c);
        }
        'f' => out.push_str(r"\x0C"),
        'v' => out.push_str(r"\x0B"),
        '0' if !chars.peek().is_some_and(char::is_ascii_digit) => out.push_str(r"\x00"),
        '1'..='9' | 'k' => return Err(Unsupported::BackReference),
        '0' => return Err(Unsupported::Malformed),
        'c' => match chars.next() {
            Some(letter) if letter.is_ascii_alphabetic() => push_code(out, u32::from(letter) % 32),
            _ => return Err(Unsupported::Malformed),
        },
        'x' => {
            let code = hex(chars, 2).ok_or(Unsupported::Malformed)?;
            push_code(out, code);
        }
        'u' if chars.peek() == Some(&'{') => {
            chars.next();
            let digits: String = chars.by_ref().take_while(|c| *c != '}').collect();
            push_code(out, u32::from_str_radix(&digits, 16).map_err(|_| Unsupported::Malformed)?);
        }
        'u' => {
            let mut code = hex(chars, 4).ok_or(Unsupported::Malformed)?;
            if (0xd800..0xdc00).contains(&code) {
                // The other half of a surrogate pair.
                let mut rest = chars.clone();
                if rest.next() == Some('\\')
                    && rest.next() == Some('u')
                    && let Some(low) = hex(&mut rest, 4).filter(|low| (0xdc00..0xe000).contains(low))
                {
                    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    *chars = rest;
                }
            }
            if char::from_u32(code).is_none() {
                return Err(Unsupported::Malformed);
            }
            push_code(out, code);
        }
        'p' | 'P' if chars.peek() == Some(&'{') => return Err(Unsupported::Property),
        // `\A` and `\z` are anchors to the engine and letters here, as any other letter that means nothing.
        c if c.is_ascii_alphabetic() => out.push(c),
        c if c.is_ascii_punctuation() => {
            out.push('\\');
            out.push(c);
        }
        c => out.push(c),
    }
    Ok(())
}

fn hex(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, digits: usize) -> Option<u32> {
    let text: String = chars.by_ref().take(digits).collect();
    (text.len() == digits).then(|| u32::from_str_radix(&text, 16).ok()).flatten()
}

fn push_code(out: &mut String, code: u32) {
    out.push_str(&format!(r"\u{{{code:X}}}"));
}

/// Whether a pattern is found in a text; `None` where it cannot be told in linear time.
pub(crate) fn find(pattern: &str, text: &str) -> Option<bool> {
    translate(pattern).ok().and_then(|p| Regex::new(&p).ok()).map(|r| r.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, text: &str) -> bool {
        find(pattern, text).expect("a pattern that is enforced")
    }

    #[test]
    fn classes_are_those_of_ecma() {
        assert!(is_match(r"^\d+$", "42"));
        assert!(!is_match(r"^\d+$", "٤٢"), "digits are ASCII's");
        assert!(is_match(r"^\s$", "\u{a0}"));
        assert!(!is_match(r"^\w$", "é"));
        assert!(is_match(r"^[\d\-x]+$", "4-x"));
        assert!(!is_match("^.$", "\u{2028}"));
        assert!(is_match(r"^\/\cJ\u0041\x42$", "/\nAB"));
        assert!(is_match(r"^\ud83d\ude00$", "😀"));
        assert!(is_match("^[^]$", "\n") && !is_match("[]", "a"));
        assert!(is_match("^{a}$", "{a}") && is_match("^a{2}$", "aa"));
        assert!(is_match("^[[]$", "["));
    }

    #[test]
    fn what_takes_more_than_linear_time_is_named() {
        assert_eq!(translate("a(?=b)"), Err(Unsupported::LookAround));
        assert_eq!(translate("(?<!a)b"), Err(Unsupported::LookAround));
        assert_eq!(translate(r"(a)\1"), Err(Unsupported::BackReference));
        assert_eq!(translate(r"\p{L}"), Err(Unsupported::Property));
        assert_eq!(translate("(a"), Err(Unsupported::Malformed));
        assert_eq!(translate("[a"), Err(Unsupported::Malformed));
        assert_eq!(translate("((a{1000}){1000}){1000}"), Err(Unsupported::TooLarge));
    }
}
