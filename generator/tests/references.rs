//! References: where they lead, and where they must not.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Finding, Folder, briefs};

/// A document whose one message has this payload, from line 9 on.
fn with_payload(payload: &str) -> String {
    let payload = payload.replace('\n', "\n          ");
    format!(
        "asyncapi: 2.6.0\ninfo:\n  title: t\n  version: 1.0.0\nchannels:\n  c:\n    publish:\n      message:\n        payload:\n          {payload}\n"
    )
}

#[test]
fn a_reference_to_nothing_is_refused_with_the_nearest_name() {
    let document =
        with_payload("$ref: '#/components/schemas/Ordr'") + "components:\n  schemas:\n    Order:\n      type: object\n";
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings[0].brief(), "CG0201 10:17");
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `Order`?"));
}

#[test]
fn a_ring_of_references_is_named() {
    let document = with_payload("$ref: '#/components/schemas/A'")
        + "components:\n  schemas:\n    A: { $ref: '#/components/schemas/B' }\n    B: { $ref: '#/components/schemas/A' }\n";
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0205 13:16"]);
    assert!(
        findings[0].message.contains("`/components/schemas/A` -> `/components/schemas/B` -> `/components/schemas/A`")
    );
}

#[test]
fn a_ring_of_all_ofs_is_named() {
    let document = with_payload("$ref: '#/components/schemas/A'")
        + "components:\n  schemas:\n    A:\n      allOf:\n        - $ref: '#/components/schemas/B'\n    B:\n      allOf:\n        - $ref: '#/components/schemas/A'\n";
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0501 14:7"]);
    assert_eq!(findings[0].related, [("spec.yaml".to_owned(), 17, 7)]);
}

#[test]
fn recursion_through_properties_and_items_is_fine() {
    let document = with_payload("$ref: '#/components/schemas/Node'")
        + "components:\n  schemas:\n    Node:\n      type: object\n      properties:\n        next: { $ref: '#/components/schemas/Node' }\n        all: { type: array, items: { $ref: '#/components/schemas/Node' } }\n";
    assert_eq!(briefs(document), [""; 0]);
}

#[test]
fn pointers_are_unescaped_and_lead_into_lists_and_channels() {
    let document = "asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
channels:
  a/b~c:
    publish:
      message:
        oneOf:
          - payload: { type: string }
          - payload: { type: integer }
  d:
    publish:
      message:
        payload:
          type: object
          properties:
            one: { $ref: '#/channels/a~1b~0c/publish/message/oneOf/1/payload' }
            two: { $ref: '#/channels/a~1b%7E0c/publish/message/oneOf/0/payload' }
";
    assert_eq!(briefs(document), [""; 0]);
}

#[test]
fn files_are_read_relative_to_the_file_that_names_them() {
    let folder = Folder::new()
        .with("spec.yaml", with_payload("$ref: './schemas/order.yaml#/Order'"))
        .with("schemas/order.yaml", "Order:\n  type: object\n  properties:\n    line: { $ref: 'parts/line.json' }\n")
        .with(
            "schemas/parts/line.json",
            r#"{"type": "object", "properties": {"sku": {"$ref": "../order.yaml#/Sku"}}}"#,
        );
    let findings = folder.check(&["spec.yaml"]);
    assert_eq!(findings[0].brief(), "CG0201 1:51", "found in the third file: {findings:#?}");
    assert_eq!(findings[0].file, "schemas/parts/line.json");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let findings = Folder::new().with("spec.yaml", with_payload("$ref: './gone.yaml'")).check(&["spec.yaml"]);
    assert_eq!(findings[0].brief(), "CG0202 10:17");
    assert!(findings[0].message.contains("gone.yaml"));
}

#[test]
fn a_file_that_cannot_be_read_is_shown_with_its_own_fault() {
    let folder = Folder::new().with("spec.yaml", with_payload("$ref: './bad.yaml'")).with("bad.yaml", "a: [1,\nb: 2\n");
    let findings = folder.check(&["spec.yaml"]);
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert_eq!((findings[0].code.as_str(), findings[1].code.as_str()), ("CG0202", "CG0103"));
    assert_eq!(findings[1].file, "bad.yaml");
}

#[test]
fn nothing_is_fetched_and_nothing_outside_the_folder_is_read() {
    for (reference, code) in [
        ("https://example.com/schema.json#/X", "CG0204"),
        ("//example.com/x.json", "CG0204"),
        ("urn:example:x", "CG0204"),
        ("file:///etc/hostname", "CG0203"),
        ("/etc/hostname", "CG0203"),
        ("C:/x.yaml", "CG0203"),
        ("\\\\\\\\server\\\\share\\\\x.yaml", "CG0203"),
        ("../secret.yaml", "CG0203"),
        ("sub/../../secret.yaml", "CG0203"),
        ("%2e%2e/secret.yaml", "CG0203"),
    ] {
        let outer = Folder::new().with("secret.yaml", "secret: true\n");
        let outer = outer.with("inner/spec.yaml", with_payload(&format!("$ref: \"{reference}\"")));
        let findings = outer.check(&["inner/spec.yaml"]);
        assert_eq!(findings[0].brief(), format!("{code} 10:17"), "{reference}");
        assert!(!findings.iter().any(|f| f.message.contains("secret: true")));
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_out_of_the_folder_is_refused() {
    let outer =
        Folder::new().with("secret.yaml", "type: string\n").with("inner/spec.yaml", with_payload("$ref: 'link.yaml'"));
    std::os::unix::fs::symlink(outer.path().join("secret.yaml"), outer.path().join("inner/link.yaml")).unwrap();
    assert_eq!(outer.check(&["inner/spec.yaml"])[0].brief(), "CG0203 10:17");
    assert!(outer.check(&["inner/spec.yaml", "--allow-dir", "."]).is_empty(), "but may be allowed");
}

#[test]
fn what_stands_beside_a_reference_is_ignored_with_a_warning() {
    let document = with_payload("$ref: '#/components/schemas/A'\ndescription: mine")
        + "components:\n  schemas:\n    A: { type: string }\n";
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0206 11:11"]);
    assert_eq!(findings[0].severity, "warning");
}
