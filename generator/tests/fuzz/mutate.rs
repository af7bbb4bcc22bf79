//! What is done to a document.

use serde_json::{Map, Value, json};

use crate::rng::Rng;
use crate::words;

/// Changes one thing in a tree; `donor` is another one that parts may be taken from.
pub(crate) fn tree(tree: &mut Value, donor: &Value, rng: &mut Rng) {
    if rng.chance(60) {
        schema(tree, donor, rng);
    } else {
        node(tree, donor, rng);
    }
}

/// Changes any node.
fn node(tree: &mut Value, donor: &Value, rng: &mut Rng) {
    let at = any(tree, rng);
    match rng.below(12) {
        0 => remove(tree, &at),
        1 => rename(tree, &at, words::key(rng)),
        2 | 3 => set(tree, &at, words::scalar(rng)),
        4 => set(tree, &at, words::value(rng)),
        5 => {
            let other = any(tree, rng);
            swap(tree, &at, &other);
        }
        6 => {
            let from = if rng.chance(50) { donor.clone() } else { tree.clone() };
            let part = any(&from, rng);
            set(tree, &at, from.pointer(&part).cloned().unwrap_or_default());
        }
        7 => {
            let other = any(tree, rng);
            set(tree, &at, json!({ "$ref": format!("#{}", fragment(&other)) }));
        }
        8 => add(tree, &at, words::key(rng), words::value(rng)),
        9 => duplicate(tree, &at, rng),
        10 => retype(tree, &at),
        _ => deepen(tree, &at, rng),
    }
}

/// Changes a schema, or what looks like one.
fn schema(tree: &mut Value, donor: &Value, rng: &mut Rng) {
    let schemas: Vec<String> =
        pointers(tree).into_iter().filter(|at| tree.pointer(at).is_some_and(is_schema)).collect();
    if schemas.is_empty() {
        return node(tree, donor, rng);
    }
    let at = rng.pick(&schemas).clone();
    let other = rng.pick(&schemas).clone();
    let here = tree.pointer(&at).cloned().unwrap_or_default();
    match rng.below(12) {
        0 | 1 => set(tree, &at, words::schema(rng, 3)),
        2 => set(tree, &at, json!({ "$ref": format!("#{}", fragment(&other)) })),
        3 => {
            let with = if rng.chance(50) {
                words::schema(rng, 2)
            } else {
                json!({ "$ref": format!("#{}", fragment(&other)) })
            };
            let how = *rng.pick(&["allOf", "anyOf", "oneOf"]);
            set(tree, &at, json!({ how: [here, with] }));
        }
        4 => set(tree, &at, tree.pointer(&other).cloned().unwrap_or_default()),
        5..=8 => {
            // The keywords of a whole schema, laid over what is there.
            let Value::Object(more) = words::schema(rng, 2) else { return };
            for (key, value) in more {
                add(tree, &at, key, value);
            }
        }
        9 => {
            let property = words::text(rng);
            let of = words::schema(rng, 2);
            if let Some(Value::Object(map)) = tree.pointer_mut(&at) {
                if let Some(properties) = map.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
                    properties.insert(property.clone(), of);
                }
                if rng.chance(50)
                    && let Some(required) = map.entry("required").or_insert_with(|| json!([])).as_array_mut()
                {
                    required.push(json!(property));
                }
            }
        }
        10 => {
            let key = *rng.pick(&["not", "if", "contains", "propertyNames", "additionalProperties", "items"]);
            add(tree, &at, key.to_owned(), words::schema(rng, 2));
        }
        _ => add(
            tree,
            &at,
            (*rng.pick(&["default", "example", "const", "title", "description"])).to_owned(),
            words::scalar(rng),
        ),
    }
}

fn is_schema(value: &Value) -> bool {
    const SIGNS: [&str; 8] = ["type", "properties", "oneOf", "allOf", "anyOf", "enum", "const", "items"];
    value.as_object().is_some_and(|map| SIGNS.iter().any(|key| map.contains_key(*key)))
}

/// Changes some bytes of a text.
pub(crate) fn bytes(text: &mut Vec<u8>, rng: &mut Rng) {
    const TOKENS: [&[u8]; 30] = [
        b"&a ",
        b"*a",
        b"<<: *a\n",
        b"!x ",
        b"!!int ",
        b"---\n",
        b"...\n",
        b"\t",
        b"\r\n",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"? ",
        b": ",
        b"- ",
        b"[",
        b"]",
        b"{",
        b"}",
        b"|\n",
        b">-\n",
        b"#",
        b"%YAML 1.1\n",
        b"'",
        b"\"",
        b"\\u0000",
        b"\\ud800",
        b"1e999",
        b"0x1F",
    ];
    let at = rng.below(text.len() + 1);
    let to = (at + 1 + rng.below(12)).min(text.len());
    match rng.below(6) {
        0 => drop(text.drain(at..to)),
        1 => text.truncate(at),
        2 => {
            let part = text[at..to].to_vec();
            let again = rng.below(text.len() + 1);
            text.splice(again..again, part);
        }
        3 if at < to => text[at] ^= 1 << rng.below(8),
        _ => drop(text.splice(at..at, rng.pick(&TOKENS).iter().copied())),
    }
}

