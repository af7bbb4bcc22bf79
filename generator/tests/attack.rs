//! Documents whose every text tries to be more than text: code, TOML, a path, markup, a command to the terminal.
//!
//! Each is refused at a place, or becomes a crate that compiles, holds nothing of the attack but data, and depends on
//! nothing new.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use conecta_gen::config::Config;
use conecta_gen::diagnostic::{Format, Severity, render};
use conecta_gen::document::NoFiles;
use conecta_gen::files::FileSet;
use conecta_gen::render::Templates;
use conecta_gen::{CrateOptions, Source, generate_crate, load};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Map, Value, json};

use crates::{Crates, runtime};
use support::Folder;

/// Each would leave an item called `Pwn_Ed`, a dependency or a file of that name, if it were anything but text: no name that
/// is made from one comes out like that.
const ATTACKS: &[&str] = &[
    "\"); pub fn Pwn_Ed() {} //",
    "\"#; pub fn Pwn_Ed() {} //",
    "\"##); pub mod Pwn_Ed {} r##\"",
    "*/ pub fn Pwn_Ed() {} /*",
    "\npub fn Pwn_Ed() {}\n",
    "\r\npub fn Pwn_Ed() {}\r\n",
    "\rpub fn Pwn_Ed() {}",
    "} pub fn Pwn_Ed() {} struct X {",
    "'; pub fn Pwn_Ed() {} '",
    "\\\"; pub fn Pwn_Ed() {} //",
    "\\",
    "\\u{22}; pub fn Pwn_Ed() {}",
    "Pwn_Ed!()",
    "#[path = \"Pwn_Ed.rs\"] mod Pwn_Ed;",
    "#![feature(Pwn_Ed)]",
    "include!(\"/etc/passwd\")",
    "\u{2028}pub fn Pwn_Ed() {}",
    "{Pwn_Ed} {0} {{",
    "{{ Pwn_Ed }}{% include 'Pwn_Ed' %}{# ",
    "${Pwn_Ed}`Pwn_Ed`$(Pwn_Ed)",
    "1.0.0\"\n[dependencies]\nPwn_Ed = \"*",
    "\"\"\"\n[dependencies]\nPwn_Ed = \"*\"\n",
    "]\n[package]\nbuild = \"Pwn_Ed.rs\"",
    "../../Pwn_Ed",
    "..\\..\\Pwn_Ed",
    "/Pwn_Ed.rs",
    "C:\\Pwn_Ed",
    "con",
    "lib.rs",
    "Cargo.toml",
    ".",
    "..",
    "```\nPwn_Ed();\n```",
    "```rust\ncompile_error!(\"Pwn_Ed\");\n```",
    "~~~\nPwn_Ed\n~~~",
    "    Pwn_Ed();\n\n\tPwn_Ed();",
    "`Pwn_Ed",
    "``` Pwn_Ed `` ` ",
    "[Pwn_Ed](file:///etc/passwd)",
    "[Pwn_Ed]: http://example.org",
    "[`crate::Pwn_Ed`] [Pwn_Ed::Pwn_Ed] [Vec::Pwn_Ed]",
    "](Pwn_Ed) ![](Pwn_Ed)",
    "<script>Pwn_Ed()</script>",
    "<!-- Pwn_Ed -->-->",
    "<Pwn_Ed>",
    "# Pwn_Ed\n## Pwn_Ed\n===\n---",
    "| Pwn_Ed | Pwn_Ed |\n|---|---|",
    "http://example.org/Pwn_Ed",
    "\u{202e}nwp\u{2066}",
    "\u{200f}\u{feff}Pwn_Ed",
    "\u{0}",
    "Pwn_Ed\u{0}Pwn_Ed",
    "\u{1b}[2J\u{1b}]0;Pwn_Ed\u{7}",
    "\u{9b}31mPwn_Ed\u{7f}",
    "::error file=Pwn_Ed::Pwn_Ed",
    "%0A::set-output name=Pwn_Ed::",
    "𝓹𝔀𝓷𝓮𝓭",
    "e\u{301}\u{301}\u{301}",
    "r#Pwn_Ed",
    "'static",
    "Self",
    "_",
    "",
    " ",
    "\u{a0}",
    "🚀",
    "Box<dyn Fn()>",
    "std::process::exit(1)",
    "conecta_runtime",
    "String",
    "\u{feff}",
];

