//! Items: a line each, or a head, what stands in braces, and a brace.

use proc_macro2::{Delimiter, TokenTree};

use super::token::{Token, generics, split, unescaped};
use super::{INDENT, Printer, WIDTH};

impl Printer {
    /// Items one below the other.
    pub(super) fn items(&mut self, mut tokens: &[Token]) -> Option<()> {
        while !tokens.is_empty() {
            tokens = self.attributes(tokens)?;
            let word = tokens.iter().find(|token| !token.is("pub") && token.group(Delimiter::Parenthesis).is_none())?;
            let is_function = tokens.iter().take(3).any(|token| token.is("fn"));
            let ends_with_semicolon = !is_function && ["const", "mod", "type", "use"].iter().any(|w| word.is(w));
            let end = tokens.iter().position(|token| {
                token.punct() == Some(';') || (!ends_with_semicolon && token.group(Delimiter::Brace).is_some())
            })?;
            let (item, rest) = tokens.split_at(end + 1);
            tokens = rest;
            let (last, head) = item.split_last()?;
            match last.group(Delimiter::Brace) {
                Some(body) if is_function => {
                    self.signature(head, " {")?;
                    self.body(body)?;
                }
                Some(body) if word.is("struct") || word.is("enum") => self.parts(head, body)?,
                Some([]) if word.is("trait") || word.is("impl") => self.line(head, " {}")?,
                Some(body) if word.is("trait") || word.is("impl") => {
                    let before = self.out.len();
                    if self.line(head, " {").is_none() {
                        self.out.truncate(before);
                        let generics = generics(head).filter(|_| word.is("trait"))?;
                        let start = self.generics(head, generics)?;
                        self.flat(&head[generics.1 + 1..])?;
                        self.out.push_str(" {");
                        self.end(start)?;
                    }
                    self.indented(|printer| printer.items(body))?;
                    self.text("}");
                }
                // A macro that takes nothing.
                Some([]) if head.last()?.punct() == Some('!') => self.line(head, " {}")?,
                Some(_) => return None,
                None if is_function => self.signature(head, ";")?,
                None if word.is("const") => self.constant(head)?,
                None if word.is("use") => self.import(head)?,
                None => self.line(head, ";")?,
            }
        }
        Some(())
    }

    /// The attributes that stand before something; gives what stands behind them.
    fn attributes<'t>(&mut self, mut tokens: &'t [Token]) -> Option<&'t [Token]> {
        while let [sign, attribute, rest @ ..] = tokens
            && sign.punct() == Some('#')
        {
            let attribute = attribute.group(Delimiter::Bracket)?;
            match attribute {
                [doc, _, Token::Leaf(TokenTree::Literal(text))] if doc.is("doc") => {
                    let text = text.to_string();
                    let text = unescaped(&text)?;
                    if text.starts_with('/') {
                        return None;
                    }
                    self.begin();
                    self.out.push_str("///");
                    self.out.push_str(text.trim_end_matches(' '));
                    self.out.push('\n');
                }
                _ => {
                    self.begin();
                    let start = self.out.len() - self.indent;
                    self.out.push_str("#[");
                    self.flat(attribute)?;
                    self.out.push(']');
                    self.end(start)?;
                }
            }
            tokens = rest;
        }
        Some(tokens)
    }

    /// A signature, its parameters one below the other where it is too long for a line.
    fn signature(&mut self, head: &[Token], end: &str) -> Option<()> {
        let before = self.out.len();
        if self.line(head, end).is_some() {
            return Some(());
        }
        self.out.truncate(before);
        let at = head.iter().position(|token| token.group(Delimiter::Parenthesis).is_some())?;
        let parameters = head[at].group(Delimiter::Parenthesis)?;
        if self.line(&head[..at], "(").is_none() {
            self.out.truncate(before);
            let start = self.generics(head, generics(&head[..at])?)?;
            let before = self.out.len();
            self.flat(&head[at..])?;
            self.out.push_str(end);
            if self.end(start).is_some() {
                return Some(());
            }
            self.out.truncate(before);
            self.out.push_str("(\n");
        }
        self.indented(|printer| split(parameters).into_iter().try_for_each(|parameter| printer.line(parameter, ",")))?;
        self.begin();
        let start = self.out.len() - self.indent;
        self.out.push(')');
        self.flat(&head[at + 1..])?;
        self.out.push_str(end);
        self.end(start)
    }

    /// A head up to the end of its generic parameters, which stand one below the other; where the line begins that it ends on.
    fn generics(&mut self, head: &[Token], (open, close): (usize, usize)) -> Option<usize> {
        self.line(&head[..open], "<")?;
        let parameters = split(&head[open + 1..close]);
        self.indented(|printer| parameters.into_iter().try_for_each(|parameter| printer.line(parameter, ",")))?;
        self.begin();
        let start = self.out.len() - self.indent;
        self.out.push('>');
        Some(start)
    }

    /// What stands between the braces of a function: one expression.
    fn body(&mut self, body: &[Token]) -> Option<()> {
        self.indented(|printer| printer.statement(body))?;
        self.text("}");
        Some(())
    }

    pub(super) fn statement(&mut self, tokens: &[Token]) -> Option<()> {
        let first = tokens.first()?;
        let is_plain = tokens.iter().all(|token| token.punct() != Some(';') && !token.is("match") && !token.is("if"));
        if !is_plain || first.is("let") || first.is("for") || first.group(Delimiter::Brace).is_some() {
            return None;
        }
        self.begin();
        let start = self.out.len() - self.indent;
        self.expression(tokens, start, true, "")
    }

    /// The fields of a struct or the variants of an enum.
    fn parts(&mut self, head: &[Token], body: &[Token]) -> Option<()> {
        if body.is_empty() {
            return self.line(head, " {}");
        }
        self.line(head, " {")?;
        self.indented(|printer| {
            split(body).into_iter().try_for_each(|part| {
                let part = printer.attributes(part)?;
                printer.line(part, ",")
            })
        })?;
        self.text("}");
        Some(())
    }

    /// A constant: what it is may take several lines.
    fn constant(&mut self, head: &[Token]) -> Option<()> {
        let at = head.iter().position(|token| token.punct() == Some('='))?;
        self.begin();
        let start = self.out.len() - self.indent;
        self.flat(&head[..=at])?;
        self.out.push(' ');
        self.expression(&head[at + 1..], start, false, ";")
    }

    /// `use a::{…};`, as many names in a line as there is room for.
    fn import(&mut self, head: &[Token]) -> Option<()> {
        let before = self.out.len();
        if self.line(head, ";").is_some() {
            return Some(());
        }
        self.out.truncate(before);
        let (last, path) = head.split_last()?;
        self.line(path, "{")?;
        let names = split(last.group(Delimiter::Brace)?);
        self.indent += INDENT;
        let mut start = self.out.len();
        for (index, name) in names.iter().enumerate() {
            let before = self.out.len();
            self.flat(name)?;
            let name = self.out.split_off(before);
            let room = self.out.len() - start + 1 + name.len() + usize::from(index + 1 < names.len());
            if index == 0 || room > WIDTH {
                if index > 0 {
                    self.out.push('\n');
                }
                start = self.out.len();
                self.begin();
            } else {
                self.out.push(' ');
            }
            self.out.push_str(&name);
            self.out.push(',');
        }
        self.out.push('\n');
        self.indent -= INDENT;
        self.text("};");
        Some(())
    }
}
