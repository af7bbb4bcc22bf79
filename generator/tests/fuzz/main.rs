//! Documents that nobody wrote: changed at random, read, checked and generated from.
//!
//! A seed decides everything that is done. What fails prints its seed and the document.
//!
//! | variable | |
//! |---|---|
//! | `CONECTA_FUZZ_SEED` | this seed alone |
//! | `CONECTA_FUZZ_RUNS` | so many seeds instead of 20,000 |
//! | `CONECTA_FUZZ_FROM` | another first seed |
//! | `CONECTA_FUZZ_CRATES` | so many crates are compiled instead of 32 |
//!
//! `CONECTA_FUZZ_RUNS=1000000` is the soak.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::cast_possible_truncation)]

mod bases;
#[path = "../support/crates.rs"]
mod crates;
mod judge;
mod mutate;
#[allow(dead_code)]
#[path = "../oracle/rng.rs"]
mod rng;
mod words;

use std::ops::Range;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use conecta_gen::Source;

use bases::{Base, Bases, source};
use crates::Crates;
use judge::{Input, Outcome, judge, shown};
use rng::Rng;

/// Seeds tried on one thread, which bears their name: a stack that overflows tells no more than that.
const BATCH: u64 = 100;

/// Nothing takes this long on the busiest machine.
const HANGS: Duration = Duration::from_secs(120);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect(name))
}

/// The document of a seed, and the name of what it was made from.
fn input(bases: &Bases, seed: u64) -> (Input, &str) {
    let mut rng = Rng::new(seed);
    // Half of each, so that a seed of our own documents means the same where there is no corpus.
    let from = if seed.is_multiple_of(2) || bases.corpus.is_empty() { &bases.own } else { &bases.corpus };
    let Base { name, tree, topics } = rng.pick(from);
    let donor = &rng.pick(from).tree;
    let mut tree = tree.clone();
    let mut topics = topics.clone();
    let raw = rng.chance(10);
    if !raw || rng.chance(50) {
        for _ in 0..1 + rng.below(3) {
            match &mut topics {
                Some(topics) if rng.chance(30) => mutate::tree(topics, donor, &mut rng),
                _ => mutate::tree(&mut tree, donor, &mut rng),
            }
        }
    }
    let mut spec = source(&tree, rng.chance(30));
    if raw {
        for _ in 0..1 + rng.below(3) {
            mutate::bytes(&mut spec.bytes, &mut rng);
        }
    }
    let topics = topics.map(|tree| Source { name: "topics.yaml".to_owned(), ..source(&tree, false) });
    (Input { spec, topics }, name)
}

/// What was seen, so that a fuzzer that no longer reaches anything is noticed.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    written: u64,
    warned: u64,
}

#[test]
fn no_document_makes_the_generator_panic_hang_or_write_what_is_no_crate() {
    let seeds = match number("CONECTA_FUZZ_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let from = number("CONECTA_FUZZ_FROM").unwrap_or(0);
            from..from + number("CONECTA_FUZZ_RUNS").unwrap_or(20_000)
        }
    };
    let bases = Bases::new();
    if bases.corpus.is_empty() {
        println!("no corpus beside this repository: only documents of ours are changed");
    }
    let started = Instant::now();
    let (tally, failures) = all(&bases, seeds.clone());
    println!(
        "{} documents of {} bases in {:.1?}: {tally:?}",
        seeds.end - seeds.start,
        bases.own.len() + bases.corpus.len(),
        started.elapsed()
    );
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    if seeds.end - seeds.start >= 1000 {
        let tenth = (seeds.end - seeds.start) / 10;
        assert!(tally.written > tenth && tally.refused > tenth, "nearly all fare alike: {tally:?}");
    }
}

/// Tries every seed, a batch a thread.
fn all(bases: &Bases, seeds: Range<u64>) -> (Tally, Vec<String>) {
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    std::thread::scope(|scope| {
        for first in seeds.clone().step_by(BATCH as usize) {
            let batch = first..seeds.end.min(first + BATCH);
            let (send, receive) = mpsc::channel();
            let thread = std::thread::Builder::new().name(format!("seeds {batch:?}")).spawn_scoped(scope, move || {
                for seed in batch {
                    if send.send((seed, one(bases, seed))).is_err() {
                        return;
                    }
                }
            });
            thread.unwrap();
            let mut next = first;
            loop {
                match receive.recv_timeout(HANGS) {
                    Ok((seed, Ok(outcome))) => {
                        next = seed + 1;
                        match outcome {
                            Outcome::Refused(_) => tally.refused += 1,
                            Outcome::Written(loaded, _) => {
                                tally.written += 1;
                                tally.warned += u64::from(!loaded.diagnostics.is_empty());
                            }
                        }
                    }
                    Ok((seed, Err(failure))) => {
                        next = seed + 1;
                        println!("{failure}");
                        failures.push(failure);
                    }
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        // A thread cannot be ended from outside; the process can.
                        println!("seed {next} hangs:\n{}", text(&input(bases, next).0));
                        std::process::abort();
                    }
                }
            }
        }
    });
    (tally, failures)
}

fn one(bases: &Bases, seed: u64) -> Result<Outcome, String> {
    let (input, base) = input(bases, seed);
    if number("CONECTA_FUZZ_SEED").is_some() {
        println!("seed {seed}, from {base}:\n{}", text(&input));
    }
    let outcome = judge(&input, seed, &bases.files).and_then(|outcome| {
        let (Outcome::Refused(loaded) | Outcome::Written(loaded, _)) = &outcome;
        shown(loaded)?;
        Ok(outcome)
    });
    outcome.map_err(|why| format!("seed {seed}, from {base}: {why}"))
}

fn text(input: &Input) -> String {
    let show = |source: &Source| format!("{}:\n{}", source.name, String::from_utf8_lossy(&source.bytes));
    input.topics.iter().fold(show(&input.spec), |all, topics| format!("{all}\n{}", show(topics)))
}

/// How many crates are compiled together, unless `CONECTA_FUZZ_CRATES` says otherwise.
const SAMPLE: u64 = 32;

#[test]
fn what_is_written_of_changed_documents_compiles_without_a_warning() {
    let bases = Bases::new();
    let mut sample = Vec::new();
    // Of our own documents, whatever else there is, unless more are wanted; mostly those in which something was found worth
    // saying.
    let from = number("CONECTA_FUZZ_FROM").unwrap_or(0);
    let wanted = number("CONECTA_FUZZ_CRATES").unwrap_or(SAMPLE) as usize;
    let step = if wanted > SAMPLE as usize { 1 } else { 2 };
    for seed in (2 * from..).step_by(step) {
        if let Ok(Outcome::Written(loaded, files)) = one(&bases, seed)
            && (!loaded.diagnostics.is_empty() || sample.len().is_multiple_of(4))
        {
            sample.push((seed, files));
        }
        if sample.len() >= wanted {
            break;
        }
    }
    let crates = Crates::write("fuzz", sample.iter().map(|(seed, files)| (format!("seed-{seed}"), files)));
    let built = crates.cargo(&["check", "--quiet", "--keep-going", "--message-format", "short"]);
    assert!(built.is_ok(), "{}", built.unwrap_err());
}
