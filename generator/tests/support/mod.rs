//! Runs the binary as a person would, on documents written for one test.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with documents in it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `conecta-gen` in the folder.
    pub fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_conecta-gen")).args(args).current_dir(self.path()).output().unwrap()
    }

    /// Checks a document: the findings, after making sure that stdout holds them alone and the exit code agrees.
    pub fn check(&self, args: &[&str]) -> Vec<Finding> {
        let output = self.run(&[&["check"], args, &["--format", "json"]].concat());
        assert_eq!(text(&output.stderr), "", "stderr is for trouble only");
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).expect("stdout is a JSON array");
        let findings: Vec<Finding> = findings.iter().map(Finding::of).collect();
        let expected = i32::from(findings.iter().any(|f| f.severity == "error"));
        assert_eq!(output.status.code(), Some(expected), "{findings:#?}");
        findings
    }
}

/// A finding as `--format json` gives it.
#[derive(Debug)]
pub struct Finding {
    pub code: String,
    pub severity: String,
    pub message: String,
    pub file: String,
    pub at: (u64, u64),
    pub pointer: Option<String>,
    pub help: Option<String>,
    pub related: Vec<(String, u64, u64)>,
}

impl Finding {
    fn of(value: &Value) -> Self {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        let position = |v: &Value| (v["line"].as_u64().unwrap_or(0), v["column"].as_u64().unwrap_or(0));
        let related = value["related"].as_array().unwrap();
        Self {
            code: text(&value["code"]).unwrap(),
            severity: text(&value["severity"]).unwrap(),
            message: text(&value["message"]).unwrap(),
            file: text(&value["file"]).unwrap_or_default(),
            at: position(value),
            pointer: text(&value["pointer"]),
            help: text(&value["help"]),
            related: related
                .iter()
                .map(|r| (text(&r["file"]).unwrap_or_default(), position(r).0, position(r).1))
                .collect(),
        }
    }

    /// `CG0105 3:5`.
    pub fn brief(&self) -> String {
        format!("{} {}:{}", self.code, self.at.0, self.at.1)
    }
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Checks one text as `spec.yaml`; each finding as `CODE line:column`.
pub fn briefs(document: impl AsRef<[u8]>) -> Vec<String> {
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    findings.iter().map(Finding::brief).collect()
}
