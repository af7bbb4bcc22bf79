//! CG0418: the headers of a message are described as something that is no object.

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Kind,
    resolve::{format::written, objects::Role},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for role in [Role::Message, Role::MessageTrait] {
        for &holder in cx.resolved.index.of(role) {
            let Some(headers) = cx.document.get(holder, "headers") else { continue };
            let written = written(cx.document, headers, headers);
            if written.opaque.is_some() {
                continue;
            }
            let Some(types) = cx.document.get(cx.end(written.schema), "type") else { continue };
            let is_object = match cx.document.kind(types) {
                Kind::List => cx.document.items(types).any(|item| cx.document.str(item) == Some("object")),
                _ => cx.document.str(types) == Some("object"),
            };
            if !is_object {
                findings.push(
                    Diagnostic::new(Code::HEADERS_NOT_OBJECT, "headers are described by the schema of an object")
                        .at(types)
                        .related(At::Key(headers), "these headers")
                        .help("`type: object`, with a property for each header"),
                );
            }
        }
    }
}
