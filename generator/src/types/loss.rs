//! What of a value is lost where it is read as one alternative and another speaks of it too.
//!
//! A struct drops the properties that it does not name, as the contract says nothing of them. Where another alternative does, the
//! struct is made to keep them. What cannot be mended so is an integer that another alternative holds to the last digit.

use std::collections::HashSet;

use crate::api::{AdditionalProperties, Items, Schema, SchemaId, Schemas, TypeSet};

use super::apart::Apart;
use super::form;
use super::union::alternatives;

/// How many pairs of schemas are compared for one enum.
const MOST: usize = 4_000;

pub(super) struct Loss<'a> {
    schemas: &'a Schemas,
    apart: Apart<'a>,
    /// Whether the verdict on a value that was written must be the one on the value that was read: then whatever a verdict
    /// depends on must be kept, and not only what an alternative describes.
    judged: bool,
    seen: HashSet<(SchemaId, SchemaId)>,
    keeps: HashSet<SchemaId>,
}

impl<'a> Loss<'a> {
    pub(super) fn new(schemas: &'a Schemas, judged: bool) -> Self {
        Self { schemas, apart: Apart::thrifty(schemas), judged, seen: HashSet::new(), keeps: HashSet::new() }
    }

    /// The objects that must keep what they do not name.
    pub(super) fn keeps(self) -> Vec<SchemaId> {
        let mut keeps: Vec<SchemaId> = self.keeps.into_iter().collect();
        keeps.sort_unstable();
        keeps
    }

    /// Sees to it that a value which is read as `one` keeps what `other` says of it.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn of(&mut self, one: SchemaId, other: SchemaId) -> Result<(), String> {
        let [one, other] = [one, other].map(|id| form::usage(self.schemas, id).id);
        // Of values that only one of them has, the other says nothing that is lost; it may still be what makes it refuse them.
        if one == other || (!self.judged && self.apart.apart(one, other)) {
            return Ok(());
        }
        self.of_own(one, other)
    }

    /// The same of what a schema says beside its alternatives, `one` being one of these.
    pub(super) fn of_own(&mut self, one: SchemaId, other: SchemaId) -> Result<(), String> {
        if !self.seen.insert((one, other)) {
            return Ok(());
        }
        if self.seen.len() > MOST {
            return Err("its alternatives have too much in common".to_owned());
        }
        let (a, b) = (&self.schemas[one], &self.schemas[other]);
        for alternative in alternatives(a).unwrap_or_default() {
            self.of(*alternative, other)?;
        }
        if a.enumeration.is_some() {
            return Ok(());
        }
        let whole =
            |schema: &Schema| schema.types.intersects(TypeSet::INTEGER) && !schema.types.contains(TypeSet::NUMBER);
        if a.types.contains(TypeSet::NUMBER) && a.types != TypeSet::ANY && whole(b) {
            return Err("a number of one of its alternatives is an integer of another".to_owned());
        }
        if self.is_object(a) {
            self.objects(one, a, b)?;
        } else if let AdditionalProperties::Schema(values) = a.additional {
            self.values(values, b)?;
        }
        if let Some(Items::All(items)) = a.items {
            for other in of_items(b) {
                self.of(items, other)?;
            }
            if self.judged {
                for contained in &b.contains {
                    self.of(items, *contained)?;
                }
            }
        }
        for part in self.parts(b) {
            if part != other {
                self.of_own(one, form::usage(self.schemas, part).id)?;
            }
        }
        Ok(())
    }

    /// Whether it becomes a struct.
    fn is_object(&self, schema: &Schema) -> bool {
        let types = TypeSet(schema.types.0 & !TypeSet::NULL.0);
        let named = !schema.properties.is_empty()
            || !schema.required.is_empty()
            || (schema.additional == AdditionalProperties::Forbidden && schema.pattern_properties.is_empty());
        form::is_implicit_object(schema) || (types == TypeSet::OBJECT && named)
    }

    fn objects(&mut self, one: SchemaId, a: &Schema, b: &Schema) -> Result<(), String> {
        let own = |name: &String| a.properties.contains_key(name) || a.required.contains(name);
        let others = match b.additional {
            AdditionalProperties::Any => false,
            AdditionalProperties::Forbidden => self.judged,
            AdditionalProperties::Schema(_) => true,
        };
        let counted = b.min_properties.is_some() || b.max_properties.is_some() || !b.property_names.is_empty();
        let speaks = others
            || !b.pattern_properties.is_empty()
            || (self.judged && counted)
            || b.properties.keys().any(|name| !own(name))
            || (self.judged && b.required.iter().any(|name| !own(name)))
            || (self.judged && b.dependent_required.iter().any(|(name, needed)| !own(name) || !needed.iter().all(own)));
        if speaks {
            self.keeps.insert(one);
        }
        for (name, property) in &a.properties {
            match (b.properties.get(name), b.additional) {
                (Some(other), _) => self.of(*property, *other)?,
                (None, AdditionalProperties::Schema(other)) => self.of(*property, other)?,
                _ => {}
            }
            for other in b.pattern_properties.values() {
                self.of(*property, *other)?;
            }
        }
        match a.additional {
            AdditionalProperties::Schema(values) => self.values(values, b),
            _ => Ok(()),
        }
    }

    /// Properties that are not named are read as `values`.
    fn values(&mut self, values: SchemaId, b: &Schema) -> Result<(), String> {
        let additional = match b.additional {
            AdditionalProperties::Schema(other) => Some(other),
            _ => None,
        };
        for other in b.properties.values().chain(b.pattern_properties.values()).copied().chain(additional) {
            self.of(values, other)?;
        }
        Ok(())
    }

    /// The schemas that a value is held against besides.
    fn parts(&self, schema: &Schema) -> Vec<SchemaId> {
        let mut parts: Vec<SchemaId> = schema.one_of.iter().chain(&schema.any_of).flatten().copied().collect();
        for (when, then, otherwise) in &schema.conditions {
            if self.judged {
                parts.push(*when);
            }
            parts.extend(then);
            parts.extend(otherwise);
        }
        parts.extend(schema.dependent_schemas.values().flatten());
        if self.judged {
            parts.extend(&schema.not);
        }
        parts
    }
}

fn of_items(schema: &Schema) -> Vec<SchemaId> {
    match &schema.items {
        Some(Items::All(items)) => vec![*items],
        Some(Items::Tuple(first, rest)) => first.iter().chain(rest).copied().collect(),
        None => Vec::new(),
    }
}
