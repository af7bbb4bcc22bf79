//! Generating the Conecta360 crate: the whole process, from start to files written.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use conecta_tests::kafka::root;
use nix::sys::resource::{UsageWho, getrusage};

use crate::report::{Report, median};

/// What makes this program [`measure`] a tool and end.
pub(crate) const MEASURE: &str = "--measure-generate";

const ROUNDS: usize = 31;

/// Time and memory, against the goals of 15 ms and 20 MB.
pub(crate) fn figures(report: &mut Report, tool: &Path) {
    // In a process of its own: the kernel tells the largest memory of all children there were, and this process has had
    // cargo for a child.
    let output = Command::new(std::env::current_exe().unwrap()).arg(MEASURE).arg(tool).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (milliseconds, megabytes) = text.trim().split_once(' ').unwrap();
    report.ceiling("generate-conecta360-ms", milliseconds.parse().unwrap(), 15.0);
    report.ceiling("generate-conecta360-mb", megabytes.parse().unwrap(), 20.0);
}

/// Prints the median time in milliseconds, and the largest resident memory in MB.
pub(crate) fn measure(tool: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let generate = |round: usize| {
        let start = Instant::now();
        let output = Command::new(tool)
            .current_dir(root())
            .args(["generate", "specs/conecta360/asyncapi.yaml", "--topics", "specs/conecta360/topics.yaml", "-o"])
            .arg(scratch.path().join(round.to_string()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        start.elapsed().as_secs_f64() * 1000.0
    };
    let time = median((0..ROUNDS).map(generate).collect());
    let kilobytes = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    println!("{time} {}", kilobytes as f64 / 1000.0);
}

/// The release build of the tool.
pub(crate) fn build() -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--release", "-p", "conecta-gen", "--message-format", "json-render-diagnostics"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "cargo build of conecta-gen: {}", cargo.status);
    let messages = String::from_utf8(cargo.stdout).unwrap();
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(Into::into))
        .expect("cargo names the executable that it built")
}
