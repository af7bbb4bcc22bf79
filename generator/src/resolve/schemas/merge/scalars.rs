//! Keywords of single values: `type`, `enum`, bounds; and those that are lists of names.

use std::{cmp::Ordering, collections::HashSet};

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::Merge;
use crate::{
    api::{Discriminator, TypeSet, WideBounds},
    diagnostic::{At, Code, Diagnostic},
    document::{Kind, Place},
    resolve::schemas::values::{self, canonical, compare},
};

impl<'d> Merge<'_, 'd, 'd> {
    pub(super) fn types(&mut self, value: Place, member: Place) {
        let mut types = TypeSet(0);
        let words: Vec<Place> =
            if self.document.kind(value) == Kind::List { self.document.items(value).collect() } else { vec![value] };
        for word in &words {
            match self.document.str(*word).and_then(type_named) {
                Some(one) => types = types.union(one),
                None => {
                    let found = Diagnostic::new(Code::BAD_KEYWORD, "there is no such type")
                        .at(*word)
                        .help("types are string, integer, number, boolean, object, array and null");
                    self.builder.findings.push(found);
                    return;
                }
            }
        }
        if words.is_empty() {
            return self.wrong("type", value, "a type or a list of types");
        }
        // OpenAPI's word for a type that may also be null; who writes it elsewhere means the same.
        if self.document.get(member, "nullable").and_then(|n| self.document.bool(n)) == Some(true) {
            types = types.union(TypeSet::NULL);
        }
        let both = self.schema.types.intersection(types);
        if both.is_empty() {
            let mut found = Diagnostic::new(Code::TYPE_CONFLICT, "parts of an `allOf` ask for different types")
                .at(value)
                .label("this type")
                .help("no value is of both; correct one of them");
            if let Some(other) = self.parts.type_at {
                found = found.related(At::Value(other), "and this one");
            }
            self.builder.findings.push(found);
        } else {
            self.schema.types = both;
        }
        self.parts.type_at = Some(value);
    }

    pub(super) fn enumeration(&mut self, value: Place) {
        if self.document.kind(value) != Kind::List {
            return self.wrong("enum", value, "a list of values");
        }
        let mut values: Vec<Value> = Vec::new();
        let mut seen = HashSet::new();
        for item in self.document.items(value) {
            let item_value = self.document.value(item);
            if !seen.insert(canonical(&item_value)) {
                let found = Diagnostic::new(Code::DUPLICATE_ENUM, "this value stands in the `enum` already")
                    .at(item)
                    .help("remove one of them");
                self.builder.findings.push(found);
            } else {
                values.push(item_value);
            }
        }
        if values.is_empty() {
            let found = Diagnostic::new(Code::EMPTY_ENUM, "this `enum` has no values")
                .at_key(value)
                .help("list what is allowed");
            self.builder.findings.push(found);
            return;
        }
        let had = self.schema.enumeration.is_some();
        self.intersect(values);
        if had && self.schema.enumeration.as_ref().is_some_and(Vec::is_empty) {
            let mut found =
                Diagnostic::new(Code::IMPOSSIBLE, "parts of an `allOf` have no value of their `enum`s in common")
                    .at_key(value)
                    .help("no value is in both; correct one of them");
            if let Some(other) = self.parts.enum_at {
                found = found.related(At::Key(other), "the other one");
            }
            self.builder.findings.push(found);
        }
        self.parts.enum_at = Some(value);
    }

    pub(super) fn intersect(&mut self, values: Vec<Value>) {
        self.schema.enumeration = Some(match self.schema.enumeration.take() {
            None => values,
            Some(mut had) => {
                let values: HashSet<String> = values.iter().map(canonical).collect();
                had.retain(|value| values.contains(&canonical(value)));
                had
            }
        });
    }

    pub(super) fn bound(&mut self, key: &str, value: Place, member: Place) {
        // Draft-04 and OpenAPI 3.0: a boolean that makes the bound beside it exclusive.
        let exclusive = match key {
            "minimum" => "exclusiveMinimum",
            "maximum" => "exclusiveMaximum",
            _ => key,
        };
        if key == exclusive && self.document.kind(value) == Kind::Bool {
            return;
        }
        let Some(number) = self.document.number(value) else { return self.wrong(key, value, "a number") };
        let strict = self.document.get(member, exclusive).and_then(|e| self.document.bool(e)) == Some(true);
        let keyword = if strict { exclusive } else { key };
        if number.as_i64().is_none() {
            self.wide(keyword, value, &number);
        }
        let (slot, tighter) = match keyword {
            "minimum" => (&mut self.schema.minimum, Ordering::Greater),
            "maximum" => (&mut self.schema.maximum, Ordering::Less),
            "exclusiveMinimum" => (&mut self.schema.exclusive_minimum, Ordering::Greater),
            _ => (&mut self.schema.exclusive_maximum, Ordering::Less),
        };
        if slot.as_ref().is_none_or(|had| compare(&number, had) == tighter) {
            *slot = Some(number);
        }
    }

