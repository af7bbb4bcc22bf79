//! Numbers with constraints.

use std::fmt::Display;

use super::decimal::Decimal;

/// What a number must keep to, as `#[check(…)]` says it word by word.
#[derive(Clone, Copy, Debug)]
pub struct NumberRules<T> {
    minimum: Option<T>,
    maximum: Option<T>,
    exclusive_minimum: Option<T>,
    exclusive_maximum: Option<T>,
    multiple_of: [Option<&'static str>; 4],
}

impl<T: Copy> NumberRules<T> {
    /// No rule.
    pub const NONE: Self =
        Self { minimum: None, maximum: None, exclusive_minimum: None, exclusive_maximum: None, multiple_of: [None; 4] };

    /// It is not less.
    #[must_use]
    pub const fn minimum(mut self, bound: T) -> Self {
        self.minimum = Some(bound);
        self
    }

    /// It is not more.
    #[must_use]
    pub const fn maximum(mut self, bound: T) -> Self {
        self.maximum = Some(bound);
        self
    }

    /// It is more.
    #[must_use]
    pub const fn exclusive_minimum(mut self, bound: T) -> Self {
        self.exclusive_minimum = Some(bound);
        self
    }

    /// It is less.
    #[must_use]
    pub const fn exclusive_maximum(mut self, bound: T) -> Self {
        self.exclusive_maximum = Some(bound);
        self
    }