/// A document in which every text of a person's choosing is an attack: a channel and a schema for each.
fn texts(attacks: &[&str]) -> Value {
    let all = attacks.join("\n");
    let channels: Map<String, Value> =
        attacks.iter().enumerate().map(|(n, attack)| (format!("things.n{n}"), channel(attack))).collect();
    let schemas: Map<String, Value> = attacks.iter().map(|attack| ((*attack).to_owned(), schema(attack))).collect();
    json!({
        "asyncapi": "2.6.0",
        "info": {
            "title": all, "version": all, "description": all, format!("x-{all}"): all,
            "license": { "name": all }, "contact": { "name": all },
        },
        "tags": [{ "name": all, "description": all }],
        "servers": { "main": { "url": "localhost:9092", "protocol": "kafka", "description": all, "protocolVersion": all } },
        "channels": channels,
        "components": { "schemas": schemas },
    })
}

fn channel(attack: &str) -> Value {
    let a = |n: u32| format!("{attack}{n}");
    let pointer = attack.replace('~', "~0").replace('/', "~1").replace('%', "%25");
    json!({
        "description": attack,
        "bindings": { "kafka": { "topicConfiguration": { "cleanup.policy": ["delete"] }, "x-more": attack } },
        "publish": {
            "operationId": a(1), "summary": attack, "description": attack, "tags": [{ "name": attack }],
            "message": {
                "name": attack, "messageId": a(1), "title": attack, "summary": attack, "description": attack,
                "tags": [{ "name": attack }],
                "correlationId": { "description": attack, "location": "$message.header#/id" },
                "headers": { "type": "object", "description": attack, "properties": {
                    "id": { "type": "string" }, a(1): { "type": "string", "description": attack },
                } },
                "payload": { "$ref": format!("#/components/schemas/{pointer}") },
                "examples": [
                    { "name": attack, "summary": attack, "payload": { a(1): attack, a(2): attack } },
                    { "name": attack, "payload": { a(1): 1 } },
                ],
            },
        },
    })
}

fn schema(attack: &str) -> Value {
    let a = |n: u32| format!("{attack}{n}");
    json!({
        "type": "object", "title": attack, "description": attack, "$comment": attack, format!("x-{attack}"): attack,
        "required": [a(1)],
        "properties": {
            a(1): { "type": "string", "description": attack, "enum": [attack, a(1), a(2)], "default": attack },
            a(2): { "type": "string", "format": attack, "pattern": pattern(attack), "examples": [attack] },
            a(3): { "const": attack },
            a(4): { "type": "object", "title": attack, "properties": { attack: { "enum": [1, attack, null] } } },
            a(5): { "type": "array", "description": attack, "x-sensitive": true, "minItems": 1,
                    "items": { "title": attack, "type": "string", "maxLength": 9 } },
        },
        "patternProperties": { pattern(attack): { "type": "string" } },
        "oneOf": [{ "title": attack, "required": [a(2)] }, { "title": attack, "required": [a(3)] }],
    })
}

/// The text as a pattern that it matches.
fn pattern(text: &str) -> String {
    let escaped = |c: char| "^$\\.*+?()[]{}|/".contains(c).then_some('\\').into_iter().chain([c]);
    text.chars().flat_map(escaped).collect()
}

