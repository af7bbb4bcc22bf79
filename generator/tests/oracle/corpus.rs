//! Every schema of the documents that nobody here wrote (`../shared/corpus` beside the project), where they are present.
//!
//! First each schema by itself, as the merged model has it and as `check` holds examples against it; then whole payloads, by the
//! compiled crates. Each document is read from where it stands, its other files included.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use conecta_gen::{
    Loaded, Source,
    api::{Api, Payload, SchemaId, Schemas},
    config::Config,
    document::DiskFiles,
    load,
    validate::Validator,
};
use serde_json::Value;

use crate::{
    bundle::{bundle, is_circular},
    compiled::Asked,
    discriminators::spelled_out,
    harness::{Harness, Verdict},
    instances::Instances,
    judge::Judge,
    model::Model,
    relax,
};

/// Values for each schema.
const VALUES: usize = 200;

/// The seed of every schema's values; another is tried with `CONECTA_ORACLE_FROM`.
fn seed() -> u64 {
    std::env::var("CONECTA_ORACLE_FROM").map_or(1, |text| text.parse().expect("CONECTA_ORACLE_FROM"))
}

/// The sound documents of the corpus.
fn documents() -> Vec<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let Some(corpus) = workspace.ancestors().map(|above| above.join("shared/corpus")).find(|folder| folder.is_dir())
    else {
        println!("shared/corpus is not beside the project: only drawn schemas are tried");
        return Vec::new();
    };
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let mut lines = index.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let column = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let (file, valid) = (column("file"), column("valid"));
    lines.filter(|row| row[valid] == "yes").map(|row| corpus.join(row[file])).collect()
}

fn read(path: &Path) -> Loaded {
    let loaded = load(Source::new(path.display().to_string(), fs::read(path).unwrap()), None, &DiskFiles::beside(path));
    assert!(loaded.api.is_some(), "{} is not read", path.display());
    loaded
}

/// A document's path in the corpus.
fn name(path: &Path) -> String {
    path.iter().skip_while(|folder| *folder != "corpus").skip(1).collect::<PathBuf>().display().to_string()
}

/// What a schema accepts, as it is written.
fn written(loaded: &Loaded, id: SchemaId) -> Option<Value> {
    let schema = &loaded.api.as_ref()?.schemas[id];
    // What must hold at its place, and what came to it from elsewhere.
    let places: Vec<_> = std::iter::once(schema.place).chain(schema.members.iter().copied()).collect();
    bundle(&loaded.document, &places)
}

#[test]
fn each_schema_of_the_corpus_accepts_what_the_judge_accepts() {
    let (mut seen, mut failures, mut values, mut accepted, mut circular) = (HashSet::new(), Vec::new(), 0, 0, 0);
    let documents = documents();
    for path in &documents {
        let loaded = read(path);
        let schemas = &loaded.api.as_ref().unwrap().schemas;
        let less = relax::relaxed(&loaded, &loaded.diagnostics);
        let (model, validator) = (Model::new(schemas), Validator::new(schemas));
        let enforced = less.as_ref().map(Model::new);
        for id in (0..schemas.0.len()).map(|id| SchemaId(id as u32)) {
            let Some(written) = written(&loaded, id) else { continue };
            // The same words again make the same schema.
            if !seen.insert(written.to_string()) {
                continue;
            }
            if is_circular(&written) {
                circular += 1;
                continue;
            }
            let judge = Judge::of(&written, "/root")
                .unwrap_or_else(|| panic!("{}: the judge cannot read {written}", name(path)));
            for value in Instances::new(&spelled_out(&written), seed()).make("/root", VALUES) {
                if Judge::errs(&written, &value) {
                    continue;
                }
                values += 1;
                let expected = judge.accepts(&value);
                accepted += usize::from(expected);
                let by_model = model.accepts(id, &value);
                let by_validator = validator.fits(id, &value);
                let held = enforced.as_ref().map_or(expected, |model| model.accepts(id, &value));
                if expected != by_model || by_validator != held || (expected && !held) {
                    failures.push(format!(
                        "{} {} (seed {})\n  schema:    {written}\n  value:     {value}\n  judge:     {}\n  model:     {by_model}\n  \
                         validator: {:?}\n",
                        name(path),
                        loaded.document.pointer(schemas[id].place),
                        seed(),
                        judge.reason(&value),
                        validator.faults(id, &value),
                    ));
                    // One of a schema is enough.
                    break;
                }
            }
        }
    }
    println!(
        "corpus: {} documents, {} schemas ({circular} of them in their own place, not tried), {values} values, {accepted} accepted",
        documents.len(),
        seen.len(),
    );
    assert!(failures.is_empty(), "{} schemas disagree\n\n{}", failures.len(), failures.join("\n"));
}

