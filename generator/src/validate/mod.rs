//! Whether a value fits a schema: draft-07, over the resolved [`Schemas`].
//!
//! Formats are annotations, save those that the generated code enforces whatever is configured. Patterns that cannot be matched in
//! linear time are not enforced ([`crate::pattern`]).

mod date_time;
mod decimal;
mod lookup;

use std::{cell::RefCell, collections::HashMap, fmt};

use serde_json::{Map, Number, Value};

use crate::{
    api::{AdditionalProperties, Items, Schema, SchemaId, Schemas, Told, TypeSet},
    resolve::schemas::{compare, equal, integer},
};

use lookup::{Asked, Pattern};

pub use date_time::{is_date, is_date_time, is_time};

/// A step down a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a property.
    Key(String),
    /// To an item.
    Index(usize),
}

/// A way down a value; shown as `datos.cambios[0].valor_anterior`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// One way in which a value does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where in the value.
    pub path: Path,
    /// The keyword it breaks.
    pub keyword: &'static str,
    /// The schema that keyword is of.
    pub schema: SchemaId,
    /// What is wrong; never holds the value itself.
    pub message: String,
}

/// Schemas that are recursive without consuming anything of the value end here; so does work out of all proportion.
const DEEPEST: usize = 300;
const STEPS: u64 = 2_000_000;

/// Judges values; keeps what it has compiled.
#[derive(Debug)]
pub struct Validator<'s> {
    schemas: &'s Schemas,
    patterns: RefCell<HashMap<String, Option<Pattern>>>,
    enumerations: RefCell<HashMap<SchemaId, Asked>>,
    /// How many schemas a value is held against before the rest of it is let through.
    most_steps: u64,
}

impl<'s> Validator<'s> {
    /// A judge by these schemas.
    pub fn new(schemas: &'s Schemas) -> Self {
        Self::within(schemas, STEPS)
    }

    /// A judge that takes so many steps for a value and no more.
    pub(crate) fn within(schemas: &'s Schemas, most_steps: u64) -> Self {
        Self { schemas, patterns: RefCell::default(), enumerations: RefCell::default(), most_steps }
    }

    /// Every way in which `value` does not fit.
    pub fn faults(&self, schema: SchemaId, value: &Value) -> Vec<Fault> {
        let mut run = Run { judge: self, path: Vec::new(), steps: 0, depth: 0, active: Vec::new(), circular: false };
        let mut faults = Vec::new();
        run.check(schema, value, &mut faults);
        faults
    }

    /// Whether `value` fits.
    pub fn fits(&self, schema: SchemaId, value: &Value) -> bool {
        self.faults(schema, value).is_empty()
    }

    /// Whether a pattern is found in a text; `None` where it is not enforced, or that takes more than `steps`, which are counted.
    fn finds(&self, pattern: &str, text: &str, steps: &mut u64) -> Option<bool> {
        if !self.patterns.borrow().contains_key(pattern) {
            self.patterns.borrow_mut().insert(pattern.to_owned(), Pattern::compile(pattern));
        }
        let patterns = self.patterns.borrow();
        let Pattern { regex, cost } = patterns.get(pattern)?.as_ref()?;
        *steps += cost * text.len() as u64;
        (*steps <= self.most_steps).then(|| regex.is_match(text))
    }

    /// Whether an enumeration has a value.
    fn lists(&self, id: SchemaId, values: &[Value], value: &Value) -> bool {
        self.enumerations.borrow_mut().entry(id).or_default().has(values, value)
    }
}

struct Run<'v, 's> {
    judge: &'v Validator<'s>,
    path: Vec<Step>,
    steps: u64,
    depth: usize,
    /// What is being judged right now, by which schema.
    active: Vec<(SchemaId, *const Value)>,
    /// Whether a judgement was met again within itself.
    circular: bool,
}

impl Run<'_, '_> {
    fn check(&mut self, id: SchemaId, value: &Value, faults: &mut Vec<Fault>) {
        self.steps += 1;
        if self.depth > DEEPEST || self.steps > self.judge.most_steps {
            return;
        }
        // A schema that asks of a value what it is just being asked has nothing to add.
        let judgement = (id, std::ptr::from_ref(value));
        if self.active.contains(&judgement) {
            self.circular = true;
            return;
        }
        self.active.push(judgement);
        self.depth += 1;
        let schema = &self.judge.schemas[id];
        self.any(id, schema, value, faults);
        match value {
            Value::Number(number) => self.number(id, schema, number, faults),
            Value::String(text) => self.string(id, schema, text, faults),
            Value::Array(items) => self.array(id, schema, items, faults),
            Value::Object(map) => self.object(id, schema, value, map, faults),
            Value::Null | Value::Bool(_) => {}
        }
        self.combined(id, schema, value, faults);
        self.depth -= 1;
        self.active.pop();
    }

