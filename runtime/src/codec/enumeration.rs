//! Closed sets of values.

use serde::de::{self, Deserialize as _, Deserializer};
use serde::ser::{Serialize as _, Serializer};
use serde_json::{Number, Value};

use super::wire::KeyField as _;

/// The sentence for a text that is none of the set.
#[cold]
pub fn unlisted(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let mut text = String::from("is none of ");
    for (index, name) in names.iter().take(SHOWN).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.extend(name.chars().flat_map(char::escape_debug));
        text.push('`');
    }
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// Finds a text in the set; `values` are what its texts stand for.
///
/// # Errors
/// A sentence that names the set and not the text.
#[inline]
pub fn listed<T: Copy>(text: &str, texts: &[&str], values: &[T]) -> Result<T, String> {
    let mut pairs = texts.iter().zip(values);
    match pairs.find(|(listed, _)| **listed == text) {
        Some((_, value)) => Ok(*value),
        None => Err(unlisted(texts)),
    }
}

/// Reads any JSON value and finds it among the constants, given as JSON text.
pub fn read_constant<'de, D: Deserializer<'de>>(reader: D, constants: &[&str]) -> Result<usize, D::Error> {
    let value = Value::deserialize(reader)?;
    constants
        .iter()
        .position(|constant| serde_json::from_str(constant).is_ok_and(|constant| same_json(&constant, &value)))
        .ok_or_else(|| de::Error::custom(unlisted(constants)))
}

/// The key that a constant makes, given as JSON text.
pub fn constant_key(constant: &str) -> Option<Vec<u8>> {
    serde_json::from_str::<Value>(constant).ok()?.key_bytes()
}

/// Writes a constant that is given as JSON text.
pub fn write_constant<S: Serializer>(writer: S, constant: &str) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<Value>(constant) {
        Ok(value) => value.serialize(writer),
        Err(fault) => Err(serde::ser::Error::custom(format_args!("the contract's constant is not JSON: {fault}"))),
    }
}

/// Whether two JSON values are the same one: `88` and `88.0` are, and the order of properties does not matter.
#[must_use]
pub fn same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

fn same_number(a: &Number, b: &Number) -> bool {
    a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64())
}

