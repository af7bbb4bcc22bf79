//! The arena: nodes in the order they are written, text in one buffer. Dropping it is freeing five vectors, however deep the
//! document; looking up a key is a scan of a few siblings, or a binary search in a large mapping.

use std::collections::BTreeMap;

use super::{Place, Span};

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// From this many entries on a mapping gets an index.
const INDEXED_FROM: usize = 12;

/// A stretch of the text buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    start: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(Text),
    List,
    Map,
    Alias(u32),
}

#[derive(Clone, Copy, Debug)]
struct Node {
    data: Data,
    key: Text,
    span: (u32, u32),
    key_span: (u32, u32),
    parent: u32,
    first: u32,
    next: u32,
    file: u16,
    keyed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    text: String,
    /// Children of large mappings, by key.
    index: BTreeMap<u32, Box<[u32]>>,
}

impl Tree {
    pub(super) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Adds a node behind `previous`, its elder sibling, or as the first of `parent`.
    pub(super) fn push(&mut self, file: u32, data: Data, span: (u32, u32), parent: u32, previous: u32) -> u32 {
        let id = self.len();
        self.nodes.push(Node {
            data,
            key: Text::default(),
            span,
            key_span: (0, 0),
            parent,
            first: NONE,
            next: NONE,
            file: file as u16,
            keyed: false,
        });
        if previous != NONE {
            self.nodes[previous as usize].next = id;
        } else if parent != NONE {
            self.nodes[parent as usize].first = id;
        }
        id
    }

    /// Adds a node that knows its parent but that the parent does not list.
    pub(super) fn detached(&mut self, file: u32, data: Data, span: (u32, u32), parent: u32) -> u32 {
        let id = self.push(file, data, span, NONE, NONE);
        self.nodes[id as usize].parent = parent;
        id
    }

    pub(super) fn truncate(&mut self, nodes: u32) {
        self.nodes.truncate(nodes as usize);
    }

    pub(super) fn reserve(&mut self, nodes: usize, text: usize) {
        self.nodes.reserve(nodes);
        self.text.reserve(text);
    }

    pub(super) fn add_text(&mut self, text: &str) -> Text {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Text { start, len: text.len() as u32 }
    }

    pub(super) fn set_key(&mut self, node: u32, key: Text, span: (u32, u32)) {
        let node = &mut self.nodes[node as usize];
        (node.key, node.key_span, node.keyed) = (key, span, true);
    }

    pub(super) fn set_key_text(&mut self, node: u32, key: Text) {
        self.nodes[node as usize].key = key;
    }

    pub(super) fn set_data(&mut self, node: u32, data: Data) {
        self.nodes[node as usize].data = data;
    }

    pub(super) fn set_end(&mut self, node: u32, end: u32) {
        let span = &mut self.nodes[node as usize].span;
        span.1 = end.max(span.0);
    }

    pub(super) fn raw(&self, node: u32) -> Data {
        self.nodes[node as usize].data
    }

    pub(super) fn raw_first(&self, node: u32) -> u32 {
        self.nodes[node as usize].first
    }

    pub(super) fn raw_next(&self, node: u32) -> u32 {
        self.nodes[node as usize].next
    }

    pub(super) fn data(&self, place: Place) -> Data {
        self.raw(place.0)
    }

    pub(super) fn text(&self, text: Text) -> &str {
        &self.text[text.start as usize..(text.start + text.len) as usize]
    }

    pub(super) fn key(&self, place: Place) -> &str {
        self.text(self.nodes[place.0 as usize].key)
    }

    pub(super) fn has_key(&self, place: Place) -> bool {
        self.nodes[place.0 as usize].keyed
    }

    pub(super) fn first(&self, place: Place) -> u32 {
        self.raw_first(place.0)
    }

    pub(super) fn parent(&self, place: Place) -> Option<Place> {
        let parent = self.nodes[place.0 as usize].parent;
        (parent != NONE).then_some(Place(parent))
    }

    pub(super) fn file(&self, place: Place) -> u32 {
        self.nodes[place.0 as usize].file.into()
    }

    pub(super) fn span(&self, place: Place) -> Option<Span> {
        let node = self.nodes.get(place.0 as usize)?;
        Some(Span { file: node.file.into(), start: node.span.0, end: node.span.1 })
    }

    pub(super) fn key_span(&self, place: Place) -> Option<Span> {
        let node = self.nodes.get(place.0 as usize)?;
        node.keyed.then_some(Span { file: node.file.into(), start: node.key_span.0, end: node.key_span.1 })
    }

    /// Follows aliases; they always point back in the text, so this ends.
    pub(super) fn real(&self, mut place: Place) -> Place {
        while let Data::Alias(target) = self.data(place) {
            place = Place(target);
        }
        place
    }

    pub(super) fn siblings(&self, first: u32) -> impl Iterator<Item = Place> + '_ {
        std::iter::successors(Some(first).filter(|&f| f != NONE), |&n| Some(self.raw_next(n)).filter(|&n| n != NONE))
            .map(Place)
    }

    /// The child of a mapping under `key`.
    pub(super) fn child(&self, map: Place, key: &str) -> Option<Place> {
        match self.index.get(&map.0) {
            Some(sorted) => {
                let found = sorted.binary_search_by(|&n| self.key(Place(n)).cmp(key)).ok()?;
                Some(Place(sorted[found]))
            }
            None => self.siblings(self.first(map)).find(|p| self.key(*p) == key),
        }
    }

    /// Takes a node out of the list of its siblings, so that the walk does not meet it. It keeps its place and its parent.
    pub(super) fn unlink(&mut self, place: Place) {
        let node = self.nodes[place.0 as usize];
        let Some(parent) = self.parent(place) else { return };
        if self.first(parent) == place.0 {
            self.nodes[parent.0 as usize].first = node.next;
            return;
        }
        let before = self.siblings(self.first(parent)).find(|p| self.raw_next(p.0) == place.0);
        if let Some(before) = before {
            self.nodes[before.0 as usize].next = node.next;
        }
    }

    /// Indexes the large mappings from node `from` on, and reports each key that a mapping has twice, with the place
    /// where it stands first.
    pub(super) fn index(&mut self, from: u32, mut twice: impl FnMut(Place, Place)) {
        let mut children = Vec::new();
        for map in from..self.len() {
            if !matches!(self.raw(map), Data::Map) {
                continue;
            }
            children.clear();
            children.extend(self.siblings(self.raw_first(map)).map(|p| p.0));
            if children.len() < INDEXED_FROM {
                for (i, &a) in children.iter().enumerate() {
                    if let Some(&b) = children[..i].iter().find(|&&b| self.key(Place(b)) == self.key(Place(a))) {
                        twice(Place(b), Place(a));
                    }
                }
            } else {
                children.sort_by(|a, b| self.key(Place(*a)).cmp(self.key(Place(*b))));
                for pair in children.windows(2) {
                    if self.key(Place(pair[0])) == self.key(Place(pair[1])) {
                        twice(Place(pair[0]), Place(pair[1]));
                    }
                }
                self.index.insert(map, children.as_slice().into());
            }
        }
    }
}
