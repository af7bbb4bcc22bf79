//! Typed headers.

use crate::codec::DecodeError;
use crate::datetime::DateTime;
use crate::message::{Headers, HeadersRef};

/// What can be the value of a typed header: on the wire it is text.
pub trait HeaderValue: Sized + PartialEq {
    /// Gives the text to `out`.
    fn to_header(&self, out: &mut dyn FnMut(&str));

    /// Reads the text.
    ///
    /// # Errors
    /// A sentence that does not quote the text.
    fn from_header(text: &str) -> Result<Self, String>;

    /// Whether the text says something else than this value.
    fn contradicts(&self, text: &str) -> bool {
        !Self::from_header(text).is_ok_and(|value| value == *self)
    }
}

impl HeaderValue for String {
    fn to_header(&self, out: &mut dyn FnMut(&str)) {
        out(self);
    }

    fn from_header(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn contradicts(&self, text: &str) -> bool {
        self != text
    }
}

/// Equal by instant: another spelling is no contradiction.
impl HeaderValue for DateTime {
    fn to_header(&self, out: &mut dyn FnMut(&str)) {
        self.with_text(out);
    }

    fn from_header(text: &str) -> Result<Self, String> {
        text.parse().map_err(|fault: crate::datetime::ParseDateTimeError| fault.to_string())
    }
}

impl HeaderValue for bool {
    fn to_header(&self, out: &mut dyn FnMut(&str)) {
        out(if *self { "true" } else { "false" });
    }

    fn from_header(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected `true` or `false`".to_owned())
    }
}

impl HeaderValue for f64 {
    fn to_header(&self, out: &mut dyn FnMut(&str)) {
        out(&self.to_string());
    }

    fn from_header(text: &str) -> Result<Self, String> {
        text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| "expected a number".to_owned())
    }
}

macro_rules! integer_headers {
    ($($type:ident)*) => { $(
        impl HeaderValue for $type {
            fn to_header(&self, out: &mut dyn FnMut(&str)) {
                out(&self.to_string());
            }

            fn from_header(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| "expected an integer".to_owned())
            }
        }
    )* };
}

#[cfg(feature = "wide")]
pub(super) use integer_headers;

integer_headers!(i8 i16 i32 i64 u8 u16 u32 u64);

/// A field of a struct of headers: a value that must be there, or an `Option` of one.
pub trait HeaderField: Sized {
    /// Appends the header if it is present.
    fn write(&self, name: &str, out: &mut Headers);
    /// Reads the header.
    ///
    /// # Errors
    /// When it must be there and is not, or is not of its type.
    fn read(name: &'static str, headers: HeadersRef<'_>) -> Result<Self, DecodeError>;
    /// Whether the header is there and says something else.
    fn contradicted_by(&self, name: &str, headers: HeadersRef<'_>) -> bool;
}

impl<T: HeaderValue> HeaderField for T {
    fn write(&self, name: &str, out: &mut Headers) {
        self.to_header(&mut |text| out.push(name, text));
    }

    fn read(name: &'static str, headers: HeadersRef<'_>) -> Result<Self, DecodeError> {
        Option::<T>::read(name, headers)?.ok_or_else(|| DecodeError::new("", format!("the header `{name}` is missing")))
    }

    fn contradicted_by(&self, name: &str, headers: HeadersRef<'_>) -> bool {
        // Bytes that are no text say something else than any value.
        headers.get(name).is_some_and(|bytes| std::str::from_utf8(bytes).map_or(true, |text| self.contradicts(text)))
    }
}

impl<T: HeaderValue> HeaderField for Option<T> {
    fn write(&self, name: &str, out: &mut Headers) {
        if let Some(value) = self {
            value.write(name, out);
        }
    }

    fn read(name: &'static str, headers: HeadersRef<'_>) -> Result<Self, DecodeError> {
        let Some(bytes) = headers.get(name) else { return Ok(None) };
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned());
        text.and_then(T::from_header)
            .map(Some)
            .map_err(|fault| DecodeError::new("", format!("the header `{name}`: {fault}")))
    }

    fn contradicted_by(&self, name: &str, headers: HeadersRef<'_>) -> bool {
        self.as_ref().is_some_and(|value| value.contradicted_by(name, headers))
    }
}

