//! Whether a value fits a schema.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use super::number::{compare, decimal, is_whole};
use super::read::{
    ARRAY, BOOLEAN, Condition, FRACTION, INTEGER, NULL, Node, OBJECT, Properties, STRING, Schema, TYPES, Word,
};
use crate::codec::format::has_format;
use crate::codec::list::unique_values;

/// How many schemas are held against parts of a value before it is refused for the work it makes.
const MOST: u32 = 1_000_000;
/// How deep schemas may lead into one another.
const DEEPEST: u32 = 600;

/// Holds a value against a schema.
///
/// # Errors
/// The path of the first fault, and what it is.
pub(super) fn judge(schema: &Schema, value: &Value) -> Result<(), (String, String)> {
    Judge::new(schema).node(&schema.root, value).map_err(|fault| (fault.path, fault.message))
}

/// Holds a value against a schema of alternatives and says which is the first that it fits.
///
/// # Errors
/// As [`judge`].
pub(super) fn choose(schema: &Schema, value: &Value) -> Result<usize, (String, String)> {
    let mut judge = Judge::new(schema);
    let verdict = judge.node(&schema.root, value);
    verdict.map_err(|fault| (fault.path, fault.message))?;
    // One fits, as was just found out.
    Ok(schema.alternatives().iter().position(|node| judge.fits(node, value)).unwrap_or_default())
}

/// What is wrong with a value by each alternative of a schema.
pub(super) fn faults(schema: &Schema, value: &Value) -> Vec<Option<(String, String)>> {
    let mut judge = Judge::new(schema);
    let fault = |node| judge.node(node, value).err().map(|fault| (fault.path, fault.message));
    schema.alternatives().iter().map(fault).collect()
}

/// One fault; empty where nobody asks which.
#[derive(Debug, Default)]
struct Fault {
    path: String,
    message: String,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    /// A property that the schema does not name: by its place, since its name may be personal data.
    Entry(usize),
    Index(usize),
}

struct Judge<'a> {
    schema: &'a Schema,
    path: Vec<Step<'a>>,
    /// Above zero nobody asks what a fault is.
    silent: u32,
    /// What was found out of a definition and a part of the value. Without it, alternatives within alternatives would
    /// double the work at each level.
    known: HashMap<(usize, *const Value), bool>,
    /// What is being found out.
    asked: Vec<(usize, *const Value)>,
    /// Whether a question was met again within itself.
    circular: bool,
    work: u32,
    depth: u32,
}

type Verdict = Result<(), Fault>;

