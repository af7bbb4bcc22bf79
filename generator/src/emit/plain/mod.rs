//! Printing the plain forms that nearly all of the generated code is made of, as prettyplease prints them.
//!
//! To read tokens with syn and to print them with prettyplease is half of what generating a large contract takes, and most
//! of it goes into `pub struct`s, constants and signatures. Those are printed here straight from their tokens. Whatever
//! is of another form, or does not fit in a line where it is not known how prettyplease would break it, is left to
//! prettyplease; so this may know little. Tests print everything both ways and hold the two against each other.

mod expression;
mod flat;
mod item;
mod token;

use proc_macro2::TokenStream;

use token::{Token, grown};

/// The columns of a line.
const WIDTH: usize = 89;

const INDENT: usize = 4;

/// Fields longer than that never stand on one line.
const SHORT: usize = 40;

/// The text of these items; the tokens again where they are of a form that is not known here.
pub(super) fn print(tokens: TokenStream) -> Result<String, TokenStream> {
    let tokens = grown(tokens);
    let mut printer = Printer { out: String::new(), indent: 0 };
    match printer.items(&tokens) {
        Some(()) => Ok(printer.out),
        None => Err(tokens.into_iter().map(Token::stream).collect()),
    }
}

struct Printer {
    out: String,
    /// Of the line that is begun next.
    indent: usize,
}

impl Printer {
    /// One line of tokens.
    fn line(&mut self, tokens: &[Token], then: &str) -> Option<()> {
        self.begin();
        let start = self.out.len() - self.indent;
        self.flat(tokens)?;
        self.out.push_str(then);
        self.end(start)
    }

    fn text(&mut self, text: &str) {
        self.begin();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn begin(&mut self) {
        self.out.extend(std::iter::repeat_n(' ', self.indent));
    }

    /// Ends the line that begins at `start`, if it is not too long.
    fn end(&mut self, start: usize) -> Option<()> {
        let fits = self.out.len() - start <= WIDTH;
        self.out.push('\n');
        fits.then_some(())
    }

    fn indented(&mut self, print: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.indent += INDENT;
        let done = print(self);
        self.indent -= INDENT;
        done
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::print_stderr)]

    use std::fs;
    use std::path::Path;

    use quote::quote;

    use crate::config::Config;
    use crate::document::{DiskFiles, NoFiles, ReadFiles};
    use crate::render::Templates;
    use crate::{CrateOptions, Source, generate_crate, load};

    /// Prints a crate both ways: `source::print` holds them against each other. Whether there is one.
    fn prints(source: Source, files: &dyn ReadFiles) -> bool {
        let mut loaded = load(source, None, files);
        loaded.tolerate_examples();
        let options = CrateOptions::default();
        generate_crate(&mut loaded, &Config::default(), &options, &Templates::default()).unwrap().is_some()
    }

    fn print_crate(text: String) {
        assert!(prints(Source::new("contract.yaml", text), &NoFiles));
    }

