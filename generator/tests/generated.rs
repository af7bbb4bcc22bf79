//! What a reader of the generated code sees, for small documents. `cargo insta review` shows a change.
#![allow(clippy::unwrap_used)]

use conecta_gen::config::Config;
use conecta_gen::document::NoFiles;
use conecta_gen::render::Templates;
use conecta_gen::{CrateOptions, Source, generate_crate, load, load_with};

/// The text of one file of the crate of a document.
fn file(spec: &str, config: &str, path: &str) -> String {
    let mut loaded = load(Source::new("asyncapi.yaml", spec), None, &NoFiles);
    let options = CrateOptions { name: Some("small-events".to_owned()), ..CrateOptions::default() };
    let config = Config::parse(config).unwrap();
    let files = generate_crate(&mut loaded, &config, &options, &Templates::default()).unwrap();
    let files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let text = files.get(path).unwrap_or_else(|| panic!("no {path}"));
    // The first line has the version and a hash, which change with every edit of the document.
    text.split_once('\n').unwrap().1.to_owned()
}

/// A document of one channel whose message has this payload.
fn document(payload: &str) -> String {
    let payload: String = payload.lines().map(|line| format!("          {line}\n")).collect();
    format!(
        "asyncapi: 2.6.0\ninfo: {{ title: Small, version: 1.0.0 }}\nchannels:\n  things:\n    publish:\n      \
         operationId: publishThing\n      message:\n        name: Thing\n        payload:\n{payload}"
    )
}

/// The types alone, up to the first implementation that is the same for all.
fn types(payload: &str, config: &str) -> String {
    let text = file(&document(payload), config, "src/things.rs");
    let from = text.find("::conecta_runtime::object!").unwrap();
    let to = text.find("/// Publishes to").unwrap();
    let mut shown = String::new();
    for paragraph in text[from..to].split("\n\n") {
        if paragraph.starts_with("::conecta_runtime::") {
            shown += paragraph;
            shown += "\n\n";
        }
    }
    shown.trim_end().to_owned()
}

#[test]
fn constraints_become_types() {
    insta::assert_snapshot!(types(
        r"type: object
required: [code, level]
properties:
  code: { type: string, pattern: '^[A-Z]{3}-\d+$', maxLength: 20 }
  level: { type: integer, minimum: -3, maximum: 3 }
  ratio: { type: number, exclusiveMinimum: 0, multipleOf: 0.01 }
  huge: { type: integer, minimum: 0, maximum: 18446744073709551615 }
  state: { type: string, enum: [NEW, in progress, '-1', '+1', ''] }
  size: { type: integer, enum: [1, 2, -3] }
  tags: { type: array, items: { type: string }, minItems: 1, uniqueItems: true }
  at: { type: string, format: date-time }
  mail: { type: string, format: email, x-sensitive: true }
",
        ""
    ));
}

