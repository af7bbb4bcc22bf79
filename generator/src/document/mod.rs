//! Reading: text to a tree of values that knows where each of them stands.
//!
//! All files of a contract live in one [`Document`], in one arena; a [`Place`] is an index into it. Values come from
//! serde_yaml and serde_json, places from an event parser (`yaml`) or a scanner (`json`) that runs first, as the gate:
//! nothing is handed to a deserialiser before its size, depth and alias expansion are known to be harmless.

mod chunks;
mod file;
pub(crate) mod files;
mod fill;
mod json;
mod limits;
mod merge_keys;
mod neighbours;
mod read;
mod refs;
mod tree;
mod yaml;

use serde_json::{Map, Number, Value};

use crate::diagnostic::At;
use tree::{Data, NONE, Tree};

pub use file::File;
pub use files::{DiskFiles, MemoryFiles, NoFiles, ReadError, ReadFiles, Source};
pub use limits::Limits;
pub use neighbours::Outside;
pub use refs::{RefFault, Target};
pub(crate) use refs::{edit_distance, nearest};

/// Where something stands: a node of the document. [`Document::pointer`] and [`Document::span`] say it in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(pub(crate) u32);

/// A stretch of a file, in bytes of its text (a byte order mark is not part of it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Index into [`Document::files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A position in a file, both counted from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    List,
    Map,
}

impl Kind {
    /// For a message: `a list`.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Null => "nothing (null)",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Map => "a mapping",
        }
    }
}

/// All files of a contract, as one tree.
#[derive(Debug, Default)]
pub struct Document {
    files: Vec<File>,
    tree: Tree,
    refs: refs::Loaded,
    configuration: Option<u32>,
}

impl Document {
    /// A text that is no tree, for findings to point into.
    pub(crate) fn of_text(name: String, text: String) -> Self {
        Self { files: vec![File::new(name.clone(), name, text)], ..Self::default() }
    }

    /// Takes in the text of the configuration, for findings to point into.
    pub(crate) fn take_configuration(&mut self, name: &str, text: &str) {
        self.configuration = u32::try_from(self.files.len()).ok();
        self.files.push(File::new(name.to_owned(), name.to_owned(), text.to_owned()));
    }

    /// Which of the files is the configuration.
    pub(crate) fn configuration(&self) -> Option<u32> {
        self.configuration
    }

    /// The files that say what the contract is: all but the configuration.
    pub(crate) fn contract(&self) -> impl Iterator<Item = (u32, &File)> {
        let configuration = self.configuration;
        (0..).zip(&self.files).filter(move |(number, _)| Some(*number) != configuration)
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.tree.len() as usize
    }

    /// Every value that stands under `key`, in whatever mapping.
    pub(crate) fn under_key<'d>(&'d self, key: &'d str) -> impl Iterator<Item = Place> + 'd {
        (0..self.tree.len()).map(Place).filter(move |place| self.key(*place) == Some(key))
    }

    /// Where texts stand that hold `part`.
    pub(crate) fn texts_holding<'d>(&'d self, part: &'d str) -> impl Iterator<Item = Span> + 'd {
        let texts = (0..self.tree.len()).map(Place).filter(move |place| match self.tree.data(*place) {
            Data::Text(text) => self.tree.text(text).contains(part),
            _ => false,
        });
        texts.filter_map(|place| self.tree.span(place))
    }

    /// The files, the root document first; the topics file and the configuration are among them.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// What a value is.
    pub fn kind(&self, place: Place) -> Kind {
        match self.tree.data(self.real(place)) {
            Data::Null | Data::Alias(_) => Kind::Null,
            Data::Bool(_) => Kind::Bool,
            Data::Int(_) | Data::UInt(_) | Data::Float(_) => Kind::Number,
            Data::Text(_) => Kind::String,
            Data::List => Kind::List,
            Data::Map => Kind::Map,
        }
    }

    /// The value of a key, of a mapping.
    pub fn get(&self, map: Place, key: &str) -> Option<Place> {
        let map = self.real(map);
        matches!(self.tree.data(map), Data::Map).then(|| self.tree.child(map, key)).flatten()
    }

