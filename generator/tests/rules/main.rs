//! Each rule of `check`. Beside this file each code has a folder: a good document that the rule finds nothing in, a bad one, and
//! what is found in that, a line each: code, line and column, severity, and the other places. What a rule does in more
//! particular cases stands below, on documents that break it and nothing else.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

use std::{fs, path::PathBuf};

use conecta_gen::diagnostic::Code;
use support::{Finding, Folder, briefs};

/// Rules of `check` that no pair of small documents shows, and the test that does.
const ELSEWHERE: &[&str] = &[
    // Budgets: levels.rs.
    "CG0512",
];

fn folder_of(code: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(code)
}

/// Checks `good` or `bad` of a rule, with the topics file and the configuration beside it where there are such.
fn check(code: &str, which: &str) -> Vec<Finding> {
    let (spec, topics, config) = (format!("{which}.yaml"), format!("{which}.topics.yaml"), format!("{which}.toml"));
    let read = |name: &str| fs::read(folder_of(code).join(name));
    let mut folder = Folder::new().with(&spec, read(&spec).unwrap());
    let mut arguments = vec![&*spec];
    for (option, name) in [("--topics", &topics), ("--config", &config)] {
        if let Ok(text) = read(name) {
            folder = folder.with(name, text);
            arguments.extend([option, name]);
        }
    }
    folder.check(&arguments)
}

#[test]
fn every_rule_has_a_folder() {
    let of_check = |code: &String| ("CG0301".."CG0900").contains(&code.as_str()) && !ELSEWHERE.contains(&code.as_str());
    let missing: Vec<_> =
        Code::all().map(|c| c.to_string()).filter(of_check).filter(|c| !folder_of(c).is_dir()).collect();
    assert!(missing.is_empty(), "no tests/rules/CODE for {missing:?}");
}

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_in_good_documents() {
    let root = folder_of("");
    let entries = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
    let mut codes: Vec<_> =
        entries.filter(|p| p.is_dir()).map(|p| p.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    codes.sort();
    assert!(codes.len() > 40, "the folders are not where they were: {codes:?}");
    for code in &codes {
        let good = check(code, "good");
        let wrong = good.iter().any(|f| f.code == *code || f.severity == "error");
        assert!(!wrong, "{code}/good.yaml: {good:#?}");

        let place = |file: &str, line: u64, column: u64| match file {
            "bad.yaml" => format!("{line}:{column}"),
            file => format!("{file}:{line}:{column}"),
        };
        let found = check(code, "bad");
        let lines = found.iter().map(|f| {
            let related: Vec<_> = f.related.iter().map(|(file, line, column)| place(file, *line, *column)).collect();
            let others = if related.is_empty() { String::new() } else { format!(" -> {}", related.join(" ")) };
            format!("{} {} {}{others}", f.code, place(&f.file, f.at.0, f.at.1), f.severity)
        });
        let lines: Vec<String> = lines.collect();
        let expected = fs::read_to_string(folder_of(code).join("expected.txt")).unwrap();
        assert_eq!(lines, expected.lines().collect::<Vec<_>>(), "{code}/bad.yaml: {found:#?}");
        assert!(found.iter().any(|f| f.code == *code), "{code}/bad.yaml breaks another rule");
    }
}

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
        "channels: { c: { address: c } }\noperations:\n  op: { action: publish, channel: { $ref: '#/channels/c' } }\n",
        &["CG0306 5:17"],
    );
}

#[test]
fn locations_are_runtime_expressions() {
    let with = |location: &str| {
        format!(
            "channels:\n  c: {{ publish: {{ message: {{ payload: {{}}, correlationId: {{ location: {location} }} }} }} }}\n"
        )
    };
    expect(&with("'$message.payload#/a~1b/c'"), &[]);
    expect(&with("'$message.payload'"), &["CG0306 4:70"]);
    expect(&with("correlationId"), &["CG0306 4:70"]);
    expect(&with("'$message.body#/a'"), &["CG0306 4:70"]);
}

