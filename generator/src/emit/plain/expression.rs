//! Expressions: on one line where there is room, else broken where prettyplease breaks them.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, TokenTree};

use super::token::{Token, split};
use super::{INDENT, Printer, SHORT};

impl Printer {
    /// An expression on the line that begins at `start`, broken over several where it does not fit with what follows it.
    pub(super) fn expression(&mut self, tokens: &[Token], start: usize, begins_line: bool, then: &str) -> Option<()> {
        let before = self.out.len();
        if self.flat(tokens).is_some() {
            self.out.push_str(then);
            if self.end(start).is_some() {
                return Some(());
            }
        }
        self.out.truncate(before);
        let (last, before_last) = tokens.split_last()?;
        if let (Some('&'), false) = (tokens[0].punct(), before_last.is_empty()) {
            self.out.push('&');
            return self.expression(&tokens[1..], start, false, then);
        }
        if let [Token::Leaf(TokenTree::Literal(literal))] = tokens {
            // Text of several lines.
            let text = literal.to_string();
            if !text.contains('\n') {
                return None;
            }
            write!(self.out, "{text}{then}").ok()?;
            self.out.push('\n');
            return Some(());
        }
        if tokens[0].punct() == Some('|') {
            return self.closure(tokens, start, then);
        }
        if tokens.iter().any(|token| token.punct() == Some('.')) {
            return self.chain(tokens, start, begins_line, then);
        }
        let is_path = before_last.iter().all(|token| token.punct().is_none_or(|c| matches!(c, ':' | '<' | '>')));
        let (open, close, parts) = match last {
            Token::Group(Delimiter::Bracket, parts) if before_last.is_empty() => ("[", "]", split(parts)),
            Token::Group(Delimiter::Parenthesis, parts) if is_path => ("(", ")", split(parts)),
            Token::Group(Delimiter::Brace, parts) if is_path => (" {", "}", split(parts)),
            _ => return None,
        };
        // Of these prettyplease thinks otherwise: numbers fill a line, one argument or a few short fields may stay on it.
        let is_alone = |part: &&[Token]| matches!(part, [Token::Leaf(TokenTree::Literal(_))]);
        match open {
            "[" if parts.iter().any(is_alone) => return None,
            "(" if parts.len() < 2 => return None,
            " {" if self.is_short(&parts) => return None,
            _ => {}
        }
        self.flat(before_last)?;
        self.out.push_str(open);
        self.end(start)?;
        self.indented(|printer| {
            let count = parts.len();
            for (index, part) in parts.into_iter().enumerate() {
                // The last comma is not counted: prettyplease puts it in only where it breaks the line behind it.
                let comma = if index + 1 < count { "," } else { "" };
                printer.begin();
                let start = printer.out.len() - printer.indent;
                match part {
                    [dot, _, rest @ ..] if open == " {" && dot.punct() == Some('.') => {
                        printer.out.push_str("..");
                        printer.flat(rest)?;
                        printer.end(start)?;
                        continue;
                    }
                    [_, colon, value @ ..] if open == " {" && colon.punct() == Some(':') => {
                        printer.flat(&part[..2])?;
                        printer.out.push(' ');
                        printer.expression(value, start, false, comma)?;
                    }
                    _ => printer.expression(part, start, false, comma)?,
                }
                if comma.is_empty() {
                    printer.out.insert(printer.out.len() - 1, ',');
                }
            }
            Some(())
        })?;
        self.begin();
        self.out.push_str(close);
        self.out.push_str(then);
        self.out.push('\n');
        Some(())
    }

    /// Whether the fields of a struct are so few and short that they may stand on one line.
    fn is_short(&mut self, fields: &[&[Token]]) -> bool {
        let before = self.out.len();
        let fits = fields.iter().all(|field| self.flat(field).is_some()) && self.out.len() - before <= SHORT;
        self.out.truncate(before);
        fits
    }

    /// A closure whose body is an asynchronous block of one expression.
    fn closure(&mut self, tokens: &[Token], start: usize, then: &str) -> Option<()> {
        let (last, head) = tokens.split_last()?;
        let body = last.group(Delimiter::Brace).filter(|_| head.last().is_some_and(|token| token.is("move")))?;
        self.flat(head)?;
        self.out.push_str(" {");
        self.end(start)?;
        self.indented(|printer| printer.statement(body))?;
        self.begin();
        self.out.push('}');
        self.out.push_str(then);
        self.out.push('\n');
        Some(())
    }

    /// `a.b().c()`, a line each.
    fn chain(&mut self, tokens: &[Token], start: usize, begins_line: bool, then: &str) -> Option<()> {
        let mut links = tokens.split(|token| token.punct() == Some('.'));
        let first = links.next()?;
        self.flat(first)?;
        let mut links = links.peekable();
        // A name no longer than the indentation is not left alone on a line.
        if begins_line && self.out.len() - start <= self.indent + INDENT {
            self.out.push('.');
            self.flat(links.next()?)?;
        }
        self.end(start)?;
        self.indented(|printer| {
            while let Some(link) = links.next() {
                printer.begin();
                let start = printer.out.len() - printer.indent;
                printer.out.push('.');
                printer.flat(link)?;
                printer.out.push_str(if links.peek().is_none() { then } else { "" });
                printer.end(start)?;
            }
            Some(())
        })
    }
}
