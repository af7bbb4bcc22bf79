//! What a schema's place is called: the nearest component above it, and the way down from there: names of properties,
//! keywords (`items`, `additionalProperties`), and for lists the keyword and the position (`oneOf`, `0`). An `allOf` adds
//! nothing.

use crate::document::{Document, Place};

/// Component key, owner, path of a place.
pub(super) fn of(document: &Document, place: Place) -> (Option<String>, Option<String>, Vec<String>) {
    let mut path = Vec::new();
    let mut at = place;
    while let Some(parent) = document.parent(at) {
        let key = document.key(at);
        let parent_key = document.key(parent);
        match (key, parent_key) {
            (Some(key), Some("properties" | "dependencies" | "dependentSchemas")) if is_keyword(document, parent) => {
                path.push(key.to_owned());
                let Some(above) = document.parent(parent) else { break };
                at = above;
            }
            (Some(_), Some("patternProperties")) => {
                let position = document.entries(parent).take_while(|(_, p)| *p != at).count();
                path.extend([position.to_string(), "patternProperties".to_owned()]);
                let Some(above) = document.parent(parent) else { break };
                at = above;
            }
            (Some(key), Some("definitions" | "$defs")) => return named(key, path),
            (Some(key), Some("schemas"))
                if document.parent(parent).and_then(|p| document.key(p)) == Some("components") =>
            {
                return named(key, path);
            }
            (Some(key), _) if is_step(key) => {
                path.push(key.to_owned());
                at = parent;
            }
            (None, Some(list @ ("allOf" | "oneOf" | "anyOf" | "items" | "prefixItems"))) => {
                if list != "allOf" {
                    let position = document.items(parent).take_while(|p| *p != at).count();
                    path.extend([position.to_string(), if list == "prefixItems" { "items" } else { list }.to_owned()]);
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

/// Keywords that hold one schema, and name the way to it.
fn is_step(key: &str) -> bool {
    matches!(
        key,
        "items"
            | "additionalProperties"
            | "additionalItems"
            | "contains"
            | "propertyNames"
            | "not"
            | "if"
            | "then"
            | "else"
    )
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
