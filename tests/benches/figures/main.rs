//! `make bench`: one line a figure, ours beside a reference of the same run.
//!
//! `BENCH name=… ours=… reference=… ratio=… goal=…`: a higher ratio is always better; of a ceiling the ratio is limit
//! through ours and the goal 1. `INFO` lines are figures without a goal. The last run's lines are kept in
//! `bench/RESULTS.md` with the machine they were taken on.
//!
//! Each measurement is repeated, the contenders taking turns so that a busy minute of the machine hits all of them, and
//! the median of each is what counts.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod compile;
mod consume;
mod contenders;
mod engine;
mod event;
mod exact;
mod generate;
mod latency;
mod machine;
mod memory;
mod peers;
mod publish;
mod report;
mod scale;
mod slow;

use conecta_tests::KafkaService;
use report::Report;

fn main() {
    let mut args = std::env::args().skip(1).peekable();
    if args.next_if(|first| first == scale::MEASURE).is_some() {
        return scale::measure(args);
    }
    if args.next_if(|first| first == memory::MEASURE).is_some() {
        return memory::measure(args);
    }
    if let (Some(generate::MEASURE), Some(tool)) = (args.next().as_deref(), args.next()) {
        return generate::measure(tool.as_ref());
    }
    // Cargo passes `--bench`; what else is given names the groups of figures to take.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let wants = |group: &str| wanted.is_empty() || wanted.iter().any(|name| name == group);
    let mut report = Report::default();
    if wants("generate") {
        let tool = generate::build();
        generate::figures(&mut report, &tool);
        scale::figures(&mut report, &tool);
    }
    if wants("peers") {
        peers::generators::figures(&mut report, &generate::build());
    }
    if wants("compile") {
        compile::figures(&mut report, &generate::build());
    }
    if wants("engine") {
        engine::figures(&mut report);
    }
    if ["publish", "consume", "consumers", "slow", "latency", "memory", "exact"].into_iter().any(wants) {
        let kafka = KafkaService::for_benchmarks();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        if wants("publish") {
            publish::figures(&kafka, &runtime, &mut report);
        }
        if wants("consume") {
            consume::figures(&kafka, &runtime, &mut report);
        }
        if wants("consumers") {
            peers::consumers::figures(&kafka, &runtime, &mut report);
        }
        if wants("slow") {
            slow::figures(&kafka, &runtime, &mut report);
        }
        if wants("latency") {
            latency::figures(&kafka, &runtime, &mut report);
        }
        if wants("memory") {
            memory::figures(&kafka, &runtime, &mut report);
        }
        if wants("exact") {
            exact::figures(&kafka, &runtime, &mut report);
        }
    }
    // A part of the figures is for trying things; only a whole run is kept.
    if wanted.is_empty() {
        report.keep();
    }
}
