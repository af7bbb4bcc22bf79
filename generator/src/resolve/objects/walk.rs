//! Holding a document against the tables.

use std::collections::{HashMap, HashSet};

use super::{Object, Role, Shape, Stand, security, stand_of, v2};
use crate::{
    api::Expression,
    diagnostic::{At, Code, Diagnostic, Findings, Severity},
    document::{Document, Kind, Place, nearest},
    resolve::{
        Refs,
        format::written,
        refs::{self, reference},
    },
};

/// What stands where, references followed, each place once, in the order it was met.
#[derive(Debug, Default)]
pub(crate) struct Index {
    roles: HashMap<Role, Vec<Place>>,
    /// Schemas that stand where a schema must.
    pub(crate) schemas: Vec<Place>,
    /// `tags` lists.
    pub(crate) tags: Vec<Place>,
}

impl Index {
    /// Everything of a role.
    pub(crate) fn of(&self, role: Role) -> &[Place] {
        self.roles.get(&role).map_or(&[], Vec::as_slice)
    }
}

/// Walks a document from its top.
pub(crate) fn walk(
    document: &Document,
    root: Place,
    object: &'static Object,
    refs: &mut Refs,
    findings: &mut Findings,
) -> Index {
    let mut walk = Walk { document, refs, findings, index: Index::default(), seen: HashSet::new(), todo: Vec::new() };
    walk.todo.push((root, Task::Fields(object)));
    while let Some((place, task)) = walk.todo.pop() {
        match task {
            Task::Fields(object) => walk.fields(place, object),
            Task::Shape(shape) => walk.shape(place, shape),
        }
    }
    walk.index
}

enum Task {
    Shape(&'static Shape),
    Fields(&'static Object),
}

struct Walk<'a> {
    document: &'a Document,
    refs: &'a mut Refs,
    findings: &'a mut Findings,
    index: Index,
    seen: HashSet<(Place, *const Object)>,
    /// A stack, so that a chain of references of any length needs none of ours; filled in reverse, so that places are met in
    /// the document's order.
    todo: Vec<(Place, Task)>,
}

impl Walk<'_> {
    fn shape(&mut self, place: Place, shape: &'static Shape) {
        let kind = self.document.kind(place);
        match shape {
            Shape::Any => {}
            Shape::Text => self.expect(place, Kind::String, "a string"),
            Shape::TextOrNull if kind == Kind::Null => {}
            Shape::TextOrNull => self.expect(place, Kind::String, "a string or null"),
            Shape::Bool => self.expect(place, Kind::Bool, "true or false"),
            Shape::Map => self.expect(place, Kind::Map, "a mapping"),
            Shape::Uri => self.uri(place),
            Shape::Expression => self.expression(place),
            Shape::Word(words) => self.word(place, words),
            Shape::List(item) => {
                self.expect(place, Kind::List, "a list");
                let items: Vec<_> = self.document.items(place).collect();
                self.todo.extend(items.into_iter().rev().map(|p| (p, Task::Shape(item))));
            }
            Shape::MapOf(value) => {
                self.expect(place, Kind::Map, "a mapping");
                let values: Vec<_> =
                    self.document.entries(place).filter(|(k, _)| !k.starts_with("x-")).map(|(_, p)| p).collect();
                self.todo.extend(values.into_iter().rev().map(|p| (p, Task::Shape(value))));
            }
            Shape::Object(object) => {
                if let Some(reference) = reference(self.document, place) {
                    let found =
                        Diagnostic::new(Code::REF_NOT_ALLOWED, format!("{} may not be a reference here", object.name))
                            .at_key(reference)
                            .help("write it out in place");
                    self.findings.push(found);
                } else {
                    self.fields(place, object);
                }
            }
            Shape::Ref(object) => self.referable(place, object),
            Shape::Reference(object) => {
                if kind == Kind::Map && reference(self.document, place).is_none() {
                    let found = Diagnostic::new(Code::WRONG_TYPE, format!("{} must be referred to here", object.name))
                        .pointing(self.heading(place))
                        .help("write it under `components` or `channels` and refer to it with `$ref`");
                    self.findings.push(found);
                } else {
                    self.referable(place, object);
                }
            }
            Shape::Schema => self.index.schemas.push(place),
            Shape::Payload => {
                // The format of a message's payload may come from a trait; the message itself decides then.
                let holder = self.document.parent(place).unwrap_or(place);
                let written = written(self.document, holder, place);
                if written.opaque.is_none() {
                    self.index.schemas.push(written.schema);
                }
            }
        }
    }

    fn referable(&mut self, place: Place, object: &'static Object) {
        if self.document.kind(place) != Kind::Map {
            return self.expect(place, Kind::Map, object.name);
        }
        if let Some(reference) = reference(self.document, place) {
            self.siblings(place, reference);
        }
        if let Some(end) = self.refs.end(self.document, place, self.findings) {
            if let Some(reference) = reference(self.document, place)
                && let Some(what) = self.other_kind(end, object)
            {
                self.findings.push(refs::other_kind(self.document, reference, object.name, what, end));
                return;
            }
            self.fields(end, object);
        }
    }

