//! From the contract's names to Rust's.
//!
//! | in the contract | type, variant | field, function, module |
//! |---|---|---|
//! | `caso_creado`, `casoCreado`, `caso-creado`, `CASO CREADO` | `CasoCreado` | `caso_creado` |
//! | `Notificación` (Latin letters lose their marks) | `Notificacion` | `notificacion` |
//! | `24h` (a digit first) | `N24h` | `n24h` |
//! | `-1`, `+1` (a sign before a digit) | `Minus1`, `Plus1` | `minus1`, `plus1` |
//! | `>=`, `*` (signs alone) | `GreaterEquals`, `Star` | `greater_equals`, `star` |
//! | the empty text | `Empty` | `empty` |
//! | `中`, `🚀` (any other character, by its code) | `U4e2d`, `U1f680` | `u4e2d`, `u1f680` |
//! | `type` (a keyword) | `Type` | `r#type` |
//! | `self`, `Self` (a keyword that cannot be raw) | `Itself` | `self_` |
//! | `super`, `crate` (the others of that kind) | `Super`, `Crate` | `super_`, `crate_` |
//!
//! A name longer than [`MAX_LEN`] is cut and ends in a hash of the whole. Where two names of one scope would come out alike,
//! the one that is spelled like its identifier keeps it and the others are numbered in the order of their spelling, so
//! that neither reordering the document nor a change elsewhere renames anything.

use std::collections::{BTreeMap, HashMap, HashSet};

/// The longest identifier that is made, in bytes.
pub const MAX_LEN: usize = 96;

/// `CasoCreado`, for a type or a variant.
#[must_use]
pub fn pascal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in words(text) {
        let mut chars = word.chars();
        out.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'N');
    }
    if out == "Self" {
        // `Self_` would do by itself, but the compiler warns of `Self_Builder`.
        out = "Itself".to_owned();
    }
    capped(out, text)
}

/// `caso_creado`, for a field, a function or a module; not yet safe from keywords, see [`field`] and [`module`].
#[must_use]
pub fn snake(text: &str) -> String {
    let mut out = words(text).join("_");
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'n');
    }
    capped(out, text)
}

/// `CASO_CREADO`, for a constant.
#[must_use]
pub fn screaming(text: &str) -> String {
    snake(text).to_ascii_uppercase()
}

/// The identifier of a field or a function whose [`snake`] name this is: a keyword becomes raw or gets an underscore.
#[must_use]
pub fn field(snake: &str) -> proc_macro2::Ident {
    let span = proc_macro2::Span::call_site();
    if is_keyword(snake) { proc_macro2::Ident::new_raw(snake, span) } else { proc_macro2::Ident::new(snake, span) }
}

/// A [`snake`] name that may stand as a field or a function.
///
/// The few keywords that cannot be raw get an underscore, and so do the names that the builder needs for itself.
#[must_use]
pub fn safe_field(snake: String) -> String {
    if matches!(snake.as_str(), "self" | "super" | "crate" | "build" | "builder") { snake + "_" } else { snake }
}

/// A [`snake`] name that may stand as a module and its file.
#[must_use]
pub fn module(snake: String) -> String {
    let special =
        matches!(snake.as_str(), "lib" | "main" | "mod" | "headers" | "schemas" | "servers" | "tests" | "build");
    // Windows keeps these for devices, whatever the extension.
    let device = matches!(snake.as_str(), "con" | "prn" | "aux" | "nul" | "com1" | "com2" | "lpt1" | "lpt2");
    if special || device || is_keyword(&snake) || snake == "self" || snake == "super" || snake == "crate" {
        snake + "_"
    } else {
        snake
    }
}

/// Whether this can only be an identifier with `r#` before it; those that cannot be one at all are not meant.
pub(crate) fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "abstract"
            | "as"
            | "async"
            | "await"
            | "become"
            | "box"
            | "break"
            | "const"
            | "continue"
            | "do"
            | "dyn"
            | "else"
            | "enum"
            | "extern"
            | "false"
            | "final"
            | "fn"
            | "for"
            | "gen"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "macro"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "override"
            | "priv"
            | "pub"
            | "ref"
            | "return"
            | "static"
            | "struct"
            | "trait"
            | "true"
            | "try"
            | "type"
            | "typeof"
            | "unsafe"
            | "unsized"
            | "use"
            | "virtual"
            | "where"
            | "while"
            | "yield"
    )
}

/// Cuts a name that is too long, keeping it distinct by a hash of what it was made from.
fn capped(mut name: String, text: &str) -> String {
    if name.len() > MAX_LEN {
        // Identifiers are ASCII by now, so any index is a boundary.
        name.truncate(MAX_LEN - 17);
        name = name.trim_end_matches('_').to_owned();
        let separator = if name.starts_with(|c: char| c.is_ascii_uppercase()) { "X" } else { "_" };
        name = format!("{name}{separator}{:016x}", fingerprint(text.as_bytes()));
    }
    name
}

