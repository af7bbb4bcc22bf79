//! The fields of an object: their order and their identifiers.

use std::collections::HashMap;

use crate::api::{AdditionalProperties, Schema, SchemaId};
use crate::diagnostic::Diagnostic;
use crate::naming::{self, Scope, Wanted};
use crate::overrides::{self, Said};

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

/// The properties of an object, in the order of [`names`]; `idents` are theirs.
pub(super) fn properties<'a>(schema: &'a Schema, idents: &[String]) -> Vec<Property<'a>> {
    let property = |((json, id), ident): ((&'a str, _), &String)| Property {
        json,
        ident: ident.clone(),
        schema: id,
        required: schema.required.iter().any(|required| required == json),
    };
    names(schema).zip(idents).map(property).collect()
}

/// The identifiers of an object's fields; some may have been said.
pub(super) fn idents(
    schema: &Schema,
    said: Option<&HashMap<String, Said>>,
    findings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let wanted: Vec<Wanted> = names(schema)
        .map(|(name, _)| Wanted { name: naming::safe_field(naming::snake(name)), spelling: name.to_owned() })
        .collect();
    let Some(said) = said else { return Scope::default().assign(&wanted) };
    let said: Vec<Option<&Said>> = wanted.iter().map(|wanted| said.get(&wanted.spelling)).collect();
    overrides::assign(&mut Scope::default(), &wanted, &said, findings)
}

/// The names of an object: described ones in their order, then those that are only required.
fn names(schema: &Schema) -> impl Iterator<Item = (&str, Option<SchemaId>)> {
    let described = schema.properties.iter().map(|(name, id)| (name.as_str(), Some(*id)));
    let bare = schema.required.iter().filter(|name| !schema.properties.contains_key(*name));
    let undescribed = match schema.additional {
        AdditionalProperties::Schema(id) if schema.pattern_properties.is_empty() => Some(id),
        _ => None,
    };
    described.chain(bare.map(move |name| (name.as_str(), undescribed)))
}