impl<'a> Judge<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            path: Vec::new(),
            silent: 0,
            known: HashMap::new(),
            asked: Vec::new(),
            circular: false,
            work: 0,
            depth: 0,
        }
    }

    fn fault(&self, message: impl FnOnce() -> String) -> Verdict {
        if self.silent > 0 {
            return Err(Fault::default());
        }
        let mut path = String::new();
        for step in &self.path {
            // Writing to a `String` cannot fail.
            let _ = match step {
                Step::Name(name) => write!(path, "{}{name}", if path.is_empty() { "" } else { "." }),
                Step::Entry(index) => write!(path, "{{{index}}}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        Err(Fault { path, message: message() })
    }

    fn below(&mut self, step: Step<'a>, node: &'a Node, value: &'a Value) -> Verdict {
        self.path.push(step);
        let verdict = self.node(node, value);
        self.path.pop();
        verdict
    }

    fn fits(&mut self, node: &'a Node, value: &'a Value) -> bool {
        self.silent += 1;
        let verdict = self.node(node, value);
        self.silent -= 1;
        verdict.is_ok()
    }

    fn node(&mut self, node: &'a Node, value: &'a Value) -> Verdict {
        self.work += 1;
        if self.work > MOST || self.depth > DEEPEST {
            return self.fault(|| "takes too much work to be held against the contract".to_owned());
        }
        if let Some(types) = node.types.filter(|types| types & of_type(value) == 0) {
            return self.fault(|| format!("expected {}, found {}", describe(types), kind(value)));
        }
        self.depth += 1;
        let verdict = node.words.iter().try_for_each(|word| self.word(word, value));
        self.depth -= 1;
        verdict
    }

    fn word(&mut self, word: &'a Word, value: &'a Value) -> Verdict {
        match word {
            Word::Never => self.fault(|| "nothing is allowed here".to_owned()),
            Word::Refer(index) => self.definition(*index, value),
            Word::Enum(values) if !values.iter().any(|one| same(one, value)) => {
                self.fault(|| "is none of the values allowed".to_owned())
            }
            Word::AllOf(all) => all.iter().try_for_each(|node| self.node(node, value)),
            Word::AnyOf(nodes) => match nodes.iter().any(|node| self.fits(node, value)) {
                true => Ok(()),
                false => self.none_fits(nodes, value),
            },
            Word::OneOf(nodes) => self.one_of(nodes, value),
            Word::Not(node) if self.fits(node, value) => {
                self.fault(|| "is what the contract does not allow".to_owned())
            }
            Word::If(condition) => {
                let Condition { when, then, otherwise } = &**condition;
                let branch = if self.fits(when, value) { then } else { otherwise };
                branch.as_ref().map_or(Ok(()), |branch| self.node(branch, value))
            }
            word => match value {
                Value::Number(number) => self.number(word, number),
                Value::String(text) => self.text(word, text),
                Value::Array(items) => self.array(word, items),
                Value::Object(object) => self.object(word, value, object),
                Value::Null | Value::Bool(_) => Ok(()),
            },
        }
    }

    fn definition(&mut self, index: usize, value: &'a Value) -> Verdict {
        let Some(node) = self.schema.definitions.get(index) else { return Ok(()) };
        let question = (index, std::ptr::from_ref(value));
        match self.known.get(&question) {
            Some(true) => return Ok(()),
            Some(false) if self.silent > 0 => return Err(Fault::default()),
            _ => {}
        }
        // A schema that asks of a value what it is just being asked has nothing to add.
        if self.asked.contains(&question) {
            self.circular = true;
            return Ok(());
        }
        let outer = std::mem::take(&mut self.circular);
        self.asked.push(question);
        let verdict = self.node(node, value);
        self.asked.pop();
        // What rests on an open question is not known yet.
        if !self.circular || self.asked.is_empty() {
            self.known.insert(question, verdict.is_ok());
        }
        self.circular |= outer;
        verdict
    }

    fn one_of(&mut self, nodes: &'a [Node], value: &'a Value) -> Verdict {
        let outer = std::mem::take(&mut self.circular);
        let fitting = nodes.iter().filter(|node| self.fits(node, value)).count();
        let circular = self.circular;
        self.circular |= outer;
        match fitting {
            1 => Ok(()),
            0 => self.none_fits(nodes, value),
            // Alternatives that contain the choice itself (a base that lists its subtypes) cannot be told apart here.
            _ if circular => Ok(()),
            n => self.fault(|| format!("fits {n} of the alternatives, exactly one is allowed")),
        }
    }

    /// Says what is wrong by the alternative that was meant, where only one can have been.
    fn none_fits(&mut self, nodes: &'a [Node], value: &'a Value) -> Verdict {
        if self.silent == 0 {
            let meant: Vec<&Node> = nodes.iter().filter(|node| self.of_its_type(node, value)).collect();
            if let [only] = meant.as_slice() {
                self.node(only, value)?;
            }
        }
        self.fault(|| format!("fits none of the {} alternatives", nodes.len()))
    }

    fn of_its_type(&self, node: &Node, value: &Value) -> bool {
        let node = match node.words.as_slice() {
            [Word::Refer(index)] => self.schema.definitions.get(*index).unwrap_or(node),
            _ => node,
        };
        node.types.is_none_or(|types| types & of_type(value) != 0)
    }

    fn number(&self, word: &Word, number: &Number) -> Verdict {
        match word {
            Word::Minimum(bound) if compare(number, bound) == Ordering::Less => {
                self.fault(|| format!("is less than {bound}"))
            }
            Word::Maximum(bound) if compare(number, bound) == Ordering::Greater => {
                self.fault(|| format!("is more than {bound}"))
            }
            Word::ExclusiveMinimum(bound) if compare(number, bound) != Ordering::Greater => {
                self.fault(|| format!("is not more than {bound}"))
            }
            Word::ExclusiveMaximum(bound) if compare(number, bound) != Ordering::Less => {
                self.fault(|| format!("is not less than {bound}"))
            }
            Word::MultipleOf(step, text) if !decimal(number).is_some_and(|number| number.is_multiple_of(*step)) => {
                self.fault(|| format!("is not a multiple of {text}"))
            }
            _ => Ok(()),
        }
    }

    fn text(&self, word: &Word, text: &str) -> Verdict {
        let length = || text.chars().count() as u64;
        match word {
            Word::MinLength(least) if length() < *least => self.fault(|| format!("is shorter than {least} characters")),
            Word::MaxLength(most) if length() > *most => self.fault(|| format!("is longer than {most} characters")),
            Word::Pattern(pattern) => pattern.check(text).or_else(|fault| self.fault(|| fault)),
            Word::Format(format) if !has_format(text, format) => {
                self.fault(|| format!("is not of the format `{format}`"))
            }
            _ => Ok(()),
        }
    }

    fn array(&mut self, word: &'a Word, items: &'a [Value]) -> Verdict {
        let count = items.len() as u64;
        match word {
            Word::MinItems(least) if count < *least => self.fault(|| format!("has fewer than {least} items")),
            Word::MaxItems(most) if count > *most => self.fault(|| format!("has more than {most} items")),
            Word::UniqueItems => unique_values(items).or_else(|fault| self.fault(|| fault)),
            Word::Contains(node) if !items.iter().any(|item| self.fits(node, item)) => {
                self.fault(|| "has no item of the kind required".to_owned())
            }
            Word::Items(first, rest) => {
                items.iter().enumerate().try_for_each(|(index, item)| match first.get(index).or(rest.as_deref()) {
                    Some(node) => self.below(Step::Index(index), node, item),
                    None => Ok(()),
                })
            }
            _ => Ok(()),
        }
    }

    fn object(&mut self, word: &'a Word, whole: &'a Value, object: &'a Map<String, Value>) -> Verdict {
        let count = object.len() as u64;
        match word {
            Word::Required(names) => match names.iter().find(|name| !object.contains_key(*name)) {
                Some(missing) => self.fault(|| format!("missing field `{missing}`")),
                None => Ok(()),
            },
            Word::MinProperties(least) if count < *least => self.fault(|| format!("has fewer than {least} properties")),
            Word::MaxProperties(most) if count > *most => self.fault(|| format!("has more than {most} properties")),
            Word::Properties(properties) => self.properties(properties, object),
            Word::PropertyNames(node) => object.keys().enumerate().try_for_each(|(index, name)| {
                if self.is_name(node, name) {
                    return Ok(());
                }
                self.path.push(Step::Entry(index));
                let fault = self.fault(|| "has a name that the contract does not allow".to_owned());
                self.path.pop();
                fault
            }),
            Word::DependentRequired(name, needed) if object.contains_key(name) => {
                match needed.iter().find(|name| !object.contains_key(*name)) {
                    Some(missing) => self.fault(|| format!("missing field `{missing}`, which `{name}` needs")),
                    None => Ok(()),
                }
            }
            Word::DependentSchema(name, node) if object.contains_key(name) => self.node(node, whole),
            _ => Ok(()),
        }
    }

    /// Whether a name fits. It is no part of the value, so what is found out of it is not kept.
    fn is_name(&mut self, node: &Node, name: &str) -> bool {
        let value = Value::String(name.to_owned());
        let mut judge = Judge { silent: 1, work: self.work, depth: self.depth, ..Judge::new(self.schema) };
        let fits = judge.node(node, &value).is_ok();
        self.work = judge.work;
        fits
    }

    fn properties(&mut self, properties: &'a Properties, object: &'a Map<String, Value>) -> Verdict {
        for (index, (name, value)) in object.iter().enumerate() {
            let own = properties.named.get_key_value(name);
            let step = own.map_or(Step::Entry(index), |(name, _)| Step::Name(name));
            let mut described = own.is_some();
            if let Some((_, node)) = own {
                self.below(step, node, value)?;
            }
            for (pattern, node) in &properties.patterns {
                if pattern.check(name).is_ok() {
                    described = true;
                    self.below(step, node, value)?;
                }
            }
            match &properties.others {
                Some(others) if !described && matches!(others.words.as_slice(), [Word::Never]) => {
                    return self.fault(|| "has a property that the contract does not allow".to_owned());
                }
                Some(others) if !described => self.below(step, others, value)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn of_type(value: &Value) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(number) if is_whole(number) => INTEGER,
        Value::Number(_) => FRACTION,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `a string or null`.
fn describe(types: u8) -> String {
    let number = types & FRACTION != 0;
    let names: Vec<String> = TYPES
        .iter()
        .filter(|(name, bits)| types & bits == *bits && !(number && *name == "integer"))
        .map(|(name, _)| match *name {
            "null" => "null".to_owned(),
            "array" | "object" | "integer" => format!("an {name}"),
            name => format!("a {name}"),
        })
        .collect();
    names.join(" or ")
}

/// Whether two values are the same to JSON Schema.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
