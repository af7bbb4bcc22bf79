//! Unions that a property tells apart: read once, as the alternative that it names.
//!
//! What stands before that property is kept until it is found, and then read together with what stands behind it: of a tag
//! that comes first, as is usual, nothing is kept.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::ser;
use serde_json::Value;

use super::enumeration::unlisted;
use super::error::sentence;
use super::kind::refuse;
use super::kinds::Kinds;
use super::object::key;
use super::trace::{at_entry, at_field};
use super::wire::{KeyField, ReadItem};

/// A union whose alternatives a text property tells apart.
pub trait Tagged: Sized {
    /// The property.
    const TAG: &'static str;
    /// Its texts, of all alternatives.
    const TAGS: &'static [&'static str];

    /// Reads the alternative that a text names.
    ///
    /// # Errors
    /// Those of the alternative, and that no alternative has this name.
    fn read_as<'de, D: Deserializer<'de>>(tag: &str, reader: D) -> Result<Self, D::Error>;
}

/// Reads an object as the alternative that its tag names.
///
/// # Errors
/// Those of the reader and of the alternative; that there is no tag; that it names none.
pub fn read_tagged<'de, T: Tagged, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    reader.deserialize_any(TaggedVisitor(PhantomData))
}

/// The fault of a tag that names no alternative.
#[cold]
pub fn unknown_tag<T: Tagged, E: de::Error>() -> E {
    at_field(E::custom(unlisted(T::TAGS)), T::TAG)
}

/// Holds the tag of a value that is about to be written: another one would have it read as another alternative.
///
/// # Errors
/// That it is another one, or none.
pub fn hold_tag<T: Tagged, F: KeyField, E: ser::Error>(field: &F, tags: &[&str]) -> Result<(), E> {
    let found = field.key_bytes();
    if tags.iter().any(|tag| found.as_deref() == Some(tag.as_bytes())) {
        return Ok(());
    }
    Err(at_field(E::custom(format_args!("{}, which tell this alternative", unlisted(tags))), T::TAG))
}

struct TaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<T, M::Error> {
        let mut kept: Vec<(String, Value)> = Vec::new();
        while let Some(name) = key(&mut map)? {
            if name != T::TAG {
                let value = map.next_value_seed(ReadItem::new()).map_err(|error| at_entry(error, kept.len()))?;
                kept.push((name.into_owned(), value));
                continue;
            }
            let tag = match map.next_value_seed(ReadItem::<Value>::new()) {
                Ok(Value::String(tag)) => tag,
                Ok(other) => {
                    let found = format_args!("expected a string, found {}", Kinds::of(&other)).to_string();
                    return Err(at_field(de::Error::custom(found), T::TAG));
                }
                Err(error) => return Err(at_field(error, T::TAG)),
            };
            kept.push((name.into_owned(), Value::String(tag.clone())));
            let whole = Whole { kept: kept.into_iter(), value: None, map };
            return T::read_as(&tag, MapAccessDeserializer::new(whole));
        }
        Err(de::Error::custom(format_args!("the field `{}` is missing, which says what this is", T::TAG)))
    }

    refuse!(bool integer float text null array);
}

/// What was read already, and then the rest.
struct Whole<M> {
    kept: std::vec::IntoIter<(String, Value)>,
    /// The value of the property that was kept and is being read.
    value: Option<Value>,
    map: M,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Whole<M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, M::Error> {
        match self.kept.next() {
            Some((name, value)) => {
                self.value = Some(value);
                seed.deserialize(name.into_deserializer()).map(Some)
            }
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, M::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(|error| de::Error::custom(sentence(&error))),
            None => self.map.next_value_seed(seed),
        }
    }
}
