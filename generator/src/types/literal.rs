//! A default of the contract as a value of its Rust type.

use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};

use crate::api::{Api, SchemaId};
use crate::diagnostic::{Code, Diagnostic};
use crate::overrides::is_plain;
use crate::resolve::schemas::{equal, integer};
use crate::validate::Validator;

use super::form::{self, Form, Use, Width};
use super::name::children;
use super::rules::Rules;
use super::union::{Part, Union};
use super::{ItemId, Outline, Spelled};

/// A value that generated code makes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    /// `()`.
    Unit,
    Bool(bool),
    Integer(i128),
    Float(f64),
    /// In plain digits.
    Decimal(String),
    Text(String),
    Spelled(Spelled, String),
    /// A JSON value.
    Json(Value),
    List(Vec<Literal>),
    Map(Vec<(String, Literal)>),
    /// Of an item that may be `null`.
    Nullable(Option<Box<Literal>>),
    /// A variant of an enumeration, by its index.
    Variant(ItemId, usize),
    /// A text, number or list that keeps constraints, which its value was held against.
    Newtype(ItemId, Box<Literal>),
    /// A transparent wrapper.
    Wrapper(ItemId, Box<Literal>),
    /// A value of an alternative of an enum, by its index.
    Alternative(ItemId, usize, Box<Literal>),
    /// The properties that are given, by their names on the wire; `None` is `null`.
    Struct(ItemId, Vec<(String, Option<Literal>)>),
}

impl Literal {
    /// Whether it holds no struct, whose own fields may have defaults in turn.
    fn is_flat(&self) -> bool {
        match self {
            Self::Struct(..) => false,
            Self::List(items) => items.iter().all(Self::is_flat),
            Self::Map(entries) => entries.iter().all(|(_, value)| value.is_flat()),
            Self::Nullable(inner) => inner.as_deref().is_none_or(Self::is_flat),
            Self::Newtype(_, inner) | Self::Wrapper(_, inner) | Self::Alternative(_, _, inner) => inner.is_flat(),
            _ => true,
        }
    }
}

/// What the absence of an optional property means.
#[derive(Clone, Debug)]
pub(crate) struct Absence {
    /// The default; `None` is `null`.
    pub(crate) literal: Option<Literal>,
    /// Whether the field is filled in with it, and no `Option`; else a method tells.
    pub(crate) fills: bool,
}

impl Outline {
    /// Whether the default of a schema does not fit it.
    pub(crate) fn contradicts(&self, api: &Api, id: SchemaId) -> bool {
        let default = api.schemas[id].default.as_ref();
        default.is_some_and(|value| !Validator::new(&api.schemas).fits(id, value))
    }

    /// What the absence of a property means, where the contract says so: a default that fits its schema, and that its Rust type
    /// can hold.
    pub(crate) fn absence(&self, api: &Api, object: SchemaId, property: SchemaId) -> Option<Absence> {
        let value = api.schemas[property].default.as_ref()?;
        let used = form::usage(&api.schemas, property);
        let literal = match value {
            Value::Null if used.nullable && !matches!(self.form(used.id), Form::Any | Form::Null) => None,
            value if Validator::new(&api.schemas).fits(property, value) => {
                Some(Maker { outline: self, api }.present(used.id, self.form(used.id), value)?)
            }
            _ => return None,
        };
        let holder = &api.schemas[object];
        let counts = holder.min_properties.is_some_and(|n| n > 0) || holder.max_properties.is_some();
        let fills = !counts && self.fills(object) && literal.as_ref().is_none_or(Literal::is_flat);
        Some(Absence { literal, fills })
    }
}

/// Defaults of an object's properties that no method and no field gives.
pub(super) fn unapplied(api: &Api, outline: &Outline, object: SchemaId) -> Vec<Diagnostic> {
    if !matches!(outline.form(object), Form::Object) {
        return Vec::new();
    }
    let optional = outline.properties(api, object).into_iter().filter(|property| !property.required);
    let described = optional.filter_map(|property| Some((property.json, property.schema?)));
    let left = described.filter(|(_, id)| {
        let given = api.schemas[*id].default.is_some() && !outline.contradicts(api, *id);
        given && outline.absence(api, object, *id).is_none()
    });
    let note = |(name, id): (&str, SchemaId)| {
        Diagnostic::new(Code::DEFAULT_NOT_APPLIED, format!("the default of `{name}` is not applied"))
            .at(api.schemas[id].place)
            .label("its Rust type is not known to hold it")
            .help("where the property is absent, the field says so; services must know what that means")
    };
    left.map(note).collect()
}

