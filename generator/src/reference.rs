//! Tables for docs/, made from what they describe.

use std::fmt::Write as _;

use schemars::schema::{Schema, SchemaObject};
use serde_json::Value;

use crate::config::{Config, resolve, words};
use crate::diagnostic::{Code, Severity};
use crate::naming::grouped;

/// Every code with its meaning: a table, and an example of each.
pub fn codes() -> String {
    let mut out = String::from("| code | is | what | may be allowed |\n|---|---|---|---|\n");
    for code in Code::all() {
        let lowered = if code.may_be_lowered() { "yes" } else { "no" };
        let anchor = code.to_string().to_lowercase();
        let severity = code.severity().as_str();
        let _ = writeln!(out, "| [{code}](#{anchor}) | {severity} | {} | {lowered} |", cell(code.title()));
    }
    for code in Code::all() {
        let spared = match code.severity() {
            Severity::Error if code.spares_types() && code != Code::MESSAGES_ALIKE => ", a warning for `generate`",
            _ => "",
        };
        let _ = write!(
            out,
            "\n### {code}\n**{}** ({}{spared}). {}\n\n```yaml\n{}\n```\n",
            capital(code.title()),
            code.severity().as_str(),
            code.why(),
            code.example(),
        );
    }
    out
}

/// Every key of conecta-gen.toml.
pub fn configuration() -> String {
    let schema = Config::schema();
    let tables = schema.schema.object.as_ref().map(|object| &object.properties);
    let mut out = String::new();
    for (name, table) in tables.into_iter().flatten() {
        let Some((described, object)) = both(&schema.definitions, table) else { continue };
        // A table of tables has the keys of each.
        let each = object.object.as_ref().and_then(|object| object.additional_properties.as_deref());
        let each = each.and_then(|each| both(&schema.definitions, each)).and_then(|(_, each)| each.object.as_ref());
        let each = each.filter(|each| !each.properties.is_empty());
        let below = if each.is_some() { ".NAME" } else { "" };
        let _ = write!(out, "\n### `[{name}{below}]`\n{}\n", description(described));
        let keys = each.or(object.object.as_ref()).map(|object| &object.properties);
        if name == "lint" || keys.is_none_or(|keys| keys.is_empty()) {
            continue;
        }
        out.push_str("\n| key | value | default | what |\n|---|---|---|---|\n");
        let defaults = default_of(described);
        for (key, value) in keys.into_iter().flatten() {
            let Some((described, value)) = both(&schema.definitions, value) else { continue };
            let default = defaults.and_then(|d| d.get(key)).filter(|d| !d.is_null()).map_or_else(String::new, code);
            let _ = writeln!(out, "| `{key}` | {} | {default} | {} |", kind(value), cell(&description(described)));
        }
    }
    out
}

/// What a document may cost.
pub fn limits() -> String {
    let schema = Config::schema();
    let mut out = String::from("| key of `[limits]` | default | at most | what |\n|---|---|---|---|\n");
    let limits = schema.schema.object.as_ref().and_then(|object| object.properties.get("limits"));
    let Some((described, object)) = limits.and_then(|limits| both(&schema.definitions, limits)) else {
        return out;
    };
    let defaults = default_of(described);
    for (key, value) in object.object.iter().flat_map(|object| &object.properties) {
        let Schema::Object(value) = value else { continue };
        let default = defaults.and_then(|d| d.get(key)).map_or_else(String::new, Value::to_string);
        let most = value.number.as_ref().and_then(|n| n.maximum).map_or_else(String::new, |n| format!("{n}"));
        let _ = writeln!(
            out,
            "| `{key}` | {} | {} | {} |",
            grouped(&default, ','),
            grouped(&most, ','),
            cell(&description(value))
        );
    }
    out
}

/// The schema that describes a property, and the one that says what it holds: a reference is wrapped where it is described.
fn both<'s>(
    definitions: &'s schemars::Map<String, Schema>,
    schema: &'s Schema,
) -> Option<(&'s SchemaObject, &'s SchemaObject)> {
    let Schema::Object(described) = schema else { return None };
    Some((described, resolve(definitions, schema)?))
}

fn description(schema: &SchemaObject) -> String {
    let text = schema.metadata.as_ref().and_then(|metadata| metadata.description.as_deref()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn default_of(schema: &SchemaObject) -> Option<&Value> {
    schema.metadata.as_ref()?.default.as_ref()
}

/// What a value is, in a word or the words it may be.
fn kind(schema: &SchemaObject) -> String {
    let words = words(schema);
    if !words.is_empty() {
        return words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ");
    }
    let json = serde_json::to_value(schema).unwrap_or_default();
    let name = |json: &Value| match json["type"].as_str().or_else(|| json["type"][0].as_str()) {
        Some("integer") => "a whole number",
        Some("array") => "a list of strings",
        Some("boolean") => "true or false",
        _ => "a string",
    };
    name(&json).to_owned()
}

fn code(value: &Value) -> String {
    format!("`{value}`")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
