//! Rules as text, read into what [`super::judge`] walks.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::number::decimal;
use crate::codec::decimal::Decimal;
use crate::codec::pattern::Pattern;

/// A schema and the definitions that it refers to.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) root: Node,
    pub(super) definitions: Vec<Node>,
}

impl Schema {
    /// The alternatives that it is a choice of.
    pub(super) fn alternatives(&self) -> &[Node] {
        let list = self.root.words.iter().find_map(|word| match word {
            Word::OneOf(nodes) | Word::AnyOf(nodes) => Some(nodes.as_slice()),
            _ => None,
        });
        list.unwrap_or_default()
    }
}

/// A schema within it: all of these words hold.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// What `type` says; bits of [`of_type`].
    pub(super) types: Option<u8>,
    pub(super) words: Vec<Word>,
}

#[derive(Debug)]
pub(super) enum Word {
    Never,
    /// An index into the definitions.
    Refer(usize),
    Enum(Vec<Value>),
    Minimum(Number),
    Maximum(Number),
    ExclusiveMinimum(Number),
    ExclusiveMaximum(Number),
    MultipleOf(Decimal, Number),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Pattern),
    Format(String),
    /// The first items, each by its own, then all others.
    Items(Vec<Node>, Option<Box<Node>>),
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    Contains(Node),
    Properties(Box<Properties>),
    Required(Vec<String>),
    MinProperties(u64),
    MaxProperties(u64),
    PropertyNames(Node),
    DependentRequired(String, Vec<String>),
    DependentSchema(String, Node),
    AllOf(Vec<Node>),
    AnyOf(Vec<Node>),
    OneOf(Vec<Node>),
    Not(Node),
    If(Box<Condition>),
}

/// `properties`, `patternProperties` and `additionalProperties`, which stand together.
#[derive(Debug)]
pub(super) struct Properties {
    pub(super) named: BTreeMap<String, Node>,
    pub(super) patterns: Vec<(Pattern, Node)>,
    pub(super) others: Option<Node>,
}

#[derive(Debug)]
pub(super) struct Condition {
    pub(super) when: Node,
    pub(super) then: Option<Node>,
    pub(super) otherwise: Option<Node>,
}

pub(super) const NULL: u8 = 1;
pub(super) const BOOLEAN: u8 = 2;
pub(super) const OBJECT: u8 = 4;
pub(super) const ARRAY: u8 = 8;
pub(super) const STRING: u8 = 16;
pub(super) const FRACTION: u8 = 32;
pub(super) const INTEGER: u8 = 64;

/// The types, by name; an integer is a number.
pub(super) const TYPES: [(&str, u8); 7] = [
    ("null", NULL),
    ("boolean", BOOLEAN),
    ("object", OBJECT),
    ("array", ARRAY),
    ("string", STRING),
    ("number", FRACTION | INTEGER),
    ("integer", INTEGER),
];

/// Reads a schema.
///
/// # Errors
/// What there is in it that is not known here.
pub(super) fn schema(text: &str) -> Result<Schema, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let definitions = match value.as_object_mut().and_then(|root| root.remove("definitions")) {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    let names: BTreeMap<&str, usize> =
        definitions.keys().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
    let reader = Reader { names };
    let nodes = definitions.values().map(|value| reader.node(value)).collect::<Result<_, _>>()?;
    Ok(Schema { root: reader.node(&value)?, definitions: nodes })
}

struct Reader<'a> {
    names: BTreeMap<&'a str, usize>,
}

