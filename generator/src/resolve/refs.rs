//! Following references to the end: chains of any length, rings refused by name, each fault reported once.

use std::collections::{HashMap, HashSet};

use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Document, Kind, Place, RefFault},
};

/// What is known of references so far.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    ends: HashMap<Place, Option<Place>>,
    /// Everything that some reference leads to.
    used: HashSet<Place>,
    unreadable: HashSet<u32>,
}

impl Refs {
    /// The value that `place` stands for: itself, or what its `$ref` leads to in the end. `None` where that is nothing,
    /// which has then been reported.
    pub(crate) fn end(&mut self, document: &Document, place: Place, findings: &mut Findings) -> Option<Place> {
        let mut at = document.real(place);
        if document.get(at, "$ref").is_none() {
            return Some(at);
        }
        let mut path: Vec<Place> = Vec::new();
        let mut on_path = HashSet::new();
        let end = loop {
            if let Some(end) = self.ends.get(&at) {
                break *end;
            }
            let Some(reference) = reference(document, at) else { break Some(at) };
            if !on_path.insert(at) {
                findings.push(ring(document, &path, at));
                break None;
            }
            path.push(at);
            match document.follow(reference) {
                Ok(next) => {
                    self.used.insert(next);
                    at = document.real(next);
                }
                Err(fault) => {
                    findings.push(document.explain(reference, &fault));
                    if let RefFault::Unreadable(file) = fault
                        && self.unreadable.insert(file)
                    {
                        findings.extend(document.findings_of(file).iter().cloned());
                    }
                    break None;
                }
            }
        };
        for place in path {
            self.ends.insert(place, end);
        }
        end
    }

    /// Everything that some reference leads to.
    pub(crate) fn used(&self) -> impl Iterator<Item = Place> + '_ {
        self.used.iter().copied()
    }
}

/// The `$ref` of a value that is a reference. In a mapping of properties `$ref` may be a property's name; then it holds a
/// schema, and no text.
pub(crate) fn reference(document: &Document, place: Place) -> Option<Place> {
    document.get(place, "$ref").filter(|r| document.kind(*r) != Kind::Map)
}

/// A reference that leads to something that cannot stand in its place.
pub(crate) fn other_kind(document: &Document, reference: Place, wanted: &str, what: &str, end: Place) -> Diagnostic {
    let there = if document.key(end).is_some() { At::Key(end) } else { At::Value(end) };
    let message = format!("this must lead to {wanted}, it leads to {what}");
    Diagnostic::new(Code::REF_KIND, message).at(reference).related(there, "it leads here")
}

fn ring(document: &Document, path: &[Place], back_at: Place) -> Diagnostic {
    let start = path.iter().position(|p| *p == back_at).unwrap_or(0);
    let ring = &path[start..];
    let mut names: Vec<String> = ring.iter().take(8).map(|p| format!("`{}`", document.pointer(*p))).collect();
    if ring.len() > 8 {
        names.push(format!("{} more", ring.len() - 8));
    }
    names.push(format!("`{}`", document.pointer(back_at)));
    let at = |p: Place| reference(document, p).unwrap_or(p);
    let mut found = Diagnostic::new(Code::REF_RING, format!("references in a ring: {}", names.join(" -> ")))
        .at(at(ring[0]))
        .help("let one of them hold a value");
    for other in ring.iter().skip(1).take(3) {
        found = found.related(At::Value(at(*other)), "which leads here");
    }
    found
}
