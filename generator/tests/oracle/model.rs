//! What the merged model of a schema accepts, read off it keyword by keyword, as plainly as can be.
//!
//! It is what a generated type is held against where a warning says that something is not enforced: the same model with
//! that taken out. What a keyword means to a single text or number is left to the judge.

use std::{cell::RefCell, collections::HashMap};

use conecta_gen::api::{AdditionalProperties, Items, Schema, SchemaId, Schemas, TypeSet};
use serde_json::{Number, Value, json};

use crate::{
    judge::{Judge, same, whole},
    schemas::Components,
};

/// Reads values by a model.
pub(crate) struct Model<'s> {
    pub(crate) schemas: &'s Schemas,
    /// Judges of one keyword: `pattern`, `multipleOf`, `format`.
    words: RefCell<HashMap<(&'static str, String), Option<Judge>>>,
}

impl<'s> Model<'s> {
    pub(crate) fn new(schemas: &'s Schemas) -> Self {
        Self { schemas, words: RefCell::default() }
    }

    pub(crate) fn accepts(&self, id: SchemaId, value: &Value) -> bool {
        self.holds(id, value, 0)
    }

    fn holds(&self, id: SchemaId, value: &Value, depth: usize) -> bool {
        if depth > 300 {
            // A schema that refers to itself and to nothing of the value says nothing.
            return true;
        }
        let schema = &self.schemas[id];
        let is = |other: SchemaId| self.holds(other, value, depth + 1);
        !schema.never
            && schema.types.intersects(type_of(value))
            && schema.enumeration.as_ref().is_none_or(|values| values.iter().any(|one| same(one, value)))
            && match value {
                Value::String(text) => self.text(schema, text),
                Value::Number(number) => self.number(schema, number),
                Value::Array(items) => self.array(schema, items, depth),
                Value::Object(object) => self.object(schema, object, depth) && self.dependencies(schema, value, depth),
                _ => true,
            }
            && schema.one_of.iter().all(|list| self.fitting(schema, list, value, &is).count() == 1)
            && schema.any_of.iter().all(|list| self.fitting(schema, list, value, &is).next().is_some())
            && !schema.not.iter().any(|one| is(*one))
            && schema.conditions.iter().all(|(when, then, otherwise)| {
                let chosen = if is(*when) { then } else { otherwise };
                chosen.is_none_or(is)
            })
    }

    /// The alternatives that a value fits; where a discriminator tells them, the one that it names.
    pub(crate) fn fitting<'m>(
        &'m self,
        schema: &Schema,
        list: &'m [SchemaId],
        value: &'m Value,
        is: &'m dyn Fn(SchemaId) -> bool,
    ) -> impl Iterator<Item = SchemaId> + use<'m, 's> {
        let told = self.schemas.told(schema);
        let may_be = move |index: usize| told.as_ref().is_none_or(|told| told.may_be(index, value));
        list.iter().enumerate().filter(move |(index, one)| may_be(*index) && is(**one)).map(|(_, one)| *one)
    }

    pub(crate) fn word(&self, keyword: &'static str, word: &Value, value: &Value) -> bool {
        let mut words = self.words.borrow_mut();
        let judge = words.entry((keyword, word.to_string())).or_insert_with(|| {
            Judge::of_component(&Components::from_iter([("word".to_owned(), json!({ keyword: word }))]), "word")
        });
        judge.as_ref().is_none_or(|judge| judge.accepts(value))
    }

    fn text(&self, schema: &Schema, text: &str) -> bool {
        let length = text.chars().count() as u64;
        let value = json!(text);
        within(length, schema.min_length, schema.max_length)
            && schema.patterns.iter().all(|pattern| self.word("pattern", &json!(pattern), &value))
            && schema.format.as_ref().is_none_or(|format| self.word("format", &json!(format), &value))
    }

    fn number(&self, schema: &Schema, number: &Number) -> bool {
        let value = Value::Number(number.clone());
        let bounds = [
            ("minimum", &schema.minimum),
            ("maximum", &schema.maximum),
            ("exclusiveMinimum", &schema.exclusive_minimum),
            ("exclusiveMaximum", &schema.exclusive_maximum),
        ];
        bounds
            .iter()
            .all(|(keyword, bound)| bound.as_ref().is_none_or(|bound| self.word(keyword, &json!(bound), &value)))
            && schema.multiple_of.iter().all(|step| self.word("multipleOf", &json!(step), &value))
    }

    fn array(&self, schema: &Schema, items: &[Value], depth: usize) -> bool {
        let is = |id: SchemaId, item: &Value| self.holds(id, item, depth + 1);
        let each = match &schema.items {
            None => true,
            Some(Items::All(all)) => items.iter().all(|item| is(*all, item)),
            Some(Items::Tuple(first, rest)) => items.iter().enumerate().all(|(index, item)| match first.get(index) {
                Some(own) => is(*own, item),
                None => rest.is_none_or(|rest| is(rest, item)),
            }),
        };
        let unique =
            || items.iter().enumerate().all(|(index, item)| !items[..index].iter().any(|other| same(other, item)));
        each && within(items.len() as u64, schema.min_items, schema.max_items)
            && schema.contains.iter().all(|one| items.iter().any(|item| is(*one, item)))
            && (!schema.unique_items || unique())
    }

    fn object(&self, schema: &Schema, object: &serde_json::Map<String, Value>, depth: usize) -> bool {
        let is = |id: SchemaId, value: &Value| self.holds(id, value, depth + 1);
        let property = |name: &String, value: &Value| {
            let own = schema.properties.get(name);
            let by_pattern: Vec<SchemaId> = schema
                .pattern_properties
                .iter()
                .filter(|(pattern, _)| self.word("pattern", &json!(pattern), &json!(name)))
                .map(|(_, id)| *id)
                .collect();
            let others = match schema.additional {
                _ if own.is_some() || !by_pattern.is_empty() => true,
                AdditionalProperties::Any => true,
                AdditionalProperties::Forbidden => false,
                AdditionalProperties::Schema(id) => is(id, value),
            };
            others
                && own.is_none_or(|id| is(*id, value))
                && by_pattern.iter().all(|id| is(*id, value))
                && schema.property_names.iter().all(|id| is(*id, &json!(name)))
        };
        schema.required.iter().all(|name| object.contains_key(name))
            && within(object.len() as u64, schema.min_properties, schema.max_properties)
            && object.iter().all(|(name, value)| property(name, value))
    }

    fn dependencies(&self, schema: &Schema, value: &Value, depth: usize) -> bool {
        let has = |name: &String| value.get(name).is_some();
        schema.dependent_required.iter().all(|(when, then)| !has(when) || then.iter().all(has))
            && schema
                .dependent_schemas
                .iter()
                .all(|(when, then)| !has(when) || then.iter().all(|id| self.holds(*id, value, depth + 1)))
    }
}

fn within(count: u64, least: Option<u64>, most: Option<u64>) -> bool {
    least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most)
}

fn type_of(value: &Value) -> TypeSet {
    match value {
        Value::Null => TypeSet::NULL,
        Value::Bool(_) => TypeSet::BOOLEAN,
        Value::Number(number) if whole(number).is_some() || number.as_f64().is_some_and(|n| n.fract() == 0.0) => {
            TypeSet::INTEGER
        }
        Value::Number(_) => TypeSet(TypeSet::NUMBER.0 & !TypeSet::INTEGER.0),
        Value::String(_) => TypeSet::STRING,
        Value::Array(_) => TypeSet::ARRAY,
        Value::Object(_) => TypeSet::OBJECT,
    }
}
