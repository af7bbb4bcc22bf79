//! Whether one value can be two schemas' at once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::api::{AdditionalProperties, Api, Schema, SchemaId, TypeSet};
use crate::resolve::schemas::equal;
use crate::types::Outline;
use crate::types::form::{self, Form, Use};

/// How deep it looks.
const DEEPEST: usize = 6;
/// How many pairs of schemas it compares for a pair of messages, and how many it remembers: what is not found out by then is
/// taken for possible.
const MOST: usize = 20_000;

/// Compares schemas by what their types refuse: what is not enforced tells nothing apart.
pub(super) struct Apart<'a> {
    api: &'a Api,
    outline: &'a Outline,
    known: RefCell<HashMap<(SchemaId, SchemaId), bool>>,
    compared: Cell<usize>,
}

impl<'a> Apart<'a> {
    pub(super) fn new(api: &'a Api, outline: &'a Outline) -> Self {
        Self { api, outline, known: RefCell::default(), compared: Cell::default() }
    }

    /// Whether no value is accepted by both. False where that was not found out.
    pub(super) fn apart(&self, one: SchemaId, other: SchemaId) -> bool {
        self.compared.set(0);
        self.within(one, other, 0)
    }

    fn within(&self, one: SchemaId, other: SchemaId, depth: usize) -> bool {
        let [one, other] = [one, other].map(|id| form::usage(&self.api.schemas, id));
        if one.nullable && other.nullable || one.id == other.id || depth > DEEPEST {
            return false;
        }
        let pair = (one.id.min(other.id), one.id.max(other.id));
        if let Some(known) = self.known.borrow().get(&pair) {
            return *known;
        }
        self.compared.set(self.compared.get() + 1);
        if self.known.borrow().len() > MOST || self.compared.get() > MOST {
            return false;
        }
        let apart = self.compare(one, other, depth);
        // Found out near the end of the way it says nothing of the pair elsewhere.
        if apart || depth == 0 {
            self.known.borrow_mut().insert(pair, apart);
        }
        apart
    }

    fn compare(&self, one: Use, other: Use, depth: usize) -> bool {
        let [a, b] = [one, other].map(|used| &self.api.schemas[used.id]);
        if a.never || b.never || !self.types(one).intersects(self.types(other)) {
            return true;
        }
        if let (Some(some), Some(others)) = (&a.enumeration, &b.enumeration) {
            return !some.iter().any(|value| others.iter().any(|other| equal(value, other)));
        }
        let objects = TypeSet::OBJECT.contains(self.types(one).intersection(self.types(other)));
        // A property that one requires is there in every value of both.
        objects
            && (a.required.iter().any(|name| self.property(name, a, b, depth))
                || b.required.iter().any(|name| self.property(name, b, a, depth)))
    }

    /// The types that values have where a schema is used; of an object that does not say so, that alone.
    fn types(&self, used: Use) -> TypeSet {
        let types = match self.outline.form(used.id) {
            Form::Object => TypeSet::OBJECT,
            _ => self.api.schemas[used.id].types,
        };
        if used.nullable { types.union(TypeSet::NULL) } else { types }
    }

    /// Whether a property that `a` requires can have no value that both accept.
    fn property(&self, name: &str, a: &Schema, b: &Schema, depth: usize) -> bool {
        match (schema_of(a, name), schema_of(b, name)) {
            (Of::Nothing, _) | (_, Of::Nothing) => true,
            (Of::Schema(a), Of::Schema(b)) => self.within(a, b, depth + 1),
            (Of::Anything, _) | (_, Of::Anything) => false,
        }
    }
}

enum Of {
    Schema(SchemaId),
    Anything,
    Nothing,
}

/// What a property of that name may be.
fn schema_of(schema: &Schema, name: &str) -> Of {
    match (schema.properties.get(name), schema.additional) {
        (Some(id), _) => Of::Schema(*id),
        // A pattern may let it through; which names it matches is not asked.
        (None, _) if !schema.pattern_properties.is_empty() => Of::Anything,
        (None, AdditionalProperties::Forbidden) => Of::Nothing,
        (None, AdditionalProperties::Schema(id)) => Of::Schema(id),
        (None, AdditionalProperties::Any) => Of::Anything,
    }
}
