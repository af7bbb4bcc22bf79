//! Which Rust type each schema becomes.
//!
//! In three steps, each in a module of its own:
//!
//! 1. [`form`] says what a schema is by itself: an object, a text with a pattern, a list, or nothing that a type can hold.
//! 2. [`outline`] walks from the messages, gives each schema that needs a type of its own a name and a module.
//! 3. [`typify`](mod@self::ask) is asked, a module at a time, how those types are put together: what is optional, what
//!    is a list or a map of what, where a recursion needs a box. What it cannot know (names on the wire, constraints,
//!    descriptions) is joined from the schema by name.
//!
//! Alternatives become enums where that is exact ([`union`]). What a type cannot express is held against [`rules`]; a schema that no type can hold becomes a JSON value with rules,
//! and a warning at its place; never a wrong type.

pub(crate) mod apart;
mod ask;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod literal;
mod loss;
mod name;
mod outline;
pub(crate) mod rules;
#[cfg(test)]
mod share;
pub(crate) mod spelled;
pub(crate) mod union;
pub(crate) mod width;

use serde_json::Value;

use crate::api::{Api, MessageId, SchemaId};

pub(crate) use literal::{Absence, Literal};
pub(crate) use outline::{Outline, outline};
pub(crate) use spelled::Spelled;

/// A Rust type, as it is written where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// `::conecta_runtime::Value`.
    Value,
    /// `()`, JSON's `null`.
    Null,
    Bool,
    I64,
    U64,
    I128,
    U128,
    F64,
    Decimal,
    String,
    Spelled(Spelled),
    /// A type of the crate.
    Named(ItemId),
    Vec(Box<Type>),
    Map(Box<Type>),
    /// May be `null`.
    Nullable(Box<Type>),
    Box(Box<Type>),
}

/// Index into [`Outline::items`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ItemId(pub(crate) usize);

/// A type of the crate.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its name.
    pub(crate) name: String,
    /// What it is made from.
    pub(crate) schema: SchemaId,
    /// The message whose payload it is, where that is its only use: the type is the message's then.
    pub(crate) message: Option<MessageId>,
    /// Where it is written.
    pub(crate) module: Module,
    /// The name of its builder, of an object.
    pub(crate) builder: String,
}

/// A module of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Module {
    /// Of a channel, an index into [`Api::channels`].
    Channel(usize),
    /// `headers`.
    Headers,
    /// `schemas`: what the document says once and uses in several places.
    Schemas,
}

/// How a type is put together.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Object(Object),
    Text,
    Number(Type),
    Enumeration(Vec<Variant>),
    List(Type),
    /// One of several alternatives.
    Union(Vec<Alternative>),
    /// A transparent wrapper.
    Wrapper(Type),
}

/// The fields of an object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// In the document's order.
    pub(crate) fields: Vec<Field>,
    /// What may stand beside them.
    pub(crate) others: Others,
}

/// Properties that an object does not name.
#[derive(Clone, Debug)]
pub(crate) enum Others {
    /// Tolerated and dropped.
    Ignored,
    /// Refused.
    Refused,
    /// Kept in this field, each of this type.
    Kept(String, Type),
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its identifier, without `r#`.
    pub(crate) ident: String,
    /// Its name on the wire.
    pub(crate) json: String,
    /// Its schema; absent of one that is required without being described.
    pub(crate) schema: Option<SchemaId>,
    /// Its type when it is present and not null.
    pub(crate) ty: Type,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// Whether it may be null.
    pub(crate) nullable: bool,
    /// What its absence means, where the contract says so.
    pub(crate) absence: Option<Absence>,
}

impl Field {
    /// Whether its field always has something to say: the property is required, or its absence is filled in.
    pub(crate) fn is_certain(&self) -> bool {
        self.required || self.absence.as_ref().is_some_and(|absence| absence.fills)
    }
}

/// A variant of an enumeration.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    /// Its identifier.
    pub(crate) ident: String,
    /// Its value on the wire.
    pub(crate) value: Value,
}

/// A variant of an enum of alternatives.
#[derive(Clone, Debug)]
pub(crate) struct Alternative {
    /// Its identifier.
    pub(crate) ident: String,
    /// What it holds.
    pub(crate) ty: Type,
    /// The schema of that, where it is one of its own.
    pub(crate) schema: Option<SchemaId>,
    /// What stands in the property that tells the alternatives apart.
    pub(crate) values: Vec<String>,
    /// The field of that property, where its type lets other values stand there.
    pub(crate) told_by: Option<String>,
    /// Whether no other variant holds the same type.
    pub(crate) unique: bool,
}

impl Outline {
    /// How each of these types is put together, in their order.
    pub(crate) fn shapes(&self, api: &Api, items: &[ItemId]) -> Vec<(ItemId, Shape)> {
        ask::shapes(self, api, items)
    }

    /// The fields of an object.
    pub(crate) fn properties<'a>(&self, api: &'a Api, id: SchemaId) -> Vec<fields::Property<'a>> {
        fields::properties(&api.schemas[id], self.idents(id))
    }

    /// The identifier of one field of an object.
    pub(crate) fn field_ident(&self, api: &Api, id: SchemaId, name: &str) -> String {
        let property = self.properties(api, id).into_iter().find(|property| property.json == name);
        property.map(|property| property.ident).unwrap_or_default()
    }

    /// The identifier of a variant of an enumeration.
    pub(crate) fn variant(&self, item: ItemId, index: usize) -> String {
        let variants = self.variants(self.items[item.0].schema);
        variants.into_iter().nth(index).map(|variant| variant.ident).unwrap_or_default()
    }

    /// The type of a schema where it is used.
    pub(crate) fn inline(&self, api: &Api, used: form::Use) -> Type {
        ask::inline(self, api, used)
    }
}