    /// The value of a key, where it is a string.
    pub fn get_str(&self, map: Place, key: &str) -> Option<&str> {
        self.get(map, key).and_then(|v| self.str(v))
    }

    /// The keys and values of a mapping, in the document's order; nothing for anything else.
    pub fn entries(&self, map: Place) -> impl Iterator<Item = (&str, Place)> + '_ {
        let map = self.real(map);
        let first = if matches!(self.tree.data(map), Data::Map) { self.tree.first(map) } else { NONE };
        self.tree.siblings(first).map(|p| (self.tree.key(p), p))
    }

    /// The items of a list; nothing for anything else.
    pub fn items(&self, list: Place) -> impl Iterator<Item = Place> + '_ {
        let list = self.real(list);
        let first = if matches!(self.tree.data(list), Data::List) { self.tree.first(list) } else { NONE };
        self.tree.siblings(first)
    }

    /// The text of a string.
    pub fn str(&self, place: Place) -> Option<&str> {
        match self.tree.data(self.real(place)) {
            Data::Text(text) => Some(self.tree.text(text)),
            _ => None,
        }
    }

    /// A boolean.
    pub fn bool(&self, place: Place) -> Option<bool> {
        match self.tree.data(self.real(place)) {
            Data::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, place: Place) -> Option<Number> {
        match self.tree.data(self.real(place)) {
            Data::Int(n) => Some(n.into()),
            Data::UInt(n) => Some(n.into()),
            Data::Float(n) => Number::from_f64(n),
            _ => None,
        }
    }

    /// The key a value stands under, where it stands in a mapping.
    pub fn key(&self, place: Place) -> Option<&str> {
        self.tree.has_key(place).then(|| self.tree.key(place))
    }

    /// What a value stands in.
    pub fn parent(&self, place: Place) -> Option<Place> {
        self.tree.parent(place)
    }

    /// The file a value stands in.
    pub fn file(&self, place: Place) -> u32 {
        self.tree.file(place)
    }

    /// The top value of a file.
    pub fn root(&self, file: u32) -> Option<Place> {
        self.files.get(file as usize).and_then(|f| f.root)
    }

    /// The value itself, where `place` holds a YAML alias of it.
    pub fn real(&self, place: Place) -> Place {
        self.tree.real(place)
    }

    /// A copy of a value. Its size is bounded by the document's, aliases expanded ([`Limits`]).
    pub fn value(&self, place: Place) -> Value {
        let place = self.real(place);
        match self.tree.data(place) {
            Data::Null | Data::Alias(_) => Value::Null,
            Data::Bool(b) => Value::Bool(b),
            Data::Int(_) | Data::UInt(_) | Data::Float(_) => self.number(place).map_or(Value::Null, Value::Number),
            Data::Text(text) => Value::String(self.tree.text(text).to_owned()),
            Data::List => Value::Array(self.items(place).map(|p| self.value(p)).collect()),
            Data::Map => {
                Value::Object(self.entries(place).map(|(k, p)| (k.to_owned(), self.value(p))).collect::<Map<_, _>>())
            }
        }
    }

    /// The JSON pointer (RFC 6901) of a value in its file; empty for the top.
    pub fn pointer(&self, place: Place) -> String {
        let mut steps = Vec::new();
        let mut at = place;
        while let Some(parent) = self.tree.parent(at) {
            steps.push(match self.key(at) {
                Some(key) => key.replace('~', "~0").replace('/', "~1"),
                None => self.items(parent).take_while(|p| *p != at).count().to_string(),
            });
            at = parent;
        }
        steps.iter().rev().fold(String::new(), |mut pointer, step| {
            pointer.push('/');
            pointer.push_str(step);
            pointer
        })
    }

    /// The stretch of text that a finding points at.
    pub fn span(&self, at: At) -> Option<Span> {
        match at {
            At::Value(place) => self.tree.span(place),
            At::Key(place) => self.tree.key_span(place).or_else(|| self.tree.span(place)),
            At::Text(span) => Some(span),
        }
    }
}
