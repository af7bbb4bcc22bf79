//! Values for the tree: serde_yaml or serde_json is walked in lockstep with what the gate drew up. Where the two disagree
//! on what stands in the text, the text is ambiguous, and that is an error at its place.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::tree::{Data, NONE, Tree};

/// Who gives the values.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Syntax {
    Yaml,
    Json,
}

/// Where the two readings part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Disagreement {
    /// A list, mapping or scalar is something else to the other, or has another length.
    Shape(u32),
    /// The text of a string.
    Text(u32),
    /// A number that JSON cannot hold.
    NotFinite(u32),
}

/// Gives each node below `root` its value.
pub(super) fn fill<'de, D: Deserializer<'de>>(
    tree: &mut Tree,
    root: u32,
    syntax: Syntax,
    deserializer: D,
) -> Result<(), (D::Error, Option<Disagreement>)> {
    let mut filler = Filler { tree, syntax, disagreement: None };
    match (Seed { filler: &mut filler, node: root }).deserialize(deserializer) {
        Ok(()) => Ok(()),
        Err(error) => Err((error, filler.disagreement)),
    }
}

/// Gives each node below the entries `first` up to `until` of one mapping its value, from a text that holds just these.
pub(super) fn fill_entries<'de, D: Deserializer<'de>>(
    tree: &mut Tree,
    first: u32,
    until: u32,
    deserializer: D,
) -> Result<(), D::Error> {
    let mut filler = Filler { tree, syntax: Syntax::Yaml, disagreement: None };
    deserializer.deserialize_map(Entries { filler: &mut filler, first, until })
}

struct Filler<'t> {
    tree: &'t mut Tree,
    syntax: Syntax,
    disagreement: Option<Disagreement>,
}

struct Seed<'f, 't> {
    filler: &'f mut Filler<'t>,
    node: u32,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if matches!(self.filler.tree.raw(self.node), Data::Alias(_)) {
            // What it stands for has been read where the anchor is.
            return IgnoredAny::deserialize(deserializer).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_, '_> {
    fn disagree<T, E: Error>(self, what: fn(u32) -> Disagreement) -> Result<T, E> {
        self.filler.disagreement = Some(what(self.node));
        Err(E::custom("read differently"))
    }

    /// Sets a scalar's value.
    fn set<E: Error>(self, data: Data) -> Result<(), E> {
        match (self.filler.syntax, self.filler.tree.raw(self.node)) {
            (_, Data::List | Data::Map) => self.disagree(Disagreement::Shape),
            (Syntax::Json, Data::Null) | (Syntax::Yaml, _) => {
                self.filler.tree.set_data(self.node, data);
                Ok(())
            }
            _ => self.disagree(Disagreement::Shape),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.set(Data::Null)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.set(Data::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.set(Data::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.set(Data::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.set(i64::try_from(value).map_or(Data::UInt(value), Data::Int))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<(), E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.is_finite() { self.set(Data::Float(value)) } else { self.disagree(Disagreement::NotFinite) }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        match (self.filler.syntax, self.filler.tree.raw(self.node)) {
            (Syntax::Yaml, Data::Text(text)) if self.filler.tree.text(text) == value => Ok(()),
            (Syntax::Yaml, Data::Text(_)) => self.disagree(Disagreement::Text),
            _ => {
                let text = self.filler.tree.add_text(value);
                self.set(Data::Text(text))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if !matches!(self.filler.tree.raw(self.node), Data::List) {
            return self.disagree(Disagreement::Shape);
        }
        let mut child = self.filler.tree.raw_first(self.node);
        while child != NONE {
            let next = self.filler.tree.raw_next(child);
            let seed = Seed { filler: &mut *self.filler, node: child };
            if items.next_element_seed(seed)?.is_none() {
                return self.disagree(Disagreement::Shape);
            }
            child = next;
        }
        match items.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => self.disagree(Disagreement::Shape),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        if !matches!(self.filler.tree.raw(self.node), Data::Map) {
            return self.disagree(Disagreement::Shape);
        }
        let first = self.filler.tree.raw_first(self.node);
        match visit_entries(self.filler, first, NONE, entries)? {
            true => Ok(()),
            false => self.disagree(Disagreement::Shape),
        }
    }
}

struct Entries<'f, 't> {
    filler: &'f mut Filler<'t>,
    first: u32,
    until: u32,
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        let agree = visit_entries(self.filler, self.first, self.until, entries)?;
        if agree { Ok(()) } else { Err(A::Error::custom("read differently")) }
    }
}

/// Walks entries and siblings in lockstep; whether there are as many of both.
fn visit_entries<'de, A: MapAccess<'de>>(
    filler: &mut Filler<'_>,
    first: u32,
    until: u32,
    mut entries: A,
) -> Result<bool, A::Error> {
    let mut child = first;
    while child != until && child != NONE {
        let next = filler.tree.raw_next(child);
        if entries.next_key_seed(KeySeed { filler: &mut *filler, node: child })?.is_none() {
            return Ok(false);
        }
        entries.next_value_seed(Seed { filler: &mut *filler, node: child })?;
        child = next;
    }
    Ok(entries.next_key::<IgnoredAny>()?.is_none())
}

struct KeySeed<'f, 't> {
    filler: &'f mut Filler<'t>,
    node: u32,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        match self.filler.syntax {
            Syntax::Json => {
                let key = self.filler.tree.add_text(value);
                self.filler.tree.set_key_text(self.node, key);
                Ok(())
            }
            Syntax::Yaml if self.filler.tree.key(super::Place(self.node)) == value => Ok(()),
            Syntax::Yaml => {
                self.filler.disagreement = Some(Disagreement::Text(self.node));
                Err(E::custom("read differently"))
            }
        }
    }
}
