//! A partition key is on every record, or the document is refused: never is it left off in silence.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use conecta_gen::files::FileSet;

use crates::Crates;

const HEAD: &str = "asyncapi: 2.0.0\ninfo: { title: Keys, version: 1.0.0 }\nchannels:\n";

/// The crate, or the codes of the errors.
fn generate(name: &str, document: &str, key: &str) -> Result<FileSet, String> {
    let topics = format!("Topics: {{ a: {{ partition_key: {key} }} }}");
    let (files, loaded) = crates::generate(name, document, Some(&topics), "");
    files.ok_or_else(|| {
        let errors = loaded.diagnostics.iter().filter(|d| d.severity.as_str() == "error");
        errors.map(|d| d.code.to_string()).collect::<Vec<_>>().join(" ")
    })
}

fn keyed_by(schema: &str) -> String {
    let payload = format!("{{ type: object, required: [k], properties: {{ k: {schema} }} }}");
    format!("{HEAD}  a: {{ publish: {{ message: {{ name: A, payload: {payload} }} }} }}\n")
}

#[test]
fn each_kind_of_scalar_makes_a_key() {
    let kinds = [
        "{ type: string }",
        "{ type: string, format: date-time }",
        "{ type: string, format: uuid }",
        "{ type: string, pattern: '^a$' }",
        "{ type: string, enum: [A, b] }",
        "{ const: x }",
        "{ type: string, oneOf: [{ pattern: a }, { pattern: b }] }",
        "{ type: integer }",
        "{ type: integer, minimum: 1 }",
        "{ type: integer, minimum: 0, maximum: 18446744073709551615 }",
        "{ type: integer, enum: [1, 2] }",
        "{ type: boolean }",
        "{ type: boolean, enum: [true] }",
        "{ type: [string, integer] }",
        "{ type: [string, integer], enum: [a, 1] }",
    ];
    let written: Vec<_> = kinds
        .iter()
        .enumerate()
        .map(|(index, schema)| {
            let name = format!("key-{index}");
            let files = generate(&name, &keyed_by(schema), "k").unwrap_or_else(|codes| panic!("{schema}: {codes}"));
            assert!(files.get("src/a.rs").unwrap().contains("::conecta_runtime::codec::key(&self.k"), "{schema}");
            (name, files)
        })
        .collect();
    let crates = Crates::write("keys", written.iter().map(|(name, files)| (name.clone(), files)));
    let built = crates.cargo(&["check", "--quiet", "--keep-going", "--message-format", "short"]);
    assert!(built.is_ok(), "{}", built.unwrap_err());
}

#[test]
fn a_key_that_cannot_be_read_from_the_event_is_an_error() {
    let refused = |document: &str, key: &str| generate("keys", document, key).map(|_| ()).unwrap_err();
    assert_eq!(refused(&keyed_by("{ type: number }"), "k"), "CG0705");
    assert_eq!(refused(&keyed_by("{ type: object }"), "k"), "CG0705");
    assert_eq!(refused(&keyed_by("{ type: string }"), "l"), "CG0702");
    let or_null = "{ type: [object, 'null'], required: [k], properties: { k: { type: string } } }";
    let document = format!("{HEAD}  a: {{ publish: {{ message: {{ name: A, payload: {or_null} }} }} }}\n");
    assert_eq!(refused(&document, "k"), "CG0806");
}

#[test]
fn a_message_that_shares_its_payload_with_another_has_a_key_and_an_identifier_all_the_same() {
    let document = format!(
        "{HEAD}  a: {{ publish: {{ message: {{ name: A, payload: {{ $ref: '#/components/schemas/P' }} }} }} }}
  b: {{ publish: {{ message: {{ name: B, payload: {{ $ref: '#/components/schemas/P' }} }} }} }}
components:
  schemas:
    P:
      type: object
      required: [evento_id, evento_tipo, k]
      properties: {{ evento_id: {{ type: string }}, evento_tipo: {{ type: string }}, k: {{ type: integer }} }}
"
    );
    let mut files = generate("shared-payload", &document, "k").unwrap();
    files.insert(
        "tests/author.rs",
        "use conecta_runtime::{Event, RawRecord};
#[test]
fn the_payload_is_read_through() {
    let body = br#\"{\"evento_id\": \"e1\", \"evento_tipo\": \"x\", \"k\": 7}\"#;
    let event = shared_payload::A::decode(&RawRecord::from_payload(body)).unwrap();
    assert_eq!((event.id().as_deref(), event.key()), (Some(\"e1\"), Some(b\"7\".to_vec())));
    let other = shared_payload::B::decode(&RawRecord::from_payload(body)).unwrap();
    assert_eq!((other.id().as_deref(), other.key()), (Some(\"e1\"), None));
}
",
    );
    let crates = Crates::write("keys-shared", [("shared-payload".to_owned(), &files)]);
    let built = crates.cargo(&["test", "--quiet"]);
    assert!(built.is_ok(), "{}", built.unwrap_err());
}
