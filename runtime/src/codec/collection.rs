//! Arrays, maps and boxes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _, Serializer};

use super::kind::refuse;
use super::kinds::Kinds;
use super::trace::{at_entry, at_index};
use super::wire::{Item, ReadItem, Wire, WriteItem};

impl<T: Wire> Wire for Box<T> {
    const KINDS: Kinds = T::KINDS;

    #[inline]
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        T::decode(reader).map(Box::new)
    }

    #[inline]
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        (**self).encode(writer)
    }
}

/// An item that may be `null`.
impl<T: Wire> Item for Option<T> {
    const ITEM_KINDS: Kinds = T::KINDS.or(Kinds::NULL);

    fn decode_item<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_option(OrNull(PhantomData))
    }

    fn encode_item<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.encode(writer),
            None => writer.serialize_unit(),
        }
    }
}

struct OrNull<T>(PhantomData<T>);

impl<'de, T: Wire> Visitor<'de> for OrNull<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Option<T>, D::Error> {
        T::decode(reader).map(Some)
    }
}

impl<T: Item> Wire for Vec<T> {
    const KINDS: Kinds = Kinds::ARRAY;

    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Array(PhantomData))
    }

    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut seq = writer.serialize_seq(Some(self.len()))?;
        for (index, item) in self.iter().enumerate() {
            seq.serialize_element(&WriteItem(item)).map_err(|error| at_index(error, index))?;
        }
        seq.end()
    }
}

struct Array<T>(PhantomData<T>);

impl<'de, T: Item> Visitor<'de> for Array<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        // No capacity from a hint: a reader knows it from an attacker.
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(ReadItem::new()).map_err(|error| at_index(error, items.len()))? {
            items.push(item);
        }
        Ok(items)
    }

    refuse!(bool integer float text null object);
}

impl<T: Item> Wire for BTreeMap<String, T> {
    const KINDS: Kinds = Kinds::OBJECT;

    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Map(PhantomData))
    }

    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut map = writer.serialize_map(Some(self.len()))?;
        for (index, (name, item)) in self.iter().enumerate() {
            map.serialize_entry(name, &WriteItem(item)).map_err(|error| at_entry(error, index))?;
        }
        map.end()
    }
}

struct Map<T>(PhantomData<T>);

impl<'de, T: Item> Visitor<'de> for Map<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BTreeMap<String, T>, A::Error> {
        let mut entries = BTreeMap::new();
        let mut index = 0;
        while let Some(name) = map.next_key::<String>()? {
            insert(&mut entries, name, &mut map).map_err(|error| at_entry(error, index))?;
            index += 1;
        }
        Ok(entries)
    }

    refuse!(bool integer float text null array);
}

/// Reads the value of a property into a map, where it must not be yet.
pub(super) fn insert<'de, T: Item, A: MapAccess<'de>>(
    entries: &mut BTreeMap<String, T>,
    name: String,
    map: &mut A,
) -> Result<(), A::Error> {
    match entries.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(map.next_value_seed(ReadItem::new())?);
            Ok(())
        }
        Entry::Occupied(_) => Err(de::Error::custom("the property is there twice")),
    }
}
