//! What a type cannot express, as text that the runtime holds values against.
//!
//! The text is JSON Schema with the keywords of the resolved model, patterns in the engine's syntax, and only those formats that
//! are enforced. What is met twice, or lies deep, becomes a definition; so recursion ends, and nothing here recurses on what a
//! document nests.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::api::{AdditionalProperties, Items, Schema, SchemaId, Schemas, TypeSet};
use crate::config::Config;

use super::form::{Form, Patterns};
use super::union::{self, Union};

/// Rules of one type.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// JSON Schema.
    pub(crate) text: String,
    /// Whether they hold all that the schema says: a pattern may be beyond the engine.
    pub(crate) whole: bool,
}

/// More schemas than that in one text are not held up: it would be longer than the code around it.
const MOST: usize = 4_000;
/// Schemas that lie deeper become definitions.
const DEEPEST: usize = 12;

/// The keywords of a schema that no struct, list or scalar expresses.
pub(crate) fn beyond_types(schema: &Schema) -> impl Iterator<Item = &'static str> {
    let tuple = matches!(schema.items, Some(Items::Tuple(..)));
    [
        ("oneOf", !schema.one_of.is_empty()),
        ("anyOf", !schema.any_of.is_empty()),
        ("not", !schema.not.is_empty()),
        ("if", !schema.conditions.is_empty()),
        ("contains", !schema.contains.is_empty()),
        ("items", tuple),
        ("propertyNames", !schema.property_names.is_empty()),
        ("patternProperties", !schema.pattern_properties.is_empty()),
        ("dependencies", !schema.dependent_required.is_empty() || !schema.dependent_schemas.is_empty()),
    ]
    .into_iter()
    .filter_map(|(keyword, present)| present.then_some(keyword))
}

/// The rules of a schema that has that form, where it needs any; an error where there would be too many.
pub(super) fn rules(
    schemas: &Schemas,
    id: SchemaId,
    form: &Form,
    config: &Config,
    patterns: &mut Patterns,
) -> Result<Option<Rules>, TooMany> {
    let schema = &schemas[id];
    let part = match form {
        Form::Object if beyond_types(schema).next().is_some() => Part::Object,
        Form::Checked(inner) => Part::Within(inner),
        Form::Union(union) if union.ruled => Part::Choice(union),
        Form::Untyped(_) => Part::Whole,
        _ => return Ok(None),
    };
    let mut writer = Writer {
        schemas,
        config,
        patterns,
        shared: HashSet::new(),
        named: HashMap::new(),
        pending: Vec::new(),
        written: 0,
        whole: true,
    };
    writer.find_shared(id, part)?;
    let mut root = writer.node(schema, part, 0)?;
    let mut definitions = BTreeMap::new();
    while let Some(id) = writer.pending.pop() {
        let value = writer.node(&schemas[id], Part::Whole, 0)?;
        definitions.insert(writer.named[&id], value);
    }
    if !definitions.is_empty() {
        if let Value::Bool(_) = root {
            root = json!({ "allOf": [root] });
        }
        let definitions: Map<String, Value> =
            definitions.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        root["definitions"] = Value::Object(definitions);
    }
    if root == Value::Bool(true) {
        return Ok(None);
    }
    Ok(Some(Rules { text: root.to_string(), whole: writer.whole }))
}

/// A schema has more rules than are held up.
#[derive(Debug)]
pub(super) struct TooMany;

/// Which of a schema's keywords are written.
#[derive(Clone, Copy)]
enum Part<'f> {
    Whole,
    /// Those that a struct does not hold up.
    Object,
    /// Those that a value of this form does not hold up by its type.
    Within(&'f Form),
    /// Those of an enum, its alternatives in their order.
    Choice(&'f Union),
}

struct Writer<'a> {
    schemas: &'a Schemas,
    config: &'a Config,
    patterns: &'a mut Patterns,
    /// Schemas that are met more than once.
    shared: HashSet<SchemaId>,
    /// The number of each definition.
    named: HashMap<SchemaId, usize>,
    /// Definitions that are referred to and not written yet.
    pending: Vec<SchemaId>,
    written: usize,
    whole: bool,
}

