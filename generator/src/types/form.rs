//! What a schema is by itself.

use std::collections::HashMap;

use serde_json::{Number, Value};

use crate::api::{AdditionalProperties, Items, Schema, SchemaId, Schemas, TypeSet};
use crate::config::Config;
use crate::pattern;

/// What a schema is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// Anything: a JSON value is exactly it.
    Any,
    /// More than a type can hold: a JSON value, and why.
    Untyped(String),
    Null,
    Boolean,
    /// An integer without constraints.
    Integer(Width),
    Float,
    String,
    DateTime,
    /// A list without constraints.
    Array(Option<SchemaId>),
    /// An object without properties of its own.
    Map(Option<SchemaId>),
    /// The following get a type of their own.
    Object,
    /// A string with constraints.
    Text,
    /// A number with constraints.
    Number(Option<Width>),
    /// One of these values.
    Enumeration(Vec<Value>),
    /// A list with constraints.
    List(Option<SchemaId>),
}

/// How wide an integer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    I64,
    /// Only where the bounds ask for more than [`i64::MAX`].
    U64,
}

impl Form {
    /// Whether it gets a type of its own.
    pub(crate) const fn is_named(&self) -> bool {
        matches!(self, Self::Object | Self::Text | Self::Number(_) | Self::Enumeration(_) | Self::List(_))
    }
}

/// A schema where it is used: annotations and `null` taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The schema that gives the type.
    pub(crate) id: SchemaId,
    /// Whether `null` is allowed besides.
    pub(crate) nullable: bool,
}

/// Looks through schemas that add nothing but annotations or `null`.
pub(crate) fn usage(schemas: &Schemas, id: SchemaId) -> Use {
    usage_within(schemas, id, &mut 256)
}

/// The same in so many steps: a schema may be an alternative of its own, and is then looked through no further.
fn usage_within(schemas: &Schemas, mut id: SchemaId, steps: &mut u32) -> Use {
    let mut nullable = false;
    while *steps > 0 {
        *steps -= 1;
        let schema = &schemas[id];
        if let Some(same) = schema.same_as {
            id = same;
        } else if let Some((inner, null)) = only_alternative(schemas, schema, steps) {
            nullable |= null;
            id = inner;
        } else {
            break;
        }
    }
    Use { id, nullable: nullable || allows_null(&schemas[id]) }
}

/// `anyOf: [X]`, and `oneOf: [X, {type: null}]`, with nothing beside it: `X`, and whether null is allowed.
fn only_alternative(schemas: &Schemas, schema: &Schema, steps: &mut u32) -> Option<(SchemaId, bool)> {
    let alternatives = match (schema.any_of.as_slice(), schema.one_of.as_slice()) {
        ([list], []) | ([], [list]) => list,
        _ => return None,
    };
    if schema.types != TypeSet::ANY || says_more_than_alternatives(schema) {
        return None;
    }
    let is_null = |id: &SchemaId| schemas[*id].types == TypeSet::NULL && !schemas[*id].never;
    match alternatives.as_slice() {
        [one] => Some((*one, false)),
        [one, null] | [null, one] if is_null(null) && !accepts_null(schemas, *one, steps) => Some((*one, true)),
        _ => None,
    }
}

/// Whether the schema itself lets `null` through, of a type that is otherwise something else.
fn allows_null(schema: &Schema) -> bool {
    let listed = |values: &Vec<Value>| values.iter().any(Value::is_null) && values.iter().any(|v| !v.is_null());
    match &schema.enumeration {
        Some(values) => schema.types.intersects(TypeSet::NULL) && listed(values),
        None => schema.types != TypeSet::ANY && schema.types != TypeSet::NULL && schema.types.intersects(TypeSet::NULL),
    }
}

/// Whether `null` fits it in any way.
fn accepts_null(schemas: &Schemas, id: SchemaId, steps: &mut u32) -> bool {
    let used = usage_within(schemas, id, steps);
    let schema = &schemas[used.id];
    used.nullable || (schema.types.intersects(TypeSet::NULL) && schema.enumeration.is_none())
}

