//! What a schema is by itself.

use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};

use crate::api::{AdditionalProperties, Items, Schema, SchemaId, Schemas, TypeSet};
use crate::config::Config;
use crate::pattern;
use crate::validate::Validator;

use super::rules::beyond_types;
use super::spelled::Spelled;
use super::union::{self, Union};
pub(crate) use super::width::Width;

/// What a schema is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// Anything: a JSON value is exactly it.
    Any,
    /// More than a type can hold: a JSON value held against rules, and why.
    Untyped(String),
    Null,
    Boolean,
    /// An integer without constraints.
    Integer(Width),
    Float,
    /// A number whose every digit is kept; with constraints, a type of its own.
    Decimal {
        constrained: bool,
    },
    String,
    /// A text that has a type of its own kind.
    Spelled(Spelled),
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
    /// One of several alternatives.
    Union(Box<Union>),
    /// A value of that form, held against rules that its type does not express.
    Checked(Box<Form>),
}

impl Form {
    /// Whether it gets a type of its own.
    pub(crate) const fn is_named(&self) -> bool {
        matches!(
            self,
            Self::Object
                | Self::Text
                | Self::Number(_)
                | Self::Decimal { constrained: true }
                | Self::Enumeration(_)
                | Self::List(_)
                | Self::Union(_)
                | Self::Checked(_)
                | Self::Untyped(_)
        )
    }

    /// The form of what a checked value wraps; else this one.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::Checked(inner) => inner,
            other => other,
        }
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
    Use { id, nullable: nullable || allows_null(schemas, id) }
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
fn allows_null(schemas: &Schemas, id: SchemaId) -> bool {
    let schema = &schemas[id];
    let listed = |values: &Vec<Value>| values.iter().any(Value::is_null) && values.iter().any(|v| !v.is_null());
    let allowed = match &schema.enumeration {
        Some(values) => schema.types.intersects(TypeSet::NULL) && listed(values),
        // Of alternatives, one may be null.
        None if schema.types == TypeSet::ANY => union::alternatives(schema).is_some(),
        None => schema.types != TypeSet::ANY && schema.types != TypeSet::NULL && schema.types.intersects(TypeSet::NULL),
    };
    // `not`, `oneOf` and their like may take it away again.
    allowed && (beyond_types(schema).next().is_none() || Validator::within(schemas, STEPS).fits(id, &Value::Null))
}

/// How much work it may be to find out whether `null` fits.
const STEPS: u64 = 20_000;

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
        return enumeration(schemas, id, values);
    }
    match union::of_alternatives(schemas, id, config, patterns) {
        Some(Ok(union)) => return Form::Union(Box::new(union)),
        Some(Err(reason)) => return Form::Untyped(reason),
        None => {}
    }
    let form = match without_null(schema.types) {
        TypeSet::OBJECT => object(schema),
        TypeSet::STRING => string(schema, config, patterns),
        TypeSet::NUMBER => number(schema),
        TypeSet::INTEGER => integer(schema),
        TypeSet::BOOLEAN => Form::Boolean,
        TypeSet::ARRAY => array(schema),
        _ if schema.types == TypeSet::NULL => Form::Null,
        _ if schema.types == TypeSet::ANY => untyped(schema, config),
        types => match union::of_types(schema, types) {
            Some(union) => return Form::Union(Box::new(union)),
            None => Form::Untyped(format!("it is {}", describe(schema.types))),
        },
    };
    if beyond_types(schema).next().is_some() { checked(schema, form) } else { form }
}

/// A form that rules are added to: what it would check by itself, they do.
fn checked(schema: &Schema, form: Form) -> Form {
    let plain = match form {
        Form::Any => {
            let keywords: Vec<String> = beyond_types(schema).map(|keyword| format!("`{keyword}`")).collect();
            return Form::Untyped(format!("it has {} and no type", keywords.join(" and ")));
        }
        Form::Map(_) if !schema.one_of.is_empty() || !schema.any_of.is_empty() => {
            let list = schema.one_of.first().or(schema.any_of.first());
            return Form::Untyped(format!("it has {} alternatives", list.map_or(0, Vec::len)));
        }
        Form::Object | Form::Untyped(_) | Form::Enumeration(_) | Form::Union(_) | Form::Checked(_) => return form,
        Form::Text | Form::Spelled(_) => Form::String,
        Form::Number(None) => Form::Float,
        Form::Number(Some(width)) => Form::Integer(width),
        Form::List(items) => Form::Array(items),
        plain => plain,
    };
    Form::Checked(Box::new(plain))
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
    let closed = schema.additional == AdditionalProperties::Forbidden && schema.pattern_properties.is_empty();
    if let Some(name) = schema.required.iter().find(|name| closed && !schema.properties.contains_key(*name)) {
        return Form::Untyped(format!("it requires `{name}` and does not allow it"));
    }
    let counted = schema.min_properties.is_some_and(|n| n > 0) || schema.max_properties.is_some();
    match schema.additional {
        _ if !schema.properties.is_empty() || !schema.required.is_empty() => Form::Object,
        AdditionalProperties::Forbidden if schema.pattern_properties.is_empty() => Form::Object,
        AdditionalProperties::Schema(values) if schema.pattern_properties.is_empty() => map(Some(values), counted),
        _ => map(None, counted),
    }
}

fn map(values: Option<SchemaId>, counted: bool) -> Form {
    let map = Form::Map(values);
    if counted { Form::Checked(Box::new(map)) } else { map }
}

/// Patterns in the syntax of the engine, each translated once; `None` of one that cannot be enforced.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<String, Option<String>>);

