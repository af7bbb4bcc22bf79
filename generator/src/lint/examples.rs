//! CG0601, CG0602: an example of a message contradicts its schema.

use serde_json::Value;

use super::Context;
use crate::{
    api::{Payload, SchemaId},
    diagnostic::{At, Code, Diagnostic, Findings},
    document::Place,
    validate::Validator,
};

/// Findings are added; what is given back is, for each example of a used message whose payload is refused, the message's
/// index, the example's, and why.
pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) -> Vec<(usize, usize, String)> {
    let judge = Validator::new(&cx.resolved.api.schemas);
    let mut refused = Vec::new();
    let used = cx.resolved.api.messages.len();
    for (index, message) in cx.resolved.api.messages.iter().chain(&cx.resolved.unused).enumerate() {
        for (number, example) in message.examples.iter().enumerate() {
            if let (Payload::Schema(schema), Some(value)) = (&message.payload, &example.payload) {
                let place = cx.document.get(example.place, "payload").unwrap_or(example.place);
                let why = judge_one(cx, &judge, *schema, value, place, Code::EXAMPLE, findings);
                if let Some(why) = why.filter(|_| index < used) {
                    refused.push((index, number, why));
                }
            }
            if let (Some(schema), Some(value)) = (message.headers, &example.headers) {
                let place = cx.document.get(example.place, "headers").unwrap_or(example.place);
                judge_one(cx, &judge, schema, value, place, Code::HEADERS_EXAMPLE, findings);
            }
        }
    }
    refused
}

/// Judges a value that stands at `place`; the first fault in words, where there is one.
pub(super) fn judge_one(
    cx: &Context<'_>,
    judge: &Validator<'_>,
    schema: SchemaId,
    value: &Value,
    place: Place,
    code: Code,
    findings: &mut Findings,
) -> Option<String> {
    let faults = judge.faults(schema, value);
    for fault in &faults {
        let at = cx.below(place, &fault.path);
        let path = fault.path.to_string();
        let what = if path.is_empty() { fault.message.clone() } else { format!("`{path}`: {}", fault.message) };
        let whose = match code {
            Code::DEFAULT => "the default",
            Code::HEADERS_EXAMPLE => "the example of headers",
            _ => "the example",
        };
        let broken = &cx.resolved.api.schemas[fault.schema];
        let pointed = match cx.document.kind(at) {
            crate::document::Kind::Map | crate::document::Kind::List => At::Key(at),
            _ => At::Value(at),
        };
        let keyword = cx.keyword(broken, fault.keyword).unwrap_or(broken.place);
        findings.push(
            Diagnostic::new(code, format!("{whose} contradicts its schema: {what}"))
                .pointing(pointed)
                .label(fault.message.clone())
                .related(At::Key(keyword), "the schema says so here")
                .help("correct the value, or the schema"),
        );
    }
    faults.first().map(|f| {
        let path = f.path.to_string();
        if path.is_empty() { f.message.clone() } else { format!("{path}: {}", f.message) }
    })
}
