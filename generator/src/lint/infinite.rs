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
    // A walk along what is needed, which meets each schema once: where it comes back to one it is just within, that is a
    // ring. A ring of nothing but alternatives (a base that lists its subtypes) adds nothing to any value.
    let mut state = vec![State::New; finite.len()];
    let mut told = 0;
    for (start, _) in cx.schemas().filter(|(id, _)| !finite[id.0 as usize]) {
        if state[start.0 as usize] != State::New {
            continue;
        }
        let mut path = vec![Visit::of(cx, start, 0)];
        state[start.0 as usize] = State::Open { depth: 0 };
        while let Some(top) = path.last_mut() {
            let Some((next, within)) = top.needs.pop() else {
                state[top.schema.0 as usize] = State::Done;
                path.pop();
                continue;
            };
            let steps_within = top.steps_within + usize::from(within);
            match state[next.0 as usize] {
                _ if finite[next.0 as usize] => {}
                State::New => {
                    state[next.0 as usize] = State::Open { depth: path.len() };
                    path.push(Visit::of(cx, next, steps_within));
                }
                State::Open { depth } if steps_within > path[depth].steps_within && told < MOST => {
                    told += 1;
                    findings.push(
                        Diagnostic::new(
                            Code::INFINITE,
                            "this schema requires a value of its own kind within each value",
                        )
                        .at_key(schemas[next].place)
                        .help("make the property optional, or allow an empty list or null, so that there is an end"),
                    );
                }
                State::Open { .. } | State::Done => {}
            }
        }
    }
}

/// Rings told of.
const MOST: usize = 100;

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    /// On the path, at this depth.
    Open {
        depth: usize,
    },
    Done,
}

/// A schema on the path.
struct Visit {
    schema: SchemaId,
    /// What is still to be followed, the first last.
    needs: Vec<(SchemaId, bool)>,
    /// How many steps on the way here lead into a value, rather than to an alternative for it.
    steps_within: usize,
}

impl Visit {
    fn of(cx: &Context<'_>, schema: SchemaId, steps_within: usize) -> Self {
        let mut needs: Vec<_> = needs(&cx.resolved.api.schemas[schema]).collect();
        needs.reverse();
        Self { schema, needs, steps_within }
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