    /// What a reference to an object leads to, where that is none, or another one by where it stands.
    fn other_kind(&self, end: Place, object: &'static Object) -> Option<&'static str> {
        match (self.document.kind(end), stand_of(self.document, end)) {
            (Kind::Map, Some(Stand::Object(other))) if std::ptr::eq(other, object) || object.is_trait_of(other) => None,
            (Kind::Map, stand) => stand.map(Stand::describe),
            (kind, _) => Some(kind.describe()),
        }
    }

    /// What stands beside a `$ref` counts for nothing.
    fn siblings(&mut self, place: Place, reference: Place) {
        let beside = self.document.entries(place).find(|(k, _)| *k != "$ref" && !k.starts_with("x-"));
        if let Some((key, sibling)) = beside {
            let found = Diagnostic::new(Code::REF_SIBLINGS, format!("`{key}` beside a `$ref` is ignored"))
                .at_key(sibling)
                .related(At::Value(reference), "this stands for the whole value")
                .help("write it where the reference leads, or leave it out");
            self.findings.push(found);
        }
    }

    fn fields(&mut self, place: Place, object: &'static Object) {
        let place = self.document.real(place);
        if self.document.kind(place) != Kind::Map {
            return self.expect(place, Kind::Map, object.name);
        }
        // Beside the `oneOf` of 2.x a message has no fields.
        let is_choice = std::ptr::eq(object, &v2::MESSAGE) && self.document.get(place, "oneOf").is_some();
        let object = if is_choice { &v2::ONE_OF } else { object };
        let choices = self.document.get(place, "oneOf").filter(|_| is_choice);
        let none =
            |list: &Place| self.document.kind(*list) == Kind::List && self.document.items(*list).next().is_none();
        if let Some(list) = choices.filter(none) {
            let mut found = Diagnostic::new(Code::BAD_VALUE, "this choice lists no message").at_key(list);
            found.severity = Severity::Warning;
            self.findings.push(found.help("list the messages, or leave `message` out: nothing is generated for it"));
        }
        if !self.seen.insert((place, object)) {
            return;
        }
        self.index.roles.entry(object.role).or_default().push(place);
        if object.role == Role::SecurityScheme {
            security::check(self.document, place, self.findings);
        }
        let mut next = Vec::new();
        for (key, value) in self.document.entries(place) {
            match object.fields.iter().find(|f| f.name == key) {
                Some(field) => {
                    if key == "tags" {
                        self.index.tags.push(value);
                    }
                    next.push((value, Task::Shape(field.shape)));
                }
                None if object.open || key.starts_with("x-") => {}
                None => self.findings.push(unknown(key, value, object)),
            }
        }
        self.todo.extend(next.into_iter().rev());
        for field in object.fields.iter().filter(|f| f.required) {
            if self.document.get(place, field.name).is_none() {
                let message = format!("{} must have the field `{}`", object.name, field.name);
                let found = Diagnostic::new(Code::MISSING_FIELD, message)
                    .pointing(self.heading(place))
                    .help(format!("add `{}`", field.name));
                self.findings.push(found);
            }
        }
    }

    /// Points at a mapping without underlining all of it: at its key, or at its first key.
    fn heading(&self, place: Place) -> At {
        match self.document.key(place) {
            Some(_) => At::Key(place),
            None => self.document.entries(place).next().map_or(At::Value(place), |(_, first)| At::Key(first)),
        }
    }

    fn expect(&mut self, place: Place, kind: Kind, wanted: &str) {
        let found = self.document.kind(place);
        if found != kind {
            let what = self.document.key(place).map_or_else(|| "this".to_owned(), |k| format!("`{k}`"));
            let wanted = if kind == Kind::Map { "a mapping" } else { wanted };
            let at = if matches!(found, Kind::Map | Kind::List) { self.heading(place) } else { At::Value(place) };
            let mut finding =
                Diagnostic::new(Code::WRONG_TYPE, format!("{what} must be {wanted}, this is {}", found.describe()))
                    .pointing(at);
            if kind == Kind::String && matches!(found, Kind::Number | Kind::Bool) {
                finding = finding.help("put it in quotes");
            }
            self.findings.push(finding);
        }
    }

    fn uri(&mut self, place: Place) {
        self.expect(place, Kind::String, "a string");
        let Some(text) = self.document.str(place) else { return };
        let sound = text.split_once(':').is_some_and(|(scheme, rest)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
                && !rest.is_empty()
                && !rest.contains(|c: char| {
                    c.is_whitespace() || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
                })
        });
        if !sound {
            let found = Diagnostic::new(Code::BAD_VALUE, "this must be a URI")
                .at(place)
                .help("`urn:example:orders`, for instance");
            self.findings.push(found);
        }
    }

    fn expression(&mut self, place: Place) {
        self.expect(place, Kind::String, "a string");
        let Some(text) = self.document.str(place) else { return };
        if Expression::parse(text, place).is_none() {
            let found = Diagnostic::new(Code::BAD_VALUE, "this must be a runtime expression")
                .at(place)
                .help("`$message.header#/correlationId`, or `$message.payload#/` and the path to a property");
            self.findings.push(found);
        }
    }

    fn word(&mut self, place: Place, words: &[&str]) {
        self.expect(place, Kind::String, "a string");
        if self.document.str(place).is_some_and(|t| !words.contains(&t)) {
            let list: Vec<_> = words.iter().map(|w| format!("`{w}`")).collect();
            let found = Diagnostic::new(Code::BAD_VALUE, format!("this must be {}", list.join(" or "))).at(place);
            self.findings.push(found);
        }
    }
}

fn unknown(key: &str, value: Place, object: &Object) -> Diagnostic {
    let help = match nearest(key, object.fields.iter().map(|f| f.name)) {
        Some((distance, name)) if distance <= 2.max(key.len() / 4) => format!("did you mean `{name}`?"),
        _ => format!("remove it, or make it an extension: `x-{key}`"),
    };
    Diagnostic::new(Code::UNKNOWN_FIELD, format!("{} has no field `{key}`", object.name)).at_key(value).help(help)
}
