//! What typify makes of the outline's types.
//!
//! Each type of a module is handed over as a definition of its own, every object, enumeration and constrained scalar in
//! it as a `$ref`; typify answers with structs whose fields are options, lists, maps, boxes and built-in types. It is asked only
//! what it knows: titles, patterns, bounds and defaults stay here (it would read `minimum: 1` as `NonZeroU64`, and refuse a
//! pattern that it cannot compile). Definitions are called `T7` and properties `p3`, so that no spelling can make two
//! of them one, and the answer is joined by those names.

use std::collections::{BTreeSet, HashMap, HashSet};

use schemars::schema::{
    ArrayValidation, InstanceType, ObjectValidation, Schema as JsonSchema, SchemaObject, SingleOrVec,
    SubschemaValidation,
};
use serde_json::Value;
use typify::{TypeDetails, TypeId, TypeSpace, TypeSpaceSettings};

use crate::api::{AdditionalProperties, Api, SchemaId};
use crate::diagnostic::Diagnostic;
use crate::naming::{self, Scope, Wanted};
use crate::overrides::{self, Said};

use super::form::{self, Form, Use, Width};
use super::union::{self, Part, Union};
use super::{Alternative, Field, ItemId, Object, Others, Outline, Shape, Spelled, Type, Variant};

/// How the types of one module are put together.
pub(super) fn shapes(outline: &Outline, api: &Api, items: &[ItemId]) -> Vec<(ItemId, Shape)> {
    let question = Question { outline, api };
    // Scalars are known without asking, and stand in by name as other modules' types do.
    let asked: Vec<ItemId> = items.iter().copied().filter(|id| question.is_put_together(*id)).collect();
    let space = question.ask(&asked);
    let answers = Answers::new(&space);
    items.iter().map(|id| (*id, question.shape(*id, &answers))).collect()
}

/// The type of one schema where it is used.
pub(super) fn inline(outline: &Outline, api: &Api, used: Use) -> Type {
    if let (Some(id), false) = (outline.item(used.id), used.nullable) {
        return Type::Named(id);
    }
    let question = Question { outline, api };
    let mut definitions = vec![(ALONE.to_owned(), question.used(used))];
    let settings =
        question.foreign(outline.item(used.id).into_iter().chain(question.beneath(vec![used.id])), &mut definitions);
    let space = ask(&settings, definitions);
    Answers::new(&space).read_named(ALONE)
}

/// What a decimal is called: a built-in type of typify's that nothing else is asked as.
const DECIMAL: &str = "uuid";

/// What a schema is called that stands alone.
const ALONE: &str = "Alone";

fn ask(settings: &TypeSpaceSettings, definitions: Vec<(String, JsonSchema)>) -> TypeSpace {
    let mut space = TypeSpace::new(settings);
    // It refuses nothing of what is built here; were it to, every field would come out as a JSON value.
    let refused = space.add_ref_types(definitions);
    debug_assert!(refused.is_ok(), "{refused:?}");
    space
}

/// What typify calls an item.
fn key(id: ItemId) -> String {
    format!("T{}", id.0)
}

fn property_key(index: usize) -> String {
    format!("p{index}")
}

struct Question<'a> {
    outline: &'a Outline,
    api: &'a Api,
}

