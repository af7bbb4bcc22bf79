//! Documents that nobody here wrote, read in place where they are present (`../shared/corpus` beside the project), and
//! passed over with a word where they are not.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use conecta_gen::{
    CrateOptions, Loaded, Source, config::Config, diagnostic::At, document::DiskFiles, generate_crate, load,
    render::Templates,
};

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

/// Reads a document, as anyone would.
fn read(path: &Path) -> Loaded {
    let started = Instant::now();
    let source = Source::new(path.display().to_string(), fs::read(path).unwrap());
    let loaded = load(source, None, &DiskFiles::beside(path));
    assert!(started.elapsed() < Duration::from_secs(20), "{} took {:?}", path.display(), started.elapsed());
    loaded
}

fn faults(loaded: &Loaded) -> Vec<String> {
    let errors = loaded.diagnostics.iter().filter(|d| d.severity.as_str() == "error");
    errors.map(|d| format!("{} {}", d.code, d.message)).collect()
}

#[test]
fn messages_that_cannot_be_told_apart_are_told_by_the_configuration() {
    let Some(corpus) = corpus() else { return };
    let alike = |loaded: &Loaded| {
        let found = loaded.diagnostics.iter().filter(|d| d.code.to_string() == "CG0808");
        found.filter_map(|d| Some(d.message.rsplit_once(" on `")?.1.trim_end_matches('`').to_owned())).collect()
    };
    let generated = |path: &Path, config: &str| {
        let mut loaded = read(path);
        let config = Config::parse(config).unwrap_or_else(|fault| panic!("{config}: {fault:?}"));
        let files = generate_crate(&mut loaded, &config, &CrateOptions::default(), &Templates::default()).unwrap();
        let traits =
            files.map_or(0, |files| files.iter().map(|(_, text)| text.matches("Delivery<").count()).sum::<usize>());
        (loaded, traits)
    };
    let mut tried = 0;
    for row in rows(&corpus.join("INDEX.tsv")).iter().filter(|row| row["valid"] == "yes") {
        let path = corpus.join(&row["file"]);
        let (loaded, before) = generated(&path, "");
        let channels: Vec<String> = alike(&loaded);
        if channels.is_empty() {
            continue;
        }
        let api = loaded.api.as_ref().unwrap();
        let mut config = String::new();
        let mut said = HashSet::new();
        for channel in api.channels.iter().filter(|channel| channels.contains(&channel.name)) {
            config += &format!("[channels.{:?}]\ntype = \"header:event-type\"\n", channel.name);
            for id in channel.messages.iter().filter(|id| said.insert(**id)) {
                let pointer = loaded.document.pointer(api.messages[id.0 as usize].place);
                config += &format!("[messages.{pointer:?}]\ntype = \"type-{}\"\n", id.0);
            }
        }
        let (loaded, after) = generated(&path, &config);
        let left: Vec<String> = alike(&loaded);
        assert!(left.is_empty() && after > before, "{}: {left:?}, {before} and {after}\n{config}", row["file"]);
        tried += 1;
    }
    assert!(tried > 5, "{tried} documents have such messages");
}

#[test]
fn sound_documents_are_accepted_and_unsound_ones_are_not() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for row in rows(&corpus.join("INDEX.tsv")) {
        let path = corpus.join(&row["file"]);
        let loaded = read(&path);
        let sound = row["valid"] == "yes";
        if (sound && loaded.blocked()) || (row["valid"] == "no" && faults(&loaded).is_empty()) {
            wrong.push(format!("{}: valid = {}, found {:?}", row["file"], row["valid"], faults(&loaded)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_fault_that_the_official_parser_names_is_found_where_it_stands() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("invalid");
    let (mut wrong, mut named) = (Vec::new(), 0);
    for row in rows(&folder.join("INDEX.tsv")) {
        let loaded = read(&folder.join(&row["file"]));
        let found = places(&loaded);
        let official = official(&row["official parser says (code@path: message)"]);
        let missed: Vec<_> = official.iter().filter(|path| !found.iter().any(|place| is_there(place, path))).collect();
        named += official.len();
        if !missed.is_empty() || found.is_empty() {
            wrong.push(format!("{}: of {official:?} not found {missed:?}: {:?}", row["file"], faults(&loaded)));
        }
    }
    assert!(named > 40, "the table is not read as it is written: {named} faults");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The pointers of errors that stand on a line, their steps joined by dots as the official parser does.
fn places(loaded: &Loaded) -> Vec<String> {
    let errors = loaded.diagnostics.iter().filter(|d| d.severity.as_str() == "error");
    errors
        .filter_map(|d| match d.at.filter(|at| loaded.document.span(*at).is_some())? {
            At::Value(place) | At::Key(place) => Some(loaded.document.pointer(place)),
            At::Text(_) => None,
        })
        .map(|pointer| pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// The paths of `code@path: message ;; code@path: message`, in a field of a table with quotes.
fn official(field: &str) -> Vec<String> {
    let field = field.trim_matches('"').replace("\"\"", "\"");
    let path = |fault: &str| Some(fault.split_once('@')?.1.split_once(": ")?.0.to_owned());
    field.split(" ;; ").filter_map(path).filter(|path| !path.is_empty()).collect()
}

/// Whether a place is that of a fault or within it, or beside it: what is missing stands nowhere, and is told at its owner or
/// at what needs it.
fn is_there(place: &str, fault: &str) -> bool {
    let within = |outer: &str| place == outer || place.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    within(fault) || fault.rsplit_once('.').is_some_and(|(owner, _)| within(owner))
}
