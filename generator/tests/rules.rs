//! Each rule of `check`, on a document that breaks it and nothing else: code, line and column.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Finding, Folder, briefs};

const HEAD: &str = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\n";
const HEAD_3: &str = "asyncapi: 3.0.0\ninfo: { title: t, version: 1.0.0 }\n";

/// Checks a document whose first two lines are the usual ones.
#[track_caller]
fn expect(rest: &str, expected: &[&str]) -> Vec<Finding> {
    expect_whole(&format!("{HEAD}{rest}"), expected)
}

#[track_caller]
fn expect_3(rest: &str, expected: &[&str]) -> Vec<Finding> {
    expect_whole(&format!("{HEAD_3}{rest}"), expected)
}

#[track_caller]
fn expect_whole(document: &str, expected: &[&str]) -> Vec<Finding> {
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), expected, "{findings:#?}");
    findings
}

/// Checks a payload schema that begins in column 1 of line 8.
#[track_caller]
fn expect_schema(schema: &str, expected: &[&str]) -> Vec<Finding> {
    let schema = schema.replace('\n', "\n          ");
    expect(&format!("channels:\n  c:\n    publish:\n      message:\n        payload:\n          {schema}\n"), expected)
}

#[test]
fn versions_must_be_known() {
    expect_whole("info: {}\n", &["CG0301 1:1"]);
    let found = expect_whole("asyncapi: 2.6\ninfo: {}\n", &["CG0302 1:11"]);
    assert_eq!(found[0].help.as_deref(), Some("write it in full: `asyncapi: 2.6.0`"));
    expect_whole("asyncapi: 1.2.0\n", &["CG0302 1:11"]);
    expect_whole("asyncapi: [2]\n", &["CG0302 1:11"]);
}

#[test]
fn required_fields_are_missed_at_the_object_that_lacks_them() {
    expect_whole("asyncapi: 2.6.0\ninfo: { title: t }\n", &["CG0303 1:1", "CG0303 2:1"]);
    expect("channels: {}\nservers:\n  main: { url: u }\n", &["CG0303 5:3"]);
    expect_3("operations:\n  op: { action: send }\n", &["CG0303 4:3"]);
}

#[test]
fn wrong_types_are_one_finding_each() {
    let document = "asyncapi: 2.6.0
info: []
servers: 5
defaultContentType: {}
channels:
  c: [1]
  d: { publish: 4 }
tags: { name: x }
";
    let expected = ["CG0304 2:1", "CG0304 3:10", "CG0304 4:1", "CG0304 6:3", "CG0304 7:17", "CG0304 8:1"];
    expect_whole(document, &expected);
}

#[test]
fn unknown_fields_are_named_with_the_nearest() {
    let found = expect("channels: {}\nserver: {}\n", &["CG0305 4:1"]);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `servers`?"));
    expect("channels: {}\nx-server: {}\n", &[]);
    expect("channels:\n  c: { publish: { summry: s } }\n", &["CG0305 4:19"]);
}

#[test]
fn values_are_held_to_what_the_specification_allows() {
    expect("channels: {}\nid: not a uri\n", &["CG0306 4:5"]);
    expect_3(
        "channels: { c: {} }\noperations:\n  op: { action: publish, channel: { $ref: '#/channels/c' } }\n",
        &["CG0306 5:17"],
    );
}

#[test]
fn references_stand_only_where_they_may() {
    expect("channels:\n  c: { publish: { $ref: '#/x-op' } }\nx-op: {}\n", &["CG0207 4:19"]);
    expect("channels:\n  c: { publish: { message: { $ref: 5 } } }\n", &["CG0208 4:36"]);
    expect("channels:\n  c: { publish: { message: { $ref: '#/x-op' } } }\nx-op: 5\n", &["CG0209 4:36"]);
    expect_3("channels: { c: {} }\noperations:\n  op: { action: send, channel: { address: a } }\n", &["CG0304 5:23"]);
}