impl Question<'_> {
    /// Whether an item is made of others.
    fn is_put_together(&self, id: ItemId) -> bool {
        let form = self.outline.form(self.outline.items[id.0].schema);
        matches!(form.inner(), Form::Object | Form::List(_) | Form::Array(_) | Form::Map(_) | Form::Union(_))
    }

    fn ask(&self, items: &[ItemId]) -> TypeSpace {
        let mut definitions: Vec<(String, JsonSchema)> =
            items.iter().map(|id| (key(*id), self.definition(*id))).collect();
        let own: HashSet<ItemId> = items.iter().copied().collect();
        let foreign: Vec<ItemId> =
            items.iter().flat_map(|id| self.references(*id)).filter(|id| !own.contains(id)).collect();
        let settings = self.foreign(foreign.into_iter(), &mut definitions);
        ask(&settings, definitions)
    }

    /// Types of other modules stand in by name.
    fn foreign(
        &self,
        items: impl Iterator<Item = ItemId>,
        definitions: &mut Vec<(String, JsonSchema)>,
    ) -> TypeSpaceSettings {
        let mut settings = TypeSpaceSettings::default();
        for id in items.collect::<BTreeSet<_>>() {
            settings.with_replacement(key(id), key(id), std::iter::empty());
            definitions.push((key(id), JsonSchema::Bool(true)));
        }
        settings
    }

    /// The items that an item refers to.
    fn references(&self, id: ItemId) -> Vec<ItemId> {
        let schema_id = self.outline.items[id.0].schema;
        let schema = &self.api.schemas[schema_id];
        self.beneath(match self.outline.form(schema_id).inner() {
            Form::Object => schema.properties.values().copied().chain(additional(schema.additional)).collect(),
            Form::List(items) | Form::Array(items) | Form::Map(items) => items.iter().copied().collect(),
            Form::Union(union) => {
                let of_it = |one: &union::Alternative| match &one.part {
                    Part::Schema(id) => Some(*id),
                    Part::Plain(Form::Array(inner) | Form::Map(inner)) => *inner,
                    Part::Plain(_) => None,
                };
                union.alternatives.iter().filter_map(of_it).collect()
            }
            _ => Vec::new(),
        })
    }

    /// The nearest items beneath these schemas.
    fn beneath(&self, mut pending: Vec<SchemaId>) -> Vec<ItemId> {
        let mut found = Vec::new();
        while let Some(next) = pending.pop() {
            let used = form::usage(&self.api.schemas, next);
            match self.outline.form(used.id) {
                Form::Array(inner) | Form::Map(inner) => pending.extend(*inner),
                _ => found.extend(self.outline.item(used.id)),
            }
        }
        found
    }

    fn definition(&self, id: ItemId) -> JsonSchema {
        let schema_id = self.outline.items[id.0].schema;
        let schema = &self.api.schemas[schema_id];
        match self.outline.form(schema_id) {
            Form::Object => {
                let fields = self.outline.properties(self.api, schema_id);
                let mut object = ObjectValidation::default();
                for (index, property) in fields.iter().enumerate() {
                    let schema = property.schema.map_or(JsonSchema::Bool(true), |id| self.inline(id));
                    object.properties.insert(property_key(index), schema);
                    if property.required {
                        object.required.insert(property_key(index));
                    }
                }
                if let AdditionalProperties::Schema(values) = schema.additional {
                    // As a field of its own: the flattened one that typify would make has a fixed name.
                    let values = object_of(Some(self.inline(values)));
                    object.properties.insert(property_key(fields.len()), values);
                    object.required.insert(property_key(fields.len()));
                }
                typed(InstanceType::Object, |s| s.object = Some(Box::new(object)))
            }
            Form::List(items) => self.list(*items),
            // As a struct of its alternatives: where a struct needs a box not to be infinite, so does an enum.
            Form::Union(union) => {
                let mut object = ObjectValidation::default();
                for (index, one) in union.alternatives.iter().enumerate() {
                    let schema = match &one.part {
                        Part::Schema(id) => self.used(Use { nullable: false, ..form::usage(&self.api.schemas, *id) }),
                        Part::Plain(form) => self.plain(form),
                    };
                    object.properties.insert(property_key(index), schema);
                    object.required.insert(property_key(index));
                }
                typed(InstanceType::Object, |s| s.object = Some(Box::new(object)))
            }
            other => self.plain(other.inner()),
        }
    }

    /// A schema where it is used.
    fn inline(&self, id: SchemaId) -> JsonSchema {
        self.used(form::usage(&self.api.schemas, id))
    }

    fn used(&self, used: Use) -> JsonSchema {
        let schema = match (self.outline.item(used.id), self.outline.form(used.id)) {
            (Some(item), _) => reference(key(item)),
            (None, Form::Any | Form::Untyped(_)) => return JsonSchema::Bool(true),
            (None, form) => self.plain(form),
        };
        if used.nullable { nullable(schema) } else { schema }
    }

    /// A value of a form that has no type of its own.
    fn plain(&self, form: &Form) -> JsonSchema {
        match form {
            Form::Null => typed(InstanceType::Null, |_| {}),
            Form::Boolean => typed(InstanceType::Boolean, |_| {}),
            Form::Integer(width) => integer(*width),
            Form::Float => typed(InstanceType::Number, |_| {}),
            Form::Decimal { .. } => typed(InstanceType::String, |s| s.format = Some(DECIMAL.to_owned())),
            Form::String => typed(InstanceType::String, |_| {}),
            Form::Spelled(one) => typed(InstanceType::String, |s| s.format = Some(one.asked().to_owned())),
            Form::Array(items) => self.list(*items),
            Form::Map(values) => object_of(Some(values.map_or(JsonSchema::Bool(true), |id| self.inline(id)))),
            _ => JsonSchema::Bool(true),
        }
    }

    fn list(&self, items: Option<SchemaId>) -> JsonSchema {
        let items = items.map_or(JsonSchema::Bool(true), |id| self.inline(id));
        typed(InstanceType::Array, |s| {
            s.array = Some(Box::new(ArrayValidation {
                items: Some(SingleOrVec::Single(Box::new(items))),
                ..ArrayValidation::default()
            }));
        })
    }

    /// Puts the answer and the schema together.
    fn shape(&self, id: ItemId, answers: &Answers<'_>) -> Shape {
        let schema_id = self.outline.items[id.0].schema;
        match self.outline.form(schema_id) {
            Form::Object => Shape::Object(self.object(id, schema_id, answers)),
            Form::Union(union) => Shape::Union(self.alternatives(id, union, answers)),
            Form::Number(width) => Shape::Number(match width {
                None => Type::F64,
                Some(width) => whole(*width),
            }),
            Form::Decimal { .. } => Shape::Number(Type::Decimal),
            Form::Enumeration(_) => Shape::Enumeration(self.outline.variants(schema_id)),
            Form::List(_) => match answers.wrapped(id) {
                list @ Type::Vec(_) => Shape::List(list),
                other => Shape::Wrapper(other),
            },
            Form::Checked(inner) => match &**inner {
                Form::Array(_) | Form::Map(_) => Shape::Wrapper(answers.wrapped(id)),
                Form::Boolean => Shape::Wrapper(Type::Bool),
                Form::Integer(width) => Shape::Wrapper(whole(*width)),
                Form::Float => Shape::Wrapper(Type::F64),
                Form::Null => Shape::Wrapper(Type::Null),
                _ => Shape::Wrapper(Type::String),
            },
            Form::Untyped(_) => Shape::Wrapper(Type::Value),
            _ => Shape::Text,
        }
    }

    fn alternatives(&self, id: ItemId, union: &Union, answers: &Answers<'_>) -> Vec<Alternative> {
        let types: Vec<Type> = (0..union.alternatives.len()).map(|index| answers.field(id, index)).collect();
        let bare = |ty: &Type| match ty {
            Type::Box(inner) => (**inner).clone(),
            other => other.clone(),
        };
        let alternative = |(index, one): (usize, &union::Alternative)| {
            let schema = match one.part {
                Part::Schema(id) => Some(id),
                Part::Plain(_) => None,
            };
            let told_by = union.tag.as_ref().filter(|_| one.lenient).zip(schema).map(|(tag, schema)| {
                let used = form::usage(&self.api.schemas, schema);
                self.outline.field_ident(self.api, used.id, tag)
            });
            let same = types.iter().filter(|ty| bare(ty) == bare(&types[index])).count();
            Alternative {
                ident: one.ident.clone(),
                ty: types[index].clone(),
                schema,
                values: one.values.clone(),
                told_by,
                unique: same == 1,
            }
        };
        union.alternatives.iter().enumerate().map(alternative).collect()
    }

    fn object(&self, id: ItemId, schema_id: SchemaId, answers: &Answers<'_>) -> Object {
        let schema = &self.api.schemas[schema_id];
        let properties = self.outline.properties(self.api, schema_id);
        let rest = || {
            let taken: Vec<&str> = properties.iter().map(|property| property.ident.as_str()).collect();
            Scope::without(&taken).take("additional_properties")
        };
        let rest_at = properties.len();
        let others = match schema.additional {
            AdditionalProperties::Forbidden if schema.pattern_properties.is_empty() => Others::Refused,
            AdditionalProperties::Schema(_) if schema.pattern_properties.is_empty() => {
                Others::Kept(rest(), answers.field(id, rest_at))
            }
            // Rules may speak of any of them.
            _ if self.outline.keeps(schema_id)
                || !schema.pattern_properties.is_empty()
                || schema.min_properties.is_some_and(|n| n > 0)
                || schema.max_properties.is_some() =>
            {
                Others::Kept(rest(), Type::Map(Box::new(Type::Value)))
            }
            _ => Others::Ignored,
        };
        let fields = properties
            .into_iter()
            .enumerate()
            .map(|(index, property)| {
                let used = property.schema.map(|id| form::usage(&self.api.schemas, id));
                let absence = property.schema.filter(|_| !property.required);
                Field {
                    absence: absence.and_then(|id| self.outline.absence(self.api, schema_id, id)),
                    json: property.json.to_owned(),
                    ident: property.ident,
                    schema: property.schema,
                    required: property.required,
                    nullable: used.is_some_and(|used| self.is_nullable(used)),
                    ty: present(answers.field(id, index)),
                }
            })
            .collect();
        Object { fields, others }
    }

    /// A JSON value holds `null` by itself.
    fn is_nullable(&self, used: Use) -> bool {
        used.nullable && !matches!(self.outline.form(used.id), Form::Any | Form::Null)
    }
}