impl Patterns {
    /// A pattern in the engine's syntax, where that can express it.
    pub(super) fn translate(&mut self, pattern: &str) -> Option<&str> {
        if !self.0.contains_key(pattern) {
            self.0.insert(pattern.to_owned(), pattern::translate(pattern).ok());
        }
        self.get(pattern)
    }

    /// A pattern of a schema that was reached.
    pub(crate) fn get(&self, pattern: &str) -> Option<&str> {
        self.0.get(pattern)?.as_deref()
    }
}

fn string(schema: &Schema, config: &Config, patterns: &mut Patterns) -> Form {
    let matched = schema.patterns.iter().filter(|pattern| patterns.translate(pattern).is_some()).count();
    if matched > MOST_PATTERNS {
        return Form::Checked(Box::new(Form::String));
    }
    let matched = matched > 0;
    let constrained = matched || schema.min_length.is_some_and(|n| n > 0) || schema.max_length.is_some();
    match schema.format.as_deref().filter(|format| config.enforces(format)) {
        Some(format) => match Spelled::of(format, config).filter(|_| !constrained) {
            Some(spelled) => Form::Spelled(spelled),
            None => Form::Text,
        },
        _ if constrained => Form::Text,
        _ => Form::String,
    }
}

/// How many patterns and steps the macros of the runtime take.
const MOST_PATTERNS: usize = 8;
const MOST_STEPS: usize = 4;

fn number(schema: &Schema) -> Form {
    if schema.multiple_of.len() > MOST_STEPS {
        return Form::Checked(Box::new(Form::Float));
    }
    if is_bounded(schema) { Form::Number(None) } else { Form::Float }
}

fn integer(schema: &Schema) -> Form {
    integer_of(schema, Width::of(schema))
}

/// An integer that is so wide.
pub(super) fn integer_of(schema: &Schema, width: Width) -> Form {
    if width.holds_nothing(schema) || schema.multiple_of.len() > MOST_STEPS {
        return Form::Checked(Box::new(Form::Integer(width)));
    }
    if is_bounded(schema) { Form::Number(Some(width)) } else { Form::Integer(width) }
}

pub(super) fn is_bounded(schema: &Schema) -> bool {
    bounds(schema).next().is_some() || !schema.multiple_of.is_empty()
}

fn bounds(schema: &Schema) -> impl Iterator<Item = &Number> {
    [&schema.minimum, &schema.exclusive_minimum, &schema.maximum, &schema.exclusive_maximum].into_iter().flatten()
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
fn untyped(schema: &Schema, config: &Config) -> Form {
    if is_implicit_object(schema) {
        return object(schema);
    }
    let format = schema.format.as_deref().is_some_and(|format| config.enforces(format));
    let about_strings =
        !schema.patterns.is_empty() || schema.min_length.is_some() || schema.max_length.is_some() || format;
    let about_lists =
        schema.items.is_some() || schema.min_items.is_some() || schema.max_items.is_some() || schema.unique_items;
    let about_objects = !schema.required.is_empty()
        || schema.additional != AdditionalProperties::Any
        || schema.min_properties.is_some()
        || schema.max_properties.is_some();
    if about_strings || about_lists || about_objects || is_bounded(schema) {
        Form::Untyped("it has constraints but no type".to_owned())
    } else {
        Form::Any
    }
}

/// Whether a schema has properties and no `type`.
pub(crate) fn is_implicit_object(schema: &Schema) -> bool {
    schema.types == TypeSet::ANY && !schema.properties.is_empty() && schema.enumeration.is_none() && !schema.never
}

fn enumeration(schemas: &Schemas, id: SchemaId, values: &[Value]) -> Form {
    let schema = &schemas[id];
    let judge = Validator::new(schemas);
    let (mut kept, mut seen) = (Vec::new(), HashSet::new());
    for value in values {
        if !value.is_null() && judge.fits(id, value) && seen.insert(value) {
            kept.push(value.clone());
        }
    }
    if !kept.is_empty() {
        Form::Enumeration(kept)
    } else if values.iter().any(Value::is_null)
        && schema.types.intersects(TypeSet::NULL)
        && judge.fits(id, &Value::Null)
    {
        Form::Null
    } else {
        Form::Untyped("none of its values fits it".to_owned())
    }
}

/// Whether a schema says of parts of a value what they are, or of scalars and lists which.
pub(super) fn describes_more(schema: &Schema) -> bool {
    !schema.properties.is_empty()
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
        || schema.format.is_some()
        || beyond_types(schema).any(|keyword| !matches!(keyword, "oneOf" | "anyOf" | "not" | "propertyNames"))
}

/// Whether any keyword constrains a value of a type that it may have.
pub(super) fn has_constraints(schema: &Schema) -> bool {
    is_bounded(schema)
        || !schema.patterns.is_empty()
        || schema.min_length.is_some_and(|n| n > 0)
        || schema.max_length.is_some()
        || schema.min_items.is_some_and(|n| n > 0)
        || schema.max_items.is_some()
        || schema.unique_items
        || schema.min_properties.is_some_and(|n| n > 0)
        || schema.max_properties.is_some()
        || schema.format.is_some()
}

/// Whether anything but `oneOf` and `anyOf` constrains it.
fn says_more_than_alternatives(schema: &Schema) -> bool {
    schema.enumeration.is_some()
        || describes_more(schema)
        || schema.min_properties.is_some()
        || schema.max_properties.is_some()
        || beyond_types(schema).any(|keyword| !matches!(keyword, "oneOf" | "anyOf"))
}
