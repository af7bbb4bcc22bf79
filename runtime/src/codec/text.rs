//! Texts with constraints.

use std::fmt;
use std::sync::OnceLock;

use serde::de::Deserializer;

use super::error::Violation;
use super::pattern::Pattern;
use super::scalar::With;

/// What a text must keep to, as `#[check(…)]` says it word by word.
#[derive(Clone, Copy, Debug)]
pub struct TextRules {
    patterns: [Option<&'static str>; Self::PATTERNS],
    min_length: Option<usize>,
    max_length: Option<usize>,
    format: Option<&'static str>,
    sensitive: bool,
}

impl TextRules {
    const PATTERNS: usize = 8;

    /// No rule.
    pub const NONE: Self =
        Self { patterns: [None; Self::PATTERNS], min_length: None, max_length: None, format: None, sensitive: false };

    /// It matches this as well.
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static str) -> Self {
        let mut at = 0;
        while self.patterns[at].is_some() {
            at += 1;
        }
        self.patterns[at] = Some(pattern);
        self
    }

    /// At least so many characters (Unicode scalar values).
    #[must_use]
    pub const fn min_length(mut self, length: usize) -> Self {
        self.min_length = Some(length);
        self
    }

    /// At most so many characters.
    #[must_use]
    pub const fn max_length(mut self, length: usize) -> Self {
        self.max_length = Some(length);
        self
    }

    /// It is of this format.
    #[must_use]
    pub const fn format(mut self, format: &'static str) -> Self {
        self.format = Some(format);
        self
    }

    /// It is masked in `Debug`.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
}

/// The rules of one type, with its patterns compiled at their first use.
#[derive(Debug)]
pub struct TextCheck {
    rules: TextRules,
    patterns: OnceLock<Vec<Pattern>>,
}

impl TextCheck {
    /// Made once a type, as a static.
    #[must_use]
    pub const fn new(rules: TextRules) -> Self {
        Self { rules, patterns: OnceLock::new() }
    }

    /// Holds a text against the rules.
    ///
    /// # Errors
    /// A sentence that names the rule and not the text.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let rules = &self.rules;
        if rules.min_length.is_some() || rules.max_length.is_some() {
            let length = text.chars().count();
            if let Some(min) = rules.min_length.filter(|min| length < *min) {
                return Err(format!("is shorter than {min} characters"));
            }
            if let Some(max) = rules.max_length.filter(|max| length > *max) {
                return Err(format!("is longer than {max} characters"));
            }
        }
        let patterns =
            self.patterns.get_or_init(|| rules.patterns.iter().flatten().map(|source| Pattern::new(source)).collect());
        for pattern in patterns {
            pattern.check(text)?;
        }
        match rules.format {
            Some(format) if !super::format::has_format(text, format) => Err(format!("is not of the format `{format}`")),
            _ => Ok(()),
        }
    }

    /// The text, if it keeps the rules.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn hold(&self, text: String) -> Result<String, Violation> {
        match self.check(&text) {
            Ok(()) => Ok(text),
            Err(broken) => Err(Violation::new("", broken)),
        }
    }

    /// `Name("text")`, or masked.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn debug(&self, name: &str, text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple(name);
        if self.rules.sensitive { tuple.field(super::object::masked(&())) } else { tuple.field(&text) }.finish()
    }
}

/// Reads a text and makes a value of it.
#[inline]
pub fn read_text<'de, T, D: Deserializer<'de>>(
    reader: D,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    reader.deserialize_any(With(make))
}

/// Reads a text that keeps the rules.
#[inline]
pub fn read_checked<'de, D: Deserializer<'de>>(reader: D, rules: &TextCheck) -> Result<String, D::Error> {
    read_text(reader, |text| rules.check(text).map(|()| text.to_owned()))
}

