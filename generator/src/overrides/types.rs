//! Types that are asked for: `x-rust-type`, and `[types]` of the configuration.
//!
//! A text of the document never becomes code: it is one of a few words.

use crate::api::{Schema, TypeSet};
use crate::config::RustType;
use crate::types::rules::beyond_types;

/// The type that a word asks for.
pub(super) fn named(word: &str) -> Option<RustType> {
    (word == "decimal").then_some(RustType::Decimal)
}

/// Why a schema cannot be a decimal.
pub(super) fn no_decimal(schema: &Schema) -> Option<String> {
    let types = TypeSet(schema.types.0 & !TypeSet::NULL.0);
    let bounds = [&schema.minimum, &schema.exclusive_minimum, &schema.maximum, &schema.exclusive_maximum];
    let spelled = bounds.into_iter().flatten().chain(&schema.multiple_of).map(ToString::to_string);
    if schema.same_as.is_some() {
        return Some("its schema is another one, which is where to say it".to_owned());
    }
    if ![TypeSet::NUMBER, TypeSet::INTEGER].contains(&types) || schema.never {
        return Some("it is not of `type: number` or `integer`".to_owned());
    }
    if schema.enumeration.is_some() {
        return Some("it has an `enum`".to_owned());
    }
    if let Some(keyword) = beyond_types(schema).next() {
        return Some(format!("it has `{keyword}`, which is held against a double"));
    }
    if let Some(bound) = spelled.into_iter().find(|text| !is_plain(text)) {
        return Some(format!("{bound} is beyond a decimal"));
    }
    // That it is an integer is a step of its own.
    let steps = schema.multiple_of.len() + usize::from(types == TypeSet::INTEGER);
    (steps > MOST_STEPS).then(|| "it has too many steps".to_owned())
}

/// How many steps the macros of the runtime take.
const MOST_STEPS: usize = 4;

/// Whether a number is written without an exponent, and in as many digits as a decimal has at least.
pub(crate) fn is_plain(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.len() <= 28 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
