//! One of several types: a value is read as the alternative that it is.
//!
//! [`union!`](crate::union) makes an enum of alternatives readable and writable. Where a property says which one is meant, the
//! value is read once, as that one, straight from the reader ([`tagged`](super::tagged)). Else it is looked at as a [`Value`] first:
//! its kind leaves one alternative or several; of several, its rules say which one it is where the contract needs rules to tell,
//! and else it is the first that it can be read as.

use serde::de::{self, Deserializer};
use serde::ser;
use serde_json::Value;

use super::error::sentence;
use super::kinds::Kinds;
use super::schema::{Rules, write_by_rules};
use super::trace::{at_path, located};
use super::wire::{Item, KeyField as _, Wire, WriteItem};

/// How a union is read.
#[derive(Debug)]
pub struct Union<U: 'static> {
    /// What says which of the alternatives a value is, and holds what they do not hold by themselves.
    pub rules: Option<&'static Rules>,
    /// The alternatives, in the order of the rules.
    pub alternatives: &'static [Alternative<U>],
}

/// How one alternative of a union is read.
#[derive(Debug)]
pub struct Alternative<U: 'static> {
    /// The name of the variant.
    pub name: &'static str,
    /// The kinds of values that it may be.
    pub kinds: Kinds,
    /// Reads a value as this one.
    pub read: fn(&Value) -> Result<U, serde_json::Error>,
}

/// Reads a value as one of the alternatives.
///
/// # Errors
/// Those of the reader; of the alternative that was meant, where only one can have been; or why it is none of them.
pub fn read_union<'de, U, D: Deserializer<'de>>(union: &Union<U>, reader: D) -> Result<U, D::Error> {
    let value = Value::decode(reader)?;
    union.read(&value).map_err(de::Error::custom)
}

impl<U> Union<U> {
    fn read(&self, value: &Value) -> Result<U, String> {
        let of_kind = || self.alternatives.iter().enumerate().filter(|(_, one)| one.kinds.has(value));
        let mut candidates = of_kind();
        match (candidates.next(), candidates.next(), self.rules) {
            (None, ..) => {
                let expected = self.alternatives.iter().fold(Kinds::NONE, |kinds, one| kinds.or(one.kinds));
                Err(format!("expected {expected}, found {}", Kinds::of(value)))
            }
            (Some((_, only)), None, rules) => {
                let whole = only.read(value)?;
                rules.map_or(Ok(()), |rules| rules.hold(value).map_err(at))?;
                Ok(whole)
            }
            // To try each in turn where alternatives lie within alternatives would double the work at every level.
            (_, _, Some(rules)) if value.is_object() || value.is_array() => match rules.choose(value) {
                Ok(chosen) => match self.alternatives.get(chosen) {
                    Some(one) => one.read(value),
                    None => Err("its rules know more alternatives than there are".to_owned()),
                },
                Err(fault) => {
                    let faults = rules.faults(value);
                    if faults.iter().any(Option::is_none) {
                        return Err(at(fault));
                    }
                    Err(none(of_kind().filter_map(|(index, one)| Some((one.name, faults.get(index)?.clone()?)))))
                }
            },
            (.., rules) => {
                let mut reasons = Vec::new();
                for (_, one) in of_kind() {
                    match located(|| (one.read)(value)) {
                        Ok(whole) => {
                            rules.map_or(Ok(()), |rules| rules.hold(value).map_err(at))?;
                            return Ok(whole);
                        }
                        Err((path, error)) => reasons.push((one.name, (path, sentence(&error)))),
                    }
                }
                Err(none(reasons.into_iter()))
            }
        }
    }
}

/// Holds a value that is about to be written against the rules of its union.
///
/// # Errors
/// Those of the alternative, and of the rules.
#[inline]
pub fn hold_union<U: Item, E: ser::Error>(union: &Union<U>, value: &U) -> Result<(), E> {
    union.rules.map_or(Ok(()), |rules| write_by_rules(rules, value))
}

/// The key that a union makes: the text of an alternative that is a scalar.
pub fn union_key<U: Item>(value: &U) -> Option<Vec<u8>> {
    serde_json::to_value(WriteItem(value)).ok()?.key_bytes()
}

impl<U> Alternative<U> {
    fn read(&self, value: &Value) -> Result<U, String> {
        (self.read)(value).map_err(|error| sentence(&error))
    }
}

/// Leaves the path of a fault behind and gives its message.
fn at((path, message): (String, String)) -> String {
    at_path(message, &path)
}

