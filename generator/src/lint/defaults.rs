//! CG0603, CG0604: a default, or an example within a schema, contradicts the schema it stands in.

use std::collections::HashSet;

use super::{Context, examples::judge_one};
use crate::{
    diagnostic::{Code, Findings},
    document::Place,
    validate::Validator,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let judge = Validator::new(&cx.resolved.api.schemas);
    // A parameter of 3.x that lists its values reads as a schema; what is wrong with its default is told of the parameter.
    let channels = cx.resolved.api.channels.iter();
    let parameters: HashSet<Place> = channels.flat_map(|channel| &channel.parameters).map(|it| it.place).collect();
    for (id, schema) in cx.schemas().filter(|(_, schema)| !schema.members.iter().any(|m| parameters.contains(m))) {
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