/// Makes a newtype over `String` a text of the contract: a value of it always keeps the rules.
///
/// `#[check(pattern = "…", …, min_length = N, max_length = N, format = "…", sensitive)]` stands before the struct, its
/// words in this order and each of them optional; `pattern` may be repeated. Patterns are searched for in the text, so
/// they match anywhere unless they say `^` and `$`; lengths are in Unicode scalar values. Formats: `date`, `time`,
/// `date-time`, `duration`, `uuid`, `ipv4`, `ipv6`, `hostname`, `uri`, `uri-reference`, `byte` (base64), `email`
/// (something on both sides of an `@`). A `sensitive` text is masked in
/// `Debug`.
///
/// ```
/// conecta_runtime::text! {
///     /// A case number.
///     #[check(pattern = r"^CRV-\d{4}-\d{8}$")]
///     pub struct CaseNumber(String);
/// }
///
/// let number: CaseNumber = "CRV-2024-00012345".parse()?;
/// assert_eq!(&number[..3], "CRV");
/// assert!("CRV-24-1".parse::<CaseNumber>().is_err());
/// # Ok::<(), conecta_runtime::Violation>(())
/// ```
#[macro_export]
macro_rules! text {
    (
        $(#[doc = $doc:expr])* $(#[check($( $rule:ident $(= $value:literal)? ),* $(,)?)])? $(#[deprecated $($deprecated:tt)*])?
        pub struct $name:ident(String);
    ) => {
        $(#[doc = $doc])*
        $(#[deprecated $($deprecated)*])?
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(::std::string::String);

        #[allow(deprecated)]
        const _: () = {
            static CHECK: $crate::__private::TextCheck =
                $crate::__private::TextCheck::new($crate::__private::TextRules::NONE$($( .$rule($($value)?) )*)?);

            impl $name {
                /// The text, if it keeps the rules.
                ///
                /// # Errors
                /// The rule that it breaks.
                pub fn new(
                    text: impl ::core::convert::Into<::std::string::String>,
                ) -> ::core::result::Result<Self, $crate::Violation> {
                    CHECK.hold(text.into()).map(Self)
                }

                #[doc(hidden)]
                #[must_use]
                pub fn from_contract(text: &'static str) -> Self {
                    Self(::core::convert::From::from(text))
                }

                /// The text.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::STRING;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    $crate::__private::read_checked(reader, &CHECK).map(Self)
                }
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    writer.serialize_str(&self.0)
                }
            }
            impl ::core::fmt::Debug for $name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    CHECK.debug(::core::stringify!($name), &self.0, f)
                }
            }
            $crate::__text!($name);
            impl ::core::convert::TryFrom<::std::string::String> for $name {
                type Error = $crate::Violation;
                fn try_from(text: ::std::string::String) -> ::core::result::Result<Self, $crate::Violation> {
                    Self::new(text)
                }
            }
            impl ::core::convert::From<$name> for ::std::string::String {
                fn from(value: $name) -> Self {
                    value.0
                }
            }
            impl ::core::ops::Deref for $name {
                type Target = str;
                fn deref(&self) -> &str {
                    &self.0
                }
            }
        };
    };
}

/// What every type has that is a text: `new(&str)` and `as_str` given, the rest follows.
#[doc(hidden)]
#[macro_export]
macro_rules! __text {
    ($name:ident) => {
        impl ::core::str::FromStr for $name {
            type Err = $crate::Violation;
            fn from_str(text: &str) -> ::core::result::Result<Self, $crate::Violation> {
                Self::new(text)
            }
        }
        impl ::core::convert::TryFrom<&str> for $name {
            type Error = $crate::Violation;
            fn try_from(text: &str) -> ::core::result::Result<Self, $crate::Violation> {
                Self::new(text)
            }
        }
        impl ::core::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl $crate::codec::KeyField for $name {
            fn key_bytes(&self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                $crate::codec::KeyField::key_bytes(self.as_str())
            }
        }
        impl $crate::codec::HeaderValue for $name {
            fn to_header(&self, out: &mut dyn ::core::ops::FnMut(&str)) {
                out(self.as_str());
            }
            fn from_header(text: &str) -> ::core::result::Result<Self, ::std::string::String> {
                $crate::__private::fault(Self::new(text))
            }
        }
        $crate::__serde!($name);
    };
}
