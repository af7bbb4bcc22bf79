//! The members of a schema, as one intersection.

use std::{cmp::Ordering, rc::Rc};

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::{
    Builder, Step, keywords,
    values::{self, compare, equal},
};
use crate::{
    api::{AdditionalProperties, Discriminator, Items, Schema, SchemaId, TypeSet},
    diagnostic::{At, Code, Diagnostic},
    document::{Document, Kind, Place},
};

/// Parts of a schema that may come from several members, as places, until each has its id.
#[derive(Default)]
struct Parts<'d> {
    /// For each property, what the members say of it.
    properties: IndexMap<&'d str, Vec<Place>>,
    patterns: IndexMap<&'d str, Vec<Place>>,
    /// What each member with keywords of objects says of the properties it does not name.
    objects: Vec<ObjectPart>,
    arrays: Vec<ArrayPart>,
    /// Where `type` stands, in the member that last narrowed it.
    type_at: Option<Place>,
    enum_at: Option<Place>,
}

struct ObjectPart {
    properties: Option<Place>,
    patterns: Option<Place>,
    additional: Option<Place>,
}

enum ArrayPart {
    All(Place),
    Tuple(Vec<Place>, Option<Place>),
}

/// Fills `schema` with what its members say.
pub(super) fn merge(builder: &mut Builder<'_>, id: SchemaId, members: &Rc<[Place]>, schema: &mut Schema) {
    schema.members = members.to_vec();
    let mut parts = Parts::default();
    for member in members.iter() {
        let mut merge = Merge { document: builder.document, builder, id, schema, parts: &mut parts };
        merge.member(*member);
    }
    let mut merge = Merge { document: builder.document, builder, id, schema, parts: &mut parts };
    merge.objects();
    merge.arrays();
    merge.conflicts();
}

struct Merge<'m, 'b, 'd> {
    document: &'d Document,
    builder: &'m mut Builder<'b>,
    id: SchemaId,
    schema: &'m mut Schema,
    parts: &'m mut Parts<'d>,
}