impl Writer<'_> {
    /// Looks through annotations.
    fn same(&self, mut id: SchemaId) -> SchemaId {
        // A chain of these ends; the bound is for documents that were not checked.
        for _ in 0..64 {
            match self.schemas[id].same_as {
                Some(same) => id = same,
                None => break,
            }
        }
        id
    }

    fn find_shared(&mut self, root: SchemaId, part: Part<'_>) -> Result<(), TooMany> {
        let mut seen = HashSet::new();
        let mut pending = parts(&self.schemas[root], part);
        while let Some(id) = pending.pop() {
            let id = self.same(id);
            if !seen.insert(id) {
                self.shared.insert(id);
                continue;
            }
            if seen.len() > MOST {
                return Err(TooMany);
            }
            pending.extend(parts(&self.schemas[id], Part::Whole));
        }
        Ok(())
    }

    /// A schema where another refers to it.
    fn refer(&mut self, id: SchemaId, depth: usize) -> Result<Value, TooMany> {
        let id = self.same(id);
        if !self.shared.contains(&id) && depth < DEEPEST {
            return self.node(&self.schemas[id], Part::Whole, depth + 1);
        }
        let next = self.named.len();
        let name = *self.named.entry(id).or_insert_with(|| {
            self.pending.push(id);
            next
        });
        Ok(json!({ "$ref": format!("#/definitions/{name}") }))
    }

    fn each(&mut self, ids: &[SchemaId], depth: usize) -> Result<Value, TooMany> {
        ids.iter().map(|id| self.refer(*id, depth)).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn node(&mut self, schema: &Schema, part: Part<'_>, depth: usize) -> Result<Value, TooMany> {
        self.written += 1;
        if self.written > MOST {
            return Err(TooMany);
        }
        if schema.never {
            return Ok(Value::Bool(false));
        }
        let mut node = Node::default();
        match part {
            Part::Whole => {
                if schema.types != TypeSet::ANY {
                    node.put("type", types(schema.types));
                }
                self.scalar(schema, &mut node);
                self.items(schema, true, &mut node, depth)?;
                self.properties(schema, true, &mut node, depth)?;
            }
            Part::Within(form) => {
                self.scalar(schema, &mut node);
                self.items(schema, !matches!(form, Form::Array(Some(_))), &mut node, depth)?;
                self.properties(schema, !matches!(form, Form::Map(Some(_))), &mut node, depth)?;
            }
            Part::Object if !schema.pattern_properties.is_empty() => {
                self.others(schema, |_, _| Ok(Value::Bool(true)), &mut node, depth)?;
            }
            Part::Object => {}
            Part::Choice(union) => return self.choice(schema, union, node, depth),
        }
        for id in &schema.contains {
            node.put("contains", self.refer(*id, depth)?);
        }
        for id in &schema.property_names {
            node.put("propertyNames", self.refer(*id, depth)?);
        }
        self.combined(schema, &mut node, depth)?;
        Ok(node.finish())
    }

    /// A choice as its enum has it: without `null`, which is told apart outside of it.
    fn choice(&mut self, schema: &Schema, union: &Union, mut node: Node, depth: usize) -> Result<Value, TooMany> {
        let alternatives = ids_of(union);
        if schema.types != TypeSet::ANY {
            node.put("type", types(schema.types));
        }
        if alternatives.is_empty() {
            self.scalar(schema, &mut node);
            self.items(schema, true, &mut node, depth)?;
            self.properties(schema, true, &mut node, depth)?;
            for id in &schema.contains {
                node.put("contains", self.refer(*id, depth)?);
            }
            for id in &schema.property_names {
                node.put("propertyNames", self.refer(*id, depth)?);
            }
            self.combined(schema, &mut node, depth)?;
            return Ok(node.finish());
        }
        self.properties(schema, false, &mut node, depth)?;
        for id in &schema.property_names {
            node.put("propertyNames", self.refer(*id, depth)?);
        }
        for id in &schema.not {
            node.put("not", self.refer(*id, depth)?);
        }
        let keyword = if schema.one_of.is_empty() { "anyOf" } else { "oneOf" };
        let list = self.alternatives(schema, &alternatives, depth)?;
        node.put(keyword, list);
        Ok(node.finish())
    }

    /// A list of alternatives; of those that a discriminator tells, each with what it is told by.
    fn alternatives(&mut self, schema: &Schema, ids: &[SchemaId], depth: usize) -> Result<Value, TooMany> {
        let told = self.schemas.told(schema);
        let written = schema.one_of.iter().chain(&schema.any_of).next();
        let mut list = Vec::with_capacity(ids.len());
        for id in ids {
            let node = self.refer(*id, depth)?;
            let place = written.and_then(|list| list.iter().position(|other| other == id));
            let values = told.as_ref().zip(place).map(|(told, place)| (&told.property, &told.values[place]));
            list.push(match values.filter(|(_, values)| !values.is_empty()) {
                Some((property, values)) => json!({
                    "allOf": [node],
                    "type": "object",
                    "required": [property],
                    "properties": { property: { "enum": values } },
                }),
                None => node,
            });
        }
        Ok(Value::Array(list))
    }

    fn scalar(&mut self, schema: &Schema, node: &mut Node) {
        if let Some(values) = &schema.enumeration {
            node.put("enum", Value::Array(values.clone()));
        }
        let bounds = [
            ("minimum", &schema.minimum),
            ("maximum", &schema.maximum),
            ("exclusiveMinimum", &schema.exclusive_minimum),
            ("exclusiveMaximum", &schema.exclusive_maximum),
        ];
        for (keyword, bound) in bounds {
            if let Some(bound) = bound {
                node.put(keyword, Value::Number(bound.clone()));
            }
        }
        for step in &schema.multiple_of {
            node.put("multipleOf", Value::Number(step.clone()));
        }
        node.count("minLength", schema.min_length.filter(|n| *n > 0));
        node.count("maxLength", schema.max_length);
        for pattern in &schema.patterns {
            match self.patterns.translate(pattern) {
                Some(pattern) => node.put("pattern", json!(pattern)),
                None => self.whole = false,
            }
        }
        if let Some(format) = schema.format.as_deref().filter(|format| self.config.enforces(format)) {
            node.put("format", json!(format));
        }
    }

    fn items(&mut self, schema: &Schema, each: bool, node: &mut Node, depth: usize) -> Result<(), TooMany> {
        if !schema.types.intersects(TypeSet::ARRAY) {
            return Ok(());
        }
        match &schema.items {
            Some(Items::All(id)) if each => node.put_unless_any("items", self.refer(*id, depth)?),
            Some(Items::Tuple(first, rest)) => {
                node.put("items", self.each(first, depth)?);
                if let Some(rest) = rest {
                    node.put_unless_any("additionalItems", self.refer(*rest, depth)?);
                }
            }
            _ => {}
        }
        node.count("minItems", schema.min_items.filter(|n| *n > 0));
        node.count("maxItems", schema.max_items);
        if schema.unique_items {
            node.put("uniqueItems", Value::Bool(true));
        }
        Ok(())
    }

    fn properties(&mut self, schema: &Schema, each: bool, node: &mut Node, depth: usize) -> Result<(), TooMany> {
        if !schema.types.intersects(TypeSet::OBJECT) {
            return Ok(());
        }
        if each {
            self.others(schema, |writer, id| writer.refer(id, depth), node, depth)?;
        }
        if !schema.required.is_empty() {
            node.put("required", json!(schema.required));
        }
        node.count("minProperties", schema.min_properties.filter(|n| *n > 0));
        node.count("maxProperties", schema.max_properties);
        Ok(())
    }

    /// `properties`, each as `own` has it, and the keywords that depend on their names.
    fn others(
        &mut self,
        schema: &Schema,
        mut own: impl FnMut(&mut Self, SchemaId) -> Result<Value, TooMany>,
        node: &mut Node,
        depth: usize,
    ) -> Result<(), TooMany> {
        let mut patterns = Map::new();
        let mut all_known = true;
        for (pattern, id) in &schema.pattern_properties {
            match self.patterns.translate(pattern).map(str::to_owned) {
                // Two may be one in the engine's syntax.
                Some(translated) if patterns.contains_key(&translated) => {
                    let both = json!({ "patternProperties": { translated: self.refer(*id, depth)? } });
                    node.all_of.push(both);
                }
                Some(translated) => {
                    patterns.insert(translated, self.refer(*id, depth)?);
                }
                None => all_known = false,
            }
        }
        self.whole &= all_known;
        let mut named = Map::new();
        for (name, id) in &schema.properties {
            named.insert(name.clone(), own(self, *id)?);
        }
        let others = match schema.additional {
            // What no name is known not to match, every name may be an exception to.
            _ if !all_known => Value::Bool(true),
            AdditionalProperties::Any => Value::Bool(true),
            AdditionalProperties::Forbidden => Value::Bool(false),
            AdditionalProperties::Schema(id) => self.refer(id, depth)?,
        };
        if others == Value::Bool(true) {
            // Nothing depends on names that nothing is said of.
            named.retain(|_, value| *value != Value::Bool(true));
        }
        node.put_unless_any("additionalProperties", others);
        if !named.is_empty() {
            node.put("properties", Value::Object(named));
        }
        if !patterns.is_empty() {
            node.put("patternProperties", Value::Object(patterns));
        }
        Ok(())
    }

    fn combined(&mut self, schema: &Schema, node: &mut Node, depth: usize) -> Result<(), TooMany> {
        if !schema.dependent_required.is_empty() {
            let needed: Map<String, Value> =
                schema.dependent_required.iter().map(|(name, needed)| (name.clone(), json!(needed))).collect();
            node.put("dependencies", Value::Object(needed));
        }
        for (name, ids) in &schema.dependent_schemas {
            for id in ids {
                let mut needed = Map::new();
                needed.insert(name.clone(), self.refer(*id, depth)?);
                node.put("dependencies", Value::Object(needed));
            }
        }
        for list in &schema.one_of {
            node.put("oneOf", self.alternatives(schema, list, depth)?);
        }
        for list in &schema.any_of {
            node.put("anyOf", self.alternatives(schema, list, depth)?);
        }
        for id in &schema.not {
            node.put("not", self.refer(*id, depth)?);
        }
        for (when, then, otherwise) in &schema.conditions {
            let mut condition = Map::new();
            condition.insert("if".to_owned(), self.refer(*when, depth)?);
            if let Some(then) = then {
                condition.insert("then".to_owned(), self.refer(*then, depth)?);
            }
            if let Some(otherwise) = otherwise {
                condition.insert("else".to_owned(), self.refer(*otherwise, depth)?);
            }
            if node.words.contains_key("if") {
                node.all_of.push(Value::Object(condition));
            } else {
                node.words.extend(condition);
            }
        }
        Ok(())
    }
}