/// 64-bit FNV-1a: tells contents apart where nobody tries to forge them.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The words of a name, in lower case and in ASCII; at least one.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        if let Some(sign) = sign_of_number(before, c, next) {
            words.push(sign.to_owned());
        } else if let Some(letters) = letters(c) {
            let starts_word = c.is_uppercase()
                && before.is_some_and(|b: char| {
                    b.is_lowercase() || b.is_numeric() || (b.is_uppercase() && next.is_some_and(char::is_lowercase))
                });
            if starts_word && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.push_str(letters);
        } else if is_combining(c) {
            continue;
        } else {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if !c.is_ascii() && !c.is_whitespace() && !c.is_control() {
                words.push(format!("u{:x}", u32::from(c)));
            }
        }
        before = Some(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    if words.is_empty() {
        words = text.chars().filter_map(sign_name).flat_map(|name| name.split('_')).map(str::to_owned).collect();
    }
    if words.is_empty() {
        words.push(if text.is_empty() {
            "empty".to_owned()
        } else {
            format!("x{:08x}", fingerprint(text.as_bytes()) >> 32)
        });
    }
    words
}

/// `-` and `+` say something only before a digit, at the beginning or behind a separator.
fn sign_of_number(before: Option<char>, c: char, next: Option<char>) -> Option<&'static str> {
    let first = before.is_none_or(|b| !b.is_alphanumeric());
    match c {
        '-' if first && next.is_some_and(|n| n.is_ascii_digit()) => Some("minus"),
        '+' if first && next.is_some_and(|n| n.is_ascii_digit()) => Some("plus"),
        _ => None,
    }
}

/// Names for the signs that enumerations are fond of; used where a name has no letter and no digit.
fn sign_name(c: char) -> Option<&'static str> {
    Some(match c {
        '+' => "plus",
        '-' => "minus",
        '*' => "star",
        '/' => "slash",
        '\\' => "backslash",
        '%' => "percent",
        '=' => "equals",
        '<' => "less",
        '>' => "greater",
        '!' => "not",
        '?' => "question",
        '&' => "and",
        '|' => "or",
        '^' => "caret",
        '~' => "tilde",
        '#' => "hash",
        '$' => "dollar",
        '@' => "at",
        '.' => "dot",
        ',' => "comma",
        ':' => "colon",
        ';' => "semicolon",
        '_' => "underscore",
        '\'' => "quote",
        '"' => "double_quote",
        '`' => "backtick",
        '(' => "open_paren",
        ')' => "close_paren",
        '[' => "open_bracket",
        ']' => "close_bracket",
        '{' => "open_brace",
        '}' => "close_brace",
        ' ' => "space",
        _ => return None,
    })
}

const fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

/// Letters and digits in lower case; of Latin letters with marks, the letters without them.
fn letters(c: char) -> Option<&'static str> {
    const ALPHANUMERIC: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    let at = match c {
        '0'..='9' => Some(c as usize - '0' as usize),
        'a'..='z' => Some(c as usize - 'a' as usize + 10),
        'A'..='Z' => Some(c as usize - 'A' as usize + 10),
        _ if c.is_ascii() => return None,
        _ => None,
    };
    if let Some(at) = at {
        return Some(&ALPHANUMERIC[at..=at]);
    }
    Some(match c {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' | 'ª' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'Ð' | 'ð' | 'Ď'..='đ' => "d",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ĝ'..='ģ' => "g",
        'Ĥ'..='ħ' => "h",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ĳ' | 'ĳ' => "ij",
        'Ĵ' | 'ĵ' => "j",
        'Ķ'..='ĸ' => "k",
        'Ĺ'..='ł' => "l",
        'Ñ' | 'ñ' | 'Ń'..='ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' | 'º' => "o",
        'Œ' | 'œ' => "oe",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' => "s",
        'ß' | 'ẞ' => "ss",
        'Ţ'..='ŧ' => "t",
        'Þ' | 'þ' => "th",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ŵ' | 'ŵ' => "w",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ź'..='ž' => "z",
        _ => return None,
    })
}

/// A name that something would like to have, and the spelling it comes from.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The identifier.
    pub name: String,
    /// What the contract calls it; decides who keeps the name.
    pub spelling: String,
}

/// Names of one scope.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    taken: HashSet<String>,
    /// The number to try next for a name: thousands may want the same.
    next: HashMap<String, u32>,
}

impl Scope {
    /// A scope in which some names cannot be had.
    pub fn without(names: &[&str]) -> Self {
        Self { taken: names.iter().map(|name| (*name).to_owned()).collect(), next: HashMap::new() }
    }