    fn fault(&self, faults: &mut Vec<Fault>, schema: SchemaId, keyword: &'static str, message: impl Into<String>) {
        faults.push(Fault { path: Path(self.path.clone()), keyword, schema, message: message.into() });
    }

    fn below(&mut self, step: Step, schema: SchemaId, value: &Value, faults: &mut Vec<Fault>) {
        self.path.push(step);
        self.check(schema, value, faults);
        self.path.pop();
    }

    fn fits(&mut self, schema: SchemaId, value: &Value) -> bool {
        let mut faults = Vec::new();
        self.check(schema, value, &mut faults);
        faults.is_empty()
    }

    fn any(&mut self, id: SchemaId, schema: &Schema, value: &Value, faults: &mut Vec<Fault>) {
        if schema.never {
            self.fault(faults, id, "false", "nothing is allowed here");
        }
        if !has_type(schema.types, value) {
            self.fault(
                faults,
                id,
                "type",
                format!("expected {}, found {}", describe_types(schema.types), describe(value)),
            );
        } else if schema.enumeration.as_ref().is_some_and(|values| !self.judge.lists(id, values, value)) {
            let keyword = if schema.enumeration.as_ref().is_some_and(|v| v.len() == 1) { "const" } else { "enum" };
            self.fault(faults, id, keyword, "is none of the values allowed");
        }
    }

    fn number(&mut self, id: SchemaId, schema: &Schema, number: &Number, faults: &mut Vec<Fault>) {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let bounds = [
            ("minimum", &schema.minimum, &[Greater, Equal][..], "is less than the minimum"),
            ("maximum", &schema.maximum, &[Less, Equal][..], "is more than the maximum"),
            ("exclusiveMinimum", &schema.exclusive_minimum, &[Greater][..], "is not more than the exclusive minimum"),
            ("exclusiveMaximum", &schema.exclusive_maximum, &[Less][..], "is not less than the exclusive maximum"),
        ];
        for (keyword, bound, allowed, message) in bounds {
            if let Some(bound) = bound
                && !allowed.contains(&compare(number, bound))
            {
                self.fault(faults, id, keyword, format!("{message} of {bound}"));
            }
        }
        for step in &schema.multiple_of {
            if !decimal::is_multiple(number, step) {
                self.fault(faults, id, "multipleOf", format!("is no multiple of {step}"));
            }
        }
    }

    fn string(&mut self, id: SchemaId, schema: &Schema, text: &str, faults: &mut Vec<Fault>) {
        if schema.min_length.is_some() || schema.max_length.is_some() {
            let length = text.chars().count() as u64;
            if let Some(least) = schema.min_length.filter(|l| length < *l) {
                self.fault(faults, id, "minLength", format!("has {length} characters, at least {least} are required"));
            }
            if let Some(most) = schema.max_length.filter(|m| length > *m) {
                self.fault(faults, id, "maxLength", format!("has {length} characters, at most {most} are allowed"));
            }
        }
        for pattern in &schema.patterns {
            if self.judge.finds(pattern, text, &mut self.steps) == Some(false) {
                self.fault(faults, id, "pattern", format!("does not match the pattern {pattern}"));
            }
        }
        let broken = match schema.format.as_deref() {
            Some("date-time") if !is_date_time(text) => Some("is no date and time of RFC 3339"),
            Some("date") if !is_date(text) => Some("is no date of RFC 3339"),
            Some("ipv4") if text.parse::<std::net::Ipv4Addr>().is_err() => Some("is no IPv4 address"),
            _ => None,
        };
        if let Some(broken) = broken {
            self.fault(faults, id, "format", broken);
        }
    }

