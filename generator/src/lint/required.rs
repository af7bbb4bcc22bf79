//! CG0505: `required` lists a property that `properties` does not describe.

use super::Context;
use crate::{
    api::AdditionalProperties,
    diagnostic::{At, Code, Diagnostic, Findings},
    document::edit_distance,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for (_, schema) in cx.schemas() {
        // Where nothing is described, a list of names says what it means to.
        if schema.properties.is_empty() || !schema.pattern_properties.is_empty() {
            continue;
        }
        // What is forbidden too is impossible, and was told when the schemas were merged.
        if schema.additional != AdditionalProperties::Any {
            continue;
        }
        let alternatives = !schema.one_of.is_empty() || !schema.any_of.is_empty() || !schema.conditions.is_empty();
        for name in schema.required.iter().filter(|n| !schema.properties.contains_key(*n)) {
            let lists = schema.members.iter().filter_map(|m| cx.document.get(*m, "required"));
            let item = lists.flat_map(|l| cx.document.items(l)).find(|i| cx.document.str(*i) == Some(name));
            // What an alternative describes is not seen from here.
            let Some(item) = item.filter(|_| !alternatives) else { continue };
            let near = schema.properties.keys().map(|k| (edit_distance(k, name), k)).min();
            let help = match near {
                Some((distance, key)) if distance <= 2 => format!("did you mean `{key}`?"),
                _ => format!("describe `{name}` under `properties`"),
            };
            let mut found =
                Diagnostic::new(Code::REQUIRED_ABSENT, format!("the required property `{name}` is not described"))
                    .at(item)
                    .help(help);
            if let Some(properties) = cx.keyword(schema, "properties") {
                found = found.related(At::Key(properties), "it is not among these");
            }
            findings.push(found);
        }
    }
}
