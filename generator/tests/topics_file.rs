//! The topics file, held against the document.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Finding, Folder};

const SPEC: &str = "asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
channels:
  orders.placed:
    publish:
      message:
        name: OrderPlaced
        payload:
          type: object
          required: [data, id]
          properties:
            id: { type: string }
            note: { type: string }
            lines: { type: array, items: { type: object } }
            data:
              type: object
              required: [order_id, id, when, kind]
              properties:
                order_id: { type: integer }
                id: { type: string }
                when: { type: object }
                hint: { type: string }
                kind: { enum: [1, 2, other] }
";

fn findings(topics: &str) -> Vec<Finding> {
    Folder::new().with("spec.yaml", SPEC).with("topics.yaml", topics).check(&["spec.yaml", "--topics", "topics.yaml"])
}

#[track_caller]
fn expect(topics: &str, expected: &[&str]) -> Vec<Finding> {
    let found = findings(topics);
    assert_eq!(found.iter().map(Finding::brief).collect::<Vec<_>>(), expected, "{found:#?}");
    assert!(found.iter().all(|f| f.file == "topics.yaml"), "{found:#?}");
    found
}

fn with_key(key: &str) -> String {
    format!("Topics:\n  orders.placed:\n    partitions: 6\n    partition_key: {key}\n")
}

#[test]
fn a_sound_file_gives_no_finding() {
    expect(&with_key("order_id"), &[]);
    expect(&with_key("data.id"), &[]);
    expect(&with_key("kind"), &[]);
    expect("Topics:\n  orders.placed:\n    retention_ms: -1\n    cleanup_policy: compact\n    x-owner: me\n", &[]);
}

#[test]
fn an_unknown_channel_is_an_error_with_the_nearest_name() {
    let found = expect("Topics:\n  order.placed: { partitions: 6 }\n", &["CG0701 2:3"]);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `orders.placed`?"));
}

#[test]
fn a_key_that_no_payload_has_is_an_error() {
    let found = expect(&with_key("customer"), &["CG0702 4:20"]);
    assert_eq!(found[0].related, [("spec.yaml".to_owned(), 8, 9)], "the payload that was searched");
}

#[test]
fn an_optional_key_is_an_error_that_shows_the_property() {
    let found = expect(&with_key("note"), &["CG0703 4:20"]);
    assert_eq!(found[0].related, [("spec.yaml".to_owned(), 13, 13)]);
    expect(&with_key("hint"), &["CG0703 4:20"]);
}

#[test]
fn an_ambiguous_key_lists_its_paths() {
    let found = expect(&with_key("id"), &["CG0704 4:20"]);
    assert!(found[0].message.contains("`id`") && found[0].message.contains("`data.id`"), "{}", found[0].message);
}

#[test]
fn a_key_that_is_no_scalar_is_an_error() {
    expect(&with_key("when"), &["CG0705 4:20"]);
}

#[test]
fn settings_of_the_wrong_type_are_errors_each() {
    let topics = "Topics:
  orders.placed:
    partitions: 0
    replication_factor: three
    retention_ms: 1.5
    partition_key: [id]
    partitons: 6
    nested: { a: 1 }
";
    expect(topics, &["CG0706 3:17", "CG0706 4:25", "CG0706 5:19", "CG0706 6:20", "CG0706 7:5", "CG0706 8:13"]);
}

#[test]
fn what_is_no_topics_file_is_said_so() {
    expect("- a\n", &["CG0707 1:1"]);
    expect("topics: {}\n", &["CG0707 1:1"]);
    expect("Topics: [a]\n", &["CG0707 1:1"]);
    expect("", &["CG0101 1:1"]);
    expect("Topics:\n  orders.placed: 6\n", &["CG0706 2:3"]);
}