impl<'d> Merge<'_, 'd, 'd> {
    fn member(&mut self, member: Place) {
        if let Some(allowed) = self.document.bool(member) {
            self.schema.never |= !allowed;
            return;
        }
        let own = member == self.schema.place || self.schema.members.len() == 1;
        let described = self.schema.members[0] == self.schema.place && self.schema.description.is_some();
        let mut object = ObjectPart { properties: None, patterns: None, additional: None };
        let (mut items, mut prefix, mut additional_items) = (None, None, None);
        let (mut condition, mut then, mut otherwise) = (None, None, None);
        for (key, value) in self.document.entries(member) {
            match key {
                "type" => self.types(value, member),
                "enum" => self.enumeration(value),
                "const" => {
                    let value = self.document.value(value);
                    self.intersect(vec![value]);
                }
                "format" => self.schema.format = self.text(key, value).map(str::to_owned).or(self.schema.format.take()),
                "title" if own => self.schema.title = self.text(key, value).map(str::to_owned),
                // Its own, or else the last of the parts: they go from the general to the particular.
                "description" if own || !described => {
                    self.schema.description = self.text(key, value).map(str::to_owned);
                }
                "deprecated" => self.schema.deprecated |= self.document.bool(value).unwrap_or_default(),
                "default" => self.schema.default = Some(self.document.value(value)),
                "example" => {
                    let value = self.document.value(value);
                    self.schema.examples.push(value);
                }
                "examples" => {
                    for item in self.document.items(value) {
                        let item = self.document.value(item);
                        self.schema.examples.push(item);
                    }
                }

                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => self.bound(key, value, member),
                "multipleOf" => self.multiple_of(value),
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                    self.count(key, value)
                }
                "pattern" => {
                    if let Some(text) = self.text(key, value)
                        && !self.schema.patterns.iter().any(|p| p == text)
                    {
                        self.schema.patterns.push(text.to_owned());
                    }
                }
                "uniqueItems" => match self.document.bool(value) {
                    Some(unique) => self.schema.unique_items |= unique,
                    None => self.wrong(key, value, "true or false"),
                },

                "items" => items = Some(value),
                "prefixItems" => prefix = Some(value),
                "additionalItems" => additional_items = Some(value),
                "contains" => {
                    let contained = self.child(value);
                    self.schema.contains.extend(contained);
                }

                "properties" => object.properties = self.map(key, value),
                "patternProperties" => object.patterns = self.map(key, value),
                "additionalProperties" => object.additional = Some(value),
                "required" => self.required(value),
                "propertyNames" => {
                    let names = self.child(value);
                    self.schema.property_names.extend(names);
                }
                "dependencies" | "dependentRequired" | "dependentSchemas" => self.dependencies(key, value),

                "oneOf" | "anyOf" => {
                    let options = self.children(key, value);
                    if !options.is_empty() {
                        let lists = if key == "oneOf" { &mut self.schema.one_of } else { &mut self.schema.any_of };
                        lists.push(options);
                    }
                }
                "not" => {
                    let not = self.child(value);
                    self.schema.not.extend(not);
                }
                "if" => condition = Some(value),
                "then" => then = Some(value),
                "else" => otherwise = Some(value),
                "discriminator" => self.discriminator(value),
                _ if key.starts_with("x-") => {
                    let value = self.document.value(value);
                    self.schema.extensions.insert(key.to_owned(), value);
                }
                _ if keywords::is_not_enforced(key) => {
                    let found = Diagnostic::new(Code::KEYWORD_NOT_ENFORCED, format!("`{key}` is not enforced"))
                        .at_key(value)
                        .help("draft-07 does not know it; say the same with draft-07's keywords");
                    self.builder.findings.push(found);
                }
                _ => {}
            }
        }
        if let Some(condition) = condition {
            let condition = self.child(condition);
            let then = then.and_then(|v| self.child(v));
            let otherwise = otherwise.and_then(|v| self.child(v));
            if let (Some(condition), true) = (condition, then.is_some() || otherwise.is_some()) {
                self.schema.conditions.push((condition, then, otherwise));
            }
        }
        if object.properties.is_some() || object.patterns.is_some() || object.additional.is_some() {
            for (name, place) in object.properties.iter().flat_map(|p| self.document.entries(*p)) {
                self.parts.properties.entry(name).or_default().push(place);
            }
            for (pattern, place) in object.patterns.iter().flat_map(|p| self.document.entries(*p)) {
                self.parts.patterns.entry(pattern).or_default().push(place);
            }
            self.parts.objects.push(object);
        }
        self.array_part(items, prefix, additional_items);
    }

    // Scalars.

    fn types(&mut self, value: Place, member: Place) {
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

    fn enumeration(&mut self, value: Place) {
        if self.document.kind(value) != Kind::List {
            return self.wrong("enum", value, "a list of values");
        }
        let mut values: Vec<Value> = Vec::new();
        for item in self.document.items(value) {
            let item_value = self.document.value(item);
            if values.iter().any(|v| equal(v, &item_value)) {
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

    fn intersect(&mut self, values: Vec<Value>) {
        self.schema.enumeration = Some(match self.schema.enumeration.take() {
            None => values,
            Some(mut had) => {
                had.retain(|a| values.iter().any(|b| equal(a, b)));
                had
            }
        });
    }

    fn bound(&mut self, key: &str, value: Place, member: Place) {
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
        let (slot, tighter) = match if strict { exclusive } else { key } {
            "minimum" => (&mut self.schema.minimum, Ordering::Greater),
            "maximum" => (&mut self.schema.maximum, Ordering::Less),
            "exclusiveMinimum" => (&mut self.schema.exclusive_minimum, Ordering::Greater),
            _ => (&mut self.schema.exclusive_maximum, Ordering::Less),
        };
        if slot.as_ref().is_none_or(|had| compare(&number, had) == tighter) {
            *slot = Some(number);
        }
    }

    fn count(&mut self, key: &str, value: Place) {
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

    fn multiple_of(&mut self, value: Place) {
        match self.document.number(value) {
            Some(n) if n.as_f64().is_some_and(|n| n > 0.0) => {
                if !self.schema.multiple_of.iter().any(|m| compare(m, &n) == Ordering::Equal) {
                    self.schema.multiple_of.push(n);
                }
            }
            _ => self.wrong("multipleOf", value, "a number above 0"),
        }
    }

    fn required(&mut self, value: Place) {
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

    fn dependencies(&mut self, key: &str, value: Place) {
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

    fn discriminator(&mut self, value: Place) {
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

    // Arrays.

    fn array_part(&mut self, items: Option<Place>, prefix: Option<Place>, additional: Option<Place>) {
        let part = match (items, prefix) {
            (rest, Some(prefix)) => ArrayPart::Tuple(self.document.items(prefix).collect(), rest),
            (Some(items), None) if self.document.kind(items) == Kind::List => {
                ArrayPart::Tuple(self.document.items(items).collect(), additional)
            }
            (Some(items), None) => ArrayPart::All(items),
            (None, None) => return,
        };
        self.parts.arrays.push(part);
    }

    fn arrays(&mut self) {
        let arrays = std::mem::take(&mut self.parts.arrays);
        let longest =
            arrays.iter().filter_map(|a| if let ArrayPart::Tuple(t, _) = a { Some(t.len()) } else { None }).max();
        let rest = |parts: &[ArrayPart]| -> Vec<Place> {
            parts
                .iter()
                .filter_map(|p| {
                    if let ArrayPart::All(all) = p {
                        Some(*all)
                    } else if let ArrayPart::Tuple(_, rest) = p {
                        *rest
                    } else {
                        None
                    }
                })
                .collect()
        };
        let rest = rest(&arrays);
        self.schema.items = match longest {
            None => self.set(&rest, &["items"]).map(Items::All),
            Some(longest) => {
                let mut tuple = Vec::new();
                for i in 0..longest {
                    let at: Vec<Place> = arrays
                        .iter()
                        .filter_map(|p| match p {
                            ArrayPart::All(all) => Some(*all),
                            ArrayPart::Tuple(items, rest) => items.get(i).copied().or(*rest),
                        })
                        .collect();
                    // A place that leads nowhere has been reported; what follows it keeps its position.
                    let Some(id) = self.set(&at, &["items", &i.to_string()]) else { return };
                    tuple.push(id);
                }
                let rest = self.set(&rest, &["additionalItems"]);
                Some(Items::Tuple(tuple, rest))
            }
        };
    }

    // Objects.

    fn objects(&mut self) {
        let parts = std::mem::take(&mut self.parts.objects);
        let properties = std::mem::take(&mut self.parts.properties);
        let patterns = std::mem::take(&mut self.parts.patterns);
        let several = parts.len() > 1;
        let names = |map: Option<Place>, name: &str| map.is_some_and(|m| self.document.get(m, name).is_some());
        let mut allowed: Vec<(&str, Vec<Place>)> = Vec::with_capacity(properties.len());
        for (name, mut places) in properties {
            let mut forbidden = false;
            // A member that does not name the property rules it by its pattern, or by its `additionalProperties`.
            for part in parts.iter().filter(|p| several && !names(p.properties, name)) {
                let matching: Vec<Place> = part
                    .patterns
                    .iter()
                    .flat_map(|m| self.document.entries(*m))
                    .filter(|(pattern, _)| crate::pattern::is_match(pattern, name))
                    .map(|(_, place)| place)
                    .collect();
                match part.additional {
                    _ if !matching.is_empty() => places.extend(matching),
                    Some(additional) if self.document.bool(additional) == Some(false) => forbidden = true,
                    Some(additional) if self.document.bool(additional).is_none() => places.push(additional),
                    _ => {}
                }
            }
            if !forbidden {
                allowed.push((name, places));
            }
        }
        for (name, places) in allowed {
            if let Some(id) = self.set(&places, &[name]) {
                self.schema.properties.insert(name.to_owned(), id);
            }
        }
        for (position, (pattern, places)) in patterns.into_iter().enumerate() {
            let forbidden = several
                && parts.iter().any(|p| {
                    !names(p.patterns, pattern) && p.additional.is_some_and(|a| self.document.bool(a) == Some(false))
                });
            if forbidden {
                continue;
            }
            if let Some(id) = self.set(&places, &["patternProperties", &position.to_string()]) {
                self.schema.pattern_properties.insert(pattern.to_owned(), id);
            }
        }
        let additional: Vec<Place> = parts.iter().filter_map(|p| p.additional).collect();
        let others: Vec<Place> = additional.iter().copied().filter(|a| self.document.bool(*a).is_none()).collect();
        self.schema.additional = if additional.iter().any(|a| self.document.bool(*a) == Some(false)) {
            AdditionalProperties::Forbidden
        } else {
            self.set(&others, &["additionalProperties"]).map_or(AdditionalProperties::Any, AdditionalProperties::Schema)
        };
    }

    // Contradictions.

    fn conflicts(&mut self) {
        if self.schema.never {
            return;
        }
        let s = &*self.schema;
        let above = |a: &Option<Number>, b: &Option<Number>, also_equal: bool| match (a, b) {
            (Some(a), Some(b)) => match compare(a, b) {
                Ordering::Greater => true,
                Ordering::Equal => also_equal,
                Ordering::Less => false,
            },
            _ => false,
        };
        let integers_only = s.types.intersection(TypeSet::NUMBER) == TypeSet::INTEGER;
        let pair = if above(&s.minimum, &s.maximum, false) {
            Some(("minimum", "maximum"))
        } else if above(&s.exclusive_minimum, &s.maximum, true) {
            Some(("exclusiveMinimum", "maximum"))
        } else if above(&s.minimum, &s.exclusive_maximum, true) {
            Some(("minimum", "exclusiveMaximum"))
        } else if above(&s.exclusive_minimum, &s.exclusive_maximum, true) {
            Some(("exclusiveMinimum", "exclusiveMaximum"))
        } else if integers_only && values::no_integer_between(s) {
            Some(("minimum", "maximum"))
        } else if s.min_length > s.max_length && s.max_length.is_some() {
            Some(("minLength", "maxLength"))
        } else if s.min_items > s.max_items && s.max_items.is_some() {
            Some(("minItems", "maxItems"))
        } else if s.min_properties > s.max_properties && s.max_properties.is_some() {
            Some(("minProperties", "maxProperties"))
        } else {
            None
        };
        if let Some((low, high)) = pair {
            let at = |key: &str| s.members.iter().find_map(|m| self.document.get(*m, key));
            // A boolean `exclusiveMinimum` stands beside the bound itself.
            let low_at = at(low).or_else(|| at("minimum")).or_else(|| at("exclusiveMinimum"));
            let high_at = at(high).or_else(|| at("maximum")).or_else(|| at("exclusiveMaximum"));
            let mut found = Diagnostic::new(Code::IMPOSSIBLE, format!("no value is within `{low}` and `{high}`"))
                .pointing(At::Value(high_at.unwrap_or(s.place)))
                .help("correct one of the two");
            if let Some(low_at) = low_at {
                found = found.related(At::Value(low_at), "the other bound");
            }
            self.builder.findings.push(found);
        }
    }

    // Helpers.

    fn child(&mut self, place: Place) -> Option<SchemaId> {
        let end = self.builder.schema_end(place)?;
        Some(self.builder.place_id(end))
    }

    fn children(&mut self, key: &str, value: Place) -> Vec<SchemaId> {
        if self.document.kind(value) != Kind::List || self.document.items(value).next().is_none() {
            self.wrong(key, value, "a list of schemas, at least one");
        }
        let items: Vec<Place> = self.document.items(value).collect();
        items.into_iter().filter_map(|item| self.child(item)).collect()
    }

    fn set(&mut self, places: &[Place], way: &[&str]) -> Option<SchemaId> {
        if places.is_empty() { None } else { self.builder.set_id(places, Step { parent: self.id, way }) }
    }

    fn text(&mut self, key: &str, value: Place) -> Option<&'d str> {
        let text = self.document.str(value);
        if text.is_none() {
            self.wrong(key, value, "a string");
        }
        text
    }

    fn map(&mut self, key: &str, value: Place) -> Option<Place> {
        if self.document.kind(value) == Kind::Map {
            return Some(value);
        }
        self.wrong(key, value, "a mapping");
        None
    }

    fn wrong(&mut self, key: &str, value: Place, wanted: &str) {
        let what = self.document.kind(value).describe();
        let at =
            if matches!(self.document.kind(value), Kind::Map | Kind::List) { At::Key(value) } else { At::Value(value) };
        let found =
            Diagnostic::new(Code::BAD_KEYWORD, format!("`{key}` must be {wanted}, this is {what}")).pointing(at);
        self.builder.findings.push(found);
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
