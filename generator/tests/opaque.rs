//! Payloads that are not JSON: bytes, from the side of who uses the crate.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use crates::{Crates, generate};

const DOCUMENT: &str = "\
asyncapi: 2.6.0
info: { title: Opaque, version: 1.0.0 }
channels:
  readings:
    publish:
      operationId: publishReading
      message:
        name: Reading
        schemaFormat: application/vnd.apache.avro;version=1.9.0
        payload: { type: record, name: Reading, fields: [] }
  notes:
    publish:
      operationId: publishNote
      message: { name: Note, contentType: text/plain, payload: { type: string } }
";

#[test]
fn a_payload_that_is_not_json_is_bytes_with_a_warning_and_both_ends() {
    let (files, loaded) = generate("opaque-events", DOCUMENT, None, "");
    let mut files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let warned = loaded.diagnostics.iter().filter(|d| d.code.to_string() == "CG0513");
    assert_eq!(warned.map(|d| d.severity.as_str()).collect::<Vec<_>>(), ["warning"; 2]);
    files.insert("tests/author.rs", include_str!("author/opaque.rs"));
    let crates = Crates::write("opaque", [("opaque-events".to_owned(), &files)]);
    for command in [&["test", "--quiet"][..], &["doc", "--no-deps", "--quiet"]] {
        let built = crates.cargo(command);
        assert!(built.is_ok(), "{}", built.unwrap_err());
    }
}
