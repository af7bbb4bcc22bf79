//! Documents that nobody here wrote, read in place where they are present (`../shared/corpus` beside the project), and
//! passed over with a word where they are not.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use conecta_gen::{Loaded, Source, document::DiskFiles, load};

fn corpus() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let found = workspace.ancestors().map(|a| a.join("shared/corpus")).find(|c| c.is_dir());
    if found.is_none() {
        eprintln!("shared/corpus is not beside the project: nothing is checked");
    }
    found
}

/// The rows of an index, by column.
fn rows(index: &Path) -> Vec<HashMap<String, String>> {
    let text = fs::read_to_string(index).unwrap();
    let mut lines = text.lines().map(|l| l.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let head = lines.next().unwrap();
    lines.map(|row| head.iter().cloned().zip(row).collect()).collect()
}

/// Reads a document, whose references may lead anywhere in `folder`.
fn read(path: &Path, folder: &Path) -> Loaded {
    let started = Instant::now();
    let source = Source::new(path.display().to_string(), fs::read(path).unwrap());
    let loaded = load(source, None, &DiskFiles::beside(path).allow(folder));
    assert!(started.elapsed() < Duration::from_secs(20), "{} took {:?}", path.display(), started.elapsed());
    loaded
}

fn faults(loaded: &Loaded) -> Vec<String> {
    let errors = loaded.diagnostics.iter().filter(|d| d.severity.as_str() == "error");
    errors.map(|d| format!("{} {}", d.code, d.message)).collect()
}

#[test]
fn sound_documents_are_accepted_and_unsound_ones_are_not() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for row in rows(&corpus.join("INDEX.tsv")) {
        let path = corpus.join(&row["file"]);
        // A document of several files has a folder of its own among the others.
        let own = row["file"].split('/').take(2).collect::<PathBuf>();
        let loaded = read(&path, &corpus.join(own));
        let sound = row["valid"] == "yes";
        if (sound && loaded.blocked()) || (row["valid"] == "no" && faults(&loaded).is_empty()) {
            wrong.push(format!("{}: valid = {}, found {:?}", row["file"], row["valid"], faults(&loaded)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Faults within schema languages that are passed through unread.
const NOT_READ: &[&str] = &[
    "08_asyncapi2-message-examples-custom-format-1.json",
    "56_asyncapi-invalid-asyncapi.yaml",
    "58_asyncapi-invalid.schema-empty.yaml",
];

#[test]
fn each_invalid_document_has_a_located_error() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("invalid");
    let mut wrong = Vec::new();
    for row in rows(&folder.join("INDEX.tsv")) {
        let loaded = read(&folder.join(&row["file"]), &folder);
        let located = loaded.diagnostics.iter().any(|d| d.severity.as_str() == "error" && d.at.is_some());
        if located == NOT_READ.contains(&row["file"].as_str()) {
            wrong.push(format!("{}: {:?}", row["file"], faults(&loaded)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn hostile_documents_get_their_verdict() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("hostile");
    let mut wrong = Vec::new();
    for row in rows(&folder.join("INDEX.tsv")) {
        let loaded = read(&folder.join(&row["file"]), &folder);
        let warned = loaded.diagnostics.iter().any(|d| d.severity.as_str() == "warning");
        let right = match row["verdict"].as_str() {
            "REJECT" => loaded.blocked(),
            "ACCEPT" => !loaded.blocked(),
            "ACCEPT-WARN" => !loaded.blocked() && warned,
            _ => true,
        };
        if !right {
            wrong.push(format!("{}: {}, found {:?}", row["file"], row["verdict"], faults(&loaded)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
