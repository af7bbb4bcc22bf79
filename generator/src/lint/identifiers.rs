//! CG0401, CG0402: identifiers that must be unique are not.

use std::collections::HashMap;

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Place,
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    unique(cx, Role::Operation, "operationId", Code::DUPLICATE_OPERATION_ID, "operations", findings);
    unique(cx, Role::Message, "messageId", Code::DUPLICATE_MESSAGE_ID, "messages", findings);
}

fn unique(cx: &Context<'_>, role: Role, key: &str, code: Code, what: &str, findings: &mut Findings) {
    let mut first: HashMap<&str, Place> = HashMap::new();
    for &place in cx.resolved.index.of(role) {
        let Some(id) = cx.document.get(place, key) else { continue };
        let Some(text) = cx.document.str(id) else { continue };
        match first.get(text) {
            Some(other) => findings.push(
                Diagnostic::new(code, format!("two {what} have the `{key}` `{text}`"))
                    .at(id)
                    .label("again here")
                    .related(At::Value(*other), "first here")
                    .help("give one of them another"),
            ),
            None => {
                first.insert(text, id);
            }
        }
    }
}
