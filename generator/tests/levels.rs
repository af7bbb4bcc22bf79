//! What a user has a say in: the configuration's own faults, levels by code and by place, copies of remote schemas, limits.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::{Finding, Folder, text};

const UNUSED: &str = "asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
channels: {}
components:
  schemas:
    A: { type: object, required: [b], properties: { c: {} } }
";

fn briefs(folder: &Folder) -> Vec<String> {
    folder.check(&["spec.yaml"]).iter().map(|f| format!("{} {}", f.brief(), f.severity)).collect()
}

#[test]
fn faults_of_the_configuration_are_findings_at_their_place() {
    let folder = Folder::new().with("spec.yaml", UNUSED).with("conecta-gen.toml", "[envelop]\nid = 'x'\n");
    let findings = folder.check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0902 1:2"]);
    assert_eq!(findings[0].file, "conecta-gen.toml");
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `envelope`?"));

    let said = folder.run(&["generate", "spec.yaml", "-o", "out"]);
    assert_eq!((text(&said.stdout), said.status.code()), ("", Some(1)));
    insta::assert_snapshot!(text(&said.stderr));
    assert!(!folder.path().join("out").exists());
}

#[test]
fn what_the_configuration_says_of_the_contract_is_found_where_it_says_it() {
    let spec = "\
asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
channels:
  c: { publish: { operationId: put, message: { name: M, payload: { $ref: '#/components/schemas/S' } } } }
components: { schemas: { S: { type: object, properties: { a: { type: string }, b: { $ref: '#/components/schemas/T' } } }, T: { type: object } } }
";
    let config = "\
[envelope]
id = 'nowhere'
[types]
'/components/schemas/S' = 'decimal'
[names]
'/components/schemas/S/properties/a' = 'not a name'
'/info' = 'Nothing'
";
    let folder = Folder::new().with("spec.yaml", spec).with("conecta-gen.toml", config);
    let findings = folder.check(&["spec.yaml"]);
    let errors = findings.iter().filter(|found| found.file == "conecta-gen.toml");
    let places: Vec<String> = errors.map(Finding::brief).collect();
    assert_eq!(places, ["CG0803 2:1", "CG0815 4:1", "CG0812 6:1", "CG0814 7:1"]);
}

#[test]
fn levels_are_set_by_code() {
    let with = |lint: &str| {
        briefs(&Folder::new().with("spec.yaml", UNUSED).with("conecta-gen.toml", format!("[lint]\n{lint}\n")))
    };
    assert_eq!(with(""), ["CG0420 6:5 note", "CG0505 6:35 warning"]);
    assert_eq!(with("CG0420 = 'allow'"), ["CG0505 6:35 warning"]);
    assert_eq!(with("CG0420 = 'error'\nCG0505 = 'note'"), ["CG0420 6:5 error", "CG0505 6:35 note"]);
}

#[test]
fn a_configuration_may_stand_elsewhere() {
    let folder = Folder::new().with("spec.yaml", UNUSED).with("etc/strict.toml", "[lint]\nCG0420 = 'allow'\n");
    let findings = folder.check(&["spec.yaml", "--config", "etc/strict.toml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0505 6:35"]);
}

#[test]
fn generate_keeps_to_the_levels_too() {
    let spec = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels:\n  c: { publish: { message: { payload: { type: object, properties: { a: { oneOf: [{ type: string }, { minLength: 2 }] } } } } } }\n";
    let folder = Folder::new().with("spec.yaml", spec);
    let generate = ["generate", "spec.yaml", "-o", "out", "--strict"];
    let said = folder.run(&generate);
    assert!(text(&said.stderr).contains("CG0801"), "{}", text(&said.stderr));
    assert_eq!(said.status.code(), Some(1));
    let folder = folder.with("conecta-gen.toml", "[lint]\nCG0801 = 'allow'\n");
    let said = folder.run(&generate);
    assert!(!text(&said.stderr).contains("CG0801"), "{}", text(&said.stderr));
    assert_eq!(said.status.code(), Some(0));
}

