//! Schemas: which are one and which are two, and what each of them says once `$ref` and `allOf` are gone.
//!
//! A schema is the set of mappings that `allOf` and `$ref` gather for it, its *members*, each read for its own keywords. A set
//! of one is that place in the document and nothing else, so everything that refers to it gets the same id; a set of
//! several is merged once, however often it is met. Nothing recurses on what the document nests or chains.

mod flatten;
mod keywords;
mod merge;
mod owner;
mod values;

use std::{collections::HashMap, rc::Rc};

use super::{
    Refs,
    objects::{Stand, stand_of},
    refs::other_kind,
};
use crate::{
    api::{Schema, SchemaId, Schemas},
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Document, Kind, Place},
};

pub(crate) use values::{canonical, compare, equal, integer};

/// Builds schemas on demand.
pub(crate) struct Builder<'d> {
    document: &'d Document,
    refs: &'d mut Refs,
    findings: &'d mut Findings,
    schemas: Vec<Schema>,
    /// Ids of places, references followed.
    places: HashMap<Place, SchemaId>,
    /// Ids of sets that `allOf` put together from several places.
    sets: HashMap<Rc<[Place]>, SchemaId>,
    flat: HashMap<Place, Rc<[Place]>>,
    todo: Vec<Pending>,
    work: u64,
    /// Steps of merging that the document may take.
    most_work: u64,
    exhausted: bool,
    unknown: keywords::Unknown<'d>,
}

/// A schema that has an id and no content yet.
struct Pending {
    id: SchemaId,
    members: Rc<[Place]>,
    same_as: Option<Place>,
}

/// What a schema is called when it is nobody's own place: its parent's name and the step from there.
struct Step<'a> {
    parent: SchemaId,
    way: &'a [&'a str],
}

impl<'d> Builder<'d> {
    pub(crate) fn new(document: &'d Document, refs: &'d mut Refs, most_work: u64, findings: &'d mut Findings) -> Self {
        Self {
            document,
            refs,
            findings,
            // Of large contracts a tenth of the values are schemas. A list that grows leaves its old copies behind, which the
            // allocator keeps: of 3,000 channels as much as the list itself. What is reserved and not used costs nothing.
            schemas: Vec::with_capacity(document.len() / 6),
            places: HashMap::new(),
            sets: HashMap::new(),
            flat: HashMap::new(),
            todo: Vec::new(),
            work: 0,
            most_work,
            exhausted: false,
            unknown: keywords::Unknown::default(),
        }
    }

