//! Rust files: items printed as prettyplease prints them, a blank line between them.

use proc_macro2::TokenStream;

use super::plain;

/// A file in the making.
#[derive(Debug, Default)]
pub(super) struct Source {
    text: String,
}

impl Source {
    /// A file that begins with these lines.
    pub(super) fn new(head: String) -> Self {
        Self { text: head }
    }

    /// Adds items, without blank lines between them.
    pub(super) fn items(&mut self, tokens: TokenStream) {
        let printed = print(tokens);
        self.paragraph(&printed);
    }

    /// Adds a trait or an implementation: a blank line between its methods.
    pub(super) fn block(&mut self, tokens: TokenStream) {
        let printed = print(tokens);
        let mut spaced = String::with_capacity(printed.len() + 16);
        let mut lines = printed.lines().peekable();
        while let Some(line) = lines.next() {
            spaced.push_str(line);
            spaced.push('\n');
            let is_statement = line.starts_with("    ") && !line.starts_with("     ") && !line.starts_with("    //");
            let ends_method = line == "    }" || (is_statement && line.ends_with(';'));
            let opens_method = |next: &&str| {
                ["    ///", "    fn ", "    pub fn ", "    ::"].iter().any(|start| next.starts_with(start))
            };
            if ends_method && lines.peek().is_some_and(opens_method) {
                spaced.push('\n');
            }
        }
        self.paragraph(&spaced);
    }

    /// Adds an item within one of the runtime's macros.
    pub(super) fn within(&mut self, macro_name: &str, item: TokenStream) {
        // A tuple struct of one long name is broken over lines with a comma at its end, which the macros do not take.
        let mut printed = print(item);
        if printed.contains("(\n") {
            printed = printed.replace("(\n    pub ", "(pub ").replace("(\n    ", "(").replace(",\n);\n", ");\n");
        }
        let mut wrapped = format!("::conecta_runtime::{macro_name}! {{\n");
        wrapped.reserve(printed.len() * 5 / 4);
        for line in printed.lines() {
            // No literal in these items spans lines, so every line is code.
            if !line.is_empty() {
                wrapped.push_str("    ");
                wrapped.push_str(line);
            }
            wrapped.push('\n');
        }
        wrapped.push_str("}\n");
        self.paragraph(&wrapped);
    }

    /// Adds text that is formatted already.
    pub(super) fn text(&mut self, text: &str) {
        self.paragraph(text);
    }

    /// Adds another file's paragraphs.
    pub(super) fn append(&mut self, other: Self) {
        self.paragraph(&other.text);
    }

    fn paragraph(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    /// The file's text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

pub(super) fn print(tokens: TokenStream) -> String {
    #[cfg(test)]
    let copy = tokens.clone();
    match plain::print(tokens) {
        Ok(text) => {
            #[cfg(test)]
            assert_eq!(text, pretty(copy));
            text
        }
        Err(tokens) => pretty(tokens),
    }
}

fn pretty(tokens: TokenStream) -> String {
    // A copy for the fault's sake would have every group of the tokens copied while they are parsed.
    let shown = cfg!(debug_assertions).then(|| tokens.clone());
    match syn::parse2::<syn::File>(tokens) {
        Ok(file) => prettyplease::unparse(&file),
        // What is quoted here is Rust; were it not, the compiler would be told so.
        Err(error) => {
            debug_assert!(false, "{error}: {}", shown.unwrap_or_default());
            format!("{}\n", error.to_compile_error())
        }
    }
}