#[test]
fn alternatives_become_an_enum_whatever_their_order() {
    let alternatives = |pet: &str, reach: &str| {
        format!(
            "type: object
properties:
  pet:
    oneOf: [{pet}]
    discriminator: {{ propertyName: kind, mapping: {{ feline: '#/components/schemas/Cat' }} }}
  reach:
    oneOf: [{reach}]
  paid:
    anyOf: [{{ type: object, required: [k], properties: {{ k: {{ const: card }}, last4: {{ type: string, x-sensitive: true }} }} }}, {{ type: object, required: [k], properties: {{ k: {{ enum: [cash, coin] }} }} }}]
  size: {{ type: [string, integer] }}
  when: {{ anyOf: [{{ type: string }}, {{ type: string, format: date-time }}, {{ type: 'null' }}] }}
  tree: {{ anyOf: [{{ type: array, items: {{ $ref: '#/components/schemas/Tree' }} }}, {{ $ref: '#/components/schemas/Tree' }}] }}
"
        )
    };
    let document = |payload: &str| {
        format!(
            "{}components:\n  schemas:
    Cat: {{ type: object, required: [kind], properties: {{ kind: {{ type: string }}, lives: {{ type: integer }} }} }}
    Dog: {{ type: object, required: [kind], properties: {{ kind: {{ const: dog }} }} }}
    Tree: {{ oneOf: [{{ type: string }}, {{ type: object, required: [root], properties: {{ root: {{ $ref: '#/components/schemas/Tree' }} }} }}] }}
",
            document(payload)
        )
    };
    let (cat, dog) = ("{ $ref: '#/components/schemas/Cat' }", "{ $ref: '#/components/schemas/Dog' }");
    let email = "{ type: object, required: [email], properties: { email: { type: string }, note: { type: string } } }";
    let phone = "{ type: object, required: [phone], properties: { phone: { type: string }, note: { type: string } } }";
    let code = |pet: [&str; 2], reach: [&str; 2]| {
        let text = file(&document(&alternatives(&pet.join(", "), &reach.join(", "))), "", "src/things.rs");
        let from = text.find("::conecta_runtime::object!").unwrap();
        let to = text.find("/// Publishes to").unwrap();
        let paragraphs = text[from..to].split("\n\n").filter(|part| part.starts_with("::conecta_runtime::"));
        paragraphs.collect::<Vec<_>>().join("\n\n")
    };
    insta::assert_snapshot!(code([cat, dog], [email, phone]));
    let mut names: Vec<Vec<String>> = Vec::new();
    for text in [code([cat, dog], [email, phone]), code([dog, cat], [phone, email])] {
        let declared =
            text.lines().map(str::trim).filter(|line| line.starts_with("pub enum") || line.starts_with("pub struct"));
        let mut declared: Vec<String> = declared.map(str::to_owned).collect();
        declared.sort();
        names.push(declared);
    }
    assert_eq!(names[0], names[1]);
}

#[test]
fn presence_null_and_additional_properties_become_options_and_maps() {
    insta::assert_snapshot!(types(
        "type: object
required: [must, may_be_null]
additionalProperties: { type: integer }
properties:
  must: { type: string }
  may: { type: string }
  may_be_null: { type: [string, 'null'] }
  may_be_both: { type: [integer, 'null'] }
  free: { type: object }
  counts: { type: object, additionalProperties: { type: integer } }
  anything: {}
  closed: { type: object, additionalProperties: false, properties: { a: { type: boolean } } }
  mixed: { type: [string, integer] }
",
        ""
    ));
}

#[test]
fn names_that_clash_or_are_keywords_stay_apart() {
    insta::assert_snapshot!(types(
        "type: object
properties:
  type: { type: string }
  self: { type: string }
  fooBar: { type: string }
  foo_bar: { type: string }
  foo-bar: { type: string }
  24h: { type: string }
  Notificación: { type: string }
  builder: { type: string }
  '': { type: string }
  Option: { type: object, properties: { some: { type: string } } }
",
        ""
    ));
}

#[test]
fn recursion_gets_a_box_only_where_it_must() {
    let spec = "\
asyncapi: 2.6.0
info: { title: Small, version: 1.0.0 }
channels:
  things:
    publish:
      operationId: publishThing
      message: { name: Thing, payload: { $ref: '#/components/schemas/Node' } }
components:
  schemas:
    Node:
      type: object
      required: [name]
      properties:
        name: { type: string }
        left: { $ref: '#/components/schemas/Node' }
        children: { type: array, items: { $ref: '#/components/schemas/Node' } }
        by_name: { type: object, additionalProperties: { $ref: '#/components/schemas/Node' } }
";
    let text = file(spec, "", "src/things.rs");
    let from = text.find("::conecta_runtime::object!").unwrap();
    let to = from + text[from..].find("\n\n").unwrap();
    insta::assert_snapshot!(&text[from..to]);
}

#[test]
fn lists_and_maps_that_hold_nothing_but_themselves_end_somewhere() {
    let list = types(
        "type: object\nproperties:\n  l: { type: array, items: { $ref: '#/channels/things/publish/message/payload/properties/l' } }",
        "",
    );
    assert!(list.contains("pub l: Option<ThingL>") && list.contains("pub struct ThingL(Vec<ThingL>);"), "{list}");
    let map = types(
        "type: object\nproperties:\n  m: { type: object, additionalProperties: { $ref: '#/channels/things/publish/message/payload/properties/m' } }",
        "",
    );
    assert!(map.contains("pub m: Option<ThingM>") && map.contains("pub struct ThingM(pub Map<ThingM>);"), "{map}");
}