#[test]
fn nothing_stands_beside_a_choice_of_messages() {
    let found = expect(
        "channels:\n  c: { publish: { message: { name: both, oneOf: [{ payload: {} }] } } }\n",
        &["CG0305 4:30"],
    );
    assert_eq!(found[0].message, "a choice of messages has no field `name`");
    let found = expect("channels:\n  c: { publish: { message: { oneOf: [] } } }\n", &["CG0306 4:30"]);
    assert_eq!(found[0].severity, "warning", "other tools take it");
}

#[test]
fn references_stand_only_where_they_may() {
    expect("channels:\n  c: { publish: { $ref: '#/x-op' } }\nx-op: {}\n", &["CG0207 4:19"]);
    expect("channels:\n  c: { publish: { message: { $ref: 5 } } }\n", &["CG0208 4:36"]);
    expect("channels:\n  c: { publish: { message: { $ref: '#/x-op' } } }\nx-op: 5\n", &["CG0209 4:36"]);
    expect_3(
        "channels: { c: { address: c } }\noperations:\n  op: { action: send, channel: { address: a } }\n",
        &["CG0304 5:23"],
    );
}

/// What is referred to is judged by where it stands, not by what it looks like.
#[test]
fn references_lead_to_what_the_specification_puts_in_their_place() {
    let payload = |to: &str, expected: &[&str]| {
        let rest = "  parameters: { p: { schema: { type: string } } }\n  schemas: { S: { type: object } }\n  messages: { O: { payload: { type: object } } }\nx-free: { s: { type: object } }\n";
        let channel = format!("channels:\n  c: {{ publish: {{ message: {{ payload: {{ $ref: '{to}' }} }} }} }}\n");
        let document = format!("{HEAD}{channel}components:\n{rest}");
        let mut found = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
        found.retain(|finding| finding.severity == "error");
        assert_eq!(found.iter().map(Finding::brief).collect::<Vec<_>>(), expected, "{to}: {found:#?}");
        found
    };
    for other in ["#/components/messages/O", "#/components/parameters/p", "#/channels/c", "#/components/schemas", "#"] {
        payload(other, &["CG0209 4:47"]);
    }
    let found = payload("#/components/messages/O", &["CG0209 4:47"]);
    assert_eq!(found[0].message, "this must lead to a schema, it leads to a message");
    for schema in ["#/components/schemas/S", "#/x-free/s", "#/components/messages/O/payload"] {
        payload(schema, &[]);
    }
    let property = "components:\n  schemas:\n    S: { type: object, properties: { a: { $ref: '#/servers/main' } } }\n";
    let servers = "servers: { main: { url: u, protocol: kafka } }\n";
    expect(
        &format!(
            "channels: {{ c: {{ publish: {{ message: {{ payload: {{ $ref: '#/components/schemas/S' }} }} }} }} }}\n{servers}{property}"
        ),
        &["CG0209 7:49"],
    );
    let schema = "components: { schemas: { S: { type: object, properties: { a: { type: string } } } } }\n";
    let message = "channels: { c: { publish: { message: { $ref: '#/components/schemas/S' } } } }\n";
    expect(&format!("{message}{schema}"), &["CG0209 3:46"]);
    // A message that could be a trait may be taken for one.
    let message = "channels: { c: { publish: { message: { traits: [{ $ref: '#/components/messages/M' }] } } } }\n";
    let named = "components: { messages: { M: { name: m, contentType: application/json } } }\n";
    expect(&format!("{message}{named}"), &[]);
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
        &["CG0410 4:22", "CG0416 4:62"],
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
fn a_parameter_has_its_values_and_its_location() {
    let parameter = "{ enum: [eu, us], default: eu, examples: [us], location: '$message.header#/region' }";
    let message = "{ headers: { type: object, properties: { region: { type: string } } }, payload: { type: string } }";
    expect_3(
        &format!(
            "channels:\n  c: {{ address: 'a.{{x}}', parameters: {{ x: {parameter} }}, messages: {{ m: {message} }} }}\n"
        ),
        &[],
    );
}

#[test]
fn addresses_have_no_query_and_no_fragment() {
    expect("channels:\n  a?b: {}\n  a#b: {}\n", &["CG0409 4:3", "CG0409 5:3"]);
    expect_3("channels:\n  c: { address: a?b }\n", &["CG0409 4:17"]);
}

#[test]
fn an_operation_has_messages_of_its_channel_only() {
    let document = "channels:
  a: { address: a, messages: { m: { $ref: '#/components/messages/M' } } }
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
    expect_schema("{ type: string, pattern: 'a{2,1}' }", &["CG0511 8:36"]);
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
        payload: { type: object, properties: { list: { type: array, items: { type: string, maxLength: 2 } } } }
        examples:
          - headers: { n: x }
            payload: { list: [ab, abc] }
          - payload: { list: [] }
";
    let found = expect(document, &["CG0602 10:27", "CG0601 11:35"]);
    assert_eq!(found[1].related, [("spec.yaml".to_owned(), 8, 92)], "the keyword that is broken");
    assert_eq!(found[1].pointer.as_deref(), Some("/channels/c/publish/message/examples/0/payload/list/1"));
}

#[test]
fn examples_are_judged_in_three_as_well() {
    let document = "channels:
  c:
    address: c
    messages:
      m: { payload: { type: string }, examples: [{ payload: 5 }] }
";
    expect_3(document, &["CG0601 7:61"]);
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

/// A document whose one message is written in another schema language, from line 8 on.
fn in_format(format: &str, payload: &str) -> String {
    format!("channels:\n  c:\n    publish:\n      message:\n        schemaFormat: {format}\n{payload}")
}

#[test]
fn examples_are_held_against_avro_schemas() {
    let schema = r#"        payload:
          type: record
          name: Trip
          fields:
            - { name: direction, type: { type: enum, name: Direction, symbols: [North, South] } }
            - { name: speed, type: [ "null", int ] }
            - { name: back, type: Direction, default: North }
            - { name: stops, type: { type: array, items: { type: map, values: string } } }
            - { name: at, type: { type: long, logicalType: timestamp-millis } }
"#;
    let good = "{ direction: North, speed: 5, stops: [{ a: b }], at: 2024-01-01 }";
    let tagged = "{ direction: South, speed: { int: 5 }, back: South, stops: [], at: 5 }";
    for (example, expected) in [
        (good.to_owned(), None),
        (tagged.to_owned(), None),
        (good.replace("speed: 5, ", ""), None),
        (good.replace("North", "Up"), Some("CG0601 18:37")),
        (good.replace("speed: 5", "speed: fast"), Some("CG0601 18:51")),
        (good.replace("[{ a: b }]", "[{ a: 5 }]"), Some("CG0601 18:67")),
        (good.replace("stops: [{ a: b }], ", ""), Some("CG0601 18:15")),
        (good.replace("at:", "back: Up, at:"), Some("CG0601 18:79")),
        ("5".to_owned(), Some("CG0601 18:24")),
    ] {
        let payload = format!("{schema}        examples:\n            - payload: {example}\n");
        let document = format!("{HEAD}{}", in_format("application/vnd.apache.avro;version=1.9.0", &payload));
        let found = briefs(document);
        assert_eq!(
            found.iter().map(String::as_str).find(|f| !f.starts_with("CG0513")),
            expected,
            "{example}: {found:?}"
        );
    }
}

#[test]
fn examples_of_raml_types_have_names() {
    let payload = "        payload:\n          type: object\n          properties:\n            examples: string\n            author: { type: string, examples: test }\n            title: { type: string, examples: { one: test } }\n";
    expect(&in_format("application/raml+yaml;version=1.0", payload), &["CG0513 7:23", "CG0504 12:47"]);
}