/// Makes an enum a closed set of the contract: each variant stands for one value on the wire, exactly.
///
/// The values are texts. Before `pub enum`, `#[repr(i64)]` says that they are integers, and `#[json]` that they are any
/// JSON, given as JSON text.
///
/// ```
/// conecta_runtime::enumeration! {
///     /// How urgent it is.
///     pub enum Priority {
///         /// `LOW`
///         Low = "LOW",
///         /// `HIGH`
///         High = "HIGH",
///     }
/// }
///
/// assert_eq!("HIGH".parse::<Priority>()?, Priority::High);
/// assert_eq!(Priority::Low.as_str(), "LOW");
/// assert_eq!(Priority::ALL.len(), 2);
/// assert_eq!("high".parse::<Priority>().unwrap_err().to_string(), "is none of `LOW`, `HIGH`");
/// # Ok::<(), conecta_runtime::Violation>(())
/// ```
#[macro_export]
macro_rules! enumeration {
    // A set of one is a constant, and has a default.
    (
        $(#[doc = $doc:expr])* $(#[deprecated $($deprecated:tt)*])?
        pub enum $name:ident { $(#[doc = $variant_doc:expr])* $variant:ident = $text:literal $(,)? }
    ) => {
        $crate::__enumeration! {
            [$(#[doc = $doc])* $(#[deprecated $($deprecated)*])? #[derive(Default)]] $name
            { $(#[doc = $variant_doc])* #[default] $variant = $text, }
        }
    };
    (
        $(#[doc = $doc:expr])* $(#[deprecated $($deprecated:tt)*])?
        pub enum $name:ident { $( $(#[doc = $variant_doc:expr])* $variant:ident = $text:literal ),+ $(,)? }
    ) => {
        $crate::__enumeration! {
            [$(#[doc = $doc])* $(#[deprecated $($deprecated)*])?] $name
            { $( $(#[doc = $variant_doc])* $variant = $text, )+ }
        }
    };
    (
        $(#[doc = $doc:expr])* #[repr(i64)] $(#[deprecated $($deprecated:tt)*])?
        pub enum $name:ident { $( $(#[doc = $variant_doc:expr])* $variant:ident = $value:literal ),+ $(,)? }
    ) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        #[repr(i64)]
        pub enum $name { $( $(#[doc = $variant_doc])* $variant = $value, )+ }

        #[allow(deprecated)]
        const _: () = {
            impl $name {
                /// Every value, in the contract's order.
                pub const ALL: &'static [Self] = &[$(Self::$variant),+];

                /// The value on the wire.
                #[must_use]
                pub const fn get(self) -> i64 {
                    self as i64
                }

                fn read(value: i64) -> ::core::result::Result<Self, ::std::string::String> {
                    match value {
                        $( $value => ::core::result::Result::Ok(Self::$variant), )+
                        _ => ::core::result::Result::Err(
                            $crate::__private::unlisted(&[$(::core::stringify!($value)),+])
                        ),
                    }
                }
            }
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::NUMBER;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    Self::read(<i64 as $crate::codec::Wire>::decode(reader)?).map_err($crate::__private::DeError::custom)
                }
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    writer.serialize_i64(self.get())
                }
            }
            impl ::core::convert::TryFrom<i64> for $name {
                type Error = $crate::Violation;
                fn try_from(value: i64) -> ::core::result::Result<Self, $crate::Violation> {
                    Self::read(value).map_err(|broken| $crate::Violation::new("", broken))
                }
            }
            impl ::core::convert::From<$name> for i64 {
                fn from(value: $name) -> Self {
                    value.get()
                }
            }
            impl ::core::fmt::Display for $name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Display::fmt(&self.get(), f)
                }
            }
            impl $crate::codec::KeyField for $name {
                fn key_bytes(&self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                    $crate::codec::KeyField::key_bytes(&self.get())
                }
            }
            impl $crate::codec::HeaderValue for $name {
                fn to_header(&self, out: &mut dyn ::core::ops::FnMut(&str)) {
                    $crate::codec::HeaderValue::to_header(&self.get(), out);
                }
                fn from_header(text: &str) -> ::core::result::Result<Self, ::std::string::String> {
                    <i64 as $crate::codec::HeaderValue>::from_header(text).and_then(Self::read)
                }
            }
            $crate::__serde!($name);
        };
    };
    (
        $(#[doc = $doc:expr])* #[json] $(#[deprecated $($deprecated:tt)*])?
        pub enum $name:ident { $( $(#[doc = $variant_doc:expr])* $variant:ident = $json:literal ),+ $(,)? }
    ) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum $name { $( $(#[doc = $variant_doc])* $variant, )+ }

        #[allow(deprecated)]
        const _: () = {
            const JSON: &[&str] = &[$($json),+];

            impl $name {
                /// Every value, in the contract's order.
                pub const ALL: &'static [Self] = &[$(Self::$variant),+];

                /// The value as JSON text.
                #[must_use]
                pub const fn as_json(self) -> &'static str {
                    match self { $( Self::$variant => $json, )+ }
                }
            }
            impl $crate::codec::Wire for $name {
                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    $crate::__private::read_constant(reader, JSON).map(|index| Self::ALL[index])
                }
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    $crate::__private::write_constant(writer, self.as_json())
                }
            }
            impl $crate::codec::KeyField for $name {
                fn key_bytes(&self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                    $crate::__private::constant_key(self.as_json())
                }
            }
            $crate::__serde!($name);
        };
    };
}

/// A closed set of texts.
#[doc(hidden)]
#[macro_export]
macro_rules! __enumeration {
    ([$($attributes:tt)*] $name:ident { $( $(#[$($variant_attributes:tt)*])* $variant:ident = $text:literal, )+ }) => {
        $($attributes)*
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum $name { $( $(#[$($variant_attributes)*])* $variant, )+ }

        #[allow(deprecated)]
        const _: () = {
            const TEXTS: &[&str] = &[$($text),+];

            impl $name {
                /// Every value, in the contract's order.
                pub const ALL: &'static [Self] = &[$(Self::$variant),+];

                /// The value's text on the wire.
                #[must_use]
                pub const fn as_str(self) -> &'static str {
                    TEXTS[self as usize]
                }

                fn read(text: &str) -> ::core::result::Result<Self, ::std::string::String> {
                    $crate::__private::listed(text, TEXTS, Self::ALL)
                }

                fn new(text: &str) -> ::core::result::Result<Self, $crate::Violation> {
                    $crate::__private::violation(Self::read(text))
                }
            }
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::STRING;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    $crate::__private::read_text(reader, Self::read)
                }
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    writer.serialize_str(self.as_str())
                }
            }
            $crate::__text!($name);
        };
    };
}
