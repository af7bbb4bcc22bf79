//! How much of real documents becomes types, and what is left as JSON values: `../shared/corpus` beside the project, read in place.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    Source,
    config::Config,
    document::DiskFiles,
    load,
    overrides::Overrides,
    types::{form::Form, outline},
};

/// What was counted.
#[derive(Default)]
struct Tally {
    /// Schemas with properties, and those of them that are structs.
    described: usize,
    structs: usize,
    /// Schemas with properties that are none, and why.
    missed: Vec<String>,
    /// JSON values by their reason, each with a place.
    values: BTreeMap<String, Vec<String>>,
}

impl Tally {
    fn count(&mut self, file: &str, path: &Path) {
        let source = Source::new(path.display().to_string(), fs::read(path).unwrap());
        let loaded = load(source, None, &DiskFiles::beside(path));
        let api = loaded.api.unwrap();
        let outline = outline(&api, &Config::default(), &Overrides::default(), &mut Vec::new());
        for (id, form) in outline.reached() {
            let schema = &api.schemas[id];
            let place = || format!("{file} {}", loaded.document.pointer(schema.place));
            if !schema.properties.is_empty() {
                self.described += 1;
                match form {
                    Form::Object => self.structs += 1,
                    other => self.missed.push(format!("{}: {other:?}", place())),
                }
            }
            let reason = match form {
                Form::Untyped(reason) => reason.clone(),
                Form::Any => "the schema says nothing of its values".to_owned(),
                _ => continue,
            };
            self.values.entry(reason).or_default().push(place());
        }
    }
}

#[test]
fn of_a_hundred_object_schemas_with_properties_ninety_nine_become_structs() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let Some(corpus) = workspace.ancestors().map(|above| above.join("shared/corpus")).find(|folder| folder.is_dir())
    else {
        println!("shared/corpus is not beside the project: nothing is counted");
        return;
    };
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let mut tally = Tally::default();
    for row in index.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(|row| row[6] == "yes") {
        tally.count(row[0], &corpus.join(row[0]));
    }
    println!("{} of {} schemas with properties are structs", tally.structs, tally.described);
    for (reason, places) in &tally.values {
        println!("{:4} JSON values: {reason}", places.len());
        places.iter().for_each(|place| println!("       {place}"));
    }
    tally.missed.iter().for_each(|missed| println!("not a struct: {missed}"));
    assert!(tally.described > 200, "the index is not read as it is written");
    assert!(tally.structs * 100 >= tally.described * 99, "{:#?}", tally.missed);
}
