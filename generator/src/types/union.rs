//! Alternatives: which `oneOf`, `anyOf` or list of types becomes a Rust enum, and how.
//!
//! An enum is made where each alternative has a type of its own and a value comes back as it came. Which alternative a value is
//! says a property (`discriminator`, or a text that each requires and lists other values of), or its kind, or what it can be
//! read as; and where none of these is exact, the rules of the whole. Else the schema stays a JSON value, and the reason is told.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::api::{AdditionalProperties, Schema, SchemaId, Schemas, TypeSet};
use crate::config::Config;
use crate::naming::{self, Scope, Wanted};

use super::apart::Apart;
use super::form::{self, Form, Patterns};
use super::loss::Loss;
use super::rules::beyond_types;

/// An enum of alternatives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Union {
    /// In the order in which they are tried.
    pub(crate) alternatives: Vec<Alternative>,
    /// The property that says which alternative a value is.
    pub(crate) tag: Option<String>,
    /// Whether rules of the whole are needed.
    pub(crate) ruled: bool,
    /// Objects that keep what they do not name, since another alternative speaks of it.
    pub(crate) keeps: Vec<SchemaId>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alternative {
    /// What it is.
    pub(crate) part: Part,
    /// The identifier of its variant.
    pub(crate) ident: String,
    /// What stands in the property that tells them apart.
    pub(crate) values: Vec<String>,
    /// Whether its type lets other values stand there.
    pub(crate) lenient: bool,
}

/// What an alternative is made from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Schema(SchemaId),
    /// A part of the schema itself that has no place of its own: one of the types that it lists.
    Plain(Form),
}

/// More alternatives than that are not compared pair by pair.
const MOST_COMPARED: usize = 40;
/// How many schemas are looked at to see where alternatives lead.
const MOST_REACHED: usize = 2_000;

/// The schemas that are alternatives of a schema which is nothing else.
pub(super) fn alternatives(schema: &Schema) -> Option<&[SchemaId]> {
    let list = match (schema.one_of.as_slice(), schema.any_of.as_slice()) {
        ([list], []) | ([], [list]) => list,
        _ => return None,
    };
    let types = TypeSet(schema.types.0 & !TypeSet::NULL.0);
    let some_object = types.intersects(TypeSet::OBJECT);
    let several = !matches!(
        types,
        TypeSet::OBJECT | TypeSet::STRING | TypeSet::NUMBER | TypeSet::INTEGER | TypeSet::BOOLEAN | TypeSet::ARRAY
    );
    let bare = !schema.never && schema.enumeration.is_none() && !form::describes_more(schema);
    ((some_object || several) && !types.is_empty() && bare).then_some(list.as_slice())
}

/// The enum that a schema with alternatives becomes, or why it becomes none; `None` of any other schema.
pub(super) fn of_alternatives(
    schemas: &Schemas,
    id: SchemaId,
    config: &Config,
    patterns: &mut Patterns,
) -> Option<Result<Union, String>> {
    let schema = &schemas[id];
    let list = alternatives(schema)?;
    let mut maker = Maker { schemas, config, patterns };
    Some(maker.union(id, schema, list))
}

struct Maker<'a> {
    schemas: &'a Schemas,
    config: &'a Config,
    patterns: &'a mut Patterns,
}

/// An alternative that is being looked at.
struct Candidate {
    /// The schema as it is referred to, and the one that gives the type.
    id: SchemaId,
    used: SchemaId,
    form: Option<Form>,
    values: Vec<String>,
}