/// A schema in the making; a keyword that is there already goes to an `allOf`.
#[derive(Default)]
struct Node {
    words: Map<String, Value>,
    all_of: Vec<Value>,
}

impl Node {
    fn put(&mut self, keyword: &str, value: Value) {
        if self.words.contains_key(keyword) {
            self.all_of.push(json!({ keyword: value }));
        } else {
            self.words.insert(keyword.to_owned(), value);
        }
    }

    fn put_unless_any(&mut self, keyword: &str, value: Value) {
        if value != Value::Bool(true) {
            self.put(keyword, value);
        }
    }

    fn count(&mut self, keyword: &str, count: Option<u64>) {
        if let Some(count) = count {
            self.put(keyword, json!(count));
        }
    }

    fn finish(mut self) -> Value {
        if !self.all_of.is_empty() {
            self.words.insert("allOf".to_owned(), Value::Array(self.all_of));
        }
        if self.words.is_empty() { Value::Bool(true) } else { Value::Object(self.words) }
    }
}

/// The schemas that an enum is a choice of; none of one that is a choice of types.
fn ids_of(union: &Union) -> Vec<SchemaId> {
    let id = |one: &union::Alternative| match one.part {
        union::Part::Schema(id) => Some(id),
        union::Part::Plain(_) => None,
    };
    union.alternatives.iter().filter_map(id).collect()
}

