//! Servers whose address has variables, from the side of who uses the crate.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use crates::{Crates, generate};

const SERVERS: &str = "\
asyncapi: 3.0.0
info: { title: Small, version: 1.0.0 }
servers:
  production:
    host: '{environment}.example.com:{port}'
    protocol: kafka
    description: The cluster.
    variables:
      environment: { enum: [prod, staging], default: prod, description: Which of the two. }
      port: { default: '9092' }
  any-where:
    host: '{type}.{environment}:{type}'
    protocol: kafka
    variables: { type: {}, environment: {} }
";

const AUTHOR: &str = r#"
use small_events::servers;

#[test]
fn the_constant_has_the_defaults_and_the_function_takes_others() {
    assert_eq!(servers::PRODUCTION.address, "prod.example.com:9092");
    assert_eq!(servers::production_address("staging", "9094"), "staging.example.com:9094");
    assert_eq!(servers::ANY_WHERE.address, "{type}.{environment}:{type}");
    assert_eq!(servers::any_where_address("a", "b"), "a.b:a");
}
"#;

#[test]
fn variables_of_an_address_have_their_defaults_or_are_given() {
    let (files, loaded) = generate("small-events", SERVERS, None, "");
    assert_eq!(loaded.diagnostics, []);
    let mut files = files.unwrap();
    let root = files.get("src/lib.rs").unwrap();
    insta::assert_snapshot!("servers", root[root.find("/// The servers").unwrap()..].to_owned());
    files.insert("tests/author.rs", AUTHOR.to_owned());
    let crates = Crates::write("servers", [("small-events".to_owned(), &files)]);
    for command in [&["test", "--quiet"][..], &["doc", "--no-deps", "--quiet"]] {
        let built = crates.cargo(command);
        assert!(built.is_ok(), "{}", built.unwrap_err());
    }
}
