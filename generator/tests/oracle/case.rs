//! A case: schemas, the document that carries them, and the smallest case that still goes wrong.

use conecta_gen::{
    Loaded,
    api::{Payload, SchemaId},
    document::{NoFiles, Source},
};
use serde_json::{Value, json};

use crate::{
    rng::Rng,
    schemas::{self, Components, ROOT},
};

/// A document whose only message has these schemas' root for its payload.
pub(crate) fn document(components: &Components) -> Value {
    json!({
        "asyncapi": "2.6.0",
        "info": { "title": "Oracle", "version": "1.0.0" },
        "channels": { "things": { "subscribe": { "operationId": "onThing", "message": {
            "name": "Thing",
            "payload": { "$ref": format!("#/components/schemas/{ROOT}") },
        } } } },
        "components": { "schemas": components },
    })
}

/// The schemas of a seed.
pub(crate) fn components(seed: u64) -> Components {
    schemas::components(&mut Rng::new(seed))
}

/// Reads a document.
pub(crate) fn load(document: &Value) -> Loaded {
    conecta_gen::load(Source::new("oracle.json", document.to_string()), None, &NoFiles)
}

/// The payload of its first message.
pub(crate) fn payload(loaded: &Loaded) -> Option<SchemaId> {
    match loaded.api.as_ref()?.messages.first()?.payload {
        Payload::Schema(id) => Some(id),
        _ => None,
    }
}

/// Takes out of a value what it can do without, as long as `still` says that the case is one. At most `tries` are made.
pub(crate) fn shrink(value: &mut Value, mut tries: usize, mut still: impl FnMut(&Value) -> bool) {
    loop {
        let mut smaller = false;
        for pointer in places(value) {
            if tries == 0 {
                return;
            }
            let Some(less) = without(value, &pointer) else { continue };
            tries -= 1;
            if still(&less) {
                *value = less;
                smaller = true;
            }
        }
        if !smaller {
            return;
        }
    }
}

/// Pointers of everything within, the outermost first.
fn places(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut pending = vec![(String::new(), value)];
    while let Some((pointer, value)) = pending.pop() {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(object) => {
                object.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
            }
            Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => continue,
        };
        for (segment, child) in children {
            let pointer = format!("{pointer}/{segment}");
            all.push(pointer.clone());
            pending.push((pointer, child));
        }
    }
    all.sort_by_key(|pointer| pointer.matches('/').count());
    all
}

fn without(value: &Value, pointer: &str) -> Option<Value> {
    let mut less = value.clone();
    let (parent, last) = pointer.rsplit_once('/')?;
    match less.pointer_mut(parent)? {
        Value::Object(object) => {
            object.shift_remove(&last.replace("~1", "/").replace("~0", "~"))?;
        }
        Value::Array(items) => {
            let index: usize = last.parse().ok()?;
            if index >= items.len() {
                return None;
            }
            items.remove(index);
        }
        _ => return None,
    }
    Some(less)
}