impl Reader<'_> {
    fn node(&self, value: &Value) -> Result<Node, String> {
        let mut node = Node::default();
        let object = match value {
            Value::Bool(true) => return Ok(node),
            Value::Bool(false) => {
                node.words.push(Word::Never);
                return Ok(node);
            }
            Value::Object(object) => object,
            _ => return Err("a schema is an object or a boolean".to_owned()),
        };
        for (keyword, value) in object {
            let word = match keyword.as_str() {
                "type" => {
                    node.types = Some(types(value)?);
                    continue;
                }
                // They are read with those that they stand beside.
                "then" | "else" | "additionalItems" => continue,
                "patternProperties" | "additionalProperties" if object.contains_key("properties") => continue,
                "additionalProperties" if object.contains_key("patternProperties") => continue,
                "properties" | "patternProperties" | "additionalProperties" => self.properties(object)?,
                "items" => self.items(value, object.get("additionalItems"))?,
                "if" => Word::If(Box::new(Condition {
                    when: self.node(value)?,
                    then: object.get("then").map(|then| self.node(then)).transpose()?,
                    otherwise: object.get("else").map(|otherwise| self.node(otherwise)).transpose()?,
                })),
                "dependencies" => {
                    for (name, value) in map(value)? {
                        node.words.push(match value {
                            Value::Array(_) => Word::DependentRequired(name.clone(), texts(value)?),
                            _ => Word::DependentSchema(name.clone(), self.node(value)?),
                        });
                    }
                    continue;
                }
                _ => self.word(keyword, value)?,
            };
            node.words.push(word);
        }
        Ok(node)
    }

    fn word(&self, keyword: &str, value: &Value) -> Result<Word, String> {
        Ok(match keyword {
            "$ref" => {
                let name = text(value)?.strip_prefix("#/definitions/").unwrap_or_default().to_owned();
                let index = self.names.get(name.as_str());
                Word::Refer(*index.ok_or_else(|| format!("no definition is called `{name}`"))?)
            }
            "enum" => Word::Enum(list(value)?.clone()),
            "minimum" => Word::Minimum(number(value)?),
            "maximum" => Word::Maximum(number(value)?),
            "exclusiveMinimum" => Word::ExclusiveMinimum(number(value)?),
            "exclusiveMaximum" => Word::ExclusiveMaximum(number(value)?),
            "multipleOf" => {
                let step = number(value)?;
                Word::MultipleOf(decimal(&step).ok_or("a step has too many digits")?, step)
            }
            "minLength" => Word::MinLength(count(value)?),
            "maxLength" => Word::MaxLength(count(value)?),
            "pattern" => Word::Pattern(Pattern::of(text(value)?.to_owned())),
            "format" => Word::Format(text(value)?.to_owned()),
            "minItems" => Word::MinItems(count(value)?),
            "maxItems" => Word::MaxItems(count(value)?),
            "uniqueItems" => Word::UniqueItems,
            "contains" => Word::Contains(self.node(value)?),
            "required" => Word::Required(texts(value)?),
            "minProperties" => Word::MinProperties(count(value)?),
            "maxProperties" => Word::MaxProperties(count(value)?),
            "propertyNames" => Word::PropertyNames(self.node(value)?),
            "allOf" => Word::AllOf(self.nodes(value)?),
            "anyOf" => Word::AnyOf(self.nodes(value)?),
            "oneOf" => Word::OneOf(self.nodes(value)?),
            "not" => Word::Not(self.node(value)?),
            other => return Err(format!("`{other}` is not known")),
        })
    }

    fn nodes(&self, value: &Value) -> Result<Vec<Node>, String> {
        list(value)?.iter().map(|value| self.node(value)).collect()
    }

    fn items(&self, value: &Value, additional: Option<&Value>) -> Result<Word, String> {
        if let Value::Array(_) = value {
            let rest = additional.map(|value| self.node(value)).transpose()?;
            return Ok(Word::Items(self.nodes(value)?, rest.map(Box::new)));
        }
        Ok(Word::Items(Vec::new(), Some(Box::new(self.node(value)?))))
    }

    fn properties(&self, object: &Map<String, Value>) -> Result<Word, String> {
        let mut properties = Properties { named: BTreeMap::new(), patterns: Vec::new(), others: None };
        if let Some(value) = object.get("properties") {
            for (name, value) in map(value)? {
                properties.named.insert(name.clone(), self.node(value)?);
            }
        }
        if let Some(value) = object.get("patternProperties") {
            for (pattern, value) in map(value)? {
                properties.patterns.push((Pattern::of(pattern.clone()), self.node(value)?));
            }
        }
        properties.others = object.get("additionalProperties").map(|value| self.node(value)).transpose()?;
        Ok(Word::Properties(Box::new(properties)))
    }
}

fn types(value: &Value) -> Result<u8, String> {
    let one = |value: &Value| {
        let name = text(value)?;
        let known = TYPES.iter().find(|(known, _)| *known == name);
        known.map(|(_, bits)| *bits).ok_or_else(|| format!("`{name}` is no type"))
    };
    match value {
        Value::Array(names) => names.iter().try_fold(0, |bits, name| Ok(bits | one(name)?)),
        name => one(name),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "a text is missing".to_owned())
}

fn number(value: &Value) -> Result<Number, String> {
    value.as_number().cloned().ok_or_else(|| "a number is missing".to_owned())
}

fn count(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| "a count is missing".to_owned())
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| "a list is missing".to_owned())
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    list(value)?.iter().map(|value| text(value).map(str::to_owned)).collect()
}

fn map(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "an object is missing".to_owned())
}