/// Makes a struct the typed headers of a message ([`TypedHeaders`](crate::TypedHeaders)): on the wire each is text.
///
/// A field is a header that must be there, or an `Option`. Before a field: `#[json(name = "x-timestamp")]` where the
/// header's name is not the field's, and `correlation` for one that the envelope does not decide, so that it is never a
/// contradiction.
///
/// ```
/// use conecta_runtime::{DateTime, Headers, TypedHeaders};
///
/// conecta_runtime::headers! {
///     /// Headers of every event.
///     pub struct Common {
///         pub id: Option<String>,
///         #[json(name = "x-timestamp")]
///         pub timestamp: Option<DateTime>,
///         #[json(correlation)]
///         pub correlation_id: Option<String>,
///     }
/// }
///
/// let envelope = Common { timestamp: "2024-01-15T10:30:00Z".parse().ok(), ..Common::default() };
/// let mut received = Headers::new();
/// received.push("x-timestamp", "2024-01-15T11:30:00+01:00");
/// assert!(envelope.contradictions(received.as_ref()).is_empty(), "the same instant");
/// ```
#[macro_export]
macro_rules! headers {
    // All may be absent, so there is a default.
    (
        $(#[doc = $doc:expr])*
        pub struct $name:ident { $(
            $(#[doc = $field_doc:expr])* $(#[json($($json:tt)*)])? $(#[deprecated $($deprecated:tt)*])?
            pub $field:ident: Option<$type:ty>
        ),* $(,)? }
    ) => {
        $crate::__headers! {
            [$(#[doc = $doc])* #[derive(Default)]] $name
            $( { [$(#[doc = $field_doc])* $(#[deprecated $($deprecated)*])?] [$($($json)*)?] $field [::core::option::Option<$type>] } )*
        }
    };
    (
        $(#[doc = $doc:expr])*
        pub struct $name:ident { $(
            $(#[doc = $field_doc:expr])* $(#[json($($json:tt)*)])? $(#[deprecated $($deprecated:tt)*])?
            pub $field:ident: $type:ty
        ),* $(,)? }
    ) => {
        $crate::__headers! {
            [$(#[doc = $doc])*] $name
            $( { [$(#[doc = $field_doc])* $(#[deprecated $($deprecated)*])?] [$($($json)*)?] $field [$type] } )*
        }
    };
}

/// The struct and its implementation.
#[doc(hidden)]
#[macro_export]
macro_rules! __headers {
    ([$($attributes:tt)*] $name:ident $( { [$($field_attributes:tt)*] $json:tt $field:ident [$type:ty] } )*) => {
        $($attributes)*
        #[allow(missing_docs)]
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name { $( $($field_attributes)* pub $field: $type, )* }

        #[allow(deprecated, unused_variables)]
        impl $crate::TypedHeaders for $name {
            fn write(&self, out: &mut $crate::Headers) {
                $( $crate::__private::HeaderField::write(&self.$field, $crate::__header_name!($json $field), out); )*
            }
            fn read(headers: $crate::HeadersRef<'_>) -> ::core::result::Result<Self, $crate::DecodeError> {
                ::core::result::Result::Ok(Self {
                    $( $field: $crate::__private::HeaderField::read($crate::__header_name!($json $field), headers)?, )*
                })
            }
            fn contradictions(&self, received: $crate::HeadersRef<'_>) -> ::std::vec::Vec<&'static str> {
                let mut found = ::std::vec::Vec::new();
                $(
                    if $crate::__header_compared!($json)
                        && $crate::__private::HeaderField::contradicted_by(&self.$field, $crate::__header_name!($json $field), received)
                    {
                        found.push($crate::__header_name!($json $field));
                    }
                )*
                found
            }
        }
    };
}

/// The name of a header.
#[doc(hidden)]
#[macro_export]
macro_rules! __header_name {
    ([name = $name:literal $($words:tt)*] $field:ident) => {
        $name
    };
    ([$($words:tt)*] $field:ident) => {
        ::core::stringify!($field)
    };
}

/// Whether a header is compared with the envelope.
#[doc(hidden)]
#[macro_export]
macro_rules! __header_compared {
    ([correlation]) => {
        false
    };
    ([name = $name:literal, correlation]) => {
        false
    };
    ([$($words:tt)*]) => {
        true
    };
}