/// Says why a value is none of the alternatives.
fn none<'n>(reasons: impl Iterator<Item = (&'n str, (String, String))>) -> String {
    const SHOWN: usize = 6;
    let mut reasons: Vec<String> = reasons
        .map(|(name, (path, message))| match path.as_str() {
            "" => format!("no `{name}` ({message})"),
            path => format!("no `{name}` ({path}: {message})"),
        })
        .collect();
    if reasons.len() > SHOWN {
        let more = reasons.len() - SHOWN;
        reasons.truncate(SHOWN);
        reasons.push(format!("and {more} more"));
    }
    format!("is none of the alternatives: {}", reasons.join(", "))
}

/// Makes an enum a choice of the contract (`oneOf`, `anyOf`): each variant holds one alternative, and on the wire there is no sign
/// of the enum itself.
///
/// The macro derives `Clone`, `Debug` and `PartialEq`, and implements [`Wire`](crate::codec::Wire), `Serialize`, `Deserialize` and
/// `From` of each alternative. Before the enum stands at most one of
/// - `#[union(tag = "kind")]`: a text property says which alternative a value is. Each variant then has its texts,
///   `#[tag("cat", "kitten")]`; with the name of the field before them, `#[tag(kind, "cat")]`, where the field's type lets others
///   through: such a value is not written.
/// - `#[union(rules = "…")]`: JSON Schema of the whole value, its patterns in `regex-lite`'s syntax, with a `oneOf` or `anyOf` of the
///   alternatives in their order. It says which one a value is, and what is no value of the union is neither read nor written.
///
/// Without them a value is the first alternative of its kind that it can be read as.
///
/// Before a variant, in this order: `#[tag(…)]`; `#[json(sensitive)]`, of which `Debug` shows `<masked>`; `#[from(none)]`, where another
/// variant holds the same type.
///
/// ```
/// conecta_runtime::object! {
///     pub struct Cat { pub kind: String, pub lives: i64 }
/// }
/// conecta_runtime::object! {
///     pub struct Dog { pub kind: String, pub tricks: Vec<String> }
/// }
/// conecta_runtime::union! {
///     /// A cat or a dog.
///     #[union(tag = "kind")]
///     pub enum Pet {
///         #[tag(kind, "cat")]
///         Cat(Cat),
///         #[tag(kind, "dog", "puppy")]
///         Dog(Dog),
///     }
/// }
/// conecta_runtime::union! {
///     /// A number, or the text of one.
///     pub enum Amount {
///         Integer(i64),
///         String(String),
///     }
/// }
///
/// let pet: Pet = conecta_runtime::codec::from_slice(br#"{"kind": "puppy", "tricks": []}"#)?;
/// assert_eq!(pet, Pet::Dog(Dog { kind: "puppy".into(), tricks: Vec::new() }));
/// let fault = conecta_runtime::codec::from_slice::<Pet>(br#"{"kind": "cow"}"#).unwrap_err();
/// assert_eq!(fault.to_string(), "kind: is none of `cat`, `dog`, `puppy`");
/// let amount: Amount = conecta_runtime::codec::from_slice(b"12")?;
/// assert_eq!(amount, Amount::from(12));
/// # Ok::<(), conecta_runtime::DecodeError>(())
/// ```
#[macro_export]
macro_rules! union {
    (
        $(#[doc = $doc:expr])* #[union(tag = $tag:literal)] $(#[deprecated $($deprecated:tt)*])?
        pub enum $name:ident { $(
            $(#[doc = $variant_doc:expr])* #[tag($($field:ident,)? $($value:literal),+)] $(#[json($show:ident)])? $(#[from($from:ident)])?
            $variant:ident($($type:tt)+)
        ),+ $(,)? }
    ) => {
        $crate::__union! {
            [$(#[doc = $doc])* $(#[deprecated $($deprecated)*])?] $name
            $( [$(#[doc = $variant_doc])*] [$($show)?] [$($from)?] $variant [$($type)+], )+
        }
        #[allow(deprecated)]
        const _: () = {
            impl $crate::__private::Tagged for $name {
                const TAG: &'static str = $tag;
                const TAGS: &'static [&'static str] = &[$( $($value),+ ),+];

                fn read_as<'de, __D: $crate::__private::Deserializer<'de>>(
                    tag: &str,
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    match tag {
                        $( $($value)|+ => <$($type)+ as $crate::codec::Wire>::decode(reader).map(Self::$variant), )+
                        _ => ::core::result::Result::Err($crate::__private::unknown_tag::<Self, __D::Error>()),
                    }
                }
            }
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::OBJECT;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(reader: __D) -> ::core::result::Result<Self, __D::Error> {
                    $crate::__private::read_tagged(reader)
                }
                fn encode<__S: $crate::__private::Serializer>(&self, writer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                    match self {
                        $( Self::$variant(value) => {
                            $crate::__hold_tag!(value [$($value),+] $($field)?);
                            $crate::codec::Wire::encode(value, writer)
                        } )+
                    }
                }
            }
        };
    };
    (
        $(#[doc = $doc:expr])* $(#[union(rules = $rules:literal)])? $(#[deprecated $($deprecated:tt)*])?
        pub enum $name:ident { $(
            $(#[doc = $variant_doc:expr])* $(#[json($show:ident)])? $(#[from($from:ident)])? $variant:ident($($type:tt)+)
        ),+ $(,)? }
    ) => {
        $crate::__union! {
            [$(#[doc = $doc])* $(#[deprecated $($deprecated)*])?] $name
            $( [$(#[doc = $variant_doc])*] [$($show)?] [$($from)?] $variant [$($type)+], )+
        }
        #[allow(deprecated)]
        const _: () = {
            $( $crate::__rules!($rules); )?
            static UNION: $crate::__private::Union<$name> = $crate::__private::Union {
                rules: $crate::__union_rules!($($rules)?),
                alternatives: &[ $( $crate::__private::Alternative {
                    name: ::core::stringify!($variant),
                    kinds: <$($type)+ as $crate::codec::Wire>::KINDS,
                    read: |value| <$($type)+ as $crate::codec::Wire>::decode(value).map($name::$variant),
                } ),+ ],
            };
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::NONE$( .or(<$($type)+ as $crate::codec::Wire>::KINDS) )+;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(reader: __D) -> ::core::result::Result<Self, __D::Error> {
                    $crate::__private::read_union(&UNION, reader)
                }
                fn encode<__S: $crate::__private::Serializer>(&self, writer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                    $crate::__private::hold_union(&UNION, self)?;
                    match self {
                        $( Self::$variant(value) => $crate::codec::Wire::encode(value, writer), )+
                    }
                }
            }
        };
    };
}

/// What every union is, however it is read.
#[doc(hidden)]
#[macro_export]
macro_rules! __union {
    (
        [$($attributes:tt)*] $name:ident
        $( [$($docs:tt)*] [$($show:ident)?] [$($from:ident)?] $variant:ident [$($type:tt)+], )+
    ) => {
        $($attributes)*
        #[allow(missing_docs, clippy::large_enum_variant, clippy::enum_variant_names)]
        #[derive(Clone, PartialEq)]
        pub enum $name { $( $($docs)* $variant($($type)+), )+ }

        #[allow(deprecated)]
        const _: () = {
            impl ::core::fmt::Debug for $name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        $( Self::$variant(value) => f
                            .debug_tuple(::core::stringify!($variant))
                            .field($crate::__union_shown!(value $($show)?))
                            .finish(), )+
                    }
                }
            }
            impl $crate::codec::KeyField for $name {
                fn key_bytes(&self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                    $crate::__private::union_key(self)
                }
            }
            $( $crate::__union_from!([$($from)?] $name $variant $($type)+); )+
            $crate::__serde!($name);
        };
    };
}

/// How an alternative appears in `Debug`.
#[doc(hidden)]
#[macro_export]
macro_rules! __union_shown {
    ($value:ident) => {
        $crate::__private::shown($value)
    };
    ($value:ident sensitive) => {
        $crate::__private::masked($value)
    };
}

/// A union from one of its alternatives; of a boxed one, from what is in the box.
#[doc(hidden)]
#[macro_export]
macro_rules! __union_from {
    ([none] $($rest:tt)*) => {};
    ([] $name:ident $variant:ident Box<$type:ty>) => {
        impl ::core::convert::From<$type> for $name {
            fn from(value: $type) -> Self {
                Self::$variant(::std::boxed::Box::new(value))
            }
        }
    };
    ([] $name:ident $variant:ident $type:ty) => {
        impl ::core::convert::From<$type> for $name {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    };
}

/// The rules of a union, if it has any.
#[doc(hidden)]
#[macro_export]
macro_rules! __union_rules {
    () => {
        ::core::option::Option::None
    };
    ($rules:literal) => {
        ::core::option::Option::Some(&RULES)
    };
}

/// Holds the text by which a union tells a variant, where the type of its field lets others through.
#[doc(hidden)]
#[macro_export]
macro_rules! __hold_tag {
    ($value:ident $tags:tt) => {};
    ($value:ident [$($tag:literal),+] $field:ident) => {
        $crate::__private::hold_tag::<Self, _, __S::Error>(&$value.$field, &[$($tag),+])?
    };
}
