//! Refusing a value of the wrong kind: the message names the kinds and never the value.

use serde::de;

/// `expected an integer, found a string`.
#[cold]
#[inline(never)]
pub(super) fn unexpected<E: de::Error>(expected: &dyn std::fmt::Display, found: &'static str) -> E {
    E::custom(format_args!("expected {expected}, found {found}"))
}

/// The methods of a visitor that refuse. serde's own would quote the value.
macro_rules! refuse {
    ($($kind:ident)*) => { $( $crate::codec::kind::refuse_one!($kind); )* };
}
pub(super) use refuse;

macro_rules! refuse_one {
    (bool) => {
        fn visit_bool<E: ::serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "a boolean"))
        }
    };
    (integer) => {
        fn visit_i64<E: ::serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "a number"))
        }
        fn visit_u64<E: ::serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "a number"))
        }
    };
    (float) => {
        fn visit_f64<E: ::serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "a number"))
        }
    };
    (text) => {
        fn visit_str<E: ::serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "a string"))
        }
    };
    (null) => {
        fn visit_unit<E: ::serde::de::Error>(self) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "null"))
        }
        fn visit_none<E: ::serde::de::Error>(self) -> Result<Self::Value, E> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "null"))
        }
    };
    (array) => {
        fn visit_seq<A: ::serde::de::SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "an array"))
        }
    };
    (object) => {
        fn visit_map<A: ::serde::de::MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err($crate::codec::kind::unexpected(&$crate::codec::kind::Expected(&self), "an object"))
        }
    };
}
pub(super) use refuse_one;

/// What a visitor expects, as a text.
pub(super) struct Expected<'a, V>(pub(super) &'a V);

impl<'de, V: de::Visitor<'de>> std::fmt::Display for Expected<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
}