/// A field's type when it is present and not null.
fn present(ty: Type) -> Type {
    match ty {
        Type::Nullable(inner) => present(*inner),
        Type::Box(inner) if matches!(*inner, Type::Nullable(_)) => Type::Box(Box::new(present(*inner))),
        other => other,
    }
}

fn additional(additional: AdditionalProperties) -> Option<SchemaId> {
    match additional {
        AdditionalProperties::Schema(id) => Some(id),
        AdditionalProperties::Any | AdditionalProperties::Forbidden => None,
    }
}

/// The variants of an enumeration; some of its values may have been given names.
pub(super) fn variants(values: &[Value], named: &[(Value, Said)], findings: &mut Vec<Diagnostic>) -> Vec<Variant> {
    let wanted: Vec<Wanted> = values
        .iter()
        .map(|value| {
            let spelling = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Wanted { name: naming::pascal(&spelling), spelling }
        })
        .collect();
    let said: HashMap<String, &Said> = named.iter().map(|(value, said)| (value.to_string(), said)).collect();
    let said: Vec<Option<&Said>> = values.iter().map(|value| said.get(&value.to_string()).copied()).collect();
    let idents = overrides::assign(&mut Scope::default(), &wanted, &said, findings);
    values.iter().zip(idents).map(|(value, ident)| Variant { ident, value: value.clone() }).collect()
}