impl Maker<'_> {
    fn union(&mut self, id: SchemaId, schema: &Schema, list: &[SchemaId]) -> Result<Union, String> {
        let told = self.schemas.told(schema);
        let mut candidates: Vec<Candidate> = Vec::new();
        for (index, alternative) in list.iter().enumerate() {
            let used = form::usage(self.schemas, *alternative).id;
            let of_it = &self.schemas[used];
            let only_null = of_it.enumeration.as_ref().is_some_and(|values| values.iter().all(Value::is_null));
            if of_it.never || of_it.types == TypeSet::NULL || only_null {
                continue;
            }
            if candidates.iter().any(|other| other.used == used) {
                return Err("two of its alternatives are one".to_owned());
            }
            let form = match alternatives(of_it) {
                // Whether that becomes an enum or a JSON value is found out when it is reached.
                Some(_) => None,
                None => Some(form::form(self.schemas, used, self.config, self.patterns)),
            };
            match &form {
                Some(Form::Any) => return Err("one of its alternatives is any value".to_owned()),
                Some(Form::Untyped(reason)) => return Err(format!("of one of its alternatives: {reason}")),
                _ => {}
            }
            let values = told.as_ref().map(|told| told.values[index].clone()).unwrap_or_default();
            candidates.push(Candidate { id: *alternative, used, form, values });
        }
        if candidates.len() < 2 {
            return Err(format!("of its alternatives, {} may be a value that is not null", candidates.len()));
        }
        if self.is_its_own(id, &candidates) {
            return Err("it is an alternative of its own".to_owned());
        }
        in_order_of_precision(&mut candidates);

        let more = says_more(self.schemas, schema, &candidates);
        let mut tag = told.map(|told| (told.property, true)).or_else(|| self.common_text(&mut candidates));
        if more {
            tag = None;
        }
        let exclusive = !schema.one_of.is_empty();
        let apart = tag.is_some() || self.all_apart(&candidates);
        let ruled = more || (tag.is_none() && ((exclusive && !apart) || self.is_tangled(&candidates)));
        let mut keeps = Vec::new();
        if !apart || more {
            let mut loss = Loss::new(self.schemas, exclusive || more);
            for (at, one) in candidates.iter().enumerate() {
                let others = if exclusive { &candidates[..] } else { &candidates[at + 1..] };
                for other in others.iter().filter(|other| other.used != one.used) {
                    loss.of(one.used, other.used)?;
                }
                if more {
                    loss.of_own(one.used, id)?;
                }
            }
            keeps = loss.keeps();
        }
        let idents = self.idents(&candidates);
        let alternatives = candidates.into_iter().zip(idents).map(|(candidate, ident)| {
            let lenient = tag.as_ref().is_some_and(|(property, _)| self.is_lenient(&candidate, property));
            let values = if tag.is_some() { candidate.values } else { Vec::new() };
            Alternative { part: Part::Schema(candidate.id), ident, values, lenient }
        });
        Ok(Union { alternatives: alternatives.collect(), tag: tag.map(|(property, _)| property), ruled, keeps })
    }

    /// Whether a schema is met again among its alternatives, their alternatives and so on: its values would have no end.
    fn is_its_own(&self, id: SchemaId, candidates: &[Candidate]) -> bool {
        let mut seen = HashSet::new();
        let mut pending: Vec<SchemaId> = candidates.iter().map(|one| one.used).collect();
        while let Some(next) = pending.pop() {
            if next == id || seen.len() > MOST_REACHED {
                return true;
            }
            if seen.insert(next)
                && let Some(list) = alternatives(&self.schemas[next])
            {
                pending.extend(list.iter().map(|id| form::usage(self.schemas, *id).id));
            }
        }
        false
    }

    /// A text that each alternative requires, and of which each lists other values.
    fn common_text(&self, candidates: &mut [Candidate]) -> Option<(String, bool)> {
        let objects = candidates.iter().all(|one| one.form == Some(Form::Object));
        let first = &self.schemas[candidates.first()?.used];
        let listed = |used: SchemaId, name: &str| -> Option<Vec<String>> {
            let schema = &self.schemas[used];
            let property = schema.properties.get(name).filter(|_| schema.required.iter().any(|other| other == name))?;
            let property = form::usage(self.schemas, *property);
            let values = self.schemas[property.id].enumeration.as_ref().filter(|_| !property.nullable)?;
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        };
        for name in first.properties.keys().filter(|_| objects) {
            let values: Option<Vec<Vec<String>>> = candidates.iter().map(|one| listed(one.used, name)).collect();
            let mut seen = HashSet::new();
            let Some(values) = values.filter(|values| values.iter().flatten().all(|value| seen.insert(value.clone())))
            else {
                continue;
            };
            for (one, values) in candidates.iter_mut().zip(values) {
                one.values = values;
            }
            return Some((name.clone(), false));
        }
        None
    }

    /// Whether the type of an alternative lets other texts stand in the property than those that name it.
    fn is_lenient(&self, candidate: &Candidate, property: &str) -> bool {
        let schema = &self.schemas[candidate.used];
        let required = schema.required.iter().any(|name| name == property);
        let Some(used) = schema.properties.get(property).map(|id| form::usage(self.schemas, *id)) else { return true };
        let listed = self.schemas[used.id].enumeration.as_ref();
        let only_these = listed.is_some_and(|values| {
            values.iter().all(|value| value.as_str().is_some_and(|text| candidate.values.iter().any(|v| v == text)))
        });
        !required || used.nullable || !only_these
    }

    fn all_apart(&self, candidates: &[Candidate]) -> bool {
        let apart = Apart::thrifty(self.schemas);
        candidates.len() <= MOST_COMPARED
            && candidates
                .iter()
                .enumerate()
                .all(|(at, one)| candidates[..at].iter().all(|other| apart.apart(other.used, one.used)))
    }

    /// Whether a list or an object may be several of the alternatives, and there are alternatives within them: to try each in turn
    /// would double the work at every level.
    fn is_tangled(&self, candidates: &[Candidate]) -> bool {
        let several = |types: TypeSet| {
            let of_type = |one: &&Candidate| types_of(self.schemas, one.used).intersects(types);
            candidates.iter().filter(of_type).count() > 1
        };
        if !several(TypeSet::OBJECT) && !several(TypeSet::ARRAY) {
            return false;
        }
        let mut seen = HashSet::new();
        let mut pending: Vec<SchemaId> = candidates.iter().map(|one| one.used).collect();
        while let Some(next) = pending.pop() {
            let next = form::usage(self.schemas, next).id;
            if !seen.insert(next) {
                continue;
            }
            let schema = &self.schemas[next];
            if seen.len() > MOST_REACHED || !schema.one_of.is_empty() || !schema.any_of.is_empty() {
                return true;
            }
            pending.extend(schema.properties.values());
            if let AdditionalProperties::Schema(values) = schema.additional {
                pending.push(values);
            }
            if let Some(crate::api::Items::All(items)) = schema.items {
                pending.push(items);
            }
        }
        false
    }

    /// Names of the variants: after the schema that is referred to, else what tells the alternative, else a property that no other
    /// has, else its kind. None depends on the order.
    fn idents(&self, candidates: &[Candidate]) -> Vec<String> {
        let mut owners: HashMap<&str, usize> = HashMap::new();
        for one in candidates {
            for name in self.schemas[one.used].properties.keys() {
                *owners.entry(name).or_default() += 1;
            }
        }
        let wanted: Vec<Wanted> = candidates
            .iter()
            .map(|one| {
                let schema = &self.schemas[one.used];
                let component = self.schemas[one.id].component.as_ref().or(schema.component.as_ref());
                let own = || {
                    let required = schema.properties.keys().filter(|name| schema.required.contains(name));
                    required.chain(schema.properties.keys()).find(|name| owners.get(name.as_str()) == Some(&1))
                };
                let word = match (component, one.values.first()) {
                    (Some(name), _) | (None, Some(name)) => naming::pascal(name),
                    (None, None) => match own() {
                        Some(name) => naming::pascal(name),
                        None => kind(one.form.as_ref(), schema),
                    },
                };
                Wanted { name: word, spelling: spelling(schema) }
            })
            .collect();
        Scope::default().assign(&wanted)
    }
}

