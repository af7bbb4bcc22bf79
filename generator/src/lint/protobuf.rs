//! CG0515: a Protobuf schema that defines no message.

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    resolve::{format::written, objects::Role},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for &message in cx.resolved.index.of(Role::Message) {
        let Some(payload) = cx.document.get(message, "payload") else { continue };
        let written = written(cx.document, message, payload);
        let is_protobuf = written.opaque.is_some_and(|(format, _)| format.contains("protobuf"));
        let Some(text) = cx.document.str(written.schema).filter(|_| is_protobuf) else { continue };
        if !text.lines().any(|line| line.split_whitespace().next() == Some("message") || line.contains(" message ")) {
            findings.push(
                Diagnostic::new(Code::NO_MESSAGE_TYPE, "this Protobuf schema defines no message")
                    .at(written.schema)
                    .help("define what the payload is: `message Order { … }`"),
            );
        }
    }
}
