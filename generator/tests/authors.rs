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
        anything: { default: { deep: [1, null] } }
        place: { $ref: '#/components/schemas/Place' }
        self: { type: integer, default: 9 }
        either: { type: [integer, string], default: auto }
        where: { oneOf: [{ $ref: '#/components/schemas/Place' }, { type: string, enum: [here, there] }], default: there }
        point: { anyOf: [{ $ref: '#/components/schemas/Place' }, { type: 'null' }, { type: integer }], default: { lat: 2 } }
        both: { anyOf: [{ type: string, minLength: 1 }, { type: string, maxLength: 9 }], default: x }
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
    let names = authored("named-events", NAMES, NAMES_TOML, include_str!("author/names.rs"));
    let decimals = authored("decimal-events", DECIMALS, DECIMALS_TOML, include_str!("author/decimals.rs"));
    let wide = authored("wide-events", WIDE, "", include_str!("author/wide.rs"));
    let all = [keep, write, omit, names, decimals, wide];
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
    // It can be either of two alternatives.
    assert!(found.contains(&"CG0811: the default of `both` is not applied".to_owned()), "{found:#?}");
    assert_eq!(found.iter().filter(|line| line.starts_with("CG0811")).count(), 2, "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("CG0603")), "{found:#?}");
    assert!(!found.iter().any(|line| line.contains("`wrong` is not applied")), "{found:#?}");
}

const NAMES: &str = "\
asyncapi: 2.6.0
info: { title: Names, version: 1.0.0 }
channels:
  casos.creados:
    x-rust-name: cases
    publish:
      operationId: publicarCasoCreado
      x-rust-name: publish_case
      message: { $ref: '#/components/messages/CasoCreado' }
  casos.cerrados:
    subscribe:
      operationId: onCasoCerrado
      message: { $ref: '#/components/messages/CasoCerrado' }
components:
  messages:
    CasoCreado:
      x-rust-name: CaseCreated
      payload: { $ref: '#/components/schemas/CasoCreado' }
    CasoCerrado:
      payload: { $ref: '#/components/schemas/Cierre' }
  schemas:
    CasoCreado:
      type: object
      required: [type]
      properties:
        type: { type: string, x-rust-name: kind }
        fn: { type: string, x-rust-name: match }
        prioridad:
          type: string
          enum: [BAJA, ALTA, '-']
          x-rust-names: { BAJA: Low, '-': Unknown }
        ubicacion:
          type: object
          x-rust-name: Spot
          properties:
            punto: { type: object, properties: { lat: { type: number } } }
        autor: { $ref: '#/components/schemas/Persona' }
        vec: { $ref: '#/components/schemas/Vec' }
        serialize: { $ref: '#/components/schemas/Serialize' }
        clone: { $ref: '#/components/schemas/Default' }
    Cierre:
      x-rust-name: CaseClosed
      type: object
      properties: { nota: { type: integer, enum: [1, 2] } }
    Persona:
      x-rust-name: Person
      type: object
      properties: { datos: { type: object, properties: { nombre: { type: string } } } }
    Vec: { type: object, properties: { String: { type: string, enum: [Some, None, Ok] } } }
    Serialize: { type: object, properties: { Value: { type: array, items: { type: string }, minItems: 1 } } }
    Default: { type: object, properties: { map: { type: object, additionalProperties: { type: integer } }, a: { type: integer, default: 1 } } }
";

const NAMES_TOML: &str = "\
[names]
\"/channels/casos.creados/publish/message/payload/properties/autor\" = \"author\"
\"/components/schemas/Cierre/properties/nota/enum/0\" = \"Bad\"
\"/components/schemas/Cierre/properties/nota\" = \"Grade\"
";

/// What is found in a contract with this among its schemas, and this configuration: its places, codes and messages.
fn found(schemas: &str, config: &str) -> Vec<String> {
    let document = format!(
        "asyncapi: 2.6.0\ninfo: {{ title: Names, version: 1.0.0 }}\nchannels:\n  a: {{ publish: {{ message: {{ name: A, \
         payload: {{ $ref: '#/components/schemas/A' }} }} }} }}\ncomponents:\n  schemas:\n{schemas}"
    );
    let (_, loaded) = generate("found", &document, None, config);
    let told = loaded.diagnostics.iter().filter(|d| ("CG0810"..="CG0819").contains(&&*d.code.to_string()));
    let line = |d: &conecta_gen::diagnostic::Diagnostic| {
        let span = d.at.and_then(|at| loaded.document.span(at))?;
        let position = loaded.document.files().first()?.position(span.start);
        Some(format!("{}:{}", position.line, position.column))
    };
    told.map(|d| format!("{} {} {}", line(d).unwrap_or_default(), d.code, d.message)).collect()
}

#[test]
fn a_name_that_cannot_be_one_is_a_finding_at_its_place() {
    let schema = |fields: &str| format!("    A: {{ type: object, {fields} }}\n");
    assert_eq!(
        found(&schema("x-rust-name: two words"), ""),
        ["7:37 CG0812 \"two words\" cannot be the name of a type"]
    );
    assert_eq!(
        found(&schema("properties: { a: { type: string, x-rust-name: self } }"), ""),
        ["7:70 CG0812 `self` is kept for the language or for generated code"]
    );
    assert_eq!(found(&schema("x-rust-name: [A]"), ""), ["7:37 CG0812 this is no name"]);
    assert_eq!(
        found(&schema("properties: { a: { enum: [x, y], x-rust-names: { x: Same, y: Same } } }"), ""),
        ["7:76 CG0813 `Same` is the name of something else", "7:85 CG0813 `Same` is the name of something else"]
    );
    assert_eq!(
        found(&schema("properties: { a: { enum: [x, y], x-rust-names: { z: Same } } }"), ""),
        ["7:73 CG0814 \"z\" is none of the values"]
    );
    assert_eq!(
        found(&schema("properties: { a: { type: string, x-rust-name: b }, b: { type: string } }"), ""),
        ["7:70 CG0813 `b` is the name of something else"]
    );
    assert_eq!(
        found(&schema("x-rust-name: Option, properties: { a: {} }"), ""),
        ["7:37 CG0813 `Option` is the name of something else"]
    );
    assert_eq!(
        found(&schema("properties: { a: { type: string, x-rust-name: Text } }"), ""),
        ["7:70 CG0814 the name `Text` is given to nothing"]
    );
    assert_eq!(
        found(&schema("properties: { a: {} }"), "[names]\n\"/components/schemas/B\" = \"B\"\n"),
        [" CG0810 the contract has nothing at \"/components/schemas/B\""]
    );
    assert_eq!(
        found(&schema("properties: { a: {} }"), "[names]\n\"/components/schemas/A/properties\" = \"B\"\n"),
        ["7:36 CG0814 the name `B` is given to nothing"]
    );
}

const DECIMALS: &str = "\
asyncapi: 2.6.0
info: { title: Decimals, version: 1.0.0 }
channels:
  payments:
    publish:
      operationId: publishPayment
      message: { name: Payment, payload: { $ref: '#/components/schemas/Payment' } }
components:
  schemas:
    Payment:
      type: object
      required: [total]
      properties:
        total: { type: number, x-rust-type: decimal }
        rate: { type: [number, 'null'], x-rust-type: decimal, default: 1.5 }
        fee: { type: number, minimum: 0, multipleOf: 0.01, x-rust-type: decimal, default: 0.25 }
        parts: { type: array, items: { $ref: '#/components/schemas/Amount' } }
        by_name: { type: object, additionalProperties: { type: number, x-rust-type: decimal } }
        id: { type: string, format: uuid }
        account: { type: integer, minimum: 0, x-rust-type: decimal }
    Amount: { type: number, exclusiveMinimum: 0 }
    Decimal: { type: object }
";

const DECIMALS_TOML: &str = "[types]\n\"/components/schemas/Amount\" = \"decimal\"\n";

const WIDE: &str = "\
asyncapi: 2.6.0
info: { title: Wide, version: 1.0.0 }
channels:
  transfers:
    publish:
      operationId: publishTransfer
      message: { name: Transfer, payload: { $ref: '#/components/schemas/Transfer' } }
components:
  schemas:
    Transfer:
      type: object
      required: [serial]
      properties:
        serial: { type: integer, minimum: 0, maximum: 99999999999999999999 }
        hash: { type: integer, minimum: 0, exclusiveMaximum: 340282366920938463463374607431768211455 }
        delta: { type: integer, exclusiveMinimum: -18446744073709551617 }
        step: { type: integer, minimum: 0, maximum: 1e+30, multipleOf: 10, default: 30000000000000000000 }
        counts: { type: array, items: { type: integer, minimum: -1e+20 } }
        either: { oneOf: [{ type: integer, minimum: 0, maximum: 1e+20 }, { type: string }] }
";

#[test]
fn a_type_that_cannot_be_had_is_a_finding_at_its_place() {
    let schema = |a: &str| format!("    A: {{ type: object, properties: {{ a: {a} }} }}\n");
    let no = |why: &str, column: u32| format!("7:{column} CG0815 {why}");
    assert_eq!(
        found(&schema("{ type: string, x-rust-type: decimal }"), ""),
        [no("this cannot be a decimal: it is not of `type: number` or `integer`", 70)]
    );
    assert_eq!(
        found(&schema("{ type: number, x-rust-type: 'std::process::Command' }"), ""),
        [no("there is no such type", 70)]
    );
    assert_eq!(
        found(&schema("{ type: number, maximum: 1.0e+40, x-rust-type: decimal }"), ""),
        [no("this cannot be a decimal: 1e+40 is beyond a decimal", 88)]
    );
    let ruled =
        "    A: { type: object, not: { required: [b] }, properties: { a: { type: number, x-rust-type: decimal } } }\n";
    assert_eq!(found(ruled, ""), [no("this cannot be a decimal: it lies within what is held against rules", 94)]);
    assert_eq!(
        found(&schema("{}"), "[types]\n\"/components/schemas/A/properties\" = \"decimal\"\n"),
        [no("a type is asked for where there is no schema", 36)]
    );
}
