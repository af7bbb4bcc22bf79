//! The build-script API.
#![allow(clippy::unwrap_used)]

use std::fs;

use conecta_gen::Builder;

const ORDERS: &str = "\
asyncapi: 2.6.0
info: { title: Orders, version: 1.2.0 }
channels:
  orders.placed:
    publish:
      message:
        name: OrderPlaced
        payload:
          type: object
          required: [id]
          properties:
            id: { type: integer }
";

#[test]
fn a_module_tree_is_written_that_can_be_included() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("asyncapi.yaml");
    fs::write(&spec, ORDERS).unwrap();
    let out = folder.path().join("out");
    Builder::new().spec(&spec).out_dir(&out).emit_rerun_if_changed(false).generate().unwrap();
    let root = fs::read_to_string(out.join("events/mod.rs")).unwrap();
    assert!(root.contains("pub mod orders_placed;"), "{root}");
    // `include!` takes no inner attributes and no inner docs.
    assert!(!root.contains("#![") && !root.contains("//!"), "{root}");
    assert!(out.join("events/orders_placed.rs").exists());
}

#[test]
fn an_error_shows_its_place_to_whoever_builds() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("asyncapi.yaml");
    fs::write(&spec, ORDERS.replace("type: integer", "type: intger")).unwrap();
    let out = folder.path().join("out");
    let error = Builder::new().spec(&spec).out_dir(&out).emit_rerun_if_changed(false).generate().unwrap_err();
    // `main` shows what it returns by `Debug`.
    let shown = format!("{error:?}");
    assert!(shown.contains("asyncapi.yaml:12:25"), "{shown}");
    assert!(!out.exists());
}

#[test]
fn a_missing_document_is_named() {
    let error = Builder::new().spec("nowhere.yaml").out_dir("out").emit_rerun_if_changed(false).generate().unwrap_err();
    assert!(error.to_string().starts_with("cannot read nowhere.yaml"), "{error}");
}
