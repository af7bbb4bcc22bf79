//! Discriminators: which property says which alternative of a `oneOf` or an `anyOf` a value is, and by what.

use serde_json::Value;

use super::schema::{Discriminator, Schema, SchemaId, Schemas, TypeSet};

/// What tells the alternatives of a schema apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The property.
    pub property: String,
    /// What stands there, for each alternative; nothing for one that is `null`.
    pub values: Vec<Vec<String>>,
}

impl Told {
    /// Whether a value says that it is that alternative; an alternative that is not told by the property is none of its business.
    #[must_use]
    pub fn may_be(&self, alternative: usize, value: &Value) -> bool {
        let values = self.values.get(alternative).map(Vec::as_slice).unwrap_or_default();
        let said = value.get(&self.property).and_then(Value::as_str);
        values.is_empty() || said.is_some_and(|said| values.iter().any(|value| value == said))
    }
}

impl Schemas {
    /// By what a `discriminator` tells the alternatives of a schema apart: its own, or the one that all alternatives have from a
    /// base. It decides alone then: a value is the alternative that it names, and what it does not name is none of them.
    ///
    /// The values of an alternative are those that the mapping leads to it by, else the texts that its schema lists for the
    /// property (`const`, `enum`), else the name of the schema. `None` where that does not tell each alternative from every other:
    /// the property is not described as a text by one of them, one has no name, two have the same. The keyword then describes.
    #[must_use]
    pub fn told(&self, schema: &Schema) -> Option<Told> {
        let list = match (schema.one_of.as_slice(), schema.any_of.as_slice()) {
            ([list], []) | ([], [list]) => list,
            _ => return None,
        };
        let is_null = |id: &SchemaId| self[self.same(*id)].types == TypeSet::NULL;
        let discriminator = match &schema.discriminator {
            Some(own) => own,
            None => {
                let mut all =
                    list.iter().filter(|id| !is_null(id)).map(|id| self[self.same(*id)].discriminator.as_ref());
                let first = all.next()??;
                all.all(|other| other.is_some_and(|other| other.property == first.property)).then_some(first)?
            }
        };
        let mut values = Vec::with_capacity(list.len());
        for id in list {
            values.push(if is_null(id) { Vec::new() } else { self.names(discriminator, *id)? });
        }
        let mut seen = std::collections::HashSet::new();
        let apart = values.iter().flatten().all(|value| seen.insert(value.as_str()));
        (apart && !seen.is_empty()).then(|| Told { property: discriminator.property.clone(), values })
    }

    /// What stands in the property of an alternative.
    fn names(&self, discriminator: &Discriminator, id: SchemaId) -> Option<Vec<String>> {
        let end = self.same(id);
        let schema = &self[end];
        let implied = schema.types == TypeSet::ANY && !schema.properties.is_empty();
        if schema.never || schema.enumeration.is_some() || !(schema.types == TypeSet::OBJECT || implied) {
            return None;
        }
        let property = &self[self.same(*schema.properties.get(&discriminator.property)?)];
        let listed = match &property.enumeration {
            Some(values) => {
                Some(values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?)
            }
            None if property.types == TypeSet::STRING => None,
            None => return None,
        };
        let mapped =
            discriminator.mapping.iter().filter(|(_, to)| self.same(**to) == end).map(|(name, _)| name.clone());
        let mut names: Vec<String> = mapped.collect();
        match listed {
            Some(listed) if names.is_empty() => names = listed,
            Some(listed) => names.retain(|name| listed.contains(name)),
            None if names.is_empty() => names.extend(self[id].component.clone().or_else(|| schema.component.clone())),
            None => {}
        }
        (!names.is_empty()).then_some(names)
    }

    /// Looks through schemas that add nothing but annotations.
    fn same(&self, mut id: SchemaId) -> SchemaId {
        // A chain of these ends; the bound is for documents that were not checked.
        for _ in 0..64 {
            match self[id].same_as {
                Some(same) => id = same,
                None => break,
            }
        }
        id
    }
}
