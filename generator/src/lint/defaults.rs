//! CG0603, CG0604: a default, or an example within a schema, contradicts the schema it stands in.

use super::{Context, examples::judge_one};
use crate::{
    diagnostic::{Code, Findings},
    validate::Validator,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let judge = Validator::new(&cx.resolved.api.schemas);
    for (id, schema) in cx.schemas() {
        if let Some(value) = &schema.default {
            // The last member that has one is the one that counts.
            if let Some(place) = schema.members.iter().rev().find_map(|m| cx.document.get(*m, "default")) {
                judge_one(cx, &judge, id, value, place, Code::DEFAULT, findings);
            }
        }
        // Of a merged schema the parts are judged by themselves.
        if let (false, [only]) = (schema.examples.is_empty(), schema.members.as_slice()) {
            let listed = cx.document.get(*only, "examples").map(|list| cx.document.items(list).collect::<Vec<_>>());
            for place in listed.unwrap_or_default().into_iter().chain(cx.document.get(*only, "example")) {
                judge_one(cx, &judge, id, &cx.document.value(place), place, Code::SCHEMA_EXAMPLE, findings);
            }
        }
    }
}