#[test]
fn unknown_fields_are_kept_and_formats_enforced_on_request() {
    insta::assert_snapshot!(types(
        "type: object
properties:
  mail: { type: string, format: email }
  secret: { type: string }
",
        "[fields]\nunknown = \"keep\"\n[formats]\nenforce = [\"email\"]\n[sensitive]\nfields = [\"secret\"]\n"
    ));
}

#[test]
fn texts_that_have_a_type_are_texts_where_the_configuration_says_so() {
    let payload = "type: object
properties:
  at: { type: string, format: date-time, example: '2024-01-15T10:30:00' }
  day: { type: string, format: date, default: '2024-02-29' }
  host: { type: string, format: ipv4, default: 127.0.0.1 }
  hour: { type: string, format: time, default: '10:30:00Z' }
";
    let typed = types(payload, "[formats]\nenforce = [\"time\"]\n");
    for field in ["at: Option<DateTime>", "day: Option<Date>", "host: Option<Ipv4Addr>", "hour: Option<Time>"] {
        assert!(typed.contains(field), "{field}: {typed}");
    }
    let typed = file(&document(payload), "[formats]\nenforce = [\"time\"]\n", "src/things.rs");
    for default in
        ["Date::from_contract(\"2024-02-29\")", "Ipv4Addr::new(127, 0, 0, 1)", "Time::from_contract(\"10:30:00Z\")"]
    {
        assert!(typed.contains(default), "{default}: {typed}");
    }
    let config = "[formats]\ntext = [\"date-time\", \"date\", \"ipv4\"]\n";
    let texts = types(payload, config);
    for field in ["at", "day", "host", "hour"] {
        assert!(texts.contains(&format!("{field}: Option<String>")), "{field}: {texts}");
    }
    // What does not keep to its format is told of, unless it is said that it is a text.
    let found = |config: &str| {
        let spec = document(&payload.replace("default: '2024-02-29'", "default: tomorrow"));
        let config = Config::parse(config).unwrap();
        let loaded = load_with(Source::new("asyncapi.yaml", spec), None, &NoFiles, &config);
        loaded.diagnostics.iter().filter(|d| d.code.to_string() == "CG0603").count()
    };
    assert_eq!((found(""), found(config)), (1, 0));
}

#[test]
fn new_events_have_their_envelope_filled_in_even_where_it_is_optional() {
    let payload = "type: object
required: [event_id, event_type]
properties:
  event_id: { type: string }
  event_type: { type: string }
  event_version: { type: [string, 'null'] }
  timestamp: { type: string, format: date-time }
  note: { type: string }
";
    let text = file(&document(payload), "", "src/things.rs");
    let from = text.find("/// A new event").unwrap();
    insta::assert_snapshot!(text[from..from + text[from..].find("\n}\n").unwrap()].to_owned());
}