#[test]
fn identifiers_are_unique() {
    let found =
        expect("channels:\n  a: { publish: { operationId: x }, subscribe: { operationId: x } }\n", &["CG0401 4:63"]);
    assert_eq!(found[0].related, [("spec.yaml".to_owned(), 4, 32)]);
    expect(
        "channels:\n  a: { publish: { message: { messageId: m } } }\n  b: { publish: { message: { messageId: m } } }\n",
        &["CG0402 5:41"],
    );
}

#[test]
fn servers_security_and_tags_are_looked_up() {
    expect("channels:\n  c: { servers: [main] }\n", &["CG0403 4:18"]);
    expect("servers: { s: { url: u, protocol: kafka, security: [{ none: [] }] } }\nchannels: {}\n", &["CG0407 3:55"]);
    expect("channels: {}\ntags: [{ name: a }, { name: b }, { name: a }]\n", &["CG0408 4:42"]);
    expect(
        "channels: {}\nservers: { s: { url: '{host}', protocol: kafka, variables: { port: {} } } }\n",
        &["CG0410 4:22"],
    );
}

#[test]
fn parameters_match_the_address() {
    expect("channels:\n  'a/{x}/{y}': { parameters: { x: {} } }\n", &["CG0404 4:3"]);
    expect("channels:\n  'a/{x}': { parameters: { x: {}, y: {} } }\n", &["CG0405 4:35"]);
    let found = expect("channels:\n  'a/{x}': {}\n", &["CG0404 4:3"]);
    assert_eq!(found[0].severity, "warning", "a document without the field is common, and can be served");
    expect_3("channels:\n  c: { address: 'a/{x}', parameters: { x: {}, y: {} } }\n", &["CG0405 4:47"]);
}

#[test]
fn addresses_have_no_query_and_no_fragment() {
    expect("channels:\n  a?b: {}\n  a#b: {}\n", &["CG0409 4:3", "CG0409 5:3"]);
    expect_3("channels:\n  c: { address: a?b }\n", &["CG0409 4:17"]);
}

#[test]
fn an_operation_has_messages_of_its_channel_only() {
    let document = "channels:
  a: { messages: { m: { $ref: '#/components/messages/M' } } }
operations:
  good: { action: send, channel: { $ref: '#/channels/a' }, messages: [{ $ref: '#/channels/a/messages/m' }] }
  bad: { action: send, channel: { $ref: '#/channels/a' }, messages: [{ $ref: '#/components/messages/N' }] }
components: { messages: { M: {}, N: {} } }
";
    expect_3(document, &["CG0406 7:78"]);
}

#[test]
fn unused_components_are_notes() {
    let found = expect("channels: {}\ncomponents:\n  schemas:\n    A: { type: string }\n", &["CG0420 6:5"]);
    assert_eq!(found[0].severity, "note");
}

#[test]
fn types_that_conflict_are_shown_with_both_places() {
    let found = expect_schema("allOf:\n  - type: string\n  - type: object", &["CG0502 10:21"]);
    assert_eq!(found[0].related, [("spec.yaml".to_owned(), 9, 21)]);
}

#[test]
fn schemas_that_nothing_fits_are_refused() {
    expect_schema("{ minimum: 5, maximum: 4 }", &["CG0503 8:34"]);
    expect_schema("{ type: integer, minimum: 1.2, maximum: 1.8 }", &["CG0503 8:51"]);
    expect_schema("{ minLength: 5, maxLength: 4 }", &["CG0503 8:38"]);
    expect_schema("allOf: [{ enum: [a] }, { enum: [b] }]", &["CG0503 8:36"]);
    expect_schema("{ enum: [] }", &["CG0506 8:13"]);
    expect_schema("{ enum: [1, 1.0] }", &["CG0507 8:23"]);
}

