//! `allOf` as a set of members.

use std::{collections::HashMap, rc::Rc};

use indexmap::IndexSet;

use super::{Builder, keywords};
use crate::{
    diagnostic::{At, Code, Diagnostic},
    document::{Kind, Place},
};

struct Frame {
    place: Place,
    children: Vec<Place>,
    next: usize,
    members: IndexSet<Place>,
}

impl Builder<'_> {
    /// Everything that must hold at `place` (which is no reference): itself, where it has keywords of its own, and all that
    /// its `allOf`s gather, each once, in order. Never empty. Each place is gathered once, whatever refers to it, so 2^30
    /// ways to one member cost thirty steps.
    pub(super) fn flatten(&mut self, place: Place) -> Rc<[Place]> {
        if let Some(flat) = self.flat.get(&place) {
            return flat.clone();
        }
        if self.document.get(place, "allOf").is_none() {
            return [place].into();
        }
        let mut stack = vec![self.frame(place)];
        let mut on_stack = HashMap::from([(place, 0)]);
        loop {
            let Some(top) = stack.last_mut() else { return [place].into() };
            if let Some(&child) = top.children.get(top.next) {
                top.next += 1;
                if let Some(&depth) = on_stack.get(&child) {
                    let ring: Vec<Place> = stack[depth..].iter().map(|f| f.place).collect();
                    self.report_cycle(&ring);
                } else if let Some(flat) = self.flat.get(&child).cloned() {
                    self.work += flat.len() as u64;
                    top.members.extend(flat.iter().copied());
                } else if self.document.get(child, "allOf").is_none() {
                    top.members.insert(child);
                } else if !self.out_of_work(child) {
                    on_stack.insert(child, stack.len());
                    let frame = self.frame(child);
                    stack.push(frame);
                }
                continue;
            }
            let Some(done) = stack.pop() else { return [place].into() };
            if self.out_of_work(done.place) {
                return [place].into();
            }
            on_stack.remove(&done.place);
            let mut members: Vec<Place> = done.members.into_iter().collect();
            if members.is_empty() {
                members.push(done.place);
            }
            let members: Rc<[Place]> = members.into();
            self.work += members.len() as u64;
            self.flat.insert(done.place, members.clone());
            match stack.last_mut() {
                Some(parent) => parent.members.extend(members.iter().copied()),
                None => return members,
            }
        }
    }

    fn frame(&mut self, place: Place) -> Frame {
        let mut children = Vec::new();
        if let Some(list) = self.document.get(place, "allOf") {
            if self.document.kind(list) != Kind::List {
                let what = self.document.kind(list).describe();
                self.findings.push(
                    Diagnostic::new(Code::BAD_KEYWORD, format!("`allOf` must be a list, this is {what}")).at_key(list),
                );
            }
            let items: Vec<_> = self.document.items(list).collect();
            children.extend(items.into_iter().filter_map(|item| self.schema_end(item)));
        }
        let own = self.document.entries(place).any(|(key, _)| key != "allOf" && !keywords::is_silent(key));
        Frame { place, children, next: 0, members: own.then_some(place).into_iter().collect() }
    }

    fn report_cycle(&mut self, ring: &[Place]) {
        // The same ring may be entered at any of its members; it is told from the first of them in the document.
        let start = (0..ring.len()).min_by_key(|i| ring[*i]).unwrap_or(0);
        let ring: Vec<Place> = ring[start..].iter().chain(&ring[..start]).copied().collect();
        let mut names: Vec<_> = ring.iter().take(8).map(|p| format!("`{}`", self.document.pointer(*p))).collect();
        if ring.len() > 8 {
            names.push(format!("{} more", ring.len() - 8));
        }
        names.push(format!("`{}`", self.document.pointer(ring[0])));
        let at = |p: Place| self.document.get(p, "allOf").unwrap_or(p);
        let mut found = Diagnostic::new(Code::ALLOF_CYCLE, format!("`allOf` contains itself: {}", names.join(" -> ")))
            .at_key(at(ring[0]))
            .help("take one of them out of the `allOf`; a schema may refer to itself through `properties` or `items`");
        for other in ring.iter().skip(1).take(3) {
            found = found.related(At::Key(at(*other)), "which contains this");
        }
        self.findings.push(found);
    }

    /// The one item of a schema that is nothing but an `allOf` of one.
    pub(super) fn only_member(&mut self, place: Place) -> Option<Place> {
        let list = self.document.get(place, "allOf")?;
        if self.document.entries(place).any(|(k, _)| !matches!(k, "allOf" | "x-conecta-allow")) {
            return None;
        }
        let mut items = self.document.items(list);
        let only = items.next()?;
        if items.next().is_some() {
            return None;
        }
        drop(items);
        self.end(only)
    }

    /// What a schema of annotations and an `allOf` of one stands for.
    pub(super) fn annotated(&mut self, place: Place) -> Option<Place> {
        let list = self.document.get(place, "allOf")?;
        if self.document.entries(place).any(|(k, _)| k != "allOf" && !keywords::is_annotation(k)) {
            return None;
        }
        let mut items = self.document.items(list);
        let only = items.next()?;
        if items.next().is_some() {
            return None;
        }
        drop(items);
        let end = self.end(only)?;
        // In a cycle the member is the place itself, or leads back to it.
        (end != place && self.document.kind(end) == Kind::Map && !self.flatten(end).contains(&place)).then_some(end)
    }

    /// Of several that must hold, the component that the others add nothing to but annotations and the type it has anyway.
    pub(super) fn strongest(&mut self, ends: &[Place]) -> Option<Place> {
        let weak = |place: Place| {
            self.document.kind(place) == Kind::Map
                && self.document.entries(place).all(|(key, value)| {
                    keywords::is_annotation(key) || (key == "type" && self.document.str(value) == Some("object"))
                })
        };
        let strong: Vec<Place> = ends.iter().copied().filter(|p| !weak(*p)).collect();
        let [only] = strong[..] else { return None };
        let is_object = self.document.get_str(only, "type") == Some("object");
        let is_component = super::owner::of(self.document, only).0.is_some();
        (is_object && is_component).then_some(only)
    }
}