    /// It is a whole number of these steps, exactly; the step is decimal.
    #[must_use]
    pub const fn multiple_of(mut self, step: &'static str) -> Self {
        let mut at = 0;
        while self.multiple_of[at].is_some() {
            at += 1;
        }
        self.multiple_of[at] = Some(step);
        self
    }
}

/// Holds a number against its rules.
///
/// # Errors
/// A sentence that names the rule and not the number.
pub fn check_number<T: Copy + PartialOrd + Display + Steps>(value: T, rules: &NumberRules<T>) -> Result<(), String> {
    // Finite, as `finite` and reading see to: so the comparisons say what they say.
    if let Some(bound) = rules.minimum.filter(|bound| value < *bound) {
        return Err(format!("is less than {bound}"));
    }
    if let Some(bound) = rules.maximum.filter(|bound| value > *bound) {
        return Err(format!("is more than {bound}"));
    }
    if let Some(bound) = rules.exclusive_minimum.filter(|bound| value <= *bound) {
        return Err(format!("is not more than {bound}"));
    }
    if let Some(bound) = rules.exclusive_maximum.filter(|bound| value >= *bound) {
        return Err(format!("is not less than {bound}"));
    }
    for step in rules.multiple_of.iter().flatten() {
        if !value.is_multiple_of(step) {
            return Err(format!("is not a multiple of {step}"));
        }
    }
    Ok(())
}

/// A number of which it can be told whether it is a whole number of steps.
pub trait Steps {
    /// Whether it is, exactly; the step is decimal.
    fn is_multiple_of(&self, step: &'static str) -> bool;
}

macro_rules! steps {
    ($($type:ident)*) => { $(
        impl Steps for $type {
            fn is_multiple_of(&self, step: &'static str) -> bool {
                // The shortest text that gives the same number: what was meant, where a binary fraction is not.
                let value = Decimal::parse(&format!("{self:e}"));
                value.zip(Decimal::parse(step)).is_some_and(|(value, step)| value.is_multiple_of(step))
            }
        }
    )* };
}

steps!(i64 u64 f64);

#[cfg(feature = "decimal")]
impl Steps for crate::Decimal {
    fn is_multiple_of(&self, step: &'static str) -> bool {
        self.checked_rem(crate::decimal::literal(step)).is_some_and(|rest| rest.is_zero())
    }
}

/// Makes a newtype over an integer or an `f64` a number of the contract: a value of it always keeps the rules.
/// With the feature `decimal` also over a `::conecta_runtime::Decimal`, whose bounds are texts.
///
/// `#[check(minimum = N, maximum = N, exclusive_minimum = N, exclusive_maximum = N, multiple_of = N)]` stands before the
/// struct, each word optional; bounds are literals of the type, a step is an integer or a text (`"0.01"`), and is exact.
/// An `f64` is finite.
///
/// ```
/// conecta_runtime::number! {
///     /// Stars.
///     #[check(minimum = 1, maximum = 5)]
///     pub struct Stars(i64);
/// }
///
/// assert_eq!(Stars::new(5)?.get(), 5);
/// assert_eq!(Stars::new(6).unwrap_err().to_string(), "is more than 5");
/// # Ok::<(), conecta_runtime::Violation>(())
/// ```
#[macro_export]
macro_rules! number {
    ($(#[doc = $doc:expr])* $(#[check($($rules:tt)*)])? $(#[deprecated $($deprecated:tt)*])? pub struct $name:ident(f64);) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(f64);
        $crate::__number!($name [f64] finite [$($($rules)*)?]);
    };
    (
        $(#[doc = $doc:expr])* $(#[check($($rules:tt)*)])? $(#[deprecated $($deprecated:tt)*])?
        pub struct $name:ident(::conecta_runtime::Decimal);
    ) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name($crate::Decimal);
        $crate::__number!($name [$crate::Decimal] decimal [$($($rules)*)?]);
    };
    ($(#[doc = $doc:expr])* $(#[check($($rules:tt)*)])? $(#[deprecated $($deprecated:tt)*])? pub struct $name:ident($type:ident);) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name($type);
        $crate::__number!($name [$type] whole [$($($rules)*)?]);
    };
}

/// The implementations of a number.
#[doc(hidden)]
#[macro_export]
macro_rules! __number {
    ($name:ident [$type:ty] $kind:ident [$( $rule:ident = $value:literal ),* $(,)?]) => {
        #[allow(deprecated)]
        const _: () = {
            const RULES: $crate::__private::NumberRules<$type> =
                $crate::__private::NumberRules::<$type>::NONE$( .$rule($crate::__rule_value!($kind $rule $value)) )*;

            impl $name {
                /// The number, if it keeps the rules.
                ///
                /// # Errors
                /// The rule that it breaks.
                pub fn new(value: $type) -> ::core::result::Result<Self, $crate::Violation> {
                    $crate::__kind!($kind value)
                        .and_then(|()| $crate::__private::check_number(value, &RULES))
                        .map(|()| Self(value))
                        .map_err(|broken| $crate::Violation::new("", broken))
                }

                #[doc(hidden)]
                #[must_use]
                pub const fn from_contract(value: $type) -> Self {
                    Self(value)
                }

                /// The number.
                #[must_use]
                pub const fn get(self) -> $type {
                    self.0
                }
            }
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::NUMBER;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    let value = <$type as $crate::codec::Wire>::decode(reader)?;
                    match $crate::__private::check_number(value, &RULES) {
                        ::core::result::Result::Ok(()) => ::core::result::Result::Ok(Self(value)),
                        ::core::result::Result::Err(broken) => {
                            ::core::result::Result::Err($crate::__private::DeError::custom(broken))
                        }
                    }
                }
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    $crate::codec::Wire::encode(&self.0, writer)
                }
            }
            impl ::core::convert::TryFrom<$type> for $name {
                type Error = $crate::Violation;
                fn try_from(value: $type) -> ::core::result::Result<Self, $crate::Violation> {
                    Self::new(value)
                }
            }
            impl ::core::convert::From<$name> for $type {
                fn from(value: $name) -> Self {
                    value.0
                }
            }
            impl ::core::fmt::Display for $name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Display::fmt(&self.0, f)
                }
            }
            impl ::core::str::FromStr for $name {
                type Err = $crate::Violation;
                fn from_str(text: &str) -> ::core::result::Result<Self, $crate::Violation> {
                    <$type as $crate::codec::HeaderValue>::from_header(text)
                        .map_err(|broken| $crate::Violation::new("", broken))
                        .and_then(Self::new)
                }
            }
            impl $crate::codec::KeyField for $name {
                fn key_bytes(&self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                    $crate::codec::KeyField::key_bytes(&self.0)
                }
            }
            impl $crate::codec::HeaderValue for $name {
                fn to_header(&self, out: &mut dyn ::core::ops::FnMut(&str)) {
                    $crate::codec::HeaderValue::to_header(&self.0, out);
                }
                fn from_header(text: &str) -> ::core::result::Result<Self, ::std::string::String> {
                    <$type as $crate::codec::HeaderValue>::from_header(text)
                        .and_then(|value| Self::new(value).map_err(|broken| broken.message().into()))
                }
            }
            $crate::__serde!($name);
        };
    };
}

/// A rule's value: a step is a text, whichever way it is written.
#[doc(hidden)]
#[macro_export]
macro_rules! __rule_value {
    ($kind:ident multiple_of $value:literal) => {
        $crate::__private::unquoted(::core::stringify!($value))
    };
    (decimal $rule:ident $value:literal) => {
        $crate::__private::decimal($value)
    };
    ($kind:ident $rule:ident $value:literal) => {
        $value
    };
}

/// What a number of a kind must be before anything is asked of it.
#[doc(hidden)]
#[macro_export]
macro_rules! __kind {
    (finite $value:ident) => {
        $crate::__private::finite($value)
    };
    ($kind:ident $value:ident) => {
        ::core::result::Result::<(), ::std::string::String>::Ok(())
    };
}

/// The text of a literal, without the quotes that one of a text has.
#[must_use]
pub const fn unquoted(literal: &'static str) -> &'static str {
    match literal.as_bytes() {
        [b'"', .., b'"'] => literal.split_at(1).1.split_at(literal.len() - 2).0,
        _ => literal,
    }
}

/// JSON has no word for infinity nor for a NaN.
///
/// # Errors
/// A sentence.
pub fn finite(value: f64) -> Result<(), String> {
    if value.is_finite() { Ok(()) } else { Err("is not a finite number".to_owned()) }
}
