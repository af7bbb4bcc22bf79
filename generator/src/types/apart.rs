//! Whether one value can be two schemas' at once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::api::{AdditionalProperties, Schema, SchemaId, Schemas, TypeSet};
use crate::resolve::schemas::equal;
use crate::validate::Validator;

use super::form::{self, Use};

/// How deep it looks.
const DEEPEST: usize = 6;
/// How many pairs of schemas it compares for a pair that is asked for, and how many it remembers: what is not found out by then
/// is taken for possible.
const MOST: usize = 20_000;
/// Of schemas that list more values or alternatives than that, these are not looked at.
const LONGEST: usize = 64;

/// Compares schemas by what their types refuse: what is not enforced tells nothing apart.
pub(crate) struct Apart<'a> {
    schemas: &'a Schemas,
    judge: Validator<'a>,
    known: RefCell<HashMap<(SchemaId, SchemaId), bool>>,
    compared: Cell<usize>,
    /// Whether all that is asked for has the work of one pair between it.
    thrifty: bool,
}

impl<'a> Apart<'a> {
    pub(crate) fn new(schemas: &'a Schemas) -> Self {
        Self {
            schemas,
            judge: Validator::new(schemas),
            known: RefCell::default(),
            compared: Cell::default(),
            thrifty: false,
        }
    }

    /// The same for many pairs, which together may take no more work than one.
    pub(crate) fn thrifty(schemas: &'a Schemas) -> Self {
        Self { thrifty: true, ..Self::new(schemas) }
    }

    /// Whether no value is accepted by both. False where that was not found out.
    pub(crate) fn apart(&self, one: SchemaId, other: SchemaId) -> bool {
        if !self.thrifty {
            self.compared.set(0);
        }
        self.within(one, other, 0)
    }

    fn within(&self, one: SchemaId, other: SchemaId, depth: usize) -> bool {
        let [one, other] = [one, other].map(|id| form::usage(self.schemas, id));
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
        let [a, b] = [one, other].map(|used| &self.schemas[used.id]);
        if a.never || b.never || !self.types(one).intersects(self.types(other)) {
            return true;
        }
        if let (Some(some), Some(others)) = (&a.enumeration, &b.enumeration) {
            return !some.iter().any(|value| others.iter().any(|other| equal(value, other)));
        }
        let none_fits = |listed: &Schema, other: Use| {
            let values = listed.enumeration.as_ref().filter(|values| values.len() <= LONGEST);
            values.is_some_and(|values| !values.iter().any(|value| self.judge.fits(other.id, value)))
        };
        if none_fits(a, other) && !other.nullable || none_fits(b, one) && !one.nullable {
            return true;
        }
        if self.none_meets(a, other, depth) || self.none_meets(b, one, depth) {
            return true;
        }
        let objects = TypeSet::OBJECT.contains(self.types(one).intersection(self.types(other)));
        // A property that one requires is there in every value of both.
        objects
            && (a.required.iter().any(|name| self.property(name, a, b, depth))
                || b.required.iter().any(|name| self.property(name, b, a, depth)))
    }

    /// Whether no alternative of a schema has a value in common with another schema.
    fn none_meets(&self, schema: &Schema, other: Use, depth: usize) -> bool {
        let mut lists = schema.one_of.iter().chain(&schema.any_of).filter(|list| list.len() <= LONGEST);
        !other.nullable && lists.any(|list| list.iter().all(|id| self.within(*id, other.id, depth + 1)))
    }

    /// The types that values have where a schema is used; of an object that does not say so, that alone.
    fn types(&self, used: Use) -> TypeSet {
        let schema = &self.schemas[used.id];
        let types = if form::is_implicit_object(schema) { TypeSet::OBJECT } else { schema.types };
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
