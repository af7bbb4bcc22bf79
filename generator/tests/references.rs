//! References: where they lead, and where they must not.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

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
fn nothing_is_fetched_and_no_path_from_a_root_is_read() {
    for (reference, code) in [
        ("https://example.com/schema.json#/X", "CG0204"),
        ("//example.com/x.json", "CG0204"),
        ("urn:example:x", "CG0204"),
        ("file:///etc/hostname", "CG0203"),
        ("/etc/hostname", "CG0203"),
        ("C:/x.yaml", "CG0203"),
        ("\\\\\\\\server\\\\share\\\\x.yaml", "CG0203"),
    ] {
        let folder = Folder::new().with("spec.yaml", with_payload(&format!("$ref: \"{reference}\"")));
        let findings = folder.check(&["spec.yaml"]);
        assert_eq!(findings[0].brief(), format!("{code} 10:17"), "{reference}");
    }
}

#[test]
fn parts_kept_beside_the_documents_folder_are_read() {
    let folder = Folder::new()
        .with("contracts/orders/spec.yaml", with_payload("$ref: '../common/order.yaml#/Order'"))
        .with(
            "contracts/common/order.yaml",
            "Order:\n  type: object\n  properties:\n    sku: { $ref: './parts/sku.json' }\n    id: { $ref: '../orders/own.yaml#/Id' }\n    at: { $ref: '../../master/at.yml#/At' }\n",
        )
        .with("contracts/common/parts/sku.json", r#"{"type": "string"}"#)
        .with("contracts/orders/own.yaml", "Id: { type: integer }\n")
        .with("master/at.yml", "At: { type: string, minimum: x }\n");
    let findings = folder.check(&["contracts/orders/spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0504 1:30"], "{findings:#?}");
    assert_eq!(findings[0].file, "contracts/orders/../../master/at.yml", "found in the last of them");
}

#[test]
fn a_path_that_leaves_the_folder_and_comes_back_is_one_file() {
    let document = with_payload("$ref: '../orders/spec.yaml#/components/schemas/A'")
        + "components:\n  schemas:\n    A: { type: string }\n    B: { type: string }\n";
    let findings = Folder::new().with("orders/spec.yaml", document).check(&["orders/spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0420 14:5"], "A is used: {findings:#?}");
}

#[test]
fn what_a_reference_may_not_climb_to_is_refused_where_it_stands() {
    for (reference, file, why) in [
        ("../../../../secret.yaml", "secret.yaml", "by more than three levels"),
        ("../../../../../../../../etc/passwd", "secret.yaml", "by more than three levels"),
        ("%2e%2e/%2e%2e/../../secret.yaml", "secret.yaml", "by more than three levels"),
        ("../.ssh/config.yaml", "a/b/c/.ssh/config.yaml", "to what is hidden"),
        ("../.secret.yaml", "a/b/c/.secret.yaml", "to what is hidden"),
        ("../../c/../.ssh/config.yaml", "a/b/.ssh/config.yaml", "to what is hidden"),
        ("../secret", "a/b/c/secret", "not called .yaml"),
        ("../secret.toml", "a/b/c/secret.toml", "not called .yaml"),
        ("../list.yaml", "a/b/c/list.yaml", "that holds no mapping"),
        ("../broken.yaml", "a/b/c/broken.yaml", "that holds no mapping"),
    ] {
        let text = if file.ends_with("list.yaml") { "- hunter2\n" } else { "hunter2: [\n" };
        let text = if file.ends_with("secret.yaml") { "hunter2: {}\n" } else { text };
        let folder = Folder::new()
            .with(file, text)
            .with("a/b/c/spec/spec.yaml", with_payload(&format!("$ref: '{reference}#/hunter2'")));
        let findings = folder.check(&["a/b/c/spec/spec.yaml"]);
        assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0203 10:17"], "{reference}");
        assert!(findings[0].message.contains(why), "{reference}: {}", findings[0].message);
        assert!(findings[0].help.as_deref().is_some_and(|help| help.contains("--allow-dir")));
        let shown = folder.run(&["check", "a/b/c/spec/spec.yaml"]);
        let shown = support::text(&shown.stdout).replace("#/hunter2", "");
        assert!(!shown.contains("hunter2"), "nothing of the file is shown: {shown}");
    }
}

#[test]
fn references_do_not_climb_out_of_the_repository() {
    let folder = Folder::new()
        .with("repository/.git/HEAD", "")
        .with("repository/common/a.yaml", "A: { type: string }\n")
        .with("secret.yaml", "A: { type: string }\n")
        .with("repository/spec/inside.yaml", with_payload("$ref: '../common/a.yaml#/A'"))
        .with("repository/spec/outside.yaml", with_payload("$ref: '../../secret.yaml#/A'"));
    assert!(folder.check(&["repository/spec/inside.yaml"]).is_empty());
    let findings = folder.check(&["repository/spec/outside.yaml"]);
    assert_eq!(findings[0].brief(), "CG0203 10:17");
    assert!(findings[0].message.contains("out of the repository"), "{}", findings[0].message);
}

#[test]
fn a_folder_may_be_allowed_by_name() {
    let folder = Folder::new()
        .with("far/.hidden/list", "- type: string\n")
        .with("a/b/c/d/spec.yaml", with_payload("$ref: '../../../../far/.hidden/list#/0'"));
    let spec = "a/b/c/d/spec.yaml";
    assert_eq!(folder.check(&[spec])[0].brief(), "CG0203 10:17");
    assert!(folder.check(&[spec, "--allow-dir", "far"]).is_empty());
    let generate = ["generate", spec, "-o", "out", "--check"];
    let said = folder.run(&generate);
    assert!(support::text(&said.stderr).contains("CG0203"));
    let said = folder.run(&[&generate[..], &["--allow-dir", "far"]].concat());
    assert!(!support::text(&said.stderr).contains("CG0203"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_out_of_the_folder_is_refused() {
    let link = |to: &Path, at: &Path| std::os::unix::fs::symlink(to, at).unwrap();
    let outer =
        Folder::new().with("secret.yaml", "type: string\n").with("inner/spec.yaml", with_payload("$ref: 'link.yaml'"));
    link(&outer.path().join("secret.yaml"), &outer.path().join("inner/link.yaml"));
    assert_eq!(outer.check(&["inner/spec.yaml"])[0].brief(), "CG0203 10:17");
    assert!(outer.check(&["inner/spec.yaml", "--allow-dir", "."]).is_empty(), "but may be allowed");

    // One that is climbed to counts as what it leads to.
    let outer = outer
        .with("contracts/common/a.yaml", "type: string\n")
        .with("contracts/spec/away.yaml", with_payload("$ref: '../away/secret.yaml'"))
        .with("contracts/spec/beside.yaml", with_payload("$ref: '../beside/a.yaml'"))
        .with("contracts/spec/hidden.yaml", with_payload("$ref: '../a.yaml'"))
        .with("contracts/.hidden/a.yaml", "type: string\n");
    link(outer.path(), &outer.path().join("contracts/away"));
    link(&outer.path().join("contracts/common"), &outer.path().join("contracts/beside"));
    link(&outer.path().join("contracts/.hidden/a.yaml"), &outer.path().join("contracts/a.yaml"));
    assert!(outer.check(&["contracts/spec/beside.yaml"]).is_empty());
    for (spec, why) in [("away", "by a symbolic link"), ("hidden", "to what is hidden")] {
        let findings = outer.check(&[&format!("contracts/spec/{spec}.yaml")]);
        assert_eq!(findings[0].brief(), "CG0203 10:17", "{spec}");
        assert!(findings[0].message.contains(why), "{}", findings[0].message);
    }
}

#[test]
fn what_stands_beside_a_reference_is_ignored_with_a_warning() {
    let document = with_payload("$ref: '#/components/schemas/A'\ndescription: mine")
        + "components:\n  schemas:\n    A: { type: string }\n";
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0206 11:11"]);
    assert_eq!(findings[0].severity, "warning");
}