/// The schemas that a part of a schema refers to.
fn parts(schema: &Schema, part: Part<'_>) -> Vec<SchemaId> {
    let mut ids: Vec<SchemaId> = Vec::new();
    if let Part::Choice(union) = part
        && !ids_of(union).is_empty()
    {
        ids.extend(ids_of(union).iter().chain(&schema.property_names).chain(&schema.not));
        return ids;
    }
    let whole = matches!(part, Part::Whole | Part::Choice(_));
    let within = |is: fn(&Form) -> bool| matches!(part, Part::Within(form) if !is(form));
    if let Some(Items::All(id)) = schema.items
        && (whole || within(|form| matches!(form, Form::Array(Some(_)))))
    {
        ids.push(id);
    }
    if whole || within(|form| matches!(form, Form::Map(Some(_)))) {
        ids.extend(schema.properties.values());
    }
    if let Some(Items::Tuple(first, rest)) = &schema.items {
        ids.extend(first);
        ids.extend(rest);
    }
    if let AdditionalProperties::Schema(id) = schema.additional {
        ids.push(id);
    }
    ids.extend(schema.pattern_properties.values());
    ids.extend(schema.contains.iter().chain(&schema.property_names).chain(&schema.not));
    ids.extend(schema.dependent_schemas.values().flatten());
    ids.extend(schema.one_of.iter().chain(&schema.any_of).flatten());
    for (when, then, otherwise) in &schema.conditions {
        ids.push(*when);
        ids.extend(then);
        ids.extend(otherwise);
    }
    ids
}

fn types(types: TypeSet) -> Value {
    let mut names = Vec::new();
    for (bit, name) in [
        (TypeSet::STRING, "string"),
        (TypeSet::OBJECT, "object"),
        (TypeSet::ARRAY, "array"),
        (TypeSet::BOOLEAN, "boolean"),
        (TypeSet::NULL, "null"),
    ] {
        if types.intersects(bit) {
            names.push(name);
        }
    }
    if types.contains(TypeSet::NUMBER) {
        names.push("number");
    } else if types.intersects(TypeSet::INTEGER) {
        names.push("integer");
    }
    match names.as_slice() {
        [only] => json!(only),
        names => json!(names),
    }
}
