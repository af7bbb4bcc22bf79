//! Tokens that can be looked at without being copied.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A token whose group can be looked into without being copied.
pub(super) enum Token {
    /// Anything but a group.
    Leaf(TokenTree),
    /// A group and what is in it.
    Group(Delimiter, Vec<Token>),
}

pub(super) fn grown(tokens: TokenStream) -> Vec<Token> {
    let grow = |token| match token {
        TokenTree::Group(group) => {
            let (delimiter, stream) = (group.delimiter(), group.stream());
            // While the group holds its tokens too, they would be copied.
            drop(group);
            Token::Group(delimiter, grown(stream))
        }
        leaf => Token::Leaf(leaf),
    };
    tokens.into_iter().map(grow).collect()
}

impl Token {
    pub(super) fn stream(self) -> TokenTree {
        match self {
            Self::Leaf(leaf) => leaf,
            Self::Group(delimiter, tokens) => {
                TokenTree::Group(Group::new(delimiter, tokens.into_iter().map(Self::stream).collect()))
            }
        }
    }

    pub(super) fn punct(&self) -> Option<char> {
        match self {
            Self::Leaf(TokenTree::Punct(punct)) => Some(punct.as_char()),
            _ => None,
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Leaf(TokenTree::Ident(ident)) if ident == word)
    }

    pub(super) fn group(&self, wanted: Delimiter) -> Option<&[Self]> {
        match self {
            Self::Group(delimiter, tokens) if *delimiter == wanted => Some(tokens),
            _ => None,
        }
    }
}

/// The parts between commas that stand in no list of generic arguments or parameters of a closure.
pub(super) fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut angles, mut closure) = (0_usize, false);
    let mut parts: Vec<&[Token]> = tokens
        .split({
            let mut before = None;
            move |token| {
                let sign = token.punct();
                match sign {
                    Some('<') => angles += 1,
                    Some('>') if !matches!(before, Some('-' | '=')) => angles = angles.saturating_sub(1),
                    Some('|') => closure = !closure,
                    _ => {}
                }
                before = sign;
                sign == Some(',') && angles == 0 && !closure
            }
        })
        .collect();
    if parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

/// Where the first list of generic parameters opens and closes.
pub(super) fn generics(tokens: &[Token]) -> Option<(usize, usize)> {
    let open = tokens.iter().position(|token| token.punct() == Some('<'))?;
    let mut depth = 0_usize;
    let mut before = None;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        let sign = token.punct();
        match sign {
            Some('<') => depth += 1,
            Some('>') if !matches!(before, Some('-' | '=')) => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((open, index));
        }
        before = sign;
    }
    None
}

/// Without the comma at the end, which no line has.
pub(super) fn without_comma(tokens: &[Token]) -> &[Token] {
    match tokens.split_last() {
        Some((last, rest)) if last.punct() == Some(',') => rest,
        _ => tokens,
    }
}

/// The text of a literal that is raw, or escapes nothing but quotes and backslashes.
pub(super) fn unescaped(literal: &str) -> Option<String> {
    let literal = literal.strip_suffix('"')?;
    if let Some(raw) = literal.strip_prefix("r\"") {
        return Some(raw.to_owned());
    }
    let text = literal.strip_prefix('"')?;
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(match c {
            '\\' => characters.next().filter(|c| matches!(c, '"' | '\\' | '\''))?,
            c => c,
        });
    }
    Some(plain)
}
