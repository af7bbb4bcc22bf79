//! The members of a schema, as one intersection.

mod arrays;
mod conflicts;
mod objects;
mod scalars;

use std::rc::Rc;

use indexmap::IndexMap;

use super::{Builder, Step, keywords};
use crate::{
    api::{Schema, SchemaId},
    diagnostic::{At, Code, Diagnostic},
    document::{Document, Kind, Place},
};

/// Parts of a schema that may come from several members, as places, until each has its id.
#[derive(Default)]
struct Parts<'d> {
    /// For each property, what the members say of it.
    properties: IndexMap<&'d str, Vec<Place>>,
    patterns: IndexMap<&'d str, Vec<Place>>,
    /// What each member with keywords of objects says of the properties it does not name.
    objects: Vec<ObjectPart>,
    arrays: Vec<ArrayPart>,
    /// Where `type` stands, in the member that last narrowed it.
    type_at: Option<Place>,
    enum_at: Option<Place>,
}

struct ObjectPart {
    member: Place,
    properties: Option<Place>,
    patterns: Option<Place>,
    additional: Option<Place>,
}

enum ArrayPart {
    All(Place),
    Tuple(Vec<Place>, Option<Place>),
}

/// Fills `schema` with what its members say.
pub(super) fn merge(builder: &mut Builder<'_>, id: SchemaId, members: &Rc<[Place]>, schema: &mut Schema) {
    schema.members = members.to_vec();
    let mut parts = Parts::default();
    for member in members.iter() {
        let mut merge = Merge { document: builder.document, builder, id, schema, parts: &mut parts };
        merge.member(*member);
    }
    let mut merge = Merge { document: builder.document, builder, id, schema, parts: &mut parts };
    merge.objects();
    merge.arrays();
    merge.conflicts();
}

struct Merge<'m, 'b, 'd> {
    document: &'d Document,
    builder: &'m mut Builder<'b>,
    id: SchemaId,
    schema: &'m mut Schema,
    parts: &'m mut Parts<'d>,
}