#[test]
fn events_without_a_known_identifier_are_noted() {
    let notes = |property: &str, config: &str| {
        let spec = document(&format!("type: object\nproperties: {{ {property}: {{ type: string }} }}\n"));
        let spec = spec.replace("channels:", "servers: { main: { url: broker, protocol: kafka } }\nchannels:");
        let mut loaded = load(Source::new("asyncapi.yaml", spec), None, &NoFiles);
        let options = CrateOptions { name: Some("small-events".to_owned()), ..CrateOptions::default() };
        generate_crate(&mut loaded, &Config::parse(config).unwrap(), &options, &Templates::default()).unwrap().unwrap();
        loaded
            .diagnostics
            .iter()
            .filter(|d| d.code.to_string() == "CG0820")
            .map(|d| d.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(notes("id", ""), ["events of `Thing` have no known identifier"]);
    assert_eq!(notes("id", "[envelope]\nid = \"id\"\n"), Vec::<String>::new());
}

#[test]
fn a_sensitive_property_that_is_nowhere_is_warned_of() {
    let mut loaded =
        load(Source::new("asyncapi.yaml", document("type: object\nproperties: { email: {} }\n")), None, &NoFiles);
    let config = Config::parse("[sensitive]\nfields = [\"email\", \"e-mail\"]").unwrap();
    generate_crate(&mut loaded, &config, &CrateOptions::default(), &Templates::default()).unwrap().unwrap();
    let warned = loaded.diagnostics.iter().filter(|d| d.code.to_string() == "CG0822");
    assert_eq!(warned.map(|d| &*d.message).collect::<Vec<_>>(), ["no schema has the sensitive property `e-mail`"]);
}

#[test]
fn text_of_the_document_is_nothing_but_text() {
    let spec = document(
        "type: object
description: |
  ```rust
  compile_error!(\"a code block\");
  ```
  [a link] <script> # a heading
      indented
properties:
  a:
    type: string
    description: \"*/ } pub fn evil() {} \\u202E /* \\\" \\\\ https://example.org/x_y.\"
    default: \"\\\"; panic!()\"
",
    );
    insta::assert_snapshot!(file(&spec, "", "src/things.rs").split("impl Event").next().unwrap());
}

#[test]
fn a_channel_module_reads_as_a_person_would_write_it() {
    let spec = document("type: object\nrequired: [id]\nproperties: { id: { type: integer } }\n");
    insta::assert_snapshot!(file(&spec, "", "src/things.rs"));
}

#[test]
fn the_root_names_everything_once() {
    let spec = document("type: object\nrequired: [id]\nproperties: { id: { type: integer } }\n");
    insta::assert_snapshot!(file(&spec, "", "src/lib.rs"));
    insta::assert_snapshot!(file(&spec, "", "Cargo.toml"));
    insta::assert_snapshot!(file(&spec, "", "README.md"));
}

#[test]
fn reordering_a_document_renames_nothing() {
    let names = |payload: &str| {
        let text = types(payload, "");
        let mut names: Vec<String> =
            text.lines().filter(|line| line.contains("pub ")).map(|line| line.trim().to_owned()).collect();
        names.sort();
        names
    };
    let one = "type: object\nproperties:\n  a_b: { type: string }\n  aB: { type: object, properties: { x: {} } }\n  a-b: { type: integer }\n";
    let two = "type: object\nproperties:\n  a-b: { type: integer }\n  aB: { type: object, properties: { x: {} } }\n  a_b: { type: string }\n";
    assert_eq!(names(one), names(two));
}

#[test]
fn one_note_says_which_channels_are_not_on_kafka() {
    let channel = |name: &str, server: &str| {
        format!("  {name}: {{ servers: [{server}], publish: {{ message: {{ payload: {{ type: string }} }} }} }}\n")
    };
    let spec = format!(
        "asyncapi: 2.6.0\ninfo: {{ title: Small, version: 1.0.0 }}\nservers:\n  m: {{ url: m, protocol: mqtt }}\n  k: {{ url: k, \
         protocol: kafka }}\nchannels:\n{}{}{}{}",
        channel("a", "m"),
        channel("b", "k"),
        channel("c", "m"),
        channel("d", "m")
    );
    let mut loaded = load(Source::new("asyncapi.yaml", spec.as_str()), None, &NoFiles);
    let options = CrateOptions { name: Some("small-events".to_owned()), ..CrateOptions::default() };
    let files = generate_crate(&mut loaded, &Config::default(), &options, &Templates::default()).unwrap().unwrap();
    let notes: Vec<_> = loaded.diagnostics.iter().map(|d| (d.code.to_string(), d.message.clone())).collect();
    assert_eq!(notes, [("CG0805".to_owned(), "`a` and 2 other channels are not on Kafka".to_owned())]);
    let root = files.get("src/lib.rs").unwrap();
    assert!(root.contains("&[b::TOPIC]"), "topics of channels elsewhere are listed: {root}");
    assert!(files.get("src/a.rs").unwrap().contains("pub trait"), "no traits");
}

#[test]
fn a_consumer_is_told_the_group_that_the_contract_names() {
    let with = |group: &str| {
        let spec = document("type: string").replace(
            "      operationId",
            &format!("      bindings: {{ kafka: {{ groupId: {group} }} }}\n      operationId"),
        );
        file(&spec, "", "src/things.rs").replace("\n///", "")
    };
    assert!(with("{ type: string, enum: [billing] }").contains("The contract has it consumed by the group `billing`."));
    assert!(with("{ enum: [a, b] }").contains("The contract has it consumed by one of the groups `a`, `b`."));
    assert!(!with("{ type: string }").contains("consumed by"));
}
