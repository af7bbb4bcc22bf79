//! Reading objects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::codec::collection::insert;
use crate::codec::kind::refuse;
use crate::codec::trace::{at_entry, at_field};
use crate::codec::wire::{Field, Item, ReadField, ReadItem, Wire};

/// A struct that [`object!`](crate::object) made readable.
pub trait Object: Sized {
    /// The properties that the struct names.
    const NAMES: &'static [&'static str];

    /// Reads the properties in whatever order they come.
    ///
    /// # Errors
    /// Those of the reader, and those of a value that the contract does not allow.
    fn read<'de, M: MapAccess<'de>>(map: M) -> Result<Self, M::Error>;
}

/// A field whose property may be `null`: an `Option` that is required, or an `Option` in an `Option` that may be absent.
pub trait NullableField: Sized {
    /// What a property that is there can say: a value, or `null`.
    type Given: Item;
    /// The field of a property that is there.
    fn from_given(given: Self::Given) -> Self;
    /// The property to write, if any.
    fn given(&self) -> Option<&Self::Given>;
    /// What the absence of the property means; `None` where it is a fault.
    fn absent() -> Option<Self>;
}

impl<T: Wire> NullableField for Option<T> {
    type Given = Option<T>;
    fn from_given(given: Self) -> Self {
        given
    }
    fn given(&self) -> Option<&Self> {
        Some(self)
    }
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Wire> NullableField for Option<Option<T>> {
    type Given = Option<T>;
    fn from_given(given: Option<T>) -> Self {
        Some(given)
    }
    fn given(&self) -> Option<&Option<T>> {
        self.as_ref()
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// What a builder's setter takes for a field that may be `null`: an `Option`.
pub trait TakesNull<A>: Sized {
    /// Gives a builder's field its value.
    fn give(slot: &mut Option<Self>, value: A);
}

impl<F: NullableField> TakesNull<F::Given> for F {
    fn give(slot: &mut Option<Self>, value: F::Given) {
        *slot = Some(Self::from_given(value));
    }
}

/// Reads an object.
#[inline]
pub fn object<'de, T: Object, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    reader.deserialize_any(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    #[inline]
    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
        T::read(map)
    }

    refuse!(bool integer float text null array);
}

/// The next property's name, borrowed from the input where that has it in one piece.
#[inline]
pub fn key<'de, M: MapAccess<'de>>(map: &mut M) -> Result<Option<Cow<'de, str>>, M::Error> {
    map.next_key_seed(Key)
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E: de::Error>(self, name: String) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name))
    }
}

/// Reads a property into its field.
#[inline]
pub fn field<'de, F: Field, M: MapAccess<'de>>(
    slot: &mut Option<F>,
    name: &'static str,
    map: &mut M,
) -> Result<(), M::Error> {
    once(slot, name, || map.next_value_seed(ReadField::new()))
}

/// Reads a property that may be `null` into its field.
#[inline]
pub fn nullable<'de, F: NullableField, M: MapAccess<'de>>(
    slot: &mut Option<F>,
    name: &'static str,
    map: &mut M,
) -> Result<(), M::Error> {
    once(slot, name, || map.next_value_seed(ReadItem::new()).map(F::from_given))
}

/// Fills the slot of a property, unless it is filled.
#[inline]
fn once<F, E: de::Error>(
    slot: &mut Option<F>,
    name: &'static str,
    read: impl FnOnce() -> Result<F, E>,
) -> Result<(), E> {
    if slot.is_some() {
        return Err(duplicate(name));
    }
    match read() {
        Ok(value) => {
            *slot = Some(value);
            Ok(())
        }
        Err(error) => Err(at_field(error, name)),
    }
}

#[cold]
fn duplicate<E: de::Error>(name: &'static str) -> E {
    at_field(E::custom(format_args!("the field `{name}` is there twice")), name)
}

/// Skips a property that the contract does not name.
#[inline]
pub fn ignore<'de, M: MapAccess<'de>>(map: &mut M) -> Result<(), M::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// Refuses a property that the contract does not allow. Its name is told, cut to what a line can bear.
#[cold]
pub fn refuse<E: de::Error>(name: &str) -> E {
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    E::custom(format_args!("the contract does not allow the field `{shown}`"))
}

/// Keeps a property that the contract does not name.
pub fn rest<'de, T: Item, M: MapAccess<'de>>(
    entries: &mut BTreeMap<String, T>,
    name: Cow<'_, str>,
    map: &mut M,
) -> Result<(), M::Error> {
    let index = entries.len();
    insert(entries, name.into_owned(), map).map_err(|error| at_entry(error, index))
}