/// Payloads that a type is made from, each by a name that only one message has.
fn payloads(api: &Api) -> Vec<(&str, SchemaId)> {
    let only = |name: &str| api.messages.iter().filter(|message| message.name == name).count() == 1;
    let typed = api.messages.iter().filter_map(|message| match message.payload {
        Payload::Schema(id) => Some((message.name.as_str(), id)),
        _ => None,
    });
    typed.filter(|(name, _)| only(name)).collect()
}

/// How many documents are compiled where nothing else is asked for; `CONECTA_ORACLE_CRATES` says so.
const CRATES: usize = 8;

#[test]
fn crates_of_the_corpus_accept_what_the_judge_accepts_and_give_it_back() {
    let wanted = std::env::var("CONECTA_ORACLE_CRATES").map_or(CRATES, |n| n.parse().expect("CONECTA_ORACLE_CRATES"));
    let documents = documents();
    let (mut failures, mut crates, mut types, mut values) = (Vec::new(), 0, 0, 0);
    // Spread over the whole, so that few stand for many.
    let step = documents.len().div_ceil(wanted.max(1)).max(1);
    for (number, path) in documents.iter().enumerate().step_by(step) {
        let mut loaded = read(path);
        let named: Vec<(String, SchemaId)> =
            payloads(loaded.api.as_ref().unwrap()).into_iter().map(|(name, id)| (name.to_owned(), id)).collect();
        if named.is_empty() || loaded.blocked() {
            continue;
        }
        let harness = match Harness::build(&format!("corpus-{number}"), &mut loaded, &Config::default()) {
            Ok(harness) => harness,
            Err(said) => {
                failures.push(format!("{} does not build\n{said}", name(path)));
                continue;
            }
        };
        crates += 1;
        types += named.len();
        let schemas = &loaded.api.as_ref().unwrap().schemas;
        let less = relax::relaxed(&loaded, &loaded.diagnostics);
        for (message, payload) in named {
            let found = payload_of(&loaded, schemas, less.as_ref(), &harness, &message, payload, &mut values);
            failures.extend(found.map(|found| format!("{} {message}: {found}", name(path))));
        }
    }
    println!("corpus: {crates} crates, {types} payloads, {values} values");
    assert!(failures.is_empty(), "{} payloads disagree\n\n{}", failures.len(), failures.join("\n"));
}

/// Tries the values of one payload; gives the first that goes wrong.
fn payload_of(
    loaded: &Loaded,
    schemas: &Schemas,
    less: Option<&Schemas>,
    harness: &Harness,
    message: &str,
    payload: SchemaId,
    tried: &mut usize,
) -> Option<String> {
    let written = written(loaded, payload).filter(|written| !is_circular(written))?;
    let judge = Judge::of(&written, "/root")?;
    let model = Model::new(schemas);
    let asked = Asked { judge: &judge, model: &model, schemas, less, payload };
    let values = Instances::new(&spelled_out(&written), seed()).make("/root", VALUES);
    let verdicts: Vec<Verdict> = harness.ask(values.iter().map(|value| (message, value)));
    for (value, verdict) in values.iter().zip(&verdicts) {
        if Judge::errs(&written, value) {
            continue;
        }
        *tried += 1;
        if let Some(wrong) = asked.wrong(value, verdict) {
            return Some(format!(
                "{wrong} (seed {})\n  schema: {written}\n  value:  {value}\n  judge:  {}\n  ours:   {verdict:?}\n",
                seed(),
                judge.reason(value),
            ));
        }
    }
    None
}
