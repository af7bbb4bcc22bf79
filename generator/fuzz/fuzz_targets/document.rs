//! Documents that reach what no document before them reached: bytes are changed, and trees, and what comes of each is judged
//! as the fuzzing of `make test` judges it.
#![no_main]

#[path = "../../tests/fuzz/judge.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../../tests/fuzz/mutate.rs"]
mod mutate;
#[path = "../../tests/oracle/rng.rs"]
#[allow(dead_code)]
mod rng;
#[path = "../../tests/fuzz/words.rs"]
mod words;

/// What the judge asks of crates: here none is compiled.
mod crates {
    pub(crate) fn runtime() -> conecta_gen::Runtime {
        conecta_gen::Runtime::default()
    }
}

use conecta_gen::Source;
use conecta_gen::document::MemoryFiles;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let common = ("common.yaml".to_owned(), include_bytes!("../../tests/fuzz/bases/common.yaml").to_vec());
    let files = MemoryFiles([common].into_iter().collect());
    let input = judge::Input { spec: Source::new("spec.yaml", bytes), topics: None };
    let judged = judge::judge(&input, 0, &files).and_then(|outcome| {
        let (judge::Outcome::Refused(loaded) | judge::Outcome::Written(loaded, _)) = &outcome;
        judge::shown(loaded)
    });
    if let Err(why) = judged {
        panic!("{why}");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    let mut rng = rng::Rng::new(seed.into());
    if rng.chance(30) {
        return fuzzer_mutate(data, size, most);
    }
    match tree(&data[..size], &mut rng) {
        Some(text) if text.len() <= most => {
            data[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        _ => fuzzer_mutate(data, size, most),
    }
});

/// The document with one thing changed, where it can be read and is no bomb.
fn tree(bytes: &[u8], rng: &mut rng::Rng) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('&'))?;
    let mut tree: Value = serde_yaml::from_str(text).ok()?;
    let donor = tree.clone();
    mutate::tree(&mut tree, &donor, rng);
    serde_yaml::to_string(&tree).ok()
}
