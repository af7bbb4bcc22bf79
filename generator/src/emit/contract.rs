//! `tests/contract.rs` of the generated crate.

use quote::quote;

use super::Context;
use super::docs::Docs;
use super::paths::ident;
use super::source::Source;

/// Every example of the document through its type.
pub(super) fn emit(context: &Context<'_>, crate_name: &str) -> String {
    let docs = Docs::new().markdown("Every example of the contract, through its type.");
    let mut source = Source::new(format!("{}{}", context.stamp, docs.inner()));
    let name = ident(&crate_name.replace('-', "_"));
    source.items(quote! {
        use ::conecta_runtime::Value;
        use ::conecta_runtime::codec::same_json;
        use ::#name::MESSAGES;
    });
    source.items(quote! {
        #[test]
        fn sound_examples_are_kept_as_they_are() {
            for message in MESSAGES {
                for example in message.examples.iter().filter(|example| example.refused.is_none()) {
                    let written = (message.transcode)(example.payload.as_bytes());
                    let written = written.unwrap_or_else(|error| panic!("{} is refused: {error}", message.name));
                    let (given, kept) = (json(example.payload.as_bytes()), json(&written));
                    assert!(same_json(&given, &kept), "{}: {given} became {kept}", message.name);
                }
            }
        }
    });
    source.items(quote! {
        #[test]
        fn examples_that_break_the_contract_are_refused() {
            for message in MESSAGES {
                for example in message.examples {
                    if let Some(reason) = example.refused {
                        let outcome = (message.transcode)(example.payload.as_bytes());
                        assert!(outcome.is_err(), "{} is accepted in spite of {reason}", message.name);
                    }
                }
            }
        }
    });
    source.items(quote! {
        fn json(text: &[u8]) -> Value {
            std::str::from_utf8(text).expect("JSON is UTF-8").parse().expect("it is JSON")
        }
    });
    source.finish()
}
