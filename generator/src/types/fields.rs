//! The fields of an object: their order and their identifiers.

use crate::api::{AdditionalProperties, Schema, SchemaId};
use crate::naming::{self, Scope, Wanted};

/// A property, and the field that it becomes.
#[derive(Clone, Debug)]
pub(crate) struct Property<'a> {
    /// Its name on the wire.
    pub(crate) json: &'a str,
    /// The identifier of its field, without `r#`.
    pub(crate) ident: String,
    /// Its schema; absent of one that is only listed in `required`, where the schema says nothing of such properties.
    pub(crate) schema: Option<SchemaId>,
    /// Whether it must be there.
    pub(crate) required: bool,
}

/// The properties of an object: described ones in their order, then those that are only required; and the scope of their
/// identifiers.
pub(crate) fn properties(schema: &Schema) -> (Vec<Property<'_>>, Scope) {
    let described = schema.properties.iter().map(|(name, id)| (name.as_str(), Some(*id)));
    let bare = schema.required.iter().filter(|name| !schema.properties.contains_key(*name));
    let undescribed = match schema.additional {
        AdditionalProperties::Schema(id) if schema.pattern_properties.is_empty() => Some(id),
        _ => None,
    };
    let names: Vec<(&str, Option<SchemaId>)> = described.chain(bare.map(|name| (name.as_str(), undescribed))).collect();
    let wanted: Vec<Wanted> = names
        .iter()
        .map(|(name, _)| Wanted { name: naming::safe_field(naming::snake(name)), spelling: (*name).to_owned() })
        .collect();
    let mut scope = Scope::default();
    let idents = scope.assign(&wanted);
    let properties = names
        .into_iter()
        .zip(idents)
        .map(|((json, id), ident)| Property {
            json,
            ident,
            schema: id,
            required: schema.required.iter().any(|required| required == json),
        })
        .collect();
    (properties, scope)
}

/// The identifier of one field.
pub(crate) fn ident(schema: &Schema, name: &str) -> String {
    let (properties, _) = properties(schema);
    properties.into_iter().find(|property| property.json == name).map(|property| property.ident).unwrap_or_default()
}
