//! Lines, and where the last ones are kept.

use std::fmt::Write as _;

use conecta_tests::kafka::root;

use crate::machine;

/// The lines of a run.
#[derive(Default)]
pub(crate) struct Report(Vec<String>);

impl Report {
    /// A figure that is to be as high as possible, against a reference of the same run.
    pub(crate) fn rate(&mut self, name: &str, ours: f64, reference: f64, goal: f64) {
        let ratio = ours / reference;
        self.line(format!(
            "BENCH name={name} ours={ours:.0} reference={reference:.0} ratio={} goal={goal}",
            shown(ratio)
        ));
    }

    /// A figure that is to be as low as possible, against a reference of the same run.
    pub(crate) fn cost(&mut self, name: &str, ours: f64, reference: f64, goal: f64) {
        let ratio = shown(reference / ours);
        self.line(format!("BENCH name={name} ours={ours:.0} reference={reference:.0} ratio={ratio} goal={goal}"));
    }

    /// A figure that is to stay below a limit.
    pub(crate) fn ceiling(&mut self, name: &str, ours: f64, limit: f64) {
        let ratio = limit / ours;
        self.line(format!("BENCH name={name} ours={ours:.1} reference={limit} ratio={} goal=1", shown(ratio)));
    }

    /// The same of a figure of few seconds.
    pub(crate) fn seconds(&mut self, name: &str, ours: f64, limit: f64) {
        let ratio = limit / ours;
        self.line(format!("BENCH name={name} ours={ours:.2} reference={limit:.2} ratio={ratio:.2} goal=1"));
    }

    /// A figure without a goal.
    pub(crate) fn info(&mut self, name: &str, text: impl std::fmt::Display) {
        self.line(format!("INFO name={name} {text}"));
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, line: String) {
        println!("{line}");
        self.0.push(line);
    }

    /// Writes the lines, and the machine, to `bench/RESULTS.md`.
    pub(crate) fn keep(&self) {
        let mut text = String::from("# The last run of `make bench`\n\n");
        writeln!(text, "{}\n\n```text\n{}\n```", machine::description(), self.0.join("\n")).unwrap();
        let path = root().join("bench/RESULTS.md");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        println!("kept in {}", path.strip_prefix(root()).unwrap().display());
    }
}

/// The middle one of several measurements.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Three digits, rounded down: a goal that was missed is not shown as met.
fn shown(ratio: f64) -> String {
    format!("{:.3}", (ratio * 1000.0).floor() / 1000.0)
}