#[test]
fn keywords_have_the_values_they_must() {
    expect_schema("{ type: text }", &["CG0504 8:19"]);
    expect_schema("{ minLength: -1 }", &["CG0504 8:24"]);
    expect_schema("{ multipleOf: 0 }", &["CG0504 8:25"]);
    expect_schema("{ required: true }", &["CG0504 8:23"]);
    expect_schema("{ properties: [] }", &["CG0504 8:13"]);
    expect_schema("{ items: 5 }", &["CG0504 8:20"]);
    expect_schema("{ oneOf: [] }", &["CG0504 8:13"]);
}

#[test]
fn what_is_suspicious_is_a_warning() {
    for (schema, code) in [
        ("{ required: [oder], properties: { order: {} } }", "CG0505 8:24"),
        ("{ type: string, enum: [a, 1] }", "CG0508 8:37"),
        ("{ type: string, pattern: '(?=a)b' }", "CG0510 8:36"),
        ("{ unevaluatedProperties: false }", "CG0514 8:13"),
    ] {
        let found = expect_schema(schema, &[code]);
        assert_eq!(found[0].severity, "warning", "{code}");
    }
    expect_schema("{ type: string, pattern: '(a' }", &["CG0511 8:36"]);
}

#[test]
fn a_schema_that_requires_itself_is_warned_of_once() {
    let document = format!(
        "{HEAD}channels:\n  c: {{ publish: {{ message: {{ payload: {{ $ref: '#/components/schemas/A' }} }} }} }}\ncomponents:\n  schemas:\n    A: {{ type: object, required: [b], properties: {{ b: {{ $ref: '#/components/schemas/B' }} }} }}\n    B: {{ type: object, required: [a], properties: {{ a: {{ $ref: '#/components/schemas/A' }} }} }}\n"
    );
    assert_eq!(briefs(document), ["CG0509 7:5"]);
}

#[test]
fn examples_of_payload_and_headers_are_judged_where_they_stand() {
    let document = "channels:
  c:
    publish:
      message:
        headers: { type: object, properties: { n: { type: integer } } }
        payload: { type: object, properties: { list: { type: array, items: { maxLength: 2 } } } }
        examples:
          - headers: { n: x }
            payload: { list: [ab, abc] }
          - payload: { list: [] }
";
    let found = expect(document, &["CG0602 10:27", "CG0601 11:35"]);
    assert_eq!(found[1].related, [("spec.yaml".to_owned(), 8, 78)], "the keyword that is broken");
    assert_eq!(found[1].pointer.as_deref(), Some("/channels/c/publish/message/examples/0/payload/list/1"));
}

#[test]
fn examples_are_judged_in_three_as_well() {
    let document = "channels:
  c:
    messages:
      m: { payload: { type: string }, examples: [{ payload: 5 }] }
";
    expect_3(document, &["CG0601 6:61"]);
}

#[test]
fn defaults_and_examples_within_schemas_are_judged() {
    expect_schema("{ type: string, default: 5 }", &["CG0603 8:36"]);
    let found = expect_schema("{ type: string, examples: [a, 5] }", &["CG0604 8:41"]);
    assert_eq!(found[0].severity, "warning");
}

#[test]
fn topic_names_are_those_that_kafka_takes() {
    let bound = |name: &str| format!("channels:\n  '{name}': {{ bindings: {{ kafka: {{ partitions: 1 }} }} }}\n");
    expect(&bound("a b"), &["CG0708 4:3"]);
    expect(&bound("a.b"), &[]);
    expect(&(bound("a.b") + "  a_b: { bindings: { kafka: { partitions: 1 } } }\n"), &["CG0709 5:3"]);
}

#[test]
fn faults_of_one_run_are_sorted_by_place_and_said_once() {
    let document = "channels:
  b: { publish: { message: { $ref: '#/components/messages/M' } } }
  a: { publish: { message: { $ref: '#/components/messages/M' } } }
components:
  messages:
    M: { payload: { $ref: '#/components/schemas/Gone' }, wrong: 1 }
";
    expect(document, &["CG0201 8:27", "CG0305 8:58"]);
}