/// Schemas whose values are looked at as JSON from above: those beneath rules, and beneath lists that have no item twice. There it
/// matters whether a property is written, and numbers are doubles.
pub(super) fn weighed(
    api: &Api,
    forms: &HashMap<SchemaId, Form>,
    rules: &HashMap<SchemaId, Rules>,
) -> HashSet<SchemaId> {
    let looks = |id: &SchemaId, form: &Form| match form {
        Form::Object => rules.contains_key(id),
        Form::List(_) => api.schemas[*id].unique_items,
        Form::Array(_) | Form::Map(_) => false,
        Form::Union(union) => union.ruled,
        // What holds others in a way of its own.
        form => !children(&api.schemas[*id], form).is_empty(),
    };
    beneath(api, forms, looks)
}

/// Schemas whose values are read by way of a JSON value: those that are looked at, and those beneath any enum of alternatives, which
/// may have to read what stands before the text that tells them.
pub(super) fn buffered(
    api: &Api,
    forms: &HashMap<SchemaId, Form>,
    rules: &HashMap<SchemaId, Rules>,
) -> HashSet<SchemaId> {
    let mut found = weighed(api, forms, rules);
    found.extend(beneath(api, forms, |_, form| matches!(form, Form::Union(_))));
    found
}

/// Schemas of these forms and all that lies within them.
fn beneath(api: &Api, forms: &HashMap<SchemaId, Form>, looks: impl Fn(&SchemaId, &Form) -> bool) -> HashSet<SchemaId> {
    let mut pending: Vec<SchemaId> = forms.iter().filter(|(id, form)| looks(id, form)).map(|(id, _)| *id).collect();
    let mut found = HashSet::new();
    while let Some(id) = pending.pop() {
        if let (Some(form), true) = (forms.get(&id), found.insert(id)) {
            let within = children(&api.schemas[id], form).into_iter();
            pending.extend(within.map(|(child, _)| form::usage(&api.schemas, child).id));
        }
    }
    found
}

struct Maker<'a> {
    outline: &'a Outline,
    api: &'a Api,
}