/// What settles a clash of two alternatives that are called after their kind.
fn spelling(schema: &Schema) -> String {
    let properties: Vec<&str> = schema.properties.keys().map(String::as_str).collect();
    format!(
        "{:?} {:?} {:?} {:?} {properties:?} {:?} {:?} {:?} {:?}",
        schema.component,
        schema.enumeration,
        schema.format,
        schema.patterns,
        (&schema.minimum, &schema.exclusive_minimum),
        (&schema.maximum, &schema.exclusive_maximum),
        (schema.min_length, schema.max_length),
        &schema.description,
    )
}

/// The name of a variant that is called after what it holds.
fn kind(form: Option<&Form>, schema: &Schema) -> String {
    let text = || schema.format.as_deref().map_or_else(|| "String".to_owned(), naming::pascal);
    match form.map(Form::inner) {
        None | Some(Form::Union(_)) => "Choice".to_owned(),
        Some(Form::Enumeration(values)) => match values.as_slice() {
            [Value::String(only)] => naming::pascal(only),
            _ => "Enum".to_owned(),
        },
        Some(Form::Boolean) => "Boolean".to_owned(),
        Some(Form::Integer(_) | Form::Number(Some(_))) => "Integer".to_owned(),
        Some(Form::Float | Form::Number(None) | Form::Decimal { .. }) => "Number".to_owned(),
        Some(Form::String | Form::Text) => text(),
        Some(Form::Spelled(spelled)) => naming::pascal(spelled.format()),
        Some(Form::Array(_) | Form::List(_)) => "List".to_owned(),
        Some(Form::Map(_)) => "Map".to_owned(),
        _ => "Object".to_owned(),
    }
}

