//! Documents with something broken in them at random: whatever they say, reading them ends, and ends in findings.
//! `CONECTA_MUTATIONS` sets how many are tried of each document; a failure names the seed that shows it again.
#![allow(clippy::unwrap_used)]

use std::{
    fs, panic,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use conecta_gen::{Source, diagnostic, document::NoFiles, load};

/// xorshift64*: the same sequence everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }
}

const HOSTILE: &[&str] = &[
    "null",
    "[]",
    "{}",
    "-1",
    "1e400",
    "0.5",
    "true",
    "''",
    "'#'",
    "$ref: '#'",
    "$ref: '#/'",
    "*a",
    "&a",
    "!x y",
    "<<: *a",
    "{$ref: '#/components'}",
    "[[[[",
    "'#/components/schemas/~2'",
    "allOf: [{$ref: '#'}]",
    "\u{0}",
    "\u{202e}",
    "\t",
    "---",
    "...",
    "? [",
    "%YAML 9",
    "|",
    ">",
    "- -",
    "x: y: z",
    "'(('",
    "99999999999999999999999",
    ".nan",
    "type: any",
    "'{'",
    "'\u{1f600}'",
];

/// A document with one to five things changed.
fn mutate(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=random.below(5) {
        if lines.is_empty() {
            break;
        }
        let at = random.below(lines.len());
        match random.below(9) {
            0 => drop(lines.remove(at)),
            1 => {
                let copy = lines[at].clone();
                let to = random.below(lines.len());
                lines.insert(to, copy);
            }
            2 => lines.truncate(at.max(1)),
            3 => {
                let other = random.below(lines.len());
                lines.swap(at, other);
            }
            4 => lines[at].insert_str(0, &" ".repeat(random.below(5))),
            5 => lines[at] = lines[at].trim_start_matches("  ").to_owned(),
            6 => {
                let cut = random.below(lines[at].chars().count());
                lines[at] = lines[at].chars().take(cut).collect();
            }
            7 => {
                let what = HOSTILE[random.below(HOSTILE.len())];
                if let Some((key, _)) = lines[at].split_once(':') {
                    lines[at] = format!("{key}: {what}");
                }
            }
            _ => {
                let what = HOSTILE[random.below(HOSTILE.len())];
                let at_char = random.below(lines[at].chars().count() + 1);
                let byte = lines[at].char_indices().nth(at_char).map_or(lines[at].len(), |(i, _)| i);
                lines[at].insert_str(byte, what);
            }
        }
    }
    lines.join("\n")
}

fn documents() -> Vec<PathBuf> {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("specs");
    let corpus = std::env::var_os("CONECTA_CORPUS").map(PathBuf::from);
    let mut folders = vec![specs];
    folders.extend(corpus);
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| ["yaml", "yml", "json"].iter().any(|x| e == *x)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_broken_document_ends_in_findings_and_never_in_a_panic() {
    let tries: u64 = std::env::var("CONECTA_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    for path in documents() {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        if text.len() > 60_000 {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for seed in 1..=tries {
            let mutant = mutate(&text, &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let started = Instant::now();
            let outcome = panic::catch_unwind(|| {
                let loaded = load(Source::new(name.clone(), mutant.clone()), None, &NoFiles);
                for format in [diagnostic::Format::Human, diagnostic::Format::Json, diagnostic::Format::Github] {
                    diagnostic::render(&loaded.diagnostics, &loaded.document, format, false);
                }
            });
            assert!(outcome.is_ok(), "{} with seed {seed} panics:\n{mutant}", path.display());
            assert!(started.elapsed() < Duration::from_secs(10), "{} with seed {seed} hangs", path.display());
        }
    }
}
