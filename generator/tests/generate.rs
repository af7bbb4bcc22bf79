//! `conecta-gen generate`, from outside.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, str};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn conecta_gen(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conecta-gen")).args(args).current_dir(root()).output().unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

const CONTRACT: [&str; 10] = [
    "generate",
    "specs/conecta360/asyncapi.yaml",
    "--topics",
    "specs/conecta360/topics.yaml",
    "--name",
    "conecta360-events",
    "--runtime-path",
    "runtime",
    "-o",
    "examples/conecta360-events",
];

/// Arguments that write a small contract's crate to `folder`.
fn small(spec: &str, folder: &Path) -> (PathBuf, Vec<String>) {
    let path = folder.join("asyncapi.yaml");
    fs::write(&path, spec).unwrap();
    let out = folder.join("events");
    let args = ["generate", path.to_str().unwrap(), "-o", out.to_str().unwrap(), "--name", "small-events"];
    let args = args.map(str::to_owned).to_vec();
    (out, args)
}

fn run(args: &[String], more: &[&str]) -> Output {
    let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
    conecta_gen(&args)
}

/// Every file of a folder with its text, by path.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

const ORDERS: &str = "\
asyncapi: 2.6.0
info: { title: Orders, version: 1.2.0 }
channels:
  orders.placed:
    publish:
      operationId: publishOrderPlaced
      message:
        name: OrderPlaced
        payload:
          type: object
          required: [id]
          properties:
            id: { type: integer }
            state: { type: string, enum: [NEW, PAID] }
";

#[test]
fn the_committed_crate_is_what_the_contract_says() {
    let output = conecta_gen(&[&CONTRACT[..], &["--check"]].concat());
    assert!(output.status.success(), "{}{}", str::from_utf8(&output.stdout).unwrap(), stderr(&output));
}

#[test]
fn two_runs_write_the_same_bytes_and_the_second_writes_nothing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ((a, to_a), (b, to_b)) = (small(ORDERS, one.path()), small(ORDERS, two.path()));
    assert!(run(&to_a, &[]).status.success() && run(&to_b, &[]).status.success());
    assert_eq!(files(&a), files(&b));
    let again = run(&to_a, &[]);
    assert!(stderr(&again).contains("up to date"), "{}", stderr(&again));
}

#[test]
fn check_writes_nothing_and_names_the_command_that_mends() {
    let folder = tempfile::tempdir().unwrap();
    let (out, args) = small(ORDERS, folder.path());
    let missing = run(&args, &["--check"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(!out.exists());
    assert!(run(&args, &[]).status.success());
    assert_eq!(run(&args, &["--check"]).status.code(), Some(0));

    let lib = out.join("src/lib.rs");
    let before = fs::read_to_string(&lib).unwrap();
    fs::write(&lib, before.replace("MESSAGES", "MELDUNGEN")).unwrap();
    let differs = run(&args, &["--check"]);
    assert_eq!(differs.status.code(), Some(1));
    assert!(str::from_utf8(&differs.stdout).unwrap().contains("-pub const MELDUNGEN"));
    let mend = stderr(&differs).lines().last().unwrap().trim();
    assert!(mend.contains(" generate ") && !mend.contains("--check"), "{mend}");
    assert!(run(&args, &[]).status.success());
    assert_eq!(fs::read_to_string(&lib).unwrap(), before);
}

#[test]
fn an_unsound_document_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (spec, place) in [
        ("", ":1:1"),
        ("- a\n", ":1:1"),
        ("asyncapi: 2.6.0\ninfo:\n\ttitle: a\n", ":3:1"),
        (&ORDERS.replace("type: integer", "$ref: '#/components/schemas/Nothing'"), ":13:"),
    ] {
        let (out, args) = small(spec, folder.path());
        let output = run(&args, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains(place), "{}", stderr(&output));
        assert!(!out.exists());
    }
}

#[test]
fn an_example_that_contradicts_its_schema_is_a_warning_unless_strict() {
    let folder = tempfile::tempdir().unwrap();
    let spec = format!("{ORDERS}        examples:\n          - payload: {{ id: one }}\n");
    let (out, args) = small(&spec, folder.path());
    assert_eq!(run(&args, &["--strict"]).status.code(), Some(1));
    assert!(!out.exists());
    let output = run(&args, &[]);
    assert!(output.status.success() && stderr(&output).contains("warning[CG0601]"), "{}", stderr(&output));
    let module = fs::read_to_string(out.join("src/orders_placed.rs")).unwrap();
    assert!(module.contains("refused: Some("), "{module}");
}

#[test]
fn what_stands_in_the_way_is_said_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let (out, args) = small(ORDERS, folder.path());
    fs::write(&out, "a file").unwrap();
    let output = run(&args, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&out).unwrap(), "a file");
    fs::remove_file(&out).unwrap();
    for more in [
        &["--config", "nowhere.toml"][..],
        &["--templates", "nowhere"],
        &["--runtime-path", "nowhere"],
        &["--name", "not a crate"],
    ] {
        let args = args[..4].to_vec();
        assert_eq!(run(&args, more).status.code(), Some(2), "{more:?}");
        assert!(!out.exists());
    }
}

#[test]
fn a_file_that_is_no_longer_part_of_the_crate_is_removed_if_it_is_still_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (out, args) = small(ORDERS, folder.path());
    assert!(run(&args, &[]).status.success());
    fs::write(out.join("notes.md"), "mine").unwrap();
    let (_, args) = small(&ORDERS.replace("orders.placed", "orders.made"), folder.path());
    assert!(run(&args, &[]).status.success());
    let names: Vec<String> = files(&out).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"src/orders_made.rs".to_owned()) && !names.contains(&"src/orders_placed.rs".to_owned()));
    assert!(names.contains(&"notes.md".to_owned()));
}

#[test]
fn templates_can_be_replaced_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (out, args) = small(ORDERS, folder.path());
    let templates = folder.path().join("templates");
    fs::create_dir(&templates).unwrap();
    fs::write(templates.join("README.md.j2"), "{{ stamp }}\nours: {{ name }}\n").unwrap();
    assert!(run(&args, &["--templates", templates.to_str().unwrap()]).status.success());
    assert!(fs::read_to_string(out.join("README.md")).unwrap().ends_with("ours: small-events\n"));
    fs::write(templates.join("README.md.j2"), "{{ nothing }}").unwrap();
    let output = run(&args, &["--templates", templates.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("README.md.j2:1: undefined value"), "{}", stderr(&output));
}

#[test]
fn no_file_tells_of_the_machine_it_was_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let (out, args) = small(ORDERS, folder.path());
    assert!(run(&args, &[]).status.success());
    for (name, text) in files(&out) {
        assert!(!text.contains(folder.path().to_str().unwrap()), "{name}");
        assert!(text.contains("@generated"), "{name}");
    }
}