/// The pointer of each node but the root.
fn pointers(tree: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        let mut child = |step: String, value: &Value| {
            let at = format!("{at}/{step}");
            walk(value, &at, out);
            out.push(at);
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, v)| child(escape(key), v)),
            Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| child(i.to_string(), v)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(tree, "", &mut out);
    out
}

/// The pointer of some node; the root's where there is no other.
fn any(tree: &Value, rng: &mut Rng) -> String {
    let all = pointers(tree);
    if all.is_empty() { String::new() } else { rng.pick(&all).clone() }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A pointer as it stands in a URI.
fn fragment(pointer: &str) -> String {
    pointer.replace('%', "%25").replace(' ', "%20").replace('#', "%23")
}

/// The pointer of what a node stands in, and its own last step.
fn split(at: &str) -> Option<(&str, String)> {
    let (parent, step) = at.rsplit_once('/')?;
    Some((parent, step.replace("~1", "/").replace("~0", "~")))
}

fn set(tree: &mut Value, at: &str, value: Value) {
    if let Some(node) = tree.pointer_mut(at) {
        *node = value;
    }
}

fn remove(tree: &mut Value, at: &str) {
    let Some((parent, step)) = split(at) else { return };
    match tree.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.shift_remove(&step)),
        Some(Value::Array(items)) => {
            if let Ok(index) = step.parse::<usize>() {
                items.remove(index);
            }
        }
        _ => {}
    }
}

fn rename(tree: &mut Value, at: &str, name: String) {
    let Some((parent, step)) = split(at) else { return };
    if let Some(Value::Object(map)) = tree.pointer_mut(parent) {
        // At its old place, since the order of keys means something here.
        let renamed: Map<String, Value> = std::mem::take(map)
            .into_iter()
            .map(|(key, value)| if key == step { (name.clone(), value) } else { (key, value) })
            .collect();
        *map = renamed;
    }
}

fn swap(tree: &mut Value, a: &str, b: &str) {
    // One within the other would make a ring.
    if a.starts_with(b) || b.starts_with(a) {
        return;
    }
    let Some(taken) = tree.pointer_mut(a).map(Value::take) else { return };
    let Some(other) = tree.pointer_mut(b).map(|node| std::mem::replace(node, taken)) else { return };
    set(tree, a, other);
}

fn add(tree: &mut Value, at: &str, key: String, value: Value) {
    match tree.pointer_mut(at) {
        Some(Value::Object(map)) => drop(map.insert(key, value)),
        Some(Value::Array(items)) => items.push(value),
        _ => {}
    }
}

/// Puts a copy beside a node, under a name that is nearly the same.
fn duplicate(tree: &mut Value, at: &str, rng: &mut Rng) {
    let Some((parent, step)) = split(at) else { return };
    let Some(copy) = tree.pointer(at).cloned() else { return };
    let near = match rng.below(6) {
        0 => step.to_uppercase(),
        1 => step.to_lowercase(),
        2 => format!("{step}_"),
        3 => format!(" {step}"),
        4 => step.replace(['_', '.', '-'], ""),
        _ => format!("{step}2"),
    };
    add(tree, parent, near, copy);
}

/// Makes a list of what is none, a mapping of a list, a text of a mapping.
fn retype(tree: &mut Value, at: &str) {
    if let Some(node) = tree.pointer_mut(at) {
        *node = match node.take() {
            Value::Array(items) => {
                Value::Object(items.into_iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect())
            }
            Value::Object(map) => Value::String(map.keys().cloned().collect()),
            Value::String(text) => json!([text]),
            Value::Number(number) => Value::String(number.to_string()),
            Value::Bool(yes) => json!(u8::from(yes)),
            Value::Null => json!({}),
        };
    }
}

/// Puts a node many levels down.
fn deepen(tree: &mut Value, at: &str, rng: &mut Rng) {
    let Some(node) = tree.pointer_mut(at) else { return };
    let key = *rng.pick(&["items", "properties", "allOf", "additionalProperties", "x-deep"]);
    let most = if rng.chance(10) { 120 } else { 12 };
    for _ in 0..rng.below(most) {
        let inner = node.take();
        *node = match key {
            "allOf" => json!({ key: [inner] }),
            "properties" => json!({ key: { "p": inner } }),
            _ => json!({ key: inner }),
        };
    }
}
