//! Document to model: references, traits, `allOf`.

mod contract;
pub(crate) mod format;
pub(crate) mod objects;
mod refs;
pub(crate) mod schemas;
pub(crate) mod topics;
mod traits;
mod version;

use std::collections::HashMap;

use crate::{
    api::{Api, Message},
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Document, Kind, Limits, Place},
};

pub(crate) use refs::Refs;

/// A contract, and what `check` needs to know of how it was written.
pub(crate) struct Resolved {
    pub(crate) api: Api,
    /// Messages that no channel uses.
    pub(crate) unused: Vec<Message>,
    pub(crate) index: objects::Index,
    pub(crate) refs: Refs,
    pub(crate) root: Place,
    /// Whether it is written in 3.x.
    pub(crate) three: bool,
    /// Where the topics file speaks of a channel, by its index.
    pub(crate) topics: HashMap<usize, Place>,
}

/// Makes the model of the document whose top value is `root`. What is wrong is reported and left out.
pub(crate) fn resolve(
    document: &mut Document,
    root: Place,
    limits: &Limits,
    findings: &mut Findings,
) -> Option<Resolved> {
    if document.kind(root) != Kind::Map {
        let what = document.kind(root).describe();
        let span = document.span(At::Value(root));
        let at = span.map_or(At::Value(root), |s| At::Text(crate::document::Span { end: s.start + 1, ..s }));
        findings.push(
            Diagnostic::new(Code::NOT_A_MAPPING, format!("an AsyncAPI document is a mapping, this is {what}"))
                .pointing(at)
                .help("it begins with a line like `asyncapi: 2.6.0`"),
        );
        return None;
    }
    let version = version::of(document, root, findings)?;
    let three = version.starts_with('3');
    let mut refs = Refs::default();
    let object = if three { &objects::V3 } else { &objects::V2 };
    let index = objects::walk(document, root, object, &mut refs, findings);
    let merged = traits::apply(document, &index, three, &mut refs, findings);
    let schemas = schemas::Builder::new(document, &mut refs, limits.merge_steps, findings);
    let (api, unused) = contract::build(schemas, root, version, &index, &merged);
    Some(Resolved { api, unused, index, refs, root, three, topics: HashMap::new() })
}
