//! Building a value field by field.

use std::fmt;

use super::error::Violation;
use super::wire::Wire;

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

/// The required fields that a builder was not given.
#[derive(Debug)]
pub struct Gaps {
    of: &'static str,
    fields: Vec<&'static str>,
}

impl Gaps {
    /// None yet.
    #[must_use]
    pub const fn new(of: &'static str) -> Self {
        Self { of, fields: Vec::new() }
    }
}

/// The field as it was given, or what its absence means.
pub fn built<F>(
    given: Option<F>,
    absent: impl FnOnce() -> Option<F>,
    name: &'static str,
    gaps: &mut Gaps,
) -> Option<F> {
    let field = given.or_else(absent);
    if field.is_none() {
        gaps.fields.push(name);
    }
    field
}

/// The value that the fields give.
pub fn finish<T: Wire>(gaps: Gaps, value: impl FnOnce() -> Option<T>) -> Result<T, BuildError> {
    match value() {
        Some(value) if gaps.fields.is_empty() => match super::validate(&value) {
            Ok(()) => Ok(value),
            Err(violation) => Err(BuildError::Invalid { of: gaps.of, violation }),
        },
        _ => Err(BuildError::Missing { of: gaps.of, fields: gaps.fields }),
    }
}