    fn array(&mut self, id: SchemaId, schema: &Schema, items: &[Value], faults: &mut Vec<Fault>) {
        let length = items.len() as u64;
        if let Some(least) = schema.min_items.filter(|l| length < *l) {
            self.fault(faults, id, "minItems", format!("has {length} items, at least {least} are required"));
        }
        if let Some(most) = schema.max_items.filter(|m| length > *m) {
            self.fault(faults, id, "maxItems", format!("has {length} items, at most {most} are allowed"));
        }
        if schema.unique_items {
            let twice = (1..items.len()).find(|i| {
                self.steps += *i as u64;
                self.steps <= self.judge.most_steps && items[..*i].iter().any(|v| equal(v, &items[*i]))
            });
            if let Some(index) = twice {
                self.path.push(Step::Index(index));
                self.fault(faults, id, "uniqueItems", "stands in the list already");
                self.path.pop();
            }
        }
        for contained in &schema.contains {
            if !items.iter().any(|item| self.fits(*contained, item)) {
                self.fault(faults, id, "contains", "has no item of the kind required");
            }
        }
        for (index, item) in items.iter().enumerate() {
            let schema = match &schema.items {
                Some(Items::All(all)) => Some(*all),
                Some(Items::Tuple(tuple, rest)) => tuple.get(index).copied().or(*rest),
                None => None,
            };
            if let Some(schema) = schema {
                self.below(Step::Index(index), schema, item, faults);
            }
        }
    }

    fn object(
        &mut self,
        id: SchemaId,
        schema: &Schema,
        whole: &Value,
        map: &Map<String, Value>,
        faults: &mut Vec<Fault>,
    ) {
        for name in schema.required.iter().filter(|name| !map.contains_key(*name)) {
            self.fault(faults, id, "required", format!("the property `{name}` is missing"));
        }
        let count = map.len() as u64;
        if let Some(least) = schema.min_properties.filter(|l| count < *l) {
            self.fault(faults, id, "minProperties", format!("has {count} properties, at least {least} are required"));
        }
        if let Some(most) = schema.max_properties.filter(|m| count > *m) {
            self.fault(faults, id, "maxProperties", format!("has {count} properties, at most {most} are allowed"));
        }
        for (name, value) in map {
            let mut named = false;
            if let Some(property) = schema.properties.get(name) {
                named = true;
                self.below(Step::Key(name.clone()), *property, value, faults);
            }
            for (pattern, property) in &schema.pattern_properties {
                // One that is not enforced may match, so the name is not among those that no pattern knows.
                let found = self.judge.finds(pattern, name, &mut self.steps);
                named |= found != Some(false);
                if found == Some(true) {
                    self.below(Step::Key(name.clone()), *property, value, faults);
                }
            }
            match schema.additional {
                AdditionalProperties::Forbidden if !named => {
                    self.path.push(Step::Key(name.clone()));
                    self.fault(faults, id, "additionalProperties", "is a property that the schema does not allow");
                    self.path.pop();
                }
                AdditionalProperties::Schema(other) if !named => {
                    self.below(Step::Key(name.clone()), other, value, faults);
                }
                _ => {}
            }
            for names in &schema.property_names {
                if !self.fits(*names, &Value::String(name.clone())) {
                    self.path.push(Step::Key(name.clone()));
                    self.fault(faults, id, "propertyNames", "has a name that is not allowed");
                    self.path.pop();
                }
            }
        }
        for (name, needed) in schema.dependent_required.iter().filter(|(name, _)| map.contains_key(*name)) {
            for missing in needed.iter().filter(|n| !map.contains_key(*n)) {
                self.fault(
                    faults,
                    id,
                    "dependencies",
                    format!("the property `{missing}` is missing, which `{name}` needs"),
                );
            }
        }
        for (_, needed) in schema.dependent_schemas.iter().filter(|(name, _)| map.contains_key(*name)) {
            for dependent in needed {
                self.check(*dependent, whole, faults);
            }
        }
    }

    fn combined(&mut self, id: SchemaId, schema: &Schema, value: &Value, faults: &mut Vec<Fault>) {
        let told = self.judge.schemas.told(schema);
        let told = told.as_ref();
        for options in &schema.any_of {
            let judged = self.judge_each(options, told, value);
            if judged.iter().all(|faults| !faults.is_empty()) {
                self.none_fits(id, "anyOf", (options, told), judged, value, faults);
            }
        }
        for options in &schema.one_of {
            let outer = std::mem::take(&mut self.circular);
            let judged = self.judge_each(options, told, value);
            match judged.iter().filter(|faults| faults.is_empty()).count() {
                1 => {}
                0 => self.none_fits(id, "oneOf", (options, told), judged, value, faults),
                // Alternatives that contain the choice itself (a base that lists its subtypes) cannot be told apart here.
                _ if self.circular => {}
                n => self.fault(faults, id, "oneOf", format!("fits {n} of the alternatives, exactly one is allowed")),
            }
            self.circular |= outer;
        }
        for not in &schema.not {
            if self.fits(*not, value) {
                self.fault(faults, id, "not", "fits what is not allowed");
            }
        }
        for (condition, then, otherwise) in &schema.conditions {
            let branch = if self.fits(*condition, value) { then } else { otherwise };
            if let Some(branch) = branch {
                self.check(*branch, value, faults);
            }
        }
    }

