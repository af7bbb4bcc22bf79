//! The first two steps: text to document, document to model.

use crate::{
    api::{Api, Schemas},
    config::{Config, HeldFormat},
    diagnostic::{Diagnostic, Findings, Severity},
    document::{Document, ReadFiles, Source},
    lint, resolve,
};

/// What reading a contract gave.
#[derive(Debug)]
pub struct Loaded {
    /// The contract; absent where the document could not be read as AsyncAPI at all. Where findings are errors it may lack
    /// what they are about.
    pub api: Option<Api>,
    /// The texts, to find places and to draw findings.
    pub document: Document,
    /// Everything found, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether `generate` must not go on: an error other than one that
    /// leaves the types sound.
    pub fn blocked(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error && !d.code.spares_types())
    }

    /// Turns the errors that `generate` goes on in spite of into warnings.
    pub fn tolerate_examples(&mut self) {
        for d in &mut self.diagnostics {
            if d.code.spares_types() && d.severity == Severity::Error {
                d.severity = Severity::Warning;
            }
        }
    }
}

/// Reads a contract, follows its references, merges it and checks it.
///
/// `topics` is the text of a topics file. Files behind `$ref` are read through `files`; nothing else is read, and nothing
/// is ever fetched. Never fails: what is wrong is among [`Loaded::diagnostics`].
pub fn load(spec: Source, topics: Option<Source>, files: &dyn ReadFiles) -> Loaded {
    load_with(spec, topics, files, &Config::default())
}

/// As [`load`], within the limits of a configuration and with the levels that it gives to findings.
pub fn load_with(spec: Source, topics: Option<Source>, files: &dyn ReadFiles, config: &Config) -> Loaded {
    let limits = &config.limits;
    let mut findings = Findings::default();
    let (mut document, root) = Document::read_within(spec, files, limits, &mut findings);
    let mut resolved = root.and_then(|root| resolve::resolve(&mut document, root, limits, &mut findings));
    let topics = topics.and_then(|source| document.add(source, limits, &mut findings));
    if let Some(resolved) = &mut resolved {
        forget_formats(&mut resolved.api.schemas, &config.formats.text);
        if let Some(topics) = topics {
            resolved.topics = resolve::topics::apply(&document, topics, &mut resolved.api, &mut findings);
        }
        lint::run(&document, resolved, &mut findings);
    }
    if let Some((name, text)) = config.written.text() {
        document.take_configuration(name, text);
    }
    let api = resolved.map(|r| r.api);
    let diagnostics = findings.into_settled(&document, &config.lint);
    Loaded { api, document, diagnostics }
}

/// Takes these formats off all schemas: their texts are any texts then.
fn forget_formats(schemas: &mut Schemas, formats: &[HeldFormat]) {
    if formats.is_empty() {
        return;
    }
    for schema in &mut schemas.0 {
        let forgotten = |format: &mut String| formats.iter().any(|one| one.name() == format.as_str());
        schema.format.take_if(forgotten);
    }
}