impl<'d> Merge<'_, 'd, 'd> {
    fn member(&mut self, member: Place) {
        if let Some(allowed) = self.document.bool(member) {
            self.schema.never |= !allowed;
            return;
        }
        let own = member == self.schema.place || self.schema.members.len() == 1;
        let described = self.schema.members[0] == self.schema.place && self.schema.description.is_some();
        let mut object = ObjectPart { member, properties: None, patterns: None, additional: None };
        let (mut items, mut prefix, mut additional_items) = (None, None, None);
        let (mut condition, mut then, mut otherwise) = (None, None, None);
        for (key, value) in self.document.entries(member) {
            match key {
                "type" => self.types(value, member),
                "enum" => self.enumeration(value),
                "const" => {
                    let value = self.document.value(value);
                    self.intersect(vec![value]);
                }
                "format" => self.schema.format = self.text(key, value).map(str::to_owned).or(self.schema.format.take()),
                "title" if own => self.schema.title = self.text(key, value).map(str::to_owned),
                // Its own, or else the last of the parts: they go from the general to the particular.
                "description" if own || !described => {
                    self.schema.description = self.text(key, value).map(str::to_owned);
                }
                "deprecated" => self.schema.deprecated |= self.document.bool(value).unwrap_or_default(),
                "default" => self.schema.default = Some(self.document.value(value)),
                "example" => {
                    let value = self.document.value(value);
                    self.schema.examples.push(value);
                }
                "examples" => {
                    for item in self.document.items(value) {
                        let item = self.document.value(item);
                        self.schema.examples.push(item);
                    }
                }

                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => self.bound(key, value, member),
                "multipleOf" => self.multiple_of(value),
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                    self.count(key, value)
                }
                "pattern" => {
                    if let Some(text) = self.text(key, value)
                        && !self.schema.patterns.iter().any(|p| p == text)
                    {
                        self.schema.patterns.push(text.to_owned());
                    }
                }
                "uniqueItems" => match self.document.bool(value) {
                    Some(unique) => self.schema.unique_items |= unique,
                    None => self.wrong(key, value, "true or false"),
                },

                "items" => items = Some(value),
                "prefixItems" => prefix = Some(value),
                "additionalItems" => additional_items = Some(value),
                "contains" => {
                    let contained = self.child(value);
                    self.schema.contains.extend(contained);
                }

                "properties" => object.properties = self.map(key, value),
                "patternProperties" => object.patterns = self.map(key, value),
                "additionalProperties" => object.additional = Some(value),
                "required" => self.required(value),
                "propertyNames" => {
                    let names = self.child(value);
                    self.schema.property_names.extend(names);
                }
                "dependencies" | "dependentRequired" | "dependentSchemas" => self.dependencies(key, value),

                "oneOf" | "anyOf" => {
                    let options = self.children(key, value);
                    if !options.is_empty() {
                        let lists = if key == "oneOf" { &mut self.schema.one_of } else { &mut self.schema.any_of };
                        lists.push(options);
                    }
                }
                "not" => {
                    let not = self.child(value);
                    self.schema.not.extend(not);
                }
                "if" => condition = Some(value),
                "then" => then = Some(value),
                "else" => otherwise = Some(value),
                "discriminator" => self.discriminator(value),
                _ if key.starts_with("x-") => {
                    let value = self.document.value(value);
                    self.schema.extensions.insert(key.to_owned(), value);
                }
                _ if keywords::is_not_enforced(key) => {
                    let found = Diagnostic::new(Code::KEYWORD_NOT_ENFORCED, format!("`{key}` is not enforced"))
                        .at_key(value)
                        .help("draft-07 does not know it; say the same with draft-07's keywords");
                    self.builder.findings.push(found);
                }
                _ => self.builder.unknown.met(self.document, member, key, value, self.builder.findings),
            }
        }
        if let Some(condition) = condition {
            let condition = self.child(condition);
            let then = then.and_then(|v| self.child(v));
            let otherwise = otherwise.and_then(|v| self.child(v));
            if let (Some(condition), true) = (condition, then.is_some() || otherwise.is_some()) {
                self.schema.conditions.push((condition, then, otherwise));
            }
        }
        if object.properties.is_some() || object.patterns.is_some() || object.additional.is_some() {
            for (name, place) in object.properties.iter().flat_map(|p| self.document.entries(*p)) {
                self.parts.properties.entry(name).or_default().push(place);
            }
            for (pattern, place) in object.patterns.iter().flat_map(|p| self.document.entries(*p)) {
                self.parts.patterns.entry(pattern).or_default().push(place);
            }
            self.parts.objects.push(object);
        }
        self.array_part(items, prefix, additional_items);
    }

    fn child(&mut self, place: Place) -> Option<SchemaId> {
        let end = self.builder.schema_end(place)?;
        Some(self.builder.place_id(end))
    }

    fn children(&mut self, key: &str, value: Place) -> Vec<SchemaId> {
        if self.document.kind(value) != Kind::List || self.document.items(value).next().is_none() {
            self.wrong(key, value, "a list of schemas, at least one");
        }
        let items: Vec<Place> = self.document.items(value).collect();
        items.into_iter().filter_map(|item| self.child(item)).collect()
    }

    fn set(&mut self, places: &[Place], way: &[&str]) -> Option<SchemaId> {
        if places.is_empty() { None } else { self.builder.set_id(places, Step { parent: self.id, way }) }
    }

    fn text(&mut self, key: &str, value: Place) -> Option<&'d str> {
        let text = self.document.str(value);
        if text.is_none() {
            self.wrong(key, value, "a string");
        }
        text
    }

    fn map(&mut self, key: &str, value: Place) -> Option<Place> {
        if self.document.kind(value) == Kind::Map {
            return Some(value);
        }
        self.wrong(key, value, "a mapping");
        None
    }

    fn wrong(&mut self, key: &str, value: Place, wanted: &str) {
        let what = self.document.kind(value).describe();
        let at =
            if matches!(self.document.kind(value), Kind::Map | Kind::List) { At::Key(value) } else { At::Value(value) };
        let found =
            Diagnostic::new(Code::BAD_KEYWORD, format!("`{key}` must be {wanted}, this is {what}")).pointing(at);
        self.builder.findings.push(found);
    }
}
