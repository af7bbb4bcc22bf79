//! What of a value must come back from the type that read it: all of it, but for properties of which the schema says nothing.

use conecta_gen::api::{AdditionalProperties, Items, SchemaId, TypeSet};
use serde_json::{Value, json};

use crate::{judge::same, model::Model};

impl Model<'_> {
    /// These schemas and the alternatives of theirs that a value fits.
    fn applying(&self, ids: &[SchemaId], value: &Value) -> Vec<SchemaId> {
        let mut all: Vec<SchemaId> = Vec::new();
        let mut pending = ids.to_vec();
        while let Some(id) = pending.pop() {
            if all.contains(&id) {
                continue;
            }
            all.push(id);
            let schema = &self.schemas[id];
            for list in schema.one_of.iter().chain(&schema.any_of) {
                pending.extend(self.fitting(schema, list, value, &|one| self.accepts(one, value)));
            }
            // An `if` asks for a property without describing it.
            for (when, then, otherwise) in &schema.conditions {
                let met = self.accepts(*when, value);
                pending.extend(if met { then } else { otherwise });
            }
            let present = schema.dependent_schemas.iter().filter(|(name, _)| value.get(name).is_some());
            pending.extend(present.flat_map(|(_, ids)| ids));
        }
        all
    }

    /// What these schemas say of a property.
    fn of_property(&self, ids: &[SchemaId], name: &str) -> Vec<SchemaId> {
        let mut all = Vec::new();
        for id in ids {
            let schema = &self.schemas[*id];
            let before = all.len();
            all.extend(schema.properties.get(name));
            let matching =
                schema.pattern_properties.iter().filter(|(p, _)| self.word("pattern", &json!(p), &json!(name)));
            all.extend(matching.map(|(_, id)| id));
            if let (true, AdditionalProperties::Schema(other)) = (all.len() == before, schema.additional) {
                all.push(other);
            }
        }
        all
    }

    /// What these schemas say of an item.
    fn of_item(&self, ids: &[SchemaId], index: usize) -> Vec<SchemaId> {
        let of = |id: &SchemaId| match &self.schemas[*id].items {
            Some(Items::All(all)) => Some(*all),
            Some(Items::Tuple(first, rest)) => first.get(index).copied().or(*rest),
            None => None,
        };
        ids.iter().filter_map(of).collect()
    }

    /// Whether one of these schemas wants an integer, which must come back to the last digit.
    fn is_integer(&self, ids: &[SchemaId]) -> bool {
        ids.iter().any(|id| {
            let types = self.schemas[*id].types;
            types.intersects(TypeSet::INTEGER) && !types.contains(TypeSet::NUMBER)
        })
    }

    /// Whether a value is what one of these schemas says of a property that is absent.
    fn is_default(&self, ids: &[SchemaId], name: &str, value: &Value) -> bool {
        self.of_property(ids, name).iter().any(|id| self.schemas[*id].default.as_ref() == Some(value))
    }
}

/// How what came back differs from what went in, the schemas `ids` being those of the value; `None` where nothing is lost.
pub(crate) fn difference(
    model: &Model<'_>,
    ids: &[SchemaId],
    went: &Value,
    came: &Value,
    path: &str,
) -> Option<String> {
    let ids = model.applying(ids, went);
    match (went, came) {
        (Value::Object(went), Value::Object(came)) => {
            for (name, value) in went {
                let path = format!("{path}/{name}");
                let below = model.of_property(&ids, name);
                match came.get(name) {
                    Some(other) => {
                        if let Some(found) = difference(model, &below, value, other, &path) {
                            return Some(found);
                        }
                    }
                    None if below.is_empty() => {}
                    None => return Some(format!("`{path}` does not come back")),
                }
            }
            let made_up =
                came.iter().find(|(name, value)| !went.contains_key(*name) && !model.is_default(&ids, name, value));
            made_up.map(|(name, _)| format!("`{path}/{name}` was not there"))
        }
        (Value::Array(went), Value::Array(came)) if went.len() == came.len() => {
            went.iter().zip(came).enumerate().find_map(|(index, (went, came))| {
                difference(model, &model.of_item(&ids, index), went, came, &format!("{path}/{index}"))
            })
        }
        // A `number` is a double, and comes back as the nearest one.
        (Value::Number(went), Value::Number(came)) if !model.is_integer(&ids) && went.as_f64() == came.as_f64() => None,
        _ => (!same(went, came)).then(|| format!("`{path}` comes back as another value")),
    }
}

#[test]
fn a_property_that_a_schema_describes_must_come_back() {
    let components = json!({ crate::schemas::ROOT: { "properties": { "a": { "type": "object" } }, "additionalProperties": { "type": "integer" } } });
    let loaded = crate::case::load(&crate::case::document(components.as_object().unwrap()));
    let model = Model::new(&loaded.api.as_ref().unwrap().schemas);
    let payload = [crate::case::payload(&loaded).unwrap()];
    let difference = |went: Value, came: Value| difference(&model, &payload, &went, &came, "");
    assert_eq!(difference(json!({ "a": { "x": 1 }, "b": 1 }), json!({ "a": {}, "b": 1.0 })), None);
    assert!(difference(json!({ "b": 1 }), json!({})).unwrap().contains("/b"));
    assert!(difference(json!({}), json!({ "a": {} })).unwrap().contains("was not there"));
    assert!(difference(json!({ "b": 1 }), json!({ "b": 2 })).is_some());
    assert!(
        difference(json!({ "b": 9_223_372_036_854_775_807_i64 }), json!({ "b": 9_223_372_036_854_775_807.0 }))
            .is_some()
    );
}