impl Maker<'_> {
    /// An item of a list or a map.
    fn item(&self, id: Option<SchemaId>, value: &Value) -> Option<Literal> {
        let Some(id) = id else { return Some(Literal::Json(value.clone())) };
        let Use { id, nullable } = form::usage(&self.api.schemas, id);
        let form = self.outline.form(id);
        match value {
            _ if !nullable || matches!(form, Form::Any | Form::Null) => self.present(id, form, value),
            Value::Null => Some(Literal::Nullable(None)),
            value => Some(Literal::Nullable(Some(Box::new(self.present(id, form, value)?)))),
        }
    }

    /// A value that is there and not null, of a schema that has that form.
    fn present(&self, id: SchemaId, form: &Form, value: &Value) -> Option<Literal> {
        let newtype = |inner| Some(Literal::Newtype(self.outline.item(id)?, Box::new(inner)));
        match form {
            Form::Any => Some(Literal::Json(value.clone())),
            Form::Null => Some(Literal::Unit),
            Form::Boolean => value.as_bool().map(Literal::Bool),
            Form::Integer(width) => whole(value, *width),
            Form::Float => value.as_f64().map(Literal::Float),
            Form::Decimal { constrained: false } => decimal(value),
            Form::Decimal { constrained: true } => newtype(decimal(value)?),
            Form::String => text(value),
            Form::Spelled(one) => {
                value.as_str().filter(|text| one.fits(text)).map(|text| Literal::Spelled(*one, text.to_owned()))
            }
            Form::Array(items) => self.list(*items, value),
            Form::Map(values) => {
                let entries = value.as_object()?.iter();
                let entries = entries.map(|(name, value)| Some((name.clone(), self.item(*values, value)?)));
                entries.collect::<Option<_>>().map(Literal::Map)
            }
            // Which texts have a format is known to the runtime alone.
            Form::Text if self.outline.has_format(id) => None,
            Form::Text => newtype(text(value)?),
            Form::Number(Some(width)) => newtype(whole(value, *width)?),
            Form::Number(None) => newtype(Literal::Float(value.as_f64()?)),
            Form::List(items) => newtype(self.list(*items, value)?),
            Form::Enumeration(values) => {
                let index = values.iter().position(|one| equal(one, value))?;
                Some(Literal::Variant(self.outline.item(id)?, index))
            }
            Form::Checked(inner) => {
                let inner = self.present(id, inner, value)?;
                Some(Literal::Wrapper(self.outline.item(id)?, Box::new(inner)))
            }
            Form::Untyped(_) => Some(Literal::Wrapper(self.outline.item(id)?, Box::new(Literal::Json(value.clone())))),
            Form::Object => self.object(id, value),
            Form::Union(union) => {
                let (index, inner) = self.alternative(id, union, value)?;
                Some(Literal::Alternative(self.outline.item(id)?, index, Box::new(inner)))
            }
        }
    }

    /// The only alternative that a value can be: whatever tells them apart when a value is read, it tells that one. Of several
    /// none is chosen here.
    fn alternative(&self, id: SchemaId, union: &Union, value: &Value) -> Option<(usize, Literal)> {
        let judge = Validator::new(&self.api.schemas);
        let is = |part: &Part| match part {
            Part::Schema(id) => judge.fits(*id, value),
            Part::Plain(form) => self.present(id, form, value).is_some(),
        };
        let mut fitting = union.alternatives.iter().enumerate().filter(|(_, one)| is(&one.part));
        let (index, one) = fitting.next().filter(|_| fitting.next().is_none())?;
        let (id, form) = match &one.part {
            Part::Schema(alternative) => {
                let used = form::usage(&self.api.schemas, *alternative);
                (used.id, self.outline.form(used.id))
            }
            Part::Plain(form) => (id, form),
        };
        Some((index, self.present(id, form, value)?))
    }

    fn list(&self, items: Option<SchemaId>, value: &Value) -> Option<Literal> {
        value.as_array()?.iter().map(|value| self.item(items, value)).collect::<Option<_>>().map(Literal::List)
    }

    /// One that gives no properties but those that the schema names.
    fn object(&self, id: SchemaId, value: &Value) -> Option<Literal> {
        let given = value.as_object()?;
        let properties = self.outline.properties(self.api, id);
        let field = |(name, value): (&String, &Value)| {
            let property = properties.iter().find(|property| property.json == name)?;
            let Some(schema) = property.schema else { return Some((name.clone(), Some(Literal::Json(value.clone())))) };
            let used = form::usage(&self.api.schemas, schema);
            let form = self.outline.form(used.id);
            let null = value.is_null() && used.nullable && !matches!(form, Form::Any | Form::Null);
            Some((name.clone(), if null { None } else { Some(self.present(used.id, form, value)?) }))
        };
        let fields = given.iter().map(field).collect::<Option<_>>()?;
        Some(Literal::Struct(self.outline.item(id)?, fields))
    }
}

fn text(value: &Value) -> Option<Literal> {
    value.as_str().map(|text| Literal::Text(text.to_owned()))
}

fn decimal(value: &Value) -> Option<Literal> {
    let digits = value.as_number()?.to_string();
    is_plain(&digits).then_some(Literal::Decimal(digits))
}

fn whole(value: &Value, width: Width) -> Option<Literal> {
    let number: &Number = value.as_number()?;
    let whole = integer(number)?;
    let held = match width {
        Width::I64 => i64::try_from(whole).is_ok(),
        Width::U64 => u64::try_from(whole).is_ok(),
        Width::I128 => true,
        Width::U128 => whole >= 0,
    };
    held.then_some(Literal::Integer(whole))
}
