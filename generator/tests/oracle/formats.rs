//! The same schema in other words: those of OpenAPI 3.0 (`nullable`), around it those of AsyncAPI 3 (`schemaFormat`), and as
//! headers.

use conecta_gen::api::{Payload, SchemaId};
use serde_json::{Value, json};

use crate::{
    case,
    instances::Instances,
    judge::Judge,
    model::Model,
    schemas::{Components, ROOT},
    seeds,
};

/// Values for each schema.
const VALUES: usize = 200;

/// A document of AsyncAPI 3 whose only message has the root for its payload and for its headers.
fn document(components: &Components, format: &str) -> Value {
    let root = json!({ "$ref": format!("#/components/schemas/{ROOT}") });
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Oracle", "version": "1.0.0" },
        "channels": { "things": { "address": "things", "messages": { "Thing": {
            "payload": { "schemaFormat": format, "schema": root },
            "headers": { "schemaFormat": format, "schema": root },
        } } } },
        "components": { "schemas": components },
    })
}

/// `type: [X, null]` as OpenAPI 3.0 says it. How often it was.
fn say_nullable(schema: &mut Value) -> usize {
    let mut said = 0;
    if let Some(Value::Array(types)) = schema.get("type")
        && let [one, null] = types.as_slice()
        && null == "null"
    {
        schema["type"] = one.clone();
        schema["nullable"] = json!(true);
        said += 1;
    }
    let below: Vec<&mut Value> = match schema {
        Value::Object(object) => object.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => return 0,
    };
    said + below.into_iter().map(say_nullable).sum::<usize>()
}

#[test]
fn openapi_schemas_and_headers_accept_what_the_judge_accepts() {
    let (mut said, mut failures) = (0, Vec::new());
    for seed in seeds(120) {
        let components = case::components(seed);
        let judge = Judge::of_component(&components, ROOT).expect("a schema of draft-07");
        let mut words = Value::Object(components.clone());
        said += say_nullable(&mut words);
        let loaded = case::load(&document(words.as_object().unwrap(), "application/vnd.oai.openapi;version=3.0.0"));
        if loaded.blocked() {
            continue;
        }
        let api = loaded.api.as_ref().unwrap();
        let message = &api.messages[0];
        let Payload::Schema(payload) = message.payload else { panic!("seed {seed}: the payload is not typed") };
        let schemas: Vec<SchemaId> = std::iter::once(payload).chain(message.headers).collect();
        let model = Model::new(&api.schemas);
        let source = case::document(&components);
        for value in Instances::new(&source, seed).make(&format!("/components/schemas/{ROOT}"), VALUES) {
            if Judge::errs(&source, &value) {
                continue;
            }
            let expected = judge.accepts(&value);
            if let Some(id) = schemas.iter().find(|id| model.accepts(**id, &value) != expected) {
                failures.push(format!("seed {seed}, {id:?}: {words}\n  {value}\n  judge: {}", judge.reason(&value)));
                break;
            }
        }
    }
    assert!(said > 20 || seeds(120).len() < 120, "only {said} of them say `nullable`: too few to mean anything");
    assert!(failures.is_empty(), "{} disagree\n\n{}", failures.len(), failures.join("\n"));
}
