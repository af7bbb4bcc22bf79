//! Contracts of many channels, whose modules share files.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use std::collections::BTreeMap;
use std::fs;

use conecta_gen::config::Config;
use conecta_gen::document::NoFiles;
use conecta_gen::files::FileSet;
use conecta_gen::{Source, generate_modules, load};
use crates::{Crates, generate};

/// A contract of channels with these numbers, each with a message of an object, an example and a part shared by all.
fn contract(channels: impl Iterator<Item = usize>) -> String {
    let mut text = "\
asyncapi: 2.6.0
info: { title: Many, version: 1.0.0 }
components:
  schemas:
    Shared: { type: object, properties: { at: { type: string } } }
channels:
"
    .to_owned();
    for n in channels {
        text += &format!(
            "  orders.placed{n}:
    publish:
      operationId: publishPlaced{n}
      message:
        name: Placed{n}
        payload:
          type: object
          required: [id]
          properties: {{ id: {{ type: integer }}, lines: {{ type: array, items: {{ type: string }} }}, part: {{ $ref: '#/components/schemas/Shared' }} }}
        examples: [{{ payload: {{ id: {n}, lines: ['two\\n  lines', \"'\"] }} }}]
    subscribe: {{ operationId: consumePlaced{n} }}
"
        );
    }
    text
}

fn files(channels: impl Iterator<Item = usize>) -> FileSet {
    let (files, loaded) = generate("many", &contract(channels), None, "");
    files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// The paths of the files that hold channels.
fn modules(files: &FileSet) -> Vec<&str> {
    let above = ["src/lib.rs", "src/schemas.rs"];
    files.iter().map(|(path, _)| path).filter(|path| path.starts_with("src/") && !above.contains(path)).collect()
}

/// What a service's author writes is the same however many channels there are.
const AUTHOR: &str = "\
pub const TOPIC: conecta_runtime::Topic = many::orders_placed7::TOPIC;

pub fn build() -> many::Placed7 {
    many::orders_placed7::Placed7::builder().id(7).build().unwrap()
}

pub fn both<T: many::orders_placed7::PublishPlaced7 + many::PublishPlaced7>(_: T) {}

pub fn consume(handler: impl many::ConsumePlaced7) -> conecta_runtime::Registration<()> {
    many::orders_placed7::consume(handler)
}
";

#[test]
fn a_file_of_several_channels_reads_as_the_modules_would() {
    let few = files(0..256);
    let many = files(0..257);
    assert_eq!(modules(&few).len(), 256);
    let shared = modules(&many);
    assert!(shared.len() <= 256 && shared.iter().all(|path| path.starts_with("src/channels/")), "{shared:?}");
    // The module, without the indentation that it has among others.
    let alone = few.get("src/orders_placed7.rs").unwrap();
    let alone = alone.split_once('\n').unwrap().1;
    let among =
        shared.iter().map(|path| many.get(path).unwrap()).find(|text| text.contains("pub mod orders_placed7 {"));
    let among = among.unwrap().split_once("\npub mod orders_placed7 {\n").unwrap().1;
    let among = among.split_once("\n}\n").unwrap().0;
    let among: Vec<&str> = among.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    assert_eq!(among.join("\n"), alone.trim_end());
}

#[test]
fn a_channel_more_changes_its_file_and_no_other_channels() {
    let (before, after) = (files(0..300), files((0..150).chain([300]).chain(150..300)));
    assert_eq!(files(0..300), before, "two runs");
    let texts: BTreeMap<&str, &str> = before.iter().collect();
    let after = modules(&after).into_iter().map(|path| (path, after.get(path).unwrap()));
    // The first line has the hash of the document.
    let body = |text: &str| text.split_once('\n').map(|(_, body)| body.to_owned());
    let changed: Vec<&str> = after
        .filter(|(path, text)| texts.get(path).map(|text| body(text)) != Some(body(text)))
        .map(|(p, _)| p)
        .collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
}

#[test]
fn the_files_of_one_layout_give_way_to_those_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let there = |path: &str| folder.path().join(path).exists();
    files(0..256).write(folder.path()).unwrap();
    assert!(there("src/orders_placed7.rs") && !there("src/channels"));
    let written = files(0..257).write(folder.path()).unwrap();
    assert_eq!((written.removed.len(), written.left.len(), written.foreign.len()), (256, 0, 0));
    assert!(!there("src/orders_placed7.rs") && there("src/channels"));
    files(0..256).write(folder.path()).unwrap();
    assert!(there("src/orders_placed7.rs") && !there("src/channels"), "no empty folder is left");
}

#[test]
fn many_channels_compile_as_a_crate_and_as_a_module_tree() {
    let mut with_author = files(0..257);
    with_author.insert("tests/author.rs", format!("#![allow(missing_docs, dead_code)]\n{AUTHOR}"));
    let crates = Crates::write("layout", [("many".to_owned(), &with_author)]);
    // What a build script writes is included from elsewhere, as the runtime's `include_events` does, and includes its own files.
    let mut loaded = load(Source::new("spec.yaml", contract(0..257)), None, &NoFiles);
    let tree = generate_modules(&mut loaded, &Config::default()).unwrap();
    tree.write(&crates.folder().join("many/tests/tree")).unwrap();
    let included = "\
#[allow(dead_code, missing_docs, unreachable_pub, unused_imports)]
mod events {
    ::std::include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/tests/tree/mod.rs\"));
}

const _: usize = events::MESSAGES.len();
";
    fs::write(crates.folder().join("many/tests/included.rs"), included).unwrap();
    crates.cargo(&["check", "--tests", "--quiet"]).unwrap();
}