    /// Whether it is taken.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// Gives each its name, or the next free one with a number behind it; the answer is in the order asked, but does not
    /// depend on it.
    pub fn assign(&mut self, wanted: &[Wanted]) -> Vec<String> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, want) in wanted.iter().enumerate() {
            groups.entry(&want.name).or_default().push(index);
        }
        let mut assigned = vec![String::new(); wanted.len()];
        let mut late = Vec::new();
        for (&name, members) in &mut groups {
            members.sort_by_key(|&index| (wanted[index].spelling != name, &wanted[index].spelling, index));
            let mut members = members.iter().copied();
            if self.taken.insert(name.to_owned())
                && let Some(first) = members.next()
            {
                name.clone_into(&mut assigned[first]);
            }
            late.extend(members.map(|index| (name, index)));
        }
        for (name, index) in late {
            assigned[index] = self.numbered(name);
        }
        assigned
    }

    /// One name.
    pub fn take(&mut self, name: &str) -> String {
        if self.taken.insert(name.to_owned()) { name.to_owned() } else { self.numbered(name) }
    }

    fn numbered(&mut self, name: &str) -> String {
        // A digit at the end would run into the number.
        let separator = if name.ends_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
        let next = self.next.entry(name.to_owned()).or_insert(2);
        loop {
            let free = format!("{name}{separator}{next}");
            *next += 1;
            if self.taken.insert(free.clone()) {
                return free;
            }
        }
    }
}

/// Digits in groups of three.
pub(crate) fn grouped(digits: &str, separator: char) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_spelling_of_a_name_comes_out_alike() {
        for text in
            ["caso_creado", "casoCreado", "caso-creado", "CASO CREADO", "CasoCreado", "caso.creado", "caso/creado"]
        {
            assert_eq!(pascal(text), "CasoCreado", "{text}");
            assert_eq!(snake(text), "caso_creado", "{text}");
        }
        assert_eq!(pascal("HTTPServerURL"), "HttpServerUrl");
        assert_eq!(snake("userID2Name"), "user_id2_name");
        assert_eq!(screaming("kafka-prod"), "KAFKA_PROD");
    }

    #[test]
    fn marks_signs_digits_and_other_scripts_have_a_rule() {
        assert_eq!(pascal("Notificación"), "Notificacion");
        assert_eq!(pascal("Notificacio\u{301}n"), "Notificacion");
        assert_eq!(snake("Año Nuevo"), "ano_nuevo");
        assert_eq!((pascal("24h").as_str(), snake("24h").as_str()), ("N24h", "n24h"));
        assert_eq!((pascal("-1").as_str(), pascal("+1").as_str(), pascal("1").as_str()), ("Minus1", "Plus1", "N1"));
        assert_eq!((pascal(">=").as_str(), pascal("*").as_str()), ("GreaterEquals", "Star"));
        assert_eq!((pascal("{").as_str(), snake("{").as_str()), ("OpenBrace", "open_brace"));
        assert_eq!((pascal("").as_str(), snake("").as_str()), ("Empty", "empty"));
        assert_eq!((pascal("中").as_str(), snake("🚀").as_str()), ("U4e2d", "u1f680"));
        assert!(pascal("\u{7}").starts_with('X'));
    }

    #[test]
    fn keywords_are_made_raw_or_get_an_underscore() {
        assert_eq!(field("type").to_string(), "r#type");
        assert_eq!(field(&safe_field("self".into())).to_string(), "self_");
        assert_eq!(field("caso").to_string(), "caso");
        assert_eq!(pascal("self"), "Itself");
        assert_eq!(module(snake("mod")), "mod_");
        assert_eq!(module(snake("lib")), "lib_");
    }

    #[test]
    fn any_text_at_all_becomes_an_identifier() {
        for code in (0..0x3000).chain(0x1f600..0x1f650) {
            let Some(c) = char::from_u32(code) else { continue };
            for text in [format!("{c}"), format!("a{c}"), format!("{c}a"), format!("{c}{c}")] {
                syn::parse_str::<syn::Ident>(&pascal(&text)).unwrap_or_else(|e| panic!("{text:?}: {e}"));
                let _ = field(&safe_field(snake(&text)));
            }
        }
    }

    #[test]
    fn a_long_name_is_cut_and_stays_distinct() {
        let (a, b) = ("a".repeat(1000) + "1", "a".repeat(1000) + "2");
        assert!(snake(&a).len() <= MAX_LEN && pascal(&a).len() <= MAX_LEN);
        assert_ne!(snake(&a), snake(&b));
    }

    #[test]
    fn clashes_are_settled_by_spelling_and_not_by_order() {
        let want = |spelling: &str| Wanted { name: snake(spelling), spelling: spelling.to_owned() };
        let forwards = [want("fooBar"), want("foo_bar"), want("foo-bar"), want("foo_bar2")];
        let mut backwards = forwards.clone();
        backwards.reverse();
        let names = Scope::default().assign(&forwards);
        assert_eq!(names, ["foo_bar4", "foo_bar", "foo_bar3", "foo_bar2"]);
        let mut reversed = Scope::default().assign(&backwards);
        reversed.reverse();
        assert_eq!(reversed, names);
    }
}
