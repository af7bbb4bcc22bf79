//! Building a value field by field.

use std::fmt;

use serde::de;

use super::error::Violation;
use super::object::NullableField;
use super::wire::{Field, Wire};

/// What a builder's setter takes for a field of this type: the value itself, of an optional field the value inside, for
/// a `String` whatever is text.
///
/// Not `Into`, and asked of the field's type, so that `"…".parse()?` needs no type: for a field that is not a `String`
/// there is one possibility.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` does not take a `{A}`",
    label = "this field is of type `{Self}`"
)]
pub trait Takes<A> {
    /// The field's value.
    fn take(value: A) -> Self;

    /// Gives a builder's field its value: one call in each of the many setters.
    #[doc(hidden)]
    #[inline]
    fn give(slot: &mut Option<Self>, value: A)
    where
        Self: Sized,
    {
        *slot = Some(Self::take(value));
    }
}

/// Why a value could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Required fields were not given: their names in the contract, in its order.
    #[error("{of}: required and not given: {}", Names(fields))]
    Missing {
        /// The type that was to be built.
        of: &'static str,
        /// The fields.
        fields: Vec<&'static str>,
    },
    /// The value breaks a constraint.
    #[error("{of}: {violation}")]
    Invalid {
        /// The type that was to be built.
        of: &'static str,
        /// The constraint, and where.
        violation: Violation,
    },
}

struct Names<'a>(&'a [&'static str]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// The required fields that are missing.
#[derive(Debug, Default)]
pub struct Gaps(Vec<&'static str>);

impl Gaps {
    /// None yet.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The field as it was given, or what its absence means.
    #[inline]
    pub fn given<F: Field>(&mut self, slot: Option<F>, name: &'static str) -> Option<F> {
        self.given_or(slot, name, F::absent)
    }

    /// The same of a field that may be `null`.
    #[inline]
    pub fn given_nullable<F: NullableField>(&mut self, slot: Option<F>, name: &'static str) -> Option<F> {
        self.given_or(slot, name, F::absent)
    }

    /// The field as it was given, or what its absence means to the contract.
    #[inline]
    pub fn given_or<F>(
        &mut self,
        slot: Option<F>,
        name: &'static str,
        absent: impl FnOnce() -> Option<F>,
    ) -> Option<F> {
        let field = slot.or_else(absent);
        if field.is_none() {
            self.note(name);
        }
        field
    }

    #[cold]
    fn note(&mut self, name: &'static str) {
        self.0.push(name);
    }

    /// The fault of a value that was read.
    #[cold]
    pub fn missing<E: de::Error>(self) -> E {
        match &self.0[..] {
            [name] => E::custom(format_args!("the required field `{name}` is missing")),
            names => E::custom(format_args!("the required fields {} are missing", Names(names))),
        }
    }

    /// The fault of a value that was to be built.
    #[cold]
    pub fn not_given(self, of: &'static str) -> BuildError {
        BuildError::Missing { of, fields: self.0 }
    }
}

/// Holds a value against its constraints.
pub fn finish<T: Wire>(of: &'static str, value: T) -> Result<T, BuildError> {
    match super::validate(&value) {
        Ok(()) => Ok(value),
        Err(violation) => Err(BuildError::Invalid { of, violation }),
    }
}