    /// Keeps the digits of a bound that no 64 bits hold.
    fn wide(&mut self, keyword: &str, value: Place, number: &Number) {
        let span = self.document.span(At::Value(value));
        let written = span.and_then(|span| {
            let text = &self.document.files().get(span.file as usize)?.text;
            text.get(span.start as usize..span.end as usize)
        });
        let Some((negative, magnitude)) = values::digits(written, number) else { return };
        let mut wide = self.schema.wide.as_deref().copied().unwrap_or_default();
        let step = u8::from(keyword.starts_with("exclusive"));
        if keyword.ends_with("aximum") {
            // One below all that fits 64 bits chooses no type.
            let greatest = magnitude.checked_sub(step.into()).filter(|n| !negative && *n > i64::MAX as u128);
            wide.maximum = [wide.maximum, greatest].into_iter().flatten().min();
        } else {
            let least = if negative { 0i128.checked_sub_unsigned(magnitude) } else { i128::try_from(magnitude).ok() };
            let least = least.and_then(|n| n.checked_add(step.into())).filter(|n| i64::try_from(*n).is_err());
            wide.minimum = [wide.minimum, least].into_iter().flatten().max();
        }
        if wide != WideBounds::default() {
            self.schema.wide = Some(Box::new(wide));
        }
    }

    pub(super) fn count(&mut self, key: &str, value: Place) {
        let count = self.document.number(value).and_then(|n| values::integer(&n)).and_then(|n| u64::try_from(n).ok());
        let Some(count) = count else { return self.wrong(key, value, "a whole number from 0 on") };
        let (slot, tighter): (_, fn(u64, u64) -> u64) = match key {
            "minLength" => (&mut self.schema.min_length, u64::max),
            "maxLength" => (&mut self.schema.max_length, u64::min),
            "minItems" => (&mut self.schema.min_items, u64::max),
            "maxItems" => (&mut self.schema.max_items, u64::min),
            "minProperties" => (&mut self.schema.min_properties, u64::max),
            _ => (&mut self.schema.max_properties, u64::min),
        };
        *slot = Some(slot.map_or(count, |had| tighter(had, count)));
    }

    pub(super) fn multiple_of(&mut self, value: Place) {
        match self.document.number(value) {
            Some(n) if n.as_f64().is_some_and(|n| n > 0.0) => {
                if !self.schema.multiple_of.iter().any(|m| compare(m, &n) == Ordering::Equal) {
                    self.schema.multiple_of.push(n);
                }
            }
            _ => self.wrong("multipleOf", value, "a number above 0"),
        }
    }

    pub(super) fn required(&mut self, value: Place) {
        if self.document.kind(value) != Kind::List {
            return self.wrong("required", value, "a list of property names");
        }
        for item in self.document.items(value) {
            match self.document.str(item) {
                Some(name) if self.schema.required.iter().any(|r| r == name) => {}
                Some(name) => self.schema.required.push(name.to_owned()),
                None => self.wrong("required", item, "the name of a property"),
            }
        }
    }

    pub(super) fn dependencies(&mut self, key: &str, value: Place) {
        let Some(map) = self.map(key, value) else { return };
        for (name, dependency) in self.document.entries(map) {
            if self.document.kind(dependency) == Kind::List && key != "dependentSchemas" {
                let names = self.document.items(dependency).filter_map(|i| self.document.str(i));
                let slot = self.schema.dependent_required.entry(name.to_owned()).or_default();
                for name in names {
                    if !slot.iter().any(|n| n == name) {
                        slot.push(name.to_owned());
                    }
                }
            } else if let Some(id) = self.child(dependency) {
                self.schema.dependent_schemas.entry(name.to_owned()).or_default().push(id);
            }
        }
    }

    pub(super) fn discriminator(&mut self, value: Place) {
        let (property, mapping) = match self.document.str(value) {
            Some(name) => (Some(name), None),
            None => (self.document.get_str(value, "propertyName"), self.document.get(value, "mapping")),
        };
        let Some(property) = property else {
            return self.wrong("discriminator", value, "the name of a property, or a mapping with `propertyName`");
        };
        let mut discriminator = Discriminator { property: property.to_owned(), mapping: IndexMap::new() };
        for (word, target) in mapping.iter().flat_map(|m| self.document.entries(*m)) {
            let Some(text) = self.document.str(target) else { continue };
            let reference =
                if text.contains(['#', '/', '.']) { text.to_owned() } else { format!("#/components/schemas/{text}") };
            match self.document.follow_text(&reference, target) {
                Ok(place) => {
                    if let Some(id) = self.child(place) {
                        discriminator.mapping.insert(word.to_owned(), id);
                    }
                }
                Err(fault) => {
                    let found = self.document.explain(target, &fault);
                    self.builder.findings.push(found);
                }
            }
        }
        self.schema.discriminator = Some(discriminator);
    }
}

fn type_named(word: &str) -> Option<TypeSet> {
    Some(match word {
        "null" => TypeSet::NULL,
        "boolean" => TypeSet::BOOLEAN,
        "object" => TypeSet::OBJECT,
        "array" => TypeSet::ARRAY,
        "string" => TypeSet::STRING,
        "number" => TypeSet::NUMBER,
        "integer" => TypeSet::INTEGER,
        _ => return None,
    })
}
