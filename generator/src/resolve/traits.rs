//! Traits, applied by JSON Merge Patch (RFC 7386). In 2.x each trait patches the message or operation in the order written;
//! in 3.x the traits are merged among themselves and what the target says itself wins.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::{
    Refs,
    objects::{Index, Role},
};
use crate::{
    diagnostic::Findings,
    document::{Document, Kind, Place},
};

/// Messages and operations with traits, as they are once these are applied.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    whole: HashMap<Place, Place>,
    headers: HashMap<Place, Place>,
}

impl Merged {
    /// The fields of a message or operation.
    pub(crate) fn fields(&self, place: Place) -> Place {
        self.whole.get(&place).copied().unwrap_or(place)
    }

    /// The trait that a message's headers come from, where they come from one.
    pub(crate) fn headers_trait(&self, message: Place) -> Option<Place> {
        self.headers.get(&message).copied()
    }
}

/// Applies the traits of all messages and operations.
pub(crate) fn apply(
    document: &mut Document,
    index: &Index,
    three: bool,
    refs: &mut Refs,
    findings: &mut Findings,
) -> Merged {
    let mut merged = Merged::default();
    for &target in index.of(Role::Message).iter().chain(index.of(Role::Operation)) {
        let Some(list) = document.get(target, "traits") else { continue };
        let items: Vec<Place> = document.items(list).collect();
        let traits: Vec<Place> = items.into_iter().filter_map(|item| refs.end(document, item, findings)).collect();
        if traits.is_empty() {
            continue;
        }
        let mut order = traits.clone();
        order.insert(if three { order.len() } else { 0 }, target);
        let mut fields = IndexMap::new();
        for &patch in &order {
            patch_fields(document, &mut fields, patch, refs, findings);
        }
        fields.shift_remove("traits");
        let whose = traits.iter().filter(|t| document.get(**t, "headers").is_some()).collect::<Vec<_>>();
        if let ([only], None) = (whose.as_slice(), document.get(target, "headers")) {
            merged.headers.insert(target, **only);
        }
        let entries: Vec<(String, Place)> = fields.into_iter().collect();
        merged.whole.insert(target, document.combine(target, &entries));
    }
    merged
}

fn patch_fields(
    document: &mut Document,
    fields: &mut IndexMap<String, Place>,
    patch: Place,
    refs: &mut Refs,
    findings: &mut Findings,
) {
    let entries: Vec<(String, Place)> = document.entries(patch).map(|(key, value)| (key.to_owned(), value)).collect();
    for (key, value) in entries {
        if document.kind(value) == Kind::Null {
            fields.shift_remove(&key);
            continue;
        }
        let merged = match fields.get(&key) {
            Some(&had) if document.kind(had) == Kind::Map && document.kind(value) == Kind::Map => {
                let ends = (refs.end(document, had, findings), refs.end(document, value, findings));
                match ends {
                    (Some(a), Some(b)) if a == b => had,
                    // The nesting of a document is bounded, and so is this.
                    (Some(a), Some(b)) => {
                        let mut inner = IndexMap::new();
                        patch_fields(document, &mut inner, a, refs, findings);
                        patch_fields(document, &mut inner, b, refs, findings);
                        let inner: Vec<_> = inner.into_iter().collect();
                        document.combine(value, &inner)
                    }
                    _ => value,
                }
            }
            _ => value,
        };
        fields.insert(key, merged);
    }
}