#[test]
fn a_comment_allows_the_line_it_ends_or_the_next() {
    let with = |text: &str| {
        let head = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\ncomponents:\n  schemas:\n";
        briefs(&Folder::new().with("spec.yaml", format!("{head}{text}")))
    };
    assert_eq!(with("    A: # conecta-gen: allow(CG0420)\n      type: string\n"), [""; 0]);
    assert_eq!(with("    # conecta-gen: allow(CG0420)\n    A: { type: string }\n"), [""; 0]);
    let column = "    # conecta-gen: allow(CG0505)\n\n    # conecta-gen: allow(CG0420)\n    A: { type: object, required: [b], properties: { c: {} } }\n";
    assert_eq!(with(column), [""; 0]);
    let both = "    A: { type: object, required: [b], properties: { c: {} } } # conecta-gen: allow(CG0505, CG0420)\n";
    assert_eq!(with(both), [""; 0]);
    // No other line, and no other code.
    assert_eq!(
        with("    # conecta-gen: allow(CG0420)\n    A: { type: string }\n    B: { type: string }\n"),
        ["CG0420 8:5 note"]
    );
    assert_eq!(with("    A: { type: string } # conecta-gen: allow(CG0505)\n"), ["CG0420 6:5 note"]);
    // Text that only looks like one.
    assert_eq!(with("    A: { type: string, title: 'x # conecta-gen: allow(CG0420)' }\n"), ["CG0420 6:5 note"]);
    let block = "    A:\n      type: string\n      description: |\n        # conecta-gen: allow(CG0420)\n    B: {}\n";
    assert_eq!(with(block), ["CG0420 6:5 note", "CG0420 10:5 note"]);
}

