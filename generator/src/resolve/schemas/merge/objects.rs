//! Keywords of objects: properties, and what each member says of those it does not name.

use super::{Merge, ObjectPart};
use crate::{
    api::{AdditionalProperties, Schema, SchemaId, TypeSet},
    diagnostic::{At, Code, Diagnostic, Severity},
    document::Place,
};

impl<'d> Merge<'_, 'd, 'd> {
    pub(super) fn objects(&mut self) {
        let parts = std::mem::take(&mut self.parts.objects);
        let properties = std::mem::take(&mut self.parts.properties);
        let patterns = std::mem::take(&mut self.parts.patterns);
        let several = parts.len() > 1;
        let names = |map: Option<Place>, name: &str| map.is_some_and(|m| self.document.get(m, name).is_some());
        // Members that say something of properties they do not name.
        let ruling: Vec<_> =
            parts.iter().filter(|p| several && (p.patterns.is_some() || p.additional.is_some())).collect();
        self.builder.work += (properties.len() * (1 + ruling.len())) as u64;
        let mut allowed: Vec<(&str, Vec<Place>)> = Vec::with_capacity(properties.len());
        for (name, mut places) in properties {
            let mut forbidden = false;
            // A member that does not name the property rules it by its pattern, or by its `additionalProperties`.
            for part in ruling.iter().filter(|p| !names(p.properties, name)) {
                let mut matching = Vec::new();
                // A pattern that is not enforced may match any name: then neither it nor `additionalProperties` is held up.
                let mut unknown = false;
                for (pattern, place) in part.patterns.iter().flat_map(|m| self.document.entries(*m)) {
                    match crate::pattern::find(pattern, name) {
                        Some(true) => matching.push(place),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                match part.additional {
                    _ if unknown || !matching.is_empty() => places.extend(matching),
                    Some(additional) if self.document.bool(additional) == Some(false) => forbidden = true,
                    Some(additional) if self.document.bool(additional).is_none() => places.push(additional),
                    _ => {}
                }
            }
            if !forbidden {
                allowed.push((name, places));
            }
        }
        self.forbidden_but_required(&parts);
        for (name, places) in allowed {
            if let Some(id) = self.set(&places, &[name]) {
                self.schema.properties.insert(name.to_owned(), id);
            }
        }
        for part in parts.iter().filter(|part| several && part.additional.is_some()) {
            let others = parts.iter().filter_map(|other| other.patterns);
            let mut theirs = others.flat_map(|map| self.document.entries(map));
            if theirs.any(|(pattern, _)| !names(part.patterns, pattern)) {
                let condition = self.others_of(part);
                self.schema.any_of.extend(condition.map(|id| vec![id]));
            }
        }
        for (position, (pattern, places)) in patterns.into_iter().enumerate() {
            if let Some(id) = self.set(&places, &["patternProperties", &position.to_string()]) {
                self.schema.pattern_properties.insert(pattern.to_owned(), id);
            }
        }
        let additional: Vec<Place> = parts.iter().filter_map(|p| p.additional).collect();
        let others: Vec<Place> = additional.iter().copied().filter(|a| self.document.bool(*a).is_none()).collect();
        self.schema.additional = if additional.iter().any(|a| self.document.bool(*a) == Some(false)) {
            AdditionalProperties::Forbidden
        } else {
            self.set(&others, &["additionalProperties"]).map_or(AdditionalProperties::Any, AdditionalProperties::Schema)
        };
    }

    /// A member that has no properties but its own, where another requires one that it has not: draft-07's
    /// `additionalProperties` sees only what stands beside it, and not the other members of an `allOf`.
    fn forbidden_but_required(&mut self, parts: &[ObjectPart]) {
        let names = |map: Option<Place>, name: &str| map.is_some_and(|m| self.document.get(m, name).is_some());
        let closed: Vec<(&ObjectPart, Place)> = parts
            .iter()
            .filter_map(|part| Some((part, part.additional.filter(|a| self.document.bool(*a) == Some(false))?)))
            .collect();
        self.builder.work += (self.schema.required.len() * closed.len()) as u64;
        let mut found = Vec::new();
        for name in &self.schema.required {
            let forbids = |part: &ObjectPart| {
                let mut patterns = part.patterns.iter().flat_map(|m| self.document.entries(*m));
                // A pattern that is not enforced may match any name.
                !names(part.properties, name) && patterns.all(|(p, _)| crate::pattern::find(p, name) == Some(false))
            };
            // A hundred say it as well as a hundred thousand.
            if found.len() == 100 {
                break;
            }
            let Some((_, additional)) = closed.iter().find(|(part, _)| forbids(part)) else { continue };
            let lists = self.schema.members.iter().filter_map(|m| self.document.get(*m, "required"));
            let item = lists.flat_map(|l| self.document.items(l)).find(|i| self.document.str(*i) == Some(name));
            let mut impossible =
                Diagnostic::new(Code::IMPOSSIBLE, format!("`{name}` is required, and forbidden: no object fits"))
                    .at(item.unwrap_or(self.schema.place))
                    .related(At::Key(*additional), "allows only the properties that stand beside it")
                    .help("describe it beside `additionalProperties`, or leave that out; it does not see other members of an `allOf`");
            if self.schema.types != TypeSet::OBJECT {
                impossible.severity = Severity::Warning;
            }
            found.push(impossible);
        }
        self.builder.findings.extend(found);
    }

    /// What a member's `additionalProperties` says, as a schema of its own. Merged, a name that matches another member's pattern
    /// would escape it.
    fn others_of(&mut self, part: &ObjectPart) -> Option<SchemaId> {
        let additional = match self.document.bool(part.additional?) {
            Some(true) => return None,
            Some(false) => AdditionalProperties::Forbidden,
            None => AdditionalProperties::Schema(self.child(part.additional?)?),
        };
        let names = |map: Option<Place>| map.into_iter().flat_map(|map| self.document.entries(map));
        let anything = self.builder.new_id();
        let schema = Schema {
            place: part.member,
            members: vec![part.member],
            properties: names(part.properties).map(|(name, _)| (name.to_owned(), anything)).collect(),
            pattern_properties: names(part.patterns).map(|(pattern, _)| (pattern.to_owned(), anything)).collect(),
            additional,
            ..Schema::default()
        };
        self.builder.schemas.push(Schema { place: part.member, ..Schema::default() });
        let id = self.builder.new_id();
        self.builder.schemas.push(schema);
        Some(id)
    }
}
