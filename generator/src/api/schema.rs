//! Schemas after resolution: `$ref`s followed, `allOf` merged, one [`SchemaId`] for one place in the document.

use std::ops::Index;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::Place;

/// A schema's identity. Reached twice through one `$ref`, it is the same; written twice, it is two.
/// Parts that a merge left as they were keep theirs (`EventoBase`'s `metadata` in all nine events).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub u32);

/// All schemas of a contract.
#[derive(Clone, Debug, Default)]
pub struct Schemas(pub Vec<Schema>);

impl Index<SchemaId> for Schemas {
    type Output = Schema;
    fn index(&self, id: SchemaId) -> &Schema {
        &self.0[id.0 as usize]
    }
}

/// The JSON types a schema allows, as bits. Absent `type` is all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeSet(pub u8);

#[allow(missing_docs)]
impl TypeSet {
    pub const NULL: Self = Self(1);
    pub const BOOLEAN: Self = Self(2);
    pub const OBJECT: Self = Self(4);
    pub const ARRAY: Self = Self(8);
    pub const STRING: Self = Self(16);
    /// Any number; includes [`INTEGER`](Self::INTEGER).
    pub const NUMBER: Self = Self(32 | 64);
    pub const INTEGER: Self = Self(64);
    pub const ANY: Self = Self(127);

    /// Whether any type of `other` is among these.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    /// Whether all types of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
    /// The types in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// The types in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Whether no type is left.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Default for TypeSet {
    fn default() -> Self {
        Self::ANY
    }
}

/// A schema: draft-07's keywords as one intersection.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Where it was written; of a merged one, the place that `allOf` stands at.
    pub place: Place,
    /// What it was merged from, in order: itself where no `allOf` is involved. A keyword is found at the first of these that
    /// has it.
    pub members: Vec<Place>,
    /// The one schema that it adds nothing to but annotations (`allOf: [{$ref: …}]` beside a `description`): both accept
    /// the same values, and one type does for both.
    pub same_as: Option<SchemaId>,
    /// Its key under `components/schemas` (or `definitions`, `$defs`), where it is such an entry itself.
    pub component: Option<String>,
    /// The nearest component above it and the path of property names and `items` from there; names types
    /// (`EventoBase`, `["metadata"]` names `EventoBaseMetadata`).
    pub owner: Option<String>,
    /// Path from the owner.
    pub path: Vec<String>,
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// `deprecated: true`.
    pub deprecated: bool,
    /// `default`.
    pub default: Option<Value>,
    /// `example`, `examples`.
    pub examples: Vec<Value>,
    /// `x-` fields.
    pub extensions: IndexMap<String, Value>,

    /// `false`: nothing fits.
    pub never: bool,
    /// `type`, `nullable` folded in.
    pub types: TypeSet,
    /// `enum` and `const`, intersected.
    pub enumeration: Option<Vec<Value>>,
    /// `format`.
    pub format: Option<String>,

    /// `minimum`, the tightest.
    pub minimum: Option<Number>,
    /// `exclusiveMinimum`.
    pub exclusive_minimum: Option<Number>,
    /// `maximum`.
    pub maximum: Option<Number>,
    /// `exclusiveMaximum`.
    pub exclusive_maximum: Option<Number>,
    /// Those of these bounds that lie beyond 64 bits, to the last digit.
    pub wide: Option<Box<WideBounds>>,
    /// `multipleOf`; all of them hold.
    pub multiple_of: Vec<Number>,

    /// `minLength`, in Unicode scalar values.
    pub min_length: Option<u64>,
    /// `maxLength`.
    pub max_length: Option<u64>,
    /// `pattern`; all of them hold. ECMA-262 as written.
    pub patterns: Vec<String>,

    /// `items`.
    pub items: Option<Items>,
    /// `minItems`.
    pub min_items: Option<u64>,
    /// `maxItems`.
    pub max_items: Option<u64>,
    /// `uniqueItems`.
    pub unique_items: bool,
    /// `contains`; each of them holds.
    pub contains: Vec<SchemaId>,

    /// `properties`, in the document's order.
    pub properties: IndexMap<String, SchemaId>,
    /// `required`, united.
    pub required: Vec<String>,
    /// `additionalProperties`.
    pub additional: AdditionalProperties,
    /// `patternProperties`.
    pub pattern_properties: IndexMap<String, SchemaId>,
    /// `propertyNames`; each of them holds.
    pub property_names: Vec<SchemaId>,
    /// `minProperties`.
    pub min_properties: Option<u64>,
    /// `maxProperties`.
    pub max_properties: Option<u64>,
    /// `dependencies` that name properties (`dependentRequired`).
    pub dependent_required: IndexMap<String, Vec<String>>,
    /// `dependencies` that are schemas (`dependentSchemas`).
    pub dependent_schemas: IndexMap<String, Vec<SchemaId>>,

    /// Each `oneOf`: exactly one of each list holds.
    pub one_of: Vec<Vec<SchemaId>>,
    /// Each `anyOf`: at least one of each list holds.
    pub any_of: Vec<Vec<SchemaId>>,
    /// `not`: none of these holds.
    pub not: Vec<SchemaId>,
    /// `if`, `then`, `else`.
    pub conditions: Vec<(SchemaId, Option<SchemaId>, Option<SchemaId>)>,
    /// `discriminator`: the property, and OpenAPI's mapping.
    pub discriminator: Option<Discriminator>,
}

/// Bounds of integers beyond 64 bits, which a [`Number`] holds as a double; what is excluded is moved to the integer next to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WideBounds {
    /// The least that is allowed, where that is no `i64`.
    pub minimum: Option<i128>,
    /// The greatest that is allowed, where that is above an `i64`.
    pub maximum: Option<u128>,
}

/// `items`, with `additionalItems` behind a tuple.
#[derive(Clone, Debug)]
pub enum Items {
    /// One schema for all.
    All(SchemaId),
    /// A tuple, and what may follow it (`None` is anything).
    Tuple(Vec<SchemaId>, Option<SchemaId>),
}

/// `additionalProperties`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdditionalProperties {
    /// Absent, or `true`.
    #[default]
    Any,
    /// `false`.
    Forbidden,
    /// A schema.
    Schema(SchemaId),
}

/// Which property tells the alternatives apart.
#[derive(Clone, Debug)]
pub struct Discriminator {
    /// Property name.
    pub property: String,
    /// Value → schema, where a mapping is written.
    pub mapping: IndexMap<String, SchemaId>,
}