/// A document in which what the specification or Kafka restricts is an attack.
fn addresses(attacks: &[&str]) -> Value {
    let first = attacks.first().copied().unwrap_or_default();
    let mut channels = Map::new();
    for (n, attack) in attacks.iter().enumerate() {
        channels.insert(
            (*attack).to_owned(),
            json!({
                "publish": { "message": { "payload": { "type": "object", "properties": { "id": { "type": "string" } } } } },
                "bindings": { "kafka": { "topic": attack, "topicConfiguration": { *attack: attack } } },
            }),
        );
        let message = json!({ "contentType": attack, "name": format!("Other{n}"), "payload": { "type": "string", "pattern": attack } });
        channels.insert(format!("other.n{n}"), json!({ "subscribe": { "message": message } }));
    }
    json!({
        "asyncapi": "2.6.0",
        "info": { "title": "Addresses", "version": "1.0.0" },
        "servers": { "main": { "url": first, "protocol": first } },
        "channels": channels,
    })
}

fn generate(name: &str, spec: &Value) -> Result<FileSet, String> {
    let mut loaded = load(Source::new("attack.json", serde_json::to_vec_pretty(spec).unwrap()), None, &NoFiles);
    loaded.tolerate_examples();
    let options = CrateOptions { name: Some(name.to_owned()), runtime: runtime(), topics: None };
    let files = generate_crate(&mut loaded, &Config::default(), &options, &Templates::default()).unwrap();
    for format in [Format::Human, Format::Json, Format::Github] {
        assert_shows_nothing_that_is_obeyed(&render(&loaded.diagnostics, &loaded.document, format, false));
    }
    files.ok_or_else(|| {
        let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|d| (d.code, d.at.and_then(|at| loaded.document.span(at)))).collect();
        assert!(!errors.is_empty() && errors.iter().all(|(_, span)| span.is_some()), "refused without a place: {name}");
        errors.iter().map(|(code, _)| format!("{code} ")).collect()
    })
}

#[track_caller]
fn assert_shows_nothing_that_is_obeyed(text: &str) {
    let obeyed = |c: &char| {
        (c.is_control() && !matches!(*c, '\n' | '\t'))
            || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(text.chars().find(obeyed), None, "{}", text.escape_debug());
}

/// No identifier of an attack, no macro and no attribute but those that every crate has.
fn assert_holds_no_code(name: &str, files: &FileSet) {
    const MACROS: [&str; 13] = [
        "object",
        "text",
        "number",
        "enumeration",
        "list",
        "wrapper",
        "headers",
        "json_body",
        "text_body",
        "bytes_body",
        "assert",
        "panic",
        "matches",
    ];
    for (path, text) in files.iter() {
        assert_shows_nothing_that_is_obeyed(text);
        if path.ends_with(".rs") {
            let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{name}: {path}: {error}\n{text}"));
            syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {path}: {error}\n{text}"));
            let mut macros = BTreeSet::new();
            walk(tokens, &mut |ident, called| {
                assert_ne!(ident.trim_start_matches("r#"), "Pwn_Ed", "{name}: {path}\n{text}");
                if called {
                    macros.insert(ident.to_owned());
                }
            });
            let strange: Vec<_> = macros.iter().filter(|name| !MACROS.contains(&name.as_str())).collect();
            assert!(strange.is_empty(), "{name}: {path} calls {strange:?}");
        }
    }
    let manifest: toml::Table = toml::from_str(files.get("Cargo.toml").unwrap()).unwrap();
    assert_eq!(manifest.keys().collect::<Vec<_>>(), ["package", "lib", "dependencies"]);
    assert_eq!(manifest["dependencies"].as_table().unwrap().keys().collect::<Vec<_>>(), ["conecta-runtime"]);
    let package: Vec<_> = manifest["package"].as_table().unwrap().keys().map(String::as_str).collect();
    assert_eq!(package, ["name", "version", "edition", "rust-version", "description"]);
}

/// Each identifier, and whether `!` follows it.
fn walk(tokens: TokenStream, see: &mut impl FnMut(&str, bool)) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => walk(group.stream(), see),
            TokenTree::Ident(ident) => {
                let called = matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!' && p.spacing() == proc_macro2::Spacing::Alone);
                see(&ident.to_string(), called);
            }
            _ => {}
        }
    }
}