fn typed(instance: InstanceType, fill: impl FnOnce(&mut SchemaObject)) -> JsonSchema {
    let mut schema = SchemaObject { instance_type: Some(instance.into()), ..SchemaObject::default() };
    fill(&mut schema);
    JsonSchema::Object(schema)
}

fn integer(width: Width) -> JsonSchema {
    typed(InstanceType::Integer, |s| {
        s.format = match width {
            Width::I64 => None,
            Width::U64 => Some("uint64".to_owned()),
            // It knows none of 128 bits, and nothing else is asked as these.
            Width::I128 => Some("int32".to_owned()),
            Width::U128 => Some("uint32".to_owned()),
        };
    })
}

const fn whole(width: Width) -> Type {
    match width {
        Width::I64 => Type::I64,
        Width::U64 => Type::U64,
        Width::I128 => Type::I128,
        Width::U128 => Type::U128,
    }
}

fn object_of(values: Option<JsonSchema>) -> JsonSchema {
    typed(InstanceType::Object, |s| {
        s.object = Some(Box::new(ObjectValidation {
            additional_properties: values.map(Box::new),
            ..ObjectValidation::default()
        }));
    })
}

fn reference(key: String) -> JsonSchema {
    JsonSchema::Object(SchemaObject { reference: Some(format!("#/definitions/{key}")), ..SchemaObject::default() })
}

