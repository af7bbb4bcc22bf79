//! A crate that is generated, and a program around it that says what its types make of a line of JSON.
//!
//! Both are built in a workspace of their own, with the features that a user of the generated crate has and none of those
//! that the tests of this one add to its dependencies.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use conecta_gen::{CrateOptions, Loaded, Runtime, config::Config, generate_crate, render::Templates};
use serde_json::Value;

/// What a type made of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Read, held against its constraints, and written as this.
    Accepted(Value),
    /// Why not.
    Refused(String),
}

/// The program.
pub(crate) struct Harness(PathBuf);

impl Harness {
    /// Generates a crate into a folder of this name and builds it with its program. The findings of generating are added to
    /// those of loading. What the compiler says where it does not build without a warning.
    pub(crate) fn build(name: &str, loaded: &mut Loaded, config: &Config) -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle").join(name);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let runtime = root.join("runtime");
        let options = CrateOptions {
            // Of its own: in the shared target folder cargo would take two of one name for one crate.
            name: Some(format!("oracle-events-{name}")),
            runtime: Runtime::Path(runtime.to_str().expect("a path in UTF-8").to_owned()),
            ..CrateOptions::default()
        };
        let files = generate_crate(loaded, config, &options, &Templates::default()).unwrap();
        let files = files.unwrap_or_else(|| panic!("refused: {:?}", loaded.diagnostics));
        let events = folder.join("events");
        fs::create_dir_all(events.join("src")).unwrap();
        files.write(&events).unwrap();
        write_if_changed(&folder.join("Cargo.toml"), &MANIFEST.replace("NAME", name));
        write_if_changed(&folder.join("src/main.rs"), PROGRAM);
        // The versions that the project is tested with; cargo takes out those that are not needed here.
        if !folder.join("Cargo.lock").exists() {
            fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        }
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--message-format", "short", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", folder.parent().unwrap().join("target"))
            .env("RUSTFLAGS", "-D warnings")
            .output()
            .unwrap();
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).into_owned());
        }
        Ok(Self(folder.parent().unwrap().join("target/debug").join(format!("oracle-{name}"))))
    }

    /// What the type of each message makes of each value, in order.
    pub(crate) fn ask<'a>(&self, questions: impl Iterator<Item = (&'a str, &'a Value)>) -> Vec<Verdict> {
        let mut program = Command::new(&self.0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut text = Vec::new();
        let mut count = 0;
        for (message, value) in questions {
            writeln!(text, "{message}\t{value}").unwrap();
            count += 1;
        }
        let mut input = program.stdin.take().unwrap();
        let mut output = BufReader::new(program.stdout.take().unwrap());
        // Written from another thread, so that neither side waits for the other with a full pipe.
        let writer = std::thread::spawn(move || input.write_all(&text));
        let mut verdicts = Vec::with_capacity(count);
        let mut line = String::new();
        while output.read_line(&mut line).unwrap() > 0 {
            let (word, rest) = line.trim_end_matches('\n').split_once('\t').expect("a verdict and a tab");
            verdicts.push(match word {
                "accepted" => Verdict::Accepted(serde_json::from_str(rest).expect("JSON is written")),
                "refused" => Verdict::Refused(rest.to_owned()),
                other => panic!("the program says {other}: {rest}"),
            });
            line.clear();
        }
        output.read_to_string(&mut line).unwrap();
        let status = program.wait().unwrap();
        drop(writer.join().unwrap());
        assert!(status.success(), "the program ended at value {} of {count}: {status}", verdicts.len());
        assert_eq!(verdicts.len(), count);
        verdicts
    }
}

fn write_if_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|had| had == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const MANIFEST: &str = r#"[package]
name = "oracle-NAME"
version = "0.0.0"
edition = "2021"
publish = false

[workspace]
members = ["events"]

[dependencies]
oracle-events = { path = "events", package = "oracle-events-NAME" }

[profile.dev]
debug = false
"#;

const PROGRAM: &str = r#"use std::{collections::HashMap, io::{BufRead, Write}};

fn main() {
    let messages: HashMap<&str, _> = oracle_events::MESSAGES.iter().map(|m| (m.name, m.transcode)).collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (name, json) = line.split_once('\t').unwrap();
        let Some(transcode) = messages.get(name) else {
            writeln!(out, "refused\tMESSAGES does not list {name}").unwrap();
            continue;
        };
        match transcode(json.as_bytes()) {
            Ok(body) => {
                out.write_all(b"accepted\t").unwrap();
                out.write_all(&body).unwrap();
                out.write_all(b"\n").unwrap();
            }
            Err(refused) => writeln!(out, "refused\t{}", refused.to_string().replace('\n', " ")).unwrap(),
        }
    }
}
"#;