#[test]
fn a_text_that_attacks_is_refused_at_its_place_or_stays_a_text() {
    let (mut as_text, mut as_address) = (Vec::new(), Vec::new());
    for attack in ATTACKS {
        match generate("attack", &texts(&[attack])) {
            Ok(files) => assert_holds_no_code(attack, &files),
            // Names and descriptions may be anything.
            Err(codes) => panic!("{attack:?} is refused: {codes}"),
        }
        as_text.push(*attack);
        if let Ok(files) = generate("attack", &addresses(&[attack])) {
            assert_holds_no_code(attack, &files);
            as_address.push(*attack);
        }
    }
    assert!(!as_address.is_empty() && as_address.len() < as_text.len(), "{as_address:?}");

    // All of them together, so that names clash besides; not those that only together are refused.
    let mut topics = BTreeSet::new();
    as_address.retain(|attack| topics.insert(attack.replace('_', ".")));
    let written: Vec<_> = [("attack-texts", texts(&as_text)), ("attack-addresses", addresses(&as_address))]
        .into_iter()
        .map(|(name, spec)| (name.to_owned(), generate(name, &spec).unwrap_or_else(|codes| panic!("{name}: {codes}"))))
        .collect();
    let crates = Crates::write("attack", written.iter().map(|(name, files)| (name.clone(), files)));
    let run = |args: &[&str]| crates.cargo(args).unwrap_or_else(|error| panic!("{error}"));
    run(&["clippy", "--quiet", "--keep-going", "--all-targets", "--message-format", "short"]);
    run(&["doc", "--quiet", "--keep-going", "--no-deps", "--message-format", "short"]);
    run(&["test", "--quiet", "--no-fail-fast"]);
}

#[test]
fn nothing_is_written_outside_the_folder_and_nothing_said_that_a_terminal_obeys() {
    let mut spec = texts(ATTACKS);
    spec["channels"]["things.n0"]["x-file"] = json!("../pwned");
    let topics: Map<String, Value> =
        ATTACKS.iter().map(|attack| ((*attack).to_owned(), json!({ *attack: attack }))).collect();
    let folder = Folder::new()
        .with("spec.json", serde_json::to_vec(&spec).unwrap())
        .with("topics.json", serde_json::to_vec(&json!({ "Topics": topics })).unwrap());

    // Topics of no channel are errors, each of them quoted in what is said.
    let refused = folder.run(&["generate", "spec.json", "-o", "out", "--topics", "topics.json"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(names(folder.path()), ["spec.json", "topics.json"]);
    for format in ["human", "json", "github"] {
        let said = folder.run(&["check", "spec.json", "--topics", "topics.json", "--format", format]);
        for said in [&refused.stderr, &said.stdout, &said.stderr] {
            assert_shows_nothing_that_is_obeyed(std::str::from_utf8(said).unwrap());
        }
    }

    let written = folder.run(&["generate", "spec.json", "-o", "out"]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    assert_shows_nothing_that_is_obeyed(std::str::from_utf8(&written.stderr).unwrap());
    assert!(written.stdout.is_empty());
    assert_eq!(names(folder.path()), ["out", "spec.json", "topics.json"]);
    let of_a_crate = [".conecta-gen.json", "Cargo.toml", "README.md", "rustfmt.toml", "src", "tests"];
    assert_eq!(names(&folder.path().join("out")), of_a_crate);
    for file in names(&folder.path().join("out/src")) {
        let stem = file.strip_suffix(".rs").unwrap_or_else(|| panic!("{file}"));
        assert!(stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{file}");
    }
}

/// What is in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}
