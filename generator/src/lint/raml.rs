//! CG0504 for RAML: `examples` of a type is a mapping from names, and not one example.
//! <https://github.com/raml-org/raml-spec/blob/master/versions/raml-10/raml-10.md#multiple-examples>

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    document::{Kind, Place},
    resolve::{format::written, objects::Role},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for &message in cx.resolved.index.of(Role::Message) {
        let Some(payload) = cx.document.get(message, "payload") else { continue };
        let written = written(cx.document, message, payload);
        if !written.opaque.is_some_and(|(format, _)| format.contains("raml")) {
            continue;
        }
        // Types, and whether each is one: what stands under `properties` is a mapping of types, by any name.
        let mut todo: Vec<(Place, bool)> = vec![(written.schema, true)];
        while let Some((place, is_type)) = todo.pop() {
            for (key, value) in cx.document.entries(place) {
                match key {
                    "examples" if is_type => {
                        let wrong = !matches!(cx.document.kind(value), Kind::Map | Kind::List);
                        let found =
                            Diagnostic::new(Code::BAD_KEYWORD, "`examples` must be a mapping, from names to examples");
                        findings.extend(wrong.then(|| found.at(value).help("one alone is an `example`")));
                    }
                    "example" | "default" | "enum" if is_type => {}
                    "properties" | "facets" if is_type => todo.push((value, false)),
                    // An alias is met where it is written.
                    _ if cx.document.real(value) == value => todo.push((value, true)),
                    _ => {}
                }
            }
        }
    }
}