    pub(crate) fn document(&self) -> &'d Document {
        self.document
    }

    pub(crate) fn findings(&mut self) -> &mut Findings {
        self.findings
    }

    /// The value that `place` stands for.
    pub(crate) fn end(&mut self, place: Place) -> Option<Place> {
        self.refs.end(self.document, place, self.findings)
    }

    /// The schema at `place`; `None` where a reference leads nowhere, which is then reported.
    pub(crate) fn schema(&mut self, place: Place) -> Option<SchemaId> {
        let end = self.schema_end(place)?;
        let id = self.place_id(end);
        self.run();
        Some(id)
    }

    /// All schemas that were asked for, and all that they need.
    pub(crate) fn finish(self) -> Schemas {
        self.unknown.tell(self.document, self.findings);
        Schemas(self.schemas)
    }

    fn run(&mut self) {
        while let Some(Pending { id, members, same_as }) = self.todo.pop() {
            self.work += members.len() as u64;
            if self.out_of_work(members[0]) {
                self.todo.clear();
                return;
            }
            let mut schema = std::mem::take(&mut self.schemas[id.0 as usize]);
            // Its name is needed by those it is the parent of.
            let named = &mut self.schemas[id.0 as usize];
            (named.place, named.owner, named.path) = (schema.place, schema.owner.clone(), schema.path.clone());
            schema.same_as = same_as.map(|place| self.place_id(place));
            merge::merge(self, id, &members, &mut schema);
            self.schemas[id.0 as usize] = schema;
        }
    }

    fn out_of_work(&mut self, at: Place) -> bool {
        if self.work > self.most_work && !self.exhausted {
            self.exhausted = true;
            let message = format!("merging schemas took more than {} steps up to here", self.most_work);
            let found = Diagnostic::new(Code::MERGE_BUDGET, message).pointing(At::Key(at)).help(
                "let the schemas share parts through one `$ref` instead of combining them anew each time; or raise \
                 `merge_steps` under `[limits]` in conecta-gen.toml",
            );
            self.findings.push(found);
        }
        self.exhausted
    }

    /// Follows a reference to a schema, and says where one is ignored or leads to what is none.
    fn schema_end(&mut self, place: Place) -> Option<Place> {
        if let Some(reference) = super::refs::reference(self.document, place) {
            let beside =
                self.document.entries(place).find(|(k, _)| !matches!(*k, "$ref" | "$comment") && !k.starts_with("x-"));
            if let Some((key, sibling)) = beside {
                let found = Diagnostic::new(Code::REF_SIBLINGS, format!("`{key}` beside a `$ref` is ignored"))
                    .at_key(sibling)
                    .related(At::Value(reference), "this stands for the whole schema")
                    .help("put the `$ref` in an `allOf` of one, and this beside it");
                self.findings.push(found);
            }
        }
        let end = self.end(place)?;
        if let Some(reference) = super::refs::reference(self.document, place)
            && let Some(stand @ (Stand::Object(_) | Stand::Several)) = stand_of(self.document, end)
        {
            self.findings.push(other_kind(self.document, reference, "a schema", stand.describe(), end));
            return None;
        }
        match self.document.kind(end) {
            Kind::Map | Kind::Bool => Some(end),
            kind => {
                let found = Diagnostic::new(
                    Code::BAD_KEYWORD,
                    format!("a schema is a mapping, `true` or `false`; this is {}", kind.describe()),
                )
                .at(end);
                self.findings.push(found);
                None
            }
        }
    }

    /// The id of a place that is no reference.
    fn place_id(&mut self, place: Place) -> SchemaId {
        if let Some(id) = self.places.get(&place) {
            return *id;
        }
        // Nothing but an `allOf` of one is that one. A longer chain of them only costs a type a link; a ring ends here too,
        // and is reported where members are gathered.
        let mut at = place;
        for _ in 0..32 {
            match self.only_member(at) {
                Some(next) if next != place => at = next,
                _ => break,
            }
        }
        let id = match self.places.get(&at) {
            Some(id) => *id,
            None => {
                let members = self.flatten(at);
                let id = self.new_id();
                let mut schema = Schema { place: at, ..Schema::default() };
                (schema.component, schema.owner, schema.path) = owner::of(self.document, at);
                self.schemas.push(schema);
                let same_as = self.annotated(at);
                self.todo.push(Pending { id, members, same_as });
                self.places.insert(at, id);
                id
            }
        };
        self.places.insert(place, id);
        id
    }

    fn new_id(&self) -> SchemaId {
        SchemaId(self.schemas.len() as u32)
    }

    /// The id of what all of `starts` hold for: one place's own where they are one, else that of the set.
    fn set_id(&mut self, starts: &[Place], step: Step<'_>) -> Option<SchemaId> {
        let mut ends: Vec<Place> = Vec::with_capacity(starts.len());
        for start in starts {
            if let Some(end) = self.schema_end(*start)
                && !ends.contains(&end)
            {
                ends.push(end);
            }
        }
        let (&last, rest) = ends.split_last()?;
        if rest.is_empty() {
            return Some(self.place_id(last));
        }
        let mut members: Vec<Place> = Vec::new();
        let flats: Vec<_> = ends.iter().map(|end| self.flatten(*end)).collect();
        for member in flats.iter().flat_map(|f| f.iter()) {
            self.work += 1;
            if !members.contains(member) {
                members.push(*member);
            }
        }
        // One of them holds all the others already.
        if let Some(whole) = flats.iter().position(|f| f.len() == members.len()) {
            return Some(self.place_id(ends[whole]));
        }
        let members: Rc<[Place]> = members.into();
        if let Some(id) = self.sets.get(&members) {
            return Some(*id);
        }
        let parent = &self.schemas[step.parent.0 as usize];
        let mut path = parent.path.clone();
        path.extend(step.way.iter().map(|name| (*name).to_owned()));
        let schema = Schema { place: last, owner: parent.owner.clone(), path, ..Schema::default() };
        let id = self.new_id();
        self.schemas.push(schema);
        self.sets.insert(members.clone(), id);
        let same_as = self.strongest(&ends);
        self.todo.push(Pending { id, members, same_as });
        Some(id)
    }
}
