//! What a service's author writes over generated crates: each is compiled with tests of its author's, every warning an error.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use conecta_gen::files::FileSet;
use crates::{Crates, generate};

/// A crate with its author's tests.
fn authored(name: &str, document: &str, config: &str, author: &str) -> (String, FileSet) {
    let (files, loaded) = generate(name, document, None, config);
    let mut files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    files.insert("tests/author.rs", author.to_owned());
    (name.to_owned(), files)
}

const DEFAULTS: &str = "\
asyncapi: 2.6.0
info: { title: Defaults, version: 1.0.0 }
channels:
  orders:
    publish:
      operationId: publishOrder
      message: { name: Order, payload: { $ref: '#/components/schemas/Order' } }
  events:
    publish:
      operationId: publishEvent
      message: { name: Event, payload: { $ref: '#/components/schemas/Enveloped' } }
components:
  schemas:
    Enveloped:
      type: object
      required: [event_id]
      properties:
        event_id: { type: string }
        event_type: { type: string, default: order }
        event_version: { type: string, default: '2.0' }
        note: { type: string, default: none }
    Order:
      type: object
      required: [id]
      properties:
        id: { type: integer, default: 1 }
        retries: { type: integer, default: 3 }
        share: { type: number, default: -0.5 }
        urgent: { type: boolean, default: true }
        currency: { type: string, default: PEN }
        code: { type: string, pattern: '^[A-Z]+$', default: ABC }
        stars: { type: integer, minimum: 1, maximum: 5, default: 4 }
        state: { type: string, enum: [NEW, DONE], default: NEW }
        since: { type: string, format: date-time, default: '2024-01-15T10:30:00.120-05:00' }
        tags: { type: array, items: { type: string }, default: [a, b] }
        none: { type: array, items: { type: integer }, default: [] }
        empty: { type: object, additionalProperties: { type: integer }, default: {} }
        nothing: { type: [array, 'null'], items: { type: integer }, default: [] }
        unique: { type: array, items: { type: integer }, uniqueItems: true, default: [1, 2] }
        counts: { type: object, additionalProperties: { type: integer }, default: { a: 1 } }
        level: { type: [integer, 'null'], default: 7 }
        label: { type: [string, 'null'], default: null }
        words: { type: [array, 'null'], items: { type: string }, default: [x] }
        mixed: { type: [string, integer], default: 5 }
        anything: { default: { deep: [1, null] } }
        place: { $ref: '#/components/schemas/Place' }
        self: { type: integer, default: 9 }
        next: { $ref: '#/components/schemas/Order' }
        huge: { type: integer, default: 100000000000000000000 }
        wrong: { type: integer, default: ten }
        ruled: { $ref: '#/components/schemas/Ruled' }
    Place:
      type: object
      default: { lat: 1 }
      required: [lat]
      properties:
        lat: { type: number }
        name: { type: string, default: home }
    Ruled:
      type: object
      properties: { a: { type: integer, default: 1 }, b: { type: integer } }
      dependencies: { a: [b] }
";

#[test]
fn crates_serve_their_authors() {
    let keep = authored("keep-defaults", DEFAULTS, "", include_str!("author/defaults_kept.rs"));
    let write = "[fields]\ndefaults = \"write\"\n";
    let write = authored("write-defaults", DEFAULTS, write, include_str!("author/defaults_written.rs"));
    let omit = "[fields]\ndefaults = \"omit\"\n";
    let omit = authored("omit-defaults", DEFAULTS, omit, include_str!("author/defaults_omitted.rs"));
    let all = [keep, write, omit];
    let crates = Crates::write("authors", all.iter().map(|(name, files)| (name.clone(), files)));
    for command in [&["clippy", "--all-targets", "--quiet"][..], &["test", "--quiet"], &["doc", "--no-deps", "--quiet"]]
    {
        let built = crates.cargo(command);
        assert!(built.is_ok(), "{}", built.unwrap_err());
    }
}

#[test]
fn a_default_that_cannot_be_applied_is_said() {
    let (_, loaded) = generate("found", DEFAULTS, None, "");
    let found: Vec<_> = loaded.diagnostics.iter().map(|d| format!("{}: {}", d.code, d.message)).collect();
    assert!(found.contains(&"CG0811: the default of `huge` is not applied".to_owned()), "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("CG0603")), "{found:#?}");
    assert!(!found.iter().any(|line| line.contains("`wrong` is not applied")), "{found:#?}");
}
