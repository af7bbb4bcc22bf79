//! What types are called: after the component that they are or are part of, and the way from there.

use std::collections::HashMap;

use crate::api::{AdditionalProperties, Schema, SchemaId};
use crate::naming;

use super::form::Form;
use super::union;

/// An identifier in the making, and the spelling that settles clashes.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) ident: String,
    pub(super) spelling: String,
}

/// A step to a schema that another refers to.
pub(super) enum Step {
    /// A property or a keyword.
    Segment(String),
    /// The variant of an enum.
    Variant(String),
}

impl Name {
    pub(super) fn step(&self, step: &Step) -> Self {
        match step {
            Step::Segment(segment) => self.child(segment),
            Step::Variant(word) => self.followed_by(word, word),
        }
    }

    fn child(&self, segment: &str) -> Self {
        let word = match segment {
            "items" => "Item".to_owned(),
            "additionalProperties" => "Value".to_owned(),
            property => naming::pascal(property),
        };
        self.followed_by(&word, segment)
    }

    fn followed_by(&self, word: &str, segment: &str) -> Self {
        Self { ident: format!("{}{word}", self.ident), spelling: format!("{}/{segment}", self.spelling) }
    }
}

/// The variants of inline alternatives, by where these stand: the component above them, and the path from there.
pub(super) type Words = HashMap<(String, Vec<String>), String>;

/// Names that stand for a part of the path that others are made of.
pub(super) struct Stems<'a> {
    /// A message's for the component it owns, those that are said.
    pub(super) said: HashMap<(&'a str, &'a [String]), &'a str>,
    pub(super) words: &'a Words,
}

impl Stems<'_> {
    /// What a type is called: after the component it is or is part of.
    pub(super) fn wanted(&self, schema: &Schema, reached: &Name) -> Name {
        let Some(owner) = &schema.owner else { return reached.clone() };
        let stem = |length: usize| self.said.get(&(owner.as_str(), &schema.path[..length])).copied();
        let ident = stem(0).map_or_else(|| naming::pascal(owner), str::to_owned);
        let mut name = Name { ident, spelling: owner.clone() };
        let mut length = 0;
        while let Some(segment) = schema.path.get(length) {
            // `oneOf` and a position are the name of a variant, which does not depend on the position.
            let is_list = matches!(segment.as_str(), "oneOf" | "anyOf") && length + 1 < schema.path.len();
            let variant =
                is_list.then(|| self.words.get(&(owner.clone(), schema.path[..length + 2].to_vec()))).flatten();
            name = match variant {
                Some(word) => {
                    length += 2;
                    name.followed_by(word, word)
                }
                None => {
                    length += 1;
                    name.child(segment)
                }
            };
            if let Some(stem) = stem(length) {
                stem.clone_into(&mut name.ident);
            }
        }
        name
    }
}

/// The schemas that a type made from this one refers to, and the step to each.
pub(super) fn children(schema: &Schema, form: &Form) -> Vec<(SchemaId, Step)> {
    let segment = |id: SchemaId, name: &str| (id, Step::Segment(name.to_owned()));
    match form.inner() {
        Form::Object => {
            let mut children: Vec<_> = schema.properties.iter().map(|(name, id)| segment(*id, name)).collect();
            if let AdditionalProperties::Schema(values) = schema.additional {
                children.push(segment(values, "additionalProperties"));
            }
            children
        }
        Form::Map(Some(values)) => vec![segment(*values, "additionalProperties")],
        Form::Array(Some(items)) | Form::List(Some(items)) => vec![segment(*items, "items")],
        Form::Union(union) => {
            let child = |one: &union::Alternative| match &one.part {
                union::Part::Schema(id) => vec![(*id, Step::Variant(one.ident.clone()))],
                union::Part::Plain(form) => children(schema, form),
            };
            union.alternatives.iter().flat_map(child).collect()
        }
        _ => Vec::new(),
    }
}
