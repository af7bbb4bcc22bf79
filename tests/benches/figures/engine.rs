//! What the consumer's engine adds to an event: the runtime's own benchmark, its lines taken over.

use std::process::{Command, Stdio};

use conecta_tests::kafka::root;

use crate::report::Report;

/// Lines without a goal.
pub(crate) fn figures(report: &mut Report) {
    let output = Command::new(env!("CARGO"))
        .args(["bench", "-p", "conecta-runtime", "--bench", "engine"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo bench of the engine: {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| line.starts_with("INFO ")).for_each(|line| report.line(line.to_owned()));
}
