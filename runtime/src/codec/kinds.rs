//! The kinds of JSON that a type may be.

use std::fmt;

use serde_json::Value;

/// A set of the kinds of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Of no kind.
    pub const NONE: Self = Self(0);
    /// `null`.
    pub const NULL: Self = Self(1);
    /// `true` or `false`.
    pub const BOOLEAN: Self = Self(2);
    /// A number, an integer or not.
    pub const NUMBER: Self = Self(4);
    /// A text.
    pub const STRING: Self = Self(8);
    /// A list.
    pub const ARRAY: Self = Self(16);
    /// An object.
    pub const OBJECT: Self = Self(32);
    /// Of any kind.
    pub const ANY: Self = Self(63);

    /// The kinds of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kind of a value.
    #[must_use]
    pub const fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Whether a value is of one of these.
    #[must_use]
    pub const fn has(self, value: &Value) -> bool {
        self.0 & Self::of(value).0 != 0
    }
}

/// `a string or an object`.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Kinds, &str); 6] = [
            (Kinds::BOOLEAN, "a boolean"),
            (Kinds::NUMBER, "a number"),
            (Kinds::STRING, "a string"),
            (Kinds::ARRAY, "an array"),
            (Kinds::OBJECT, "an object"),
            (Kinds::NULL, "null"),
        ];
        let mut first = true;
        for (kind, name) in NAMES {
            if self.0 & kind.0 != 0 {
                write!(f, "{}{name}", if first { "" } else { " or " })?;
                first = false;
            }
        }
        Ok(())
    }
}
