//! The documents that are changed.

use std::fs;
use std::path::{Path, PathBuf};

use conecta_gen::Source;
use conecta_gen::document::MemoryFiles;
use serde_json::Value;

/// A document, as it is before anything is done to it.
pub(crate) struct Base {
    pub(crate) name: String,
    pub(crate) tree: Value,
    /// Its topics file.
    pub(crate) topics: Option<Value>,
}

/// Documents of ours, and those of a corpus.
pub(crate) struct Bases {
    pub(crate) own: Vec<Base>,
    pub(crate) corpus: Vec<Base>,
    /// What the documents refer to.
    pub(crate) files: MemoryFiles,
}

/// A document of the corpus that is larger is left out: the more there is, the less is done to each part of it, and the longer it takes.
const LARGEST: u64 = 8_000;

impl Bases {
    pub(crate) fn new() -> Self {
        let base = |name: &str, text: &str, topics: Option<&str>| Base {
            name: name.to_owned(),
            tree: serde_yaml::from_str(text).expect(name),
            topics: topics.map(|text| serde_yaml::from_str(text).expect(name)),
        };
        let own = vec![
            base("shop", include_str!("bases/shop.yaml"), None),
            base("sensors", include_str!("bases/sensors.yaml"), None),
            base("small", include_str!("bases/small.yaml"), Some(include_str!("bases/topics.yaml"))),
            base("small", include_str!("bases/small.yaml"), None),
            base("parts", include_str!("bases/parts.yaml"), None),
        ];
        let common = ("common.yaml".to_owned(), include_bytes!("bases/common.yaml").to_vec());
        Self { own, corpus: corpus(), files: MemoryFiles([common].into_iter().collect()) }
    }
}

/// The folder of the corpus, where there is one beside the project.
fn corpus_folder() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    workspace.ancestors().map(|above| above.join("shared/corpus/specs")).find(|folder| folder.is_dir())
}

/// The documents of the corpus that stand alone and are no larger than most.
fn corpus() -> Vec<Base> {
    let Some(entries) = corpus_folder().and_then(|folder| fs::read_dir(folder).ok()) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.retain(|path| path.is_file() && fs::metadata(path).is_ok_and(|meta| meta.len() <= LARGEST));
    paths
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            let tree = serde_yaml::from_str(&text).ok()?;
            Some(Base { name: path.file_name()?.to_string_lossy().into_owned(), tree, topics: None })
        })
        .collect()
}

/// A tree as text, JSON or YAML.
pub(crate) fn source(tree: &Value, json: bool) -> Source {
    if json {
        Source::new("spec.json", serde_json::to_vec_pretty(tree).unwrap_or_default())
    } else {
        Source::new("spec.yaml", serde_yaml::to_string(tree).unwrap_or_default())
    }
}