fn nullable(schema: JsonSchema) -> JsonSchema {
    let alternatives = vec![schema, typed(InstanceType::Null, |_| {})];
    JsonSchema::Object(SchemaObject {
        subschemas: Some(Box::new(SubschemaValidation {
            one_of: Some(alternatives),
            ..SubschemaValidation::default()
        })),
        ..SchemaObject::default()
    })
}

/// typify's form, by the names that were given.
struct Answers<'a> {
    space: &'a TypeSpace,
    /// The fields of structs, by item and index.
    fields: HashMap<(usize, usize), TypeId>,
    /// What a definition that is no struct wraps.
    wrapped: HashMap<String, TypeId>,
}

impl<'a> Answers<'a> {
    fn new(space: &'a TypeSpace) -> Self {
        let mut fields = HashMap::new();
        let mut wrapped = HashMap::new();
        for ty in space.iter_types() {
            match ty.details() {
                TypeDetails::Struct(details) => {
                    let Some(item) = number('T', &ty.name()) else { continue };
                    let named = details.properties_info().filter_map(|p| Some((number('p', p.name)?, p.type_id)));
                    fields.extend(named.map(|(index, id)| ((item, index), id)));
                }
                TypeDetails::Newtype(details) => {
                    wrapped.insert(ty.name(), details.inner());
                }
                _ => {}
            }
        }
        Self { space, fields, wrapped }
    }

    fn field(&self, item: ItemId, index: usize) -> Type {
        self.read(self.fields.get(&(item.0, index)))
    }

    fn wrapped(&self, item: ItemId) -> Type {
        self.read_named(&key(item))
    }

    fn read_named(&self, name: &str) -> Type {
        self.read(self.wrapped.get(name))
    }

    fn read(&self, id: Option<&TypeId>) -> Type {
        let Some(ty) = id.and_then(|id| self.space.get_type(id).ok()) else { return Type::Value };
        match ty.details() {
            TypeDetails::Option(inner) => Type::Nullable(Box::new(self.read(Some(&inner)))),
            TypeDetails::Vec(inner) => Type::Vec(Box::new(self.read(Some(&inner)))),
            TypeDetails::Map(_, values) => Type::Map(Box::new(self.read(Some(&values)))),
            TypeDetails::Box(inner) => Type::Box(Box::new(self.read(Some(&inner)))),
            TypeDetails::Unit => Type::Null,
            TypeDetails::String => Type::String,
            TypeDetails::Builtin(name) => builtin(name),
            TypeDetails::Enum(_) | TypeDetails::Struct(_) | TypeDetails::Newtype(_) => named(&ty.name()),
            TypeDetails::Set(_) | TypeDetails::Tuple(_) | TypeDetails::Array(..) => Type::Value,
        }
    }
}

fn builtin(name: &str) -> Type {
    match name {
        "bool" => Type::Bool,
        "i64" => Type::I64,
        "u64" => Type::U64,
        "i32" => Type::I128,
        "u32" => Type::U128,
        "f64" => Type::F64,
        "::uuid::Uuid" => Type::Decimal,
        // A free object: typify spells it as serde_json's own map.
        _ if name.contains("Map") => Type::Map(Box::new(Type::Value)),
        _ => Spelled::answered(name).map_or_else(|| named(name), Type::Spelled),
    }
}

fn named(name: &str) -> Type {
    number('T', name).map_or(Type::Value, |n| Type::Named(ItemId(n)))
}

/// The number in a name that was given.
fn number(letter: char, name: &str) -> Option<usize> {
    name.strip_prefix(letter)?.parse().ok()
}
