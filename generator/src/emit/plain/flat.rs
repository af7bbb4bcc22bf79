//! Tokens on one line, and the spaces between them.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, Spacing, TokenTree};

use super::Printer;
use super::token::{Token, without_comma};

impl Printer {
    /// Tokens on the line that is begun, with the spaces that belong between them.
    pub(super) fn flat(&mut self, tokens: &[Token]) -> Option<()> {
        let mut before = Before::Start;
        let mut closure_open = false;
        let mut rest = tokens.iter().peekable();
        while let Some(token) = rest.next() {
            match token {
                Token::Leaf(TokenTree::Ident(ident)) => {
                    if matches!(before, Before::Word | Before::Keyword | Before::Close | Before::Spaced) {
                        self.out.push(' ');
                    }
                    let start = self.out.len();
                    write!(self.out, "{ident}").ok()?;
                    let is_lifetime = self.out[..start].ends_with('\'');
                    before = if is_lifetime || is_keyword(&self.out[start..]) { Before::Keyword } else { Before::Word };
                }
                Token::Leaf(TokenTree::Literal(literal)) => {
                    if matches!(before, Before::Word | Before::Keyword | Before::Close | Before::Spaced) {
                        self.out.push(' ');
                    }
                    let start = self.out.len();
                    write!(self.out, "{literal}").ok()?;
                    if self.out[start..].contains('\n') {
                        return None;
                    }
                    before = Before::Close;
                }
                Token::Leaf(TokenTree::Punct(punct)) => {
                    let sign = punct.as_char();
                    let joint = rest.peek().and_then(|next| next.punct()).filter(|_| punct.spacing() == Spacing::Joint);
                    let (space, after) = spacing(sign, joint, before, &mut closure_open)?;
                    if space {
                        self.out.push(' ');
                    }
                    self.out.push(sign);
                    if matches!((sign, joint), (':', Some(':')) | ('-' | '=', Some('>'))) {
                        self.out.extend(joint);
                        rest.next();
                    }
                    before = after;
                }
                Token::Leaf(TokenTree::Group(_)) => return None,
                Token::Group(delimiter, inner) => {
                    self.group(*delimiter, inner, before)?;
                    before = Before::Close;
                }
            }
        }
        Some(())
    }

    fn group(&mut self, delimiter: Delimiter, inner: &[Token], before: Before) -> Option<()> {
        if matches!(before, Before::Spaced | Before::Keyword) && delimiter != Delimiter::Brace {
            self.out.push(' ');
        }
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            // Names that are imported, or the one expression of a block.
            Delimiter::Brace if matches!(before, Before::Tight) => ("{", "}"),
            Delimiter::Brace if matches!(before, Before::Keyword) && !inner.is_empty() => (" { ", " }"),
            Delimiter::Brace | Delimiter::None => return None,
        };
        if inner.iter().any(|token| token.punct() == Some(';')) {
            return None;
        }
        self.out.push_str(open);
        self.flat(without_comma(inner))?;
        self.out.push_str(close);
        Some(())
    }
}

/// What the next token on a line stands behind.
#[derive(Clone, Copy)]
enum Before {
    /// Nothing, or the opening of a group.
    Start,
    /// A name.
    Word,
    /// A word that is not part of a path.
    Keyword,
    /// The end of something: a group, a literal, a list of generic arguments.
    Close,
    /// A sign that is followed by a space.
    Spaced,
    /// A sign that what follows belongs to.
    Tight,
}

/// Whether a space stands before a sign, and what it is to the token behind it.
fn spacing(sign: char, joint: Option<char>, before: Before, closure: &mut bool) -> Option<(bool, Before)> {
    let is_behind_value = matches!(before, Before::Word | Before::Close);
    let is_apart = matches!(before, Before::Keyword | Before::Spaced);
    Some(match (sign, joint) {
        (':', Some(':')) => (is_apart, Before::Tight),
        ('-' | '=', Some('>')) | ('=' | '+', None) => (true, Before::Spaced),
        (',' | ':', None) => (false, Before::Spaced),
        ('<', _) => (matches!(before, Before::Spaced), Before::Tight),
        ('>', _) => (false, Before::Close),
        ('!' | '.', None) if is_behind_value => (false, Before::Tight),
        ('?', None) if is_behind_value => (false, Before::Close),
        ('|', None) if *closure || !is_behind_value => {
            *closure = !*closure;
            if *closure { (is_apart, Before::Tight) } else { (false, Before::Spaced) }
        }
        ('\'', _) => (is_apart || matches!(before, Before::Word), Before::Tight),
        ('&' | '*' | '-' | '?', None | Some('\'' | '&' | '*')) if !is_behind_value => (is_apart, Before::Tight),
        _ => return None,
    })
}

fn is_keyword(word: &str) -> bool {
    ["as", "async", "const", "dyn", "for", "impl", "in", "move", "mut", "pub", "use"].contains(&word)
}
