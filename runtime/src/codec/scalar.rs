//! The scalars of JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::{self, Serializer};

use super::kind::refuse;
use super::kinds::Kinds;
use super::wire::{KeyField, Wire};

/// 2^53: up to here every integer is a distinct `f64`, so a number written `1.0` or `1e2` is what it says.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Wire for bool {
    const KINDS: Kinds = Kinds::BOOLEAN;

    #[inline]
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Bool)
    }

    #[inline]
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_bool(*self)
    }
}

struct Bool;

impl<'de> Visitor<'de> for Bool {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    #[inline]
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    refuse!(integer float text null array object);
}

struct Integer<T>(PhantomData<T>);

macro_rules! integers {
    ($($type:ident $serialize:ident,)*) => { $(
        impl Wire for $type {
            const KINDS: Kinds = Kinds::NUMBER;

            #[inline]
            fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                reader.deserialize_any(Integer::<$type>(PhantomData))
            }

            #[inline]
            fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                writer.$serialize(*self)
            }
        }

        impl KeyField for $type {
            fn key_bytes(&self) -> Option<Vec<u8>> {
                Some(self.to_string().into_bytes())
            }
        }
    )* };
}

/// In the shortest digits that give it.
impl KeyField for f64 {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        Some(self.to_string().into_bytes())
    }
}

integers! {
    i8 serialize_i8, i16 serialize_i16, i32 serialize_i32, i64 serialize_i64,
    u8 serialize_u8, u16 serialize_u16, u32 serialize_u32, u64 serialize_u64,
}

impl<'de, T: TryFrom<i64> + TryFrom<u64>> Visitor<'de> for Integer<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    #[inline]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        T::try_from(value).map_err(|_| out_of_range())
    }

    #[inline]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        T::try_from(value).map_err(|_| out_of_range())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        if value.fract() != 0.0 {
            Err(E::custom("expected an integer, found a fraction"))
        } else if value.abs() > EXACT {
            // Beyond, or an integer that the reader could not hold: what was written is no longer known.
            Err(out_of_range())
        } else {
            // Whole and small: the conversion is exact.
            #[allow(clippy::cast_possible_truncation)]
            T::try_from(value as i64).map_err(|_| out_of_range())
        }
    }

    refuse!(bool text null array object);
}

#[cold]
fn out_of_range<E: de::Error>() -> E {
    E::custom("integer out of range")
}

impl Wire for f64 {
    const KINDS: Kinds = Kinds::NUMBER;

    #[inline]
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Float)
    }

    #[inline]
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        if self.fract() == 0.0 && self.abs() < EXACT && (*self != 0.0 || self.is_sign_positive()) {
            // A whole number is shorter without `.0`, and the same number.
            #[allow(clippy::cast_possible_truncation)]
            writer.serialize_i64(*self as i64)
        } else if self.is_finite() {
            writer.serialize_f64(*self)
        } else {
            Err(not_finite())
        }
    }
}

#[cold]
fn not_finite<E: ser::Error>() -> E {
    E::custom("not a finite number: JSON cannot say it")
}

struct Float;

impl<'de> Visitor<'de> for Float {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    #[inline]
    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[inline]
    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[inline]
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        if value.is_finite() { Ok(value) } else { Err(E::custom("expected a finite number")) }
    }

    refuse!(bool text null array object);
}

impl Wire for String {
    const KINDS: Kinds = Kinds::STRING;

    #[inline]
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Text)
    }

    #[inline]
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(self)
    }
}

struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    #[inline]
    fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    #[inline]
    fn visit_string<E: de::Error>(self, value: String) -> Result<String, E> {
        Ok(value)
    }

    refuse!(bool integer float null array object);
}

/// Reads a text without owning it.
pub(super) struct With<F>(pub(super) F);

impl<'de, T, F: FnOnce(&str) -> Result<T, String>> Visitor<'de> for With<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    #[inline]
    fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
        (self.0)(value).map_err(E::custom)
    }

    refuse!(bool integer float null array object);
}

/// `null` and nothing else.
impl Wire for () {
    const KINDS: Kinds = Kinds::NULL;

    #[inline]
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Null)
    }

    #[inline]
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_unit()
    }
}

struct Null;

impl<'de> Visitor<'de> for Null {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    refuse!(bool integer float text array object);
}
