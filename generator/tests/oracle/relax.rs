//! What the generator says it does not enforce, taken out of the model; and what it says it takes for an object.
//!
//! Known from its warnings and from nothing else: what a type lets through without one is a disagreement.

use conecta_gen::{
    Loaded,
    api::{AdditionalProperties, Schema, SchemaId, Schemas, TypeSet},
    diagnostic::{At, Code, Diagnostic},
};

/// The model without what these findings name; `None` where they name nothing.
pub(crate) fn relaxed(loaded: &Loaded, findings: &[Diagnostic]) -> Option<Schemas> {
    let mut schemas = loaded.api.as_ref()?.schemas.clone();
    let mut any = false;
    for finding in findings {
        any |= relax(loaded, &mut schemas, finding);
    }
    any.then_some(schemas)
}

fn relax(loaded: &Loaded, schemas: &mut Schemas, finding: &Diagnostic) -> bool {
    let Some(At::Value(place) | At::Key(place)) = finding.at else { return false };
    let anything = anything(schemas);
    let here = schemas.0.iter_mut().filter(|schema| schema.place == place);
    match finding.code {
        // The one thing that is narrower than the schema.
        Code::IMPLICIT_OBJECT => here.for_each(|schema| schema.types = TypeSet::OBJECT),
        Code::KEYWORD_NOT_ENFORCED => {
            let Some(keyword) = finding.message.split('`').nth(1) else { return false };
            here.for_each(|schema| without(schema, keyword, anything));
        }
        Code::PATTERN_NOT_ENFORCED => return without_pattern(loaded, schemas, place),
        _ => return false,
    }
    true
}

/// A schema that says nothing.
fn anything(schemas: &mut Schemas) -> SchemaId {
    schemas.0.push(Schema::default());
    SchemaId(u32::try_from(schemas.0.len() - 1).unwrap())
}

fn without(schema: &mut Schema, keyword: &str, anything: SchemaId) {
    match keyword {
        "oneOf" => schema.one_of.clear(),
        "anyOf" => schema.any_of.clear(),
        "not" => schema.not.clear(),
        "if" => schema.conditions.clear(),
        "contains" => schema.contains.clear(),
        "items" => schema.items = None,
        "propertyNames" => schema.property_names.clear(),
        // The names that match are still none that `additionalProperties` speaks of.
        "patternProperties" => schema.pattern_properties.values_mut().for_each(|of| *of = anything),
        "additionalProperties" => schema.additional = AdditionalProperties::Any,
        "dependencies" => {
            schema.dependent_required.clear();
            schema.dependent_schemas.clear();
        }
        "minProperties" => schema.min_properties = None,
        "maxProperties" => schema.max_properties = None,
        other => panic!("`{other}` is not enforced: say here what the model is without it"),
    }
}

/// A pattern stands in a schema itself or is a key of its `patternProperties`.
fn without_pattern(loaded: &Loaded, schemas: &mut Schemas, place: conecta_gen::document::Place) -> bool {
    let document = &loaded.document;
    let of = |schema: &Schema, at| schema.members.contains(&at);
    match (document.key(place), document.str(place), document.parent(place)) {
        (Some("pattern"), Some(text), Some(at)) => {
            for schema in schemas.0.iter_mut().filter(|schema| of(schema, at)) {
                schema.patterns.retain(|pattern| pattern != text);
            }
        }
        (Some(text), _, Some(map)) => {
            for schema in schemas.0.iter_mut().filter(|schema| document.parent(map).is_some_and(|at| of(schema, at))) {
                // What no name is known not to match, every name may be an exception to.
                if schema.pattern_properties.shift_remove(text).is_some() {
                    schema.additional = AdditionalProperties::Any;
                }
            }
        }
        _ => return false,
    }
    true
}