/// What a schema is, `null` aside.
pub(crate) fn form(schemas: &Schemas, id: SchemaId, config: &Config, patterns: &mut Patterns) -> Form {
    let schema = &schemas[id];
    if schema.never {
        return Form::Untyped("nothing fits it".to_owned());
    }
    if let Some(values) = &schema.enumeration {
        return enumeration(schema, values);
    }
    if let Some(reason) = alternatives_out_of_reach(schemas, schema) {
        return Form::Untyped(reason);
    }
    let types = without_null(schema.types);
    match types {
        TypeSet::OBJECT => object(schema),
        TypeSet::STRING => string(schema, config, patterns),
        TypeSet::NUMBER => number(schema),
        TypeSet::INTEGER => integer(schema),
        TypeSet::BOOLEAN => Form::Boolean,
        TypeSet::ARRAY => array(schema),
        _ if schema.types == TypeSet::NULL => Form::Null,
        _ if schema.types == TypeSet::ANY => untyped(schema),
        _ => Form::Untyped(format!("it is {}", describe(schema.types))),
    }
}

fn without_null(types: TypeSet) -> TypeSet {
    TypeSet(types.0 & !TypeSet::NULL.0)
}

/// `a string or an integer`.
fn describe(types: TypeSet) -> String {
    let mut names = Vec::new();
    for (bit, name) in [
        (TypeSet::OBJECT, "an object"),
        (TypeSet::ARRAY, "an array"),
        (TypeSet::STRING, "a string"),
        (TypeSet::BOOLEAN, "a boolean"),
        (TypeSet::NULL, "null"),
    ] {
        if types.intersects(bit) {
            names.push(name);
        }
    }
    if types.contains(TypeSet::NUMBER) {
        names.push("a number");
    } else if types.intersects(TypeSet::INTEGER) {
        names.push("an integer");
    }
    if names.is_empty() { "of no type".to_owned() } else { names.join(" or ") }
}

fn object(schema: &Schema) -> Form {
    match schema.additional {
        _ if !schema.properties.is_empty() || !schema.required.is_empty() => Form::Object,
        AdditionalProperties::Forbidden if schema.pattern_properties.is_empty() => Form::Object,
        AdditionalProperties::Schema(values) if schema.pattern_properties.is_empty() => Form::Map(Some(values)),
        _ => Form::Map(None),
    }
}

/// Patterns in the syntax of the engine, each translated once; `None` of one that cannot be enforced.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<String, Option<String>>);

impl Patterns {
    fn learn(&mut self, pattern: &str) -> bool {
        if !self.0.contains_key(pattern) {
            self.0.insert(pattern.to_owned(), pattern::translate(pattern).ok());
        }
        self.get(pattern).is_some()
    }

    /// A pattern of a schema that was reached.
    pub(crate) fn get(&self, pattern: &str) -> Option<&str> {
        self.0.get(pattern)?.as_deref()
    }
}

fn string(schema: &Schema, config: &Config, patterns: &mut Patterns) -> Form {
    let matched = schema.patterns.iter().filter(|pattern| patterns.learn(pattern)).count() > 0;
    let constrained = matched || schema.min_length.is_some_and(|n| n > 0) || schema.max_length.is_some();
    match schema.format.as_deref() {
        Some("date-time") if !constrained => Form::DateTime,
        Some(format) if config.enforces(format) => Form::Text,
        _ if constrained => Form::Text,
        _ => Form::String,
    }
}

fn number(schema: &Schema) -> Form {
    if is_bounded(schema) { Form::Number(None) } else { Form::Float }
}

fn integer(schema: &Schema) -> Form {
    let width = width(schema);
    if is_bounded(schema) { Form::Number(Some(width)) } else { Form::Integer(width) }
}

fn is_bounded(schema: &Schema) -> bool {
    let bounds = [&schema.minimum, &schema.exclusive_minimum, &schema.maximum, &schema.exclusive_maximum];
    bounds.iter().any(|bound| bound.is_some()) || !schema.multiple_of.is_empty()
}

fn width(schema: &Schema) -> Width {
    let beyond =
        |bound: &Option<Number>| bound.as_ref().is_some_and(|n| !n.is_i64() && n.as_f64().is_some_and(|n| n > 9.2e18));
    if beyond(&schema.maximum) || beyond(&schema.exclusive_maximum) || beyond(&schema.minimum) {
        // Unsigned holds it all only where nothing is below zero.
        let floor = schema.minimum.as_ref().or(schema.exclusive_minimum.as_ref()).and_then(Number::as_f64);
        if floor.is_some_and(|floor| floor >= 0.0) {
            return Width::U64;
        }
    }
    Width::I64
}

fn array(schema: &Schema) -> Form {
    let items = match &schema.items {
        Some(Items::All(items)) => Some(*items),
        _ => None,
    };
    let constrained = schema.min_items.is_some_and(|n| n > 0) || schema.max_items.is_some() || schema.unique_items;
    if constrained { Form::List(items) } else { Form::Array(items) }
}

