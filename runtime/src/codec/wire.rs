//! The traits of a value that travels.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::build::Takes;
use super::kinds::Kinds;

/// A value with a form in JSON that is never `null`.
///
/// The macros implement it. By hand it is seldom needed; then errors must not quote the value, and a level that has
/// names or places must hand errors on as the types of this module do.
pub trait Wire: Sized {
    /// The kinds of JSON that it may be: of a value of another kind a union does not ask whether it is this.
    const KINDS: Kinds = Kinds::ANY;

    /// Reads the value and holds it against its constraints.
    ///
    /// # Errors
    /// Those of the reader, and those of a value that the contract does not allow.
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error>;

    /// Holds the value against its constraints and writes it.
    ///
    /// # Errors
    /// Those of the writer, and those of a value that the contract does not allow.
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error>;
}

/// What may stand in an array or a map: a [`Wire`] value, or an `Option` of one where `null` is allowed.
pub trait Item: Sized {
    /// The kinds of JSON that it may be.
    const ITEM_KINDS: Kinds;

    /// Reads it; `null` is `None`.
    ///
    /// # Errors
    /// As [`Wire::decode`].
    fn decode_item<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error>;

    /// Writes it; `None` is `null`.
    ///
    /// # Errors
    /// As [`Wire::encode`].
    fn encode_item<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Wire> Item for T {
    const ITEM_KINDS: Kinds = T::KINDS;

    #[inline]
    fn decode_item<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        T::decode(reader)
    }

    #[inline]
    fn encode_item<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.encode(writer)
    }
}

/// What may be a field of an object: a [`Wire`] value is required, an `Option` may be absent.
///
/// An `Option<T>` that is present is a `T`, so `null` is refused; an `Option<Option<T>>` tells absent (`None`) from
/// `null` (`Some(None)`), and comes out as it came in.
pub trait Field: Sized {
    /// Reads the value of a property that is there.
    ///
    /// # Errors
    /// As [`Wire::decode`].
    fn decode_field<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error>;

    /// What the absence of the property means; `None` where it is a fault.
    fn absent() -> Option<Self>;

    /// Whether the property is written.
    fn is_present(&self) -> bool;

    /// Writes the value of a property that is present.
    ///
    /// # Errors
    /// As [`Wire::encode`].
    fn encode_field<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Wire> Field for T {
    #[inline]
    fn decode_field<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        T::decode(reader)
    }

    #[inline]
    fn absent() -> Option<Self> {
        None
    }

    #[inline]
    fn is_present(&self) -> bool {
        true
    }

    #[inline]
    fn encode_field<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.encode(writer)
    }
}

impl<T: Item> Field for Option<T> {
    #[inline]
    fn decode_field<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        T::decode_item(reader).map(Some)
    }

    #[inline]
    fn absent() -> Option<Self> {
        Some(None)
    }

    #[inline]
    fn is_present(&self) -> bool {
        self.is_some()
    }

    #[inline]
    fn encode_field<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.encode_item(writer),
            None => writer.serialize_unit(),
        }
    }
}

/// Lets serde write an item.
pub(super) struct WriteItem<'a, T>(pub(super) &'a T);

impl<T: Item> Serialize for WriteItem<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.0.encode_item(writer)
    }
}

/// Lets serde write a field.
pub(super) struct WriteField<'a, T>(pub(super) &'a T);

impl<T: Field> Serialize for WriteField<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.0.encode_field(writer)
    }
}

/// Lets serde read an item.
pub(super) struct ReadItem<T>(PhantomData<T>);

impl<T> ReadItem<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Item> DeserializeSeed<'de> for ReadItem<T> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<T, D::Error> {
        T::decode_item(reader)
    }
}

/// Lets serde read a field.
pub(super) struct ReadField<T>(PhantomData<T>);

impl<T> ReadField<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Field> DeserializeSeed<'de> for ReadField<T> {
    type Value = T;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<T, D::Error> {
        T::decode_field(reader)
    }
}

/// What can be a record's key: on the wire it is the text of the field in UTF-8, an integer in decimal, as Java's
/// `StringSerializer` writes it.
pub trait KeyField {
    /// The bytes of the key; `None` for a record without one.
    fn key_bytes(&self) -> Option<Vec<u8>>;
}

/// The record's key for the value of the key field.
pub fn key<T: KeyField + ?Sized>(field: &T) -> Option<Vec<u8>> {
    field.key_bytes()
}

impl KeyField for str {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        Some(self.as_bytes().to_vec())
    }
}

impl KeyField for String {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        self.as_str().key_bytes()
    }
}

impl KeyField for bool {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        if *self { "true" } else { "false" }.key_bytes()
    }
}

/// As it is written on the wire.
impl KeyField for crate::DateTime {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        Some(self.to_string().into_bytes())
    }
}

/// The text of a string, and the JSON of a number or a boolean; anything else is no key.
impl KeyField for serde_json::Value {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::String(text) => text.key_bytes(),
            Self::Number(_) | Self::Bool(_) => Some(self.to_string().into_bytes()),
            Self::Null | Self::Array(_) | Self::Object(_) => None,
        }
    }
}

impl<T: KeyField> KeyField for Option<T> {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        self.as_ref().and_then(T::key_bytes)
    }
}

impl<T: KeyField + ?Sized> KeyField for Box<T> {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        (**self).key_bytes()
    }
}

impl<T: Wire> Takes<T> for T {
    #[inline]
    fn take(value: T) -> Self {
        value
    }
}

impl<T: Wire> Takes<T> for Option<T> {
    #[inline]
    fn take(value: T) -> Self {
        Some(value)
    }
}

impl<T: Wire> Takes<Option<T>> for Option<Option<T>> {
    #[inline]
    fn take(value: Option<T>) -> Self {
        Some(value)
    }
}

macro_rules! takes_text {
    ($($from:ty),*) => { $(
        impl Takes<$from> for String {
            fn take(text: $from) -> Self {
                text.into()
            }
        }
        impl Takes<$from> for Option<String> {
            fn take(text: $from) -> Self {
                Some(text.into())
            }
        }
    )* };
}

takes_text!(&str, &String, Cow<'_, str>, Box<str>);