/// Where several texts or several numbers are among the alternatives, those that let less through come first, so that each can be
/// met; and integers before other numbers, which would not keep their last digits.
fn in_order_of_precision(candidates: &mut [Candidate]) {
    type Rank = fn(&Form) -> Option<u8>;
    let ranks: [Rank; 2] = [
        |form| match form {
            Form::Enumeration(values) if values.iter().all(Value::is_string) => Some(0),
            Form::Spelled(_) | Form::Text => Some(1),
            Form::String => Some(2),
            _ => None,
        },
        |form| match form {
            Form::Enumeration(values) if values.iter().all(Value::is_number) => Some(0),
            Form::Number(Some(_)) => Some(1),
            Form::Integer(_) => Some(2),
            Form::Number(None) => Some(3),
            Form::Float => Some(4),
            _ => None,
        },
    ];
    for rank in ranks {
        let rank_of = |one: &Candidate| one.form.as_ref().and_then(|form| rank(form.inner()));
        // Few enough that the simplest way does.
        let places: Vec<usize> = (0..candidates.len()).filter(|at| rank_of(&candidates[*at]).is_some()).collect();
        for end in (1..places.len()).rev() {
            for at in 0..end {
                let (one, next) = (places[at], places[at + 1]);
                if rank_of(&candidates[one]) > rank_of(&candidates[next]) {
                    candidates.swap(one, next);
                }
            }
        }
    }
}

/// Whether a schema says more of its values than that they are one of its alternatives.
fn says_more(schemas: &Schemas, schema: &Schema, candidates: &[Candidate]) -> bool {
    let within = candidates.iter().all(|one| {
        let types = types_of(schemas, one.used);
        schema.types.contains(TypeSet(types.0 & !TypeSet::NULL.0))
    });
    !within
        || beyond_types(schema).any(|keyword| !matches!(keyword, "oneOf" | "anyOf"))
        || schema.min_properties.is_some_and(|n| n > 0)
        || schema.max_properties.is_some()
}

/// The types of a schema's values; of one of alternatives, those of any of them.
fn types_of(schemas: &Schemas, id: SchemaId) -> TypeSet {
    let schema = &schemas[id];
    match alternatives(schema) {
        _ if form::is_implicit_object(schema) => TypeSet::OBJECT,
        // Looked into no further than this: an alternative of alternatives may be of any type that it says itself.
        _ => schema.types,
    }
}

/// The enum that a schema with several types becomes; `None` where one of them is an object with properties.
pub(super) fn of_types(schema: &Schema, types: TypeSet) -> Option<Union> {
    let lists = !schema.one_of.is_empty() || !schema.any_of.is_empty();
    let object = types.intersects(TypeSet::OBJECT);
    if lists || (object && (!schema.properties.is_empty() || !schema.required.is_empty())) {
        return None;
    }
    let mut alternatives = Vec::new();
    let mut add = |ident: &str, form: Form| {
        let part = Part::Plain(form);
        alternatives.push(Alternative { part, ident: ident.to_owned(), values: Vec::new(), lenient: false });
    };
    if types.intersects(TypeSet::BOOLEAN) {
        add("Boolean", Form::Boolean);
    }
    if types.contains(TypeSet::NUMBER) {
        add("Number", Form::Float);
    } else if types.intersects(TypeSet::INTEGER) {
        add("Integer", Form::Integer(super::width::Width::narrow(schema)));
    }
    if types.intersects(TypeSet::STRING) {
        add("String", Form::String);
    }
    if types.intersects(TypeSet::ARRAY) {
        match &schema.items {
            Some(crate::api::Items::All(items)) => add("List", Form::Array(Some(*items))),
            _ => add("List", Form::Array(None)),
        }
    }
    if object {
        match schema.additional {
            AdditionalProperties::Schema(values) if schema.pattern_properties.is_empty() => {
                add("Map", Form::Map(Some(values)));
            }
            _ => add("Map", Form::Map(None)),
        }
    }
    let ruled = beyond_types(schema).next().is_some()
        || form::has_constraints(schema)
        || (object && schema.additional == AdditionalProperties::Forbidden);
    (alternatives.len() > 1).then_some(Union { alternatives, tag: None, ruled, keeps: Vec::new() })
}