#[test]
fn a_field_allows_the_mapping_it_stands_in() {
    let spec = r##"{"asyncapi": "2.6.0", "info": {"title": "t", "version": "1"}, "channels": {"c": {"publish": {"message": {
        "payload": {"$ref": "#/components/schemas/A"},
        "examples": [{"payload": {"n": "x"}, "x-conecta-allow": ["CG0601"]}, {"payload": {"n": "y"}}]
    }}}}, "components": {"schemas": {
        "A": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "B": {"x-conecta-allow": "CG0420", "type": "string"}, "C": {"type": "string"}
    }}}"##;
    let findings = Folder::new().with("spec.json", spec).check(&["spec.json"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0601 3:96", "CG0420 6:63"]);
}

#[test]
fn what_is_allowed_takes_no_room_from_what_is_told() {
    let schemas: String =
        (0..6_000).map(|i| format!("    A{i}: {{ x-conecta-allow: [CG0420], type: string }}\n")).collect();
    let head = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\ncomponents:\n  schemas:\n";
    let folder = Folder::new().with("spec.yaml", format!("{head}{schemas}    B: {{ type: string }}\n"));
    assert_eq!(briefs(&folder), ["CG0420 6006:5 note"]);
    let folder = folder.with("spec.yaml", format!("{head}{}", schemas.replace("x-conecta-allow", "x-other")));
    let findings = folder.check(&["spec.yaml"]);
    assert_eq!((findings.len(), findings[5_000].code.as_str()), (5_001, "CG0116"));
    assert!(findings[5_000].message.starts_with("1000 more"), "{}", findings[5_000].message);
}

#[test]
fn what_allows_nothing_is_said() {
    let spec = format!(
        "# conecta-gen: allow(CG0999)\n# conecta-gen: alow(CG0420)\n{UNUSED}    B: {{ x-conecta-allow: [CG0201], type: string }} # conecta-gen: allow(CG0420, CG0303)\n"
    );
    let folder = Folder::new().with("spec.yaml", spec);
    let expected = ["CG0905 1:1", "CG0905 2:1", "CG0420 8:5", "CG0505 8:35", "CG0905 9:28", "CG0905 9:52"];
    let findings = folder.check(&["spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), expected, "{findings:#?}");
}

#[test]
fn an_error_that_leaves_the_types_in_doubt_cannot_be_allowed() {
    let spec = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels:\n  c: { publish: { message: { $ref: '#/gone' } } } # conecta-gen: allow(CG0201)\n";
    assert_eq!(briefs(&Folder::new().with("spec.yaml", spec)), ["CG0201 4:36 error", "CG0905 4:51 warning"]);
}

const REMOTE: &str = "asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
channels:
  c: { publish: { message: { payload: { $ref: 'https://schemas.example.com/v1/order.json#/Order' } } } }
";

#[test]
fn copies_stand_in_for_urls() {
    let order = r##"{"Order": {"type": "object", "properties": {"sku": {"$ref": "parts/sku.json"}, "at": {"$ref": "https://schemas.example.com/v1/at.json"}}}}"##;
    let folder = Folder::new()
        .with("contracts/spec.yaml", REMOTE)
        .with("vendor/v1/order.json", order)
        .with("vendor/v1/parts/sku.json", r#"{"type": "string"}"#)
        .with("vendor/v1/at.json", r#"{"type": "string", "minLength": "x"}"#)
        .with("contracts/conecta-gen.toml", "[refs]\n'https://schemas.example.com/' = '../vendor'\n");
    let findings = folder.check(&["contracts/spec.yaml"]);
    assert_eq!(findings.iter().map(Finding::brief).collect::<Vec<_>>(), ["CG0504 1:33"], "{findings:#?}");
    assert_eq!(findings[0].file, "contracts/../vendor/v1/at.json");
}

#[test]
fn only_what_is_below_the_beginning_of_a_url_has_a_copy() {
    for (prefix, expected) in [
        ("https://schemas.example.com", 0),
        ("https://schemas.example.com/v1", 0),
        ("https://schemas.example.co", 1),
        ("https://schemas.example.com/v", 1),
        ("https://example.com/", 1),
    ] {
        let folder = Folder::new()
            .with("spec.yaml", REMOTE)
            .with("vendor/v1/order.json", r#"{"Order": {"type": "string"}}"#)
            .with("vendor/order.json", r#"{"Order": {"type": "string"}}"#)
            .with("conecta-gen.toml", format!("[refs]\n'{prefix}' = 'vendor'\n"));
        let findings = folder.check(&["spec.yaml"]);
        assert_eq!(findings.len(), expected, "{prefix}: {findings:#?}");
        assert!(findings.iter().all(|f| f.brief() == "CG0204 4:47"), "{prefix}: {findings:#?}");
    }
    let folder = Folder::new().with("spec.yaml", REMOTE).with("conecta-gen.toml", "[refs]\n'https://x/' = 'gone'\n");
    let said = folder.run(&["check", "spec.yaml"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("there is no folder gone"), "{}", text(&said.stderr));
}

#[test]
fn a_copy_cannot_be_climbed_out_of() {
    let spec = REMOTE.replace("v1/order.json", "../../secret.json");
    let folder = Folder::new()
        .with("a/spec.yaml", spec)
        .with("secret.json", "{\"Order\": {}}")
        .with("a/vendor/x", "")
        .with("a/conecta-gen.toml", "[refs]\n'https://schemas.example.com/' = 'vendor'\n");
    assert_eq!(folder.check(&["a/spec.yaml"])[0].code, "CG0204");
}

#[test]
fn each_limit_can_be_set_and_is_reported_where_it_ran_out() {
    let payload = |schema: &str| {
        format!(
            "asyncapi: 2.6.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels:\n  c: {{ publish: {{ message: {{ payload: {schema} }} }} }}\n"
        )
    };
    let all_of = "{ allOf: [{ properties: { a: {} } }, { properties: { a: {} } }] }";
    for (limit, spec, expected) in [
        ("bytes = 40", payload("{}"), "CG0107 1:1"),
        ("values = 6", payload("{}"), "CG0107 4:6"),
        ("depth = 4", payload("{}"), "CG0108 4:28"),
        ("alias_values = 1", payload("{ x: &a [1, 2], y: *a }"), "CG0109 4:58"),
        ("references = 1", payload("{ items: [{ $ref: '#/x-a' }, { $ref: '#/x-a' }] }"), "CG0118 4:76"),
        ("merge_steps = 2", payload(all_of), "CG0512 4:"),
        ("files = 1", payload("{ $ref: 'a.yaml' }"), "CG0202 4:47"),
    ] {
        let folder = Folder::new()
            .with("spec.yaml", spec)
            .with("a.yaml", "type: string\n")
            .with("conecta-gen.toml", format!("[limits]\n{limit}\n"));
        let findings = folder.check(&["spec.yaml"]);
        assert!(findings.iter().any(|f| f.brief().starts_with(expected)), "{limit}: {findings:#?}");
    }
}

#[test]
fn json_findings_are_what_their_schema_says() {
    let schema = Folder::new().run(&["schema", "findings"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(schema["$id"].as_str().is_some_and(|id| id.ends_with("findings-1.json")), "{schema:#}");
    let judge = jsonschema::draft7::new(&schema).unwrap();
    let broken = "asyncapi: 2.6.0\ninfo: 5\nchannels:\n  c: { publish: { message: { payload: { type: string }, examples: [{ payload: 5 }] } } }\nx: [";
    for (spec, config) in
        [(UNUSED, ""), (REMOTE, ""), (broken, ""), ("", ""), (&broken.replace("x: [", ""), ""), (UNUSED, "x = 1")]
    {
        let folder = Folder::new().with("spec.yaml", spec).with("conecta-gen.toml", config);
        let output = folder.run(&["check", "spec.yaml", "--format", "json"]);
        let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(findings.as_array().is_some_and(|list| !list.is_empty()), "{spec}");
        let errors: Vec<String> = judge.iter_errors(&findings).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {findings:#}");
    }
    assert!(!judge.is_valid(&serde_json::json!([{ "code": "CG0101" }])), "the schema tells right from wrong");
}

#[test]
fn check_tells_what_generate_would_and_each_tells_it_once() {
    let spec = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels:\n  c: { publish: { message: { payload: { type: object, x-rust-name: no name, properties: { a: { not: { type: string } } } } } } }\n";
    let folder = Folder::new().with("spec.yaml", spec);
    assert_eq!(briefs(&folder), ["CG0812 4:68 error", "CG0801 4:94 warning"]);
    let said = folder.run(&["generate", "spec.yaml", "-o", "out"]);
    for code in ["error[CG0812]", "warning[CG0801]", "note[CG0820]"] {
        assert_eq!(text(&said.stderr).matches(code).count(), 1, "{code}: {}", text(&said.stderr));
    }
    // What generating only takes note of is told by `check` where it is given more weight.
    let folder = folder.with("conecta-gen.toml", "[lint]\nCG0820 = 'warn'\n");
    assert!(briefs(&folder).contains(&"CG0820 4:28 warning".to_owned()), "{:?}", briefs(&folder));
}

#[test]
fn addresses_are_held_against_each_other_within_a_budget() {
    let of = |n: usize| -> String {
        let channel = |i| format!("  '{{a}}-{{b}}.m{i}.{{c}}': {{ parameters: {{ a: {{}}, b: {{}}, c: {{}} }} }}\n");
        let head = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels:\n";
        (0..n).fold(head.to_owned(), |all, i| all + &channel(i))
    };
    assert_eq!(briefs(&Folder::new().with("spec.yaml", of(40))), [""; 0]);
    let found = Folder::new().with("spec.yaml", of(3_000)).check(&["spec.yaml"]);
    let [found] = found.as_slice() else { panic!("{} findings", found.len()) };
    assert_eq!((&*found.code, &*found.message), ("CG0712", "from here on addresses are not held against each other"));
}

#[test]
fn many_values_and_many_of_one_name_take_no_longer_than_they_are_many() {
    let values: String =
        (0..20_000).map(|i| format!("\"v {i}\", \"{}\", ", "-".repeat(i % 3) + &format!("w{i}"))).collect();
    let names: String = (0..3_000)
        .map(|i| format!("\"{}a\": {{ type: string }}, ", "\u{1F980}".repeat(i % 40) + &"-".repeat(i / 40)))
        .collect();
    let spec = format!(
        "asyncapi: 2.6.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels:\n  c: {{ publish: {{ message: {{ payload: {{ type: object, properties: {{ e: {{ type: string, enum: [{values}] }}, {names} }} }} }} }} }}\n"
    );
    let folder = Folder::new().with("spec.yaml", spec);
    let start = std::time::Instant::now();
    assert_eq!(briefs(&folder), [""; 0]);
    // A quadratic way takes a minute where this takes a second; a busy machine makes it no more than a few.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn an_example_is_held_against_thousands_of_values_and_against_a_pattern_of_any_size() {
    let example = |schema: &str, value: &str| {
        format!(
            "asyncapi: 2.6.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels:\n  c: {{ publish: {{ message: {{ payload: {schema}, examples: [{{ payload: {value} }}] }} }} }}\n"
        )
    };
    let list = |sign: &str| (0..20_000).map(|i| format!("{sign}{i}")).collect::<Vec<_>>().join(", ");
    let values = example(
        &format!("{{ type: array, items: {{ type: string, enum: [{}] }} }}", list("v")),
        &format!("[{}]", list("w")),
    );
    let pattern = example("{ type: string, pattern: '^(([a-z]*){1000}){40}$' }", &"a".repeat(200_000));
    let start = std::time::Instant::now();
    let found = Folder::new().with("spec.yaml", values).check(&["spec.yaml"]);
    assert_eq!(found.iter().filter(|found| found.code == "CG0601").count(), 5_000);
    assert_eq!(briefs(&Folder::new().with("spec.yaml", pattern)), [""; 0]);
    // Either took minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    // A pattern that is small enough is matched however long the text is.
    let long = example("{ type: string, pattern: '^[a-z]*$' }", &format!("{}1", "a".repeat(200_000)));
    assert_eq!(briefs(&Folder::new().with("spec.yaml", long)).len(), 1);
}
