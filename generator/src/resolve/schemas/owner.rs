//! What a schema's place is called: the nearest component above it, and the way down from there.

use crate::document::{Document, Place};

/// Component key, owner, path of a place.
pub(super) fn of(document: &Document, place: Place) -> (Option<String>, Option<String>, Vec<String>) {
    let mut path = Vec::new();
    let mut at = place;
    loop {
        let Some(parent) = document.parent(at) else { break };
        let key = document.key(at);
        let parent_key = document.key(parent);
        match (key, parent_key) {
            (Some(key), Some("properties" | "patternProperties" | "dependencies" | "dependentSchemas"))
                if is_keyword(document, parent) =>
            {
                path.push(key.to_owned());
                let Some(above) = document.parent(parent) else { break };
                at = above;
            }
            (Some(key), Some("definitions" | "$defs")) => return named(key, path),
            (Some(key), Some("schemas"))
                if document.parent(parent).and_then(|p| document.key(p)) == Some("components") =>
            {
                return named(key, path);
            }
            (Some(key @ ("items" | "additionalProperties" | "additionalItems" | "contains" | "propertyNames")), _) => {
                path.push(match key {
                    "items" => "item".to_owned(),
                    "additionalProperties" => "value".to_owned(),
                    key => key.to_owned(),
                });
                at = parent;
            }
            (Some(key @ ("not" | "if" | "then" | "else")), _) => {
                path.push(key.to_owned());
                at = parent;
            }
            (None, Some(list @ ("allOf" | "oneOf" | "anyOf" | "items" | "prefixItems"))) => {
                let position = document.items(parent).take_while(|p| *p != at).count() + 1;
                match list {
                    "allOf" => {}
                    "items" | "prefixItems" => path.push(format!("item{position}")),
                    _ => path.push(format!("option{position}")),
                }
                let Some(above) = document.parent(parent) else { break };
                at = above;
            }
            _ => break,
        }
    }
    path.reverse();
    (None, None, path)
}

fn named(key: &str, mut path: Vec<String>) -> (Option<String>, Option<String>, Vec<String>) {
    path.reverse();
    let component = path.is_empty().then(|| key.to_owned());
    (component, Some(key.to_owned()), path)
}

/// Whether the `properties` at `place` is the keyword, and not a property of that name: they alternate on the way down.
fn is_keyword(document: &Document, place: Place) -> bool {
    let mut run = 1;
    let mut at = place;
    while let Some(parent) = document.parent(at) {
        if document.key(parent) != Some("properties") {
            break;
        }
        run += 1;
        at = parent;
    }
    run % 2 == 1
}
