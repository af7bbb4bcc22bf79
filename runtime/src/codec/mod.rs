//! Reading and writing typed values as JSON, with the path of every fault.
//!
//! A generated type implements [`Wire`] through one of the macros ([`object!`](crate::object), [`text!`](crate::text),
//! [`number!`](crate::number), …). They accept what serde's derive accepts on the same struct, and differ from it
//! where the contract does:
//!
//! | | derive | here |
//! |---|---|---|
//! | `1.0`, `1e2` for an integer | refused | accepted up to 2^53, as JSON Schema says |
//! | `null` for an optional field | reads as absent | refused, unless the contract allows `null` |
//! | an array for an object | read by position | refused |
//! | a property twice in a map | the last one wins | refused |
//! | a number that is not finite | written as `null` | refused |
//! | an `f64` that is whole | `88.0` | `88`, the shorter text of the same number |
//! | the text of an error | quotes the value | names its kind: a value may be personal data |
//! | where the fault is | line and column | [the path](DecodeError::path) |
//!
//! The path costs nothing until there is a fault: each level adds its name while the error returns through it.

mod build;
mod check;
mod collection;
mod decimal;
mod enumeration;
mod error;
mod format;
mod headers;
mod kind;
mod kinds;
mod list;
mod number;
mod object;
mod opaque;
mod pattern;
mod scalar;
mod schema;
mod tagged;
mod text;
mod trace;
mod union;
mod value;
#[cfg(feature = "wide")]
mod wide;
mod wire;
mod wrapper;

pub use build::{BuildError, Takes};
pub use enumeration::same_json;
pub use error::{DecodeError, EncodeError, Violation};
pub use headers::HeaderValue;
pub use kinds::Kinds;
pub use wire::{Field, Item, KeyField, Wire, key};

/// Reads a value from JSON text.
///
/// # Errors
/// What is wrong, with the path to it.
pub fn from_slice<T: Wire>(json: &[u8]) -> Result<T, DecodeError> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    trace::located(|| {
        let value = T::decode(&mut reader)?;
        reader.end()?;
        Ok(value)
    })
    .map_err(|(path, error)| DecodeError::new(path, error::sentence(&error)))
}

/// Reads a value from a record's body.
///
/// # Errors
/// What is wrong, with the path to it. A tombstone has no body to read.
pub fn from_record<T: Wire>(record: &crate::record::RawRecord) -> Result<T, DecodeError> {
    match record.payload() {
        Some(payload) => from_slice(payload),
        None => Err(DecodeError::new("", "the record has no body (a tombstone)")),
    }
}

/// Reads a value from a JSON value.
///
/// # Errors
/// What is wrong, with the path to it.
pub fn from_value<T: Wire>(json: &serde_json::Value) -> Result<T, DecodeError> {
    trace::located(|| T::decode(json)).map_err(|(path, error)| DecodeError::new(path, error::sentence(&error)))
}

/// Appends a value as JSON text.
///
/// # Errors
/// When it breaks the contract; `out` is then as it was before.
pub fn to_writer<T: Wire>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let before = out.len();
    trace::located(|| value.encode(&mut serde_json::Serializer::new(&mut *out))).map_err(|(path, error)| {
        out.truncate(before);
        EncodeError::Invalid(Violation::new(path, error::sentence(&error)))
    })
}

/// Holds a value against the contract without writing it.
///
/// # Errors
/// The first constraint that it breaks, with the path to it.
pub fn validate<T: Wire>(value: &T) -> Result<(), Violation> {
    trace::located(|| value.encode(check::Check)).map_err(|(path, error)| Violation::new(path, error.to_string()))
}

/// What the macros expand to. No promise is made of it to anyone else.
#[doc(hidden)]
pub mod __private {
    pub use super::build::{Gaps, finish};
    pub use super::enumeration::{constant_key, listed, read_constant, unlisted, write_constant};
    pub use super::error::{fault, violation};
    pub use super::headers::HeaderField;
    pub use super::list::{ListRules, check_list};
    pub use super::number::{NumberRules, check_number, finite, unquoted};
    pub use super::object::{
        NullableField, Object, ObjectWriter, TakesNull, count, field, ignore, key, masked, nullable, object, refuse,
        rest, shown,
    };
    pub use super::schema::{Rules, read_by_rules, write_by_rules};
    pub use super::tagged::{Tagged, hold_tag, read_tagged, unknown_tag};
    pub use super::text::{TextCheck, TextRules, read_checked, read_text};
    pub use super::trace::{read_foreign, write_foreign};
    pub use super::union::{Alternative, Union, hold_union, read_union, union_key};
    pub use super::value::json;
    #[cfg(feature = "decimal")]
    pub use crate::decimal::literal as decimal;
    pub use serde::de::{Deserialize, Deserializer, Error as DeError, MapAccess};
    pub use serde::ser::{Error as SerError, Serialize, SerializeMap, Serializer};
}