    #[test]
    fn what_most_code_is_made_of_is_known_here() {
        let forms = [
            quote!(
                #[doc = " A type."]
                #[check(minimum = -1)]
                pub struct A(i64);
            ),
            quote!(
                pub struct A {
                    #[json(name = "b c")]
                    pub b_c: Option<Vec<B>>,
                }
            ),
            quote!(impl Event for A { const NAME: &'static str = "A"; fn key(&self) -> Option<Vec<u8>> { None } }),
            quote!(
                pub trait T<C = ()>: Send + 'static {
                    fn f(&self, c: C) -> impl Future<Output = ()> + Send;
                }
            ),
            quote!(
                use a::{B, C};
            ),
            // Names that are long are common, and their traits and functions most of what a channel's module takes to print.
            quote!(
                pub trait ConsumirEventoDeNombreLargo<C = (), D = Delivery<EventoDeNombreLargo, C>>:
                    Send + Sync + 'static
                {
                    fn consumir_evento_de_nombre_largo(
                        &self,
                        event: D,
                    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
                }
            ),
            quote!(
                pub fn consume_batches<
                    C: Send + 'static,
                    H: ConsumirEventoDeNombreLargo<C, Batch<EventoDeNombreLargo, C>>,
                >(
                    batches: Batches,
                    handler: H,
                ) -> Registration<C> {
                    Registration::batches(batches, handler)
                }
            ),
        ];
        for form in forms {
            let printed = super::print(form.clone());
            assert_eq!(printed.ok(), Some(prettyplease::unparse(&syn::parse2(form.clone()).unwrap())), "{form}");
        }
        assert!(
            super::print(quote!(
                fn f() {
                    if a < b {
                        c()
                    }
                }
            ))
            .is_err()
        );
    }

    /// Prints every contract in a folder that can be read; how many there are.
    fn print_folder(folder: &Path) -> usize {
        let mut printed = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                printed += print_folder(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                let source = Source::new(path.display().to_string(), bytes);
                printed += usize::from(prints(source, &DiskFiles::beside(&path)));
            }
        }
        printed
    }

    #[test]
    fn contracts_are_printed_as_prettyplease_prints_them() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(print_folder(&here.join("../specs")), 1);
        for (folder, least) in [("tests/rules", 50), ("tests/fuzz/bases", 4)] {
            let printed = print_folder(&here.join(folder));
            assert!(printed >= least, "{folder}: {printed}");
        }
    }

    #[test]
    fn contracts_of_others_are_printed_as_prettyplease_prints_them() {
        let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let Some(folder) = above.map(|above| above.join("shared/corpus/specs")).find(|folder| folder.is_dir()) else {
            eprintln!("shared/corpus is not beside the project: only contracts of ours are printed");
            return;
        };
        let printed = print_folder(&folder);
        assert!(printed > 50, "{printed}");
    }

    #[test]
    fn lines_are_broken_where_prettyplease_breaks_them() {
        let mut seed = 1_u32;
        for _ in 0..100 {
            let mut name = |letter: &str| {
                // The generator of Numerical Recipes.
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                letter.repeat(1 + (seed >> 16) as usize % 48)
            };
            let (event, field, enumeration, text) = (name("e"), name("f"), name("n"), name("t"));
            let width = field.len();
            print_crate(format!(
                "asyncapi: 2.6.0
info: {{title: t, version: 1.0.0}}
channels:
  a.{event}:
    publish:
      operationId: publicar{event}
      message: &message
        name: {event}
        headers:
          type: object
          properties:
            evento_id: {{type: string}}
            correlation_id: {{type: string}}
            {field}: {{type: integer, minimum: -3, description: \"Ñandú \\\"{text}\\\" c:\\\\dir\"}}
        correlationId: {{location: '$message.payload#/metadata/{field}/request_id'}}
        payload:
          type: object
          required: [evento_id, {field}]
          properties:
            evento_id: {{type: string}}
            evento_version: {{type: string, pattern: '^[0-9.]+$'}}
            timestamp: {{type: string, format: date-time}}
            {field}: {{type: array, items: {{type: object, additionalProperties: {{type: string, enum: [{enumeration}, b]}}}}}}
            {text}: {{type: integer, enum: [-1, 2]}}
            metadata:
              type: object
              properties:
                {field}: {{type: object, properties: {{request_id: {{type: [string, 'null'], maxLength: {width}}}}}}}
        examples: [{{payload: {{evento_id: '1', {field}: []}}}}]
    subscribe: {{operationId: consumir{event}, message: *message}}
  {text}.{{{field}}}:
    parameters: {{{field}: {{schema: {{type: string}}}}}}
    publish:
      operationId: send{text}
      message:
        oneOf:
        - {{name: {enumeration}1, payload: {{type: object, required: [type], properties: {{type: {{const: {enumeration}}}, {field}: {{type: integer, default: 3}}}}}}}}
        - {{name: {text}1, payload: {{type: object, required: [type], properties: {{type: {{const: {text}}}, {event}: {{oneOf: [{{type: string}}, {{type: integer}}]}}}}}}}}
"
            ));
        }
    }
}
