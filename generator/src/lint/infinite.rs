//! CG0509: a schema that requires itself.

use super::Context;
use crate::{
    api::{Items, Schema, SchemaId, TypeSet},
    diagnostic::{Code, Diagnostic, Findings},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let schemas = &cx.resolved.api.schemas;
    let mut finite = vec![false; schemas.0.len()];
    // What a schema needs mostly has a higher number than itself, so this settles in a few rounds.
    loop {
        let mut changed = false;
        for (index, schema) in schemas.0.iter().enumerate().rev() {
            if !finite[index] && is_finite(schema, &finite) {
                finite[index] = true;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut reported = vec![false; finite.len()];
    let mut told_of = 0;
    for (id, schema) in cx.schemas().filter(|(id, _)| !finite[id.0 as usize]) {
        // Each search may go through all of them.
        if told_of == 100 {
            break;
        }
        // Of a ring, the first is told; what merely needs a ring is not. A ring of nothing but alternatives (a base that
        // lists its subtypes) adds nothing to any value.
        let mut seen = vec![[false; 2]; finite.len()];
        let mut todo: Vec<(SchemaId, bool)> = needs(schema).collect();
        let (mut returns, mut told) = (false, false);
        while let Some((next, within)) = todo.pop() {
            returns |= next == id && within;
            told |= reported[next.0 as usize];
            if !finite[next.0 as usize] && !std::mem::replace(&mut seen[next.0 as usize][usize::from(within)], true) {
                todo.extend(needs(&schemas[next]).map(|(id, below)| (id, below || within)));
            }
        }
        if returns && !told {
            told_of += 1;
            reported[id.0 as usize] = true;
            findings.push(
                Diagnostic::new(Code::INFINITE, "this schema requires a value of its own kind within each value")
                    .at_key(schema.place)
                    .help("make the property optional, or allow an empty list or null, so that there is an end"),
            );
        }
    }
}

/// Whether some value of a schema can be written out, given what is known so far.
fn is_finite(schema: &Schema, finite: &[bool]) -> bool {
    let known = |id: &SchemaId| finite[id.0 as usize];
    let options = schema.one_of.iter().chain(&schema.any_of).all(|options| options.iter().any(known));
    options && needs_of_shape(schema).all(|id| known(&id))
}

/// What a schema needs, and whether within its values rather than of them.
fn needs(schema: &Schema) -> impl Iterator<Item = (SchemaId, bool)> + '_ {
    let options = schema.one_of.iter().chain(&schema.any_of).flatten();
    needs_of_shape(schema).map(|id| (id, true)).chain(options.map(|id| (*id, false)))
}

/// The schemas that each value of this one holds a value of.
fn needs_of_shape(schema: &Schema) -> impl Iterator<Item = SchemaId> + '_ {
    let object = schema.types == TypeSet::OBJECT && schema.enumeration.is_none();
    let array =
        schema.types == TypeSet::ARRAY && schema.enumeration.is_none() && schema.min_items.is_some_and(|n| n > 0);
    let properties =
        schema.required.iter().filter(move |_| object).filter_map(|name| schema.properties.get(name)).copied();
    let items = match &schema.items {
        Some(Items::All(all)) if array => Some(*all),
        Some(Items::Tuple(tuple, _)) if array => tuple.first().copied(),
        _ => None,
    };
    properties.chain(items)
}