    /// What is wrong by each of these. Each is judged once: alternatives within alternatives would double the work a level.
    fn judge_each(&mut self, options: &[SchemaId], told: Option<&Told>, value: &Value) -> Vec<Vec<Fault>> {
        let judge = |(index, option): (usize, &SchemaId)| {
            let mut faults = Vec::new();
            if told.is_some_and(|told| !told.may_be(index, value)) {
                self.fault(&mut faults, *option, "discriminator", "is another alternative, as the discriminator says");
            } else {
                self.check(*option, value, &mut faults);
            }
            faults
        };
        options.iter().enumerate().map(judge).collect()
    }

    /// Says what is wrong with the one alternative that was meant, where only one can have been; else with the nearest.
    fn none_fits(
        &mut self,
        id: SchemaId,
        keyword: &'static str,
        (options, told): (&[SchemaId], Option<&Told>),
        mut judged: Vec<Vec<Fault>>,
        value: &Value,
        faults: &mut Vec<Fault>,
    ) {
        if let (Some(told), Value::Object(object)) = (told, value) {
            let named = (0..options.len()).find(|index| !told.values[*index].is_empty() && told.may_be(*index, value));
            if let Some(index) = named {
                faults.append(&mut judged[index]);
                return;
            }
            if !object.contains_key(&told.property) {
                return self.fault(faults, id, keyword, format!("the discriminator `{}` is missing", told.property));
            }
            let known: Vec<String> = told.values.iter().flatten().take(12).map(|value| format!("`{value}`")).collect();
            self.path.push(Step::Key(told.property.clone()));
            self.fault(faults, id, keyword, format!("is none of {}", known.join(", ")));
            self.path.pop();
            return;
        }
        let is_of_type = |option: &SchemaId| has_type(self.judge.schemas[*option].types, value);
        let mut of_type: Vec<Vec<Fault>> =
            options.iter().zip(judged).filter(|(option, _)| is_of_type(option)).map(|(_, faults)| faults).collect();
        if of_type.len() == 1 {
            faults.append(&mut of_type[0]);
            return;
        }
        // The first of those with the fewest faults.
        let nearest = of_type.into_iter().min_by_key(Vec::len);
        let nearest = nearest.and_then(|n| n.into_iter().next()).map(|fault| {
            let path = Path(fault.path.0[self.path.len()..].to_vec()).to_string();
            if path.is_empty() {
                format!("; the nearest: {}", fault.message)
            } else {
                format!("; the nearest: `{path}` {}", fault.message)
            }
        });
        let message = format!("fits none of the {} alternatives{}", options.len(), nearest.unwrap_or_default());
        self.fault(faults, id, keyword, message);
    }
}

/// Whether a value is of one of the types; 1.0 is an integer.
pub(crate) fn has_type(types: TypeSet, value: &Value) -> bool {
    types.intersects(match value {
        Value::Null => TypeSet::NULL,
        Value::Bool(_) => TypeSet::BOOLEAN,
        Value::Number(n) if is_whole(n) => TypeSet::INTEGER,
        Value::Number(_) => TypeSet(TypeSet::NUMBER.0 & !TypeSet::INTEGER.0),
        Value::String(_) => TypeSet::STRING,
        Value::Array(_) => TypeSet::ARRAY,
        Value::Object(_) => TypeSet::OBJECT,
    })
}

/// Whether a number is an integer, however it is written and however large it is.
fn is_whole(number: &Number) -> bool {
    integer(number).is_some() || number.as_f64().is_some_and(|n| n.fract() == 0.0)
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(n) if is_whole(n) => "an integer",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn describe_types(types: TypeSet) -> String {
    let names = [
        (TypeSet::STRING, "a string"),
        (TypeSet::NUMBER, "a number"),
        (TypeSet::INTEGER, "an integer"),
        (TypeSet::BOOLEAN, "a boolean"),
        (TypeSet::OBJECT, "an object"),
        (TypeSet::ARRAY, "a list"),
        (TypeSet::NULL, "null"),
    ];
    let number = types.contains(TypeSet::NUMBER);
    let names: Vec<&str> = names
        .into_iter()
        .filter(|(set, _)| types.contains(*set) && !(number && *set == TypeSet::INTEGER))
        .map(|(_, name)| name)
        .collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" or ") }
}

#[cfg(test)]
mod tests;
