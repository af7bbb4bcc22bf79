//! CG0420: a component that nothing refers to.

use std::collections::HashSet;

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    document::Place,
};

/// Kinds of components that are only ever used by reference, and what one is called.
const KINDS: &[(&str, &str)] = &[
    ("messages", "message"),
    ("schemas", "schema"),
    ("messageTraits", "message trait"),
    ("operationTraits", "operation trait"),
    ("parameters", "parameter"),
    ("correlationIds", "correlation id"),
    ("replies", "reply"),
    ("replyAddresses", "reply address"),
    ("serverVariables", "server variable"),
    ("serverBindings", "server binding"),
    ("channelBindings", "channel binding"),
    ("operationBindings", "operation binding"),
    ("messageBindings", "message binding"),
    ("servers", "server"),
    ("channels", "channel"),
    ("operations", "operation"),
    ("securitySchemes", "security scheme"),
    ("externalDocs", "external documentation"),
    ("tags", "tag"),
];

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let Some(components) = cx.document.get(cx.resolved.root, "components") else { return };
    // A reference into the middle of a component uses the component.
    let mut used: HashSet<Place> = HashSet::new();
    for place in cx.resolved.refs.used() {
        let mut at = Some(place);
        while let Some(place) = at.filter(|p| used.insert(*p)) {
            at = cx.document.parent(place);
        }
    }
    let required = super::security::named(cx);
    for (key, name) in KINDS {
        let Some(map) = cx.document.get(components, key) else { continue };
        for (component, place) in cx.document.entries(map).filter(|(k, p)| !k.starts_with("x-") && !used.contains(p)) {
            // In 2.x a security scheme is used by its name.
            if *key == "securitySchemes" && required.contains(component) {
                continue;
            }
            findings.push(
                Diagnostic::new(Code::UNUSED, format!("the {name} `{component}` is not used"))
                    .at_key(place)
                    .help("refer to it, or remove it"),
            );
        }
    }
}
