//! The schedules notice every bug that is planted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::fault::{ALL, Fault, plant};
use super::schedule::live;

/// How many schedules it takes until one breaks a rule, or the engine itself; and which rule.
fn caught_after(fault: Fault, most: u64) -> Option<(u64, String)> {
    plant(Some(fault));
    let broken = |seed| match catch_unwind(AssertUnwindSafe(|| live(seed, false).1)) {
        Ok(checked) => checked.err(),
        Err(_) => Some("the engine panicked".to_owned()),
    };
    let caught = (0..most).find_map(|seed| Some((seed, broken(seed)?)));
    plant(None);
    caught.map(|(seed, rule)| {
        assert_eq!(broken(seed), None, "schedule {seed} is broken without the bug");
        (seed + 1, rule)
    })
}

/// Shown with `--nocapture`.
#[test]
#[allow(clippy::print_stdout)]
fn every_planted_bug_is_caught() {
    let mut missed = Vec::new();
    for fault in ALL {
        match caught_after(fault, 20_000) {
            Some((schedules, rule)) => println!("{fault:?} is caught after {schedules} schedules: {rule}"),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "20,000 schedules each did not notice {missed:?}");
}
