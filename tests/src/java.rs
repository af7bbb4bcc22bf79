//! The Java client itself, asked for its opinion.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::kafka::jars;

/// Runs a program of `tests/java` with Kafka's jars, gives it lines and returns those it prints.
///
/// # Panics
/// When it fails.
#[must_use]
pub fn run(program: &str, lines: &[String]) -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("java").join(program);
    let mut java = Command::new("java")
        .arg("-XX:TieredStopAtLevel=1")
        .arg("-cp")
        .arg(jars().join("*"))
        .arg(source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java is installed: make deps says how");
    let mut stdin = java.stdin.take().unwrap();
    // From a thread, so that neither side waits for the other with a full pipe.
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = java.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", output.status);
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