/// No `type`: strictly, it says nothing of values of other types than its keywords are about. A document that gives
/// properties means an object, and is taken at its word; anything else is a JSON value.
fn untyped(schema: &Schema) -> Form {
    let about_strings = !schema.patterns.is_empty() || schema.min_length.is_some() || schema.max_length.is_some();
    let about_lists = schema.items.is_some() || schema.min_items.is_some() || schema.max_items.is_some();
    if !schema.properties.is_empty() {
        Form::Object
    } else if about_strings || about_lists || is_bounded(schema) || !schema.required.is_empty() {
        Form::Untyped("it has constraints but no type".to_owned())
    } else {
        Form::Any
    }
}

fn enumeration(schema: &Schema, values: &[Value]) -> Form {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !value.is_null() && schema.types.intersects(type_of(value)) && !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    if !kept.is_empty() {
        Form::Enumeration(kept)
    } else if values.iter().any(Value::is_null) && schema.types.intersects(TypeSet::NULL) {
        Form::Null
    } else {
        Form::Untyped("none of its values fits it".to_owned())
    }
}

fn type_of(value: &Value) -> TypeSet {
    match value {
        Value::Null => TypeSet::NULL,
        Value::Bool(_) => TypeSet::BOOLEAN,
        Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(|n| n.fract() != 0.0) => {
            TypeSet(TypeSet::NUMBER.0 & !TypeSet::INTEGER.0)
        }
        Value::Number(_) => TypeSet::INTEGER,
        Value::String(_) => TypeSet::STRING,
        Value::Array(_) => TypeSet::ARRAY,
        Value::Object(_) => TypeSet::OBJECT,
    }
}

/// Whether anything but `oneOf` and `anyOf` constrains it.
fn says_more_than_alternatives(schema: &Schema) -> bool {
    schema.enumeration.is_some()
        || !schema.properties.is_empty()
        || !schema.required.is_empty()
        || schema.additional != AdditionalProperties::Any
        || schema.items.is_some()
        || is_bounded(schema)
        || !schema.patterns.is_empty()
        || schema.min_length.is_some()
        || schema.max_length.is_some()
        || schema.min_items.is_some()
        || schema.max_items.is_some()
        || schema.unique_items
        || unenforced(schema).any(|keyword| !matches!(keyword, "oneOf" | "anyOf"))
}

/// Why `oneOf` and `anyOf` make it more than a type can hold. Alternatives that only choose among the object's own
/// properties do not: the object holds them all.
fn alternatives_out_of_reach(schemas: &Schemas, schema: &Schema) -> Option<String> {
    let lists = schema.one_of.iter().map(|l| ("oneOf", l)).chain(schema.any_of.iter().map(|l| ("anyOf", l)));
    for (keyword, list) in lists {
        let own = |id: &SchemaId| {
            let alternative = &schemas[*id];
            let known = |name: &String| schema.properties.contains_key(name);
            alternative.properties.keys().all(known)
                && alternative.required.iter().all(known)
                && alternative.one_of.is_empty()
                && alternative.any_of.is_empty()
                && alternative.types.intersects(TypeSet::OBJECT)
        };
        if schema.properties.is_empty() || !list.iter().all(own) {
            return Some(format!("its {keyword} has {} alternatives", list.len()));
        }
    }
    None
}

/// The keywords of a schema that neither its type nor its constraints hold up.
pub(crate) fn unenforced(schema: &Schema) -> impl Iterator<Item = &'static str> {
    let tuple = matches!(schema.items, Some(Items::Tuple(..)));
    let map = schema.properties.is_empty();
    [
        ("oneOf", !schema.one_of.is_empty()),
        ("anyOf", !schema.any_of.is_empty()),
        ("not", !schema.not.is_empty()),
        ("if", !schema.conditions.is_empty()),
        ("contains", !schema.contains.is_empty()),
        ("items", tuple),
        ("propertyNames", !schema.property_names.is_empty()),
        ("patternProperties", !schema.pattern_properties.is_empty()),
        ("dependencies", !schema.dependent_required.is_empty() || !schema.dependent_schemas.is_empty()),
        ("minProperties", map && schema.min_properties.is_some_and(|n| n > 0)),
        ("maxProperties", map && schema.max_properties.is_some()),
    ]
    .into_iter()
    .filter_map(|(keyword, present)| present.then_some(keyword))
}
