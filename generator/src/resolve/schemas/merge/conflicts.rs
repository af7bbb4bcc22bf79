//! Keywords that contradict each other.

use std::cmp::Ordering;

use serde_json::Number;

use super::Merge;
use crate::{
    api::TypeSet,
    diagnostic::{At, Code, Diagnostic},
    resolve::schemas::values::{self, compare},
};

impl<'d> Merge<'_, 'd, 'd> {
    pub(super) fn conflicts(&mut self) {
        if self.schema.never {
            return;
        }
        let s = &*self.schema;
        let above = |a: &Option<Number>, b: &Option<Number>, also_equal: bool| match (a, b) {
            (Some(a), Some(b)) => match compare(a, b) {
                Ordering::Greater => true,
                Ordering::Equal => also_equal,
                Ordering::Less => false,
            },
            _ => false,
        };
        let integers_only = s.types.intersection(TypeSet::NUMBER) == TypeSet::INTEGER;
        let pair = if above(&s.minimum, &s.maximum, false) {
            Some(("minimum", "maximum"))
        } else if above(&s.exclusive_minimum, &s.maximum, true) {
            Some(("exclusiveMinimum", "maximum"))
        } else if above(&s.minimum, &s.exclusive_maximum, true) {
            Some(("minimum", "exclusiveMaximum"))
        } else if above(&s.exclusive_minimum, &s.exclusive_maximum, true) {
            Some(("exclusiveMinimum", "exclusiveMaximum"))
        } else if integers_only && values::no_integer_between(s) {
            Some(("minimum", "maximum"))
        } else if s.min_length > s.max_length && s.max_length.is_some() {
            Some(("minLength", "maxLength"))
        } else if s.min_items > s.max_items && s.max_items.is_some() {
            Some(("minItems", "maxItems"))
        } else if s.min_properties > s.max_properties && s.max_properties.is_some() {
            Some(("minProperties", "maxProperties"))
        } else {
            None
        };
        if let Some((low, high)) = pair {
            let at = |key: &str| s.members.iter().find_map(|m| self.document.get(*m, key));
            // A boolean `exclusiveMinimum` stands beside the bound itself.
            let low_at = at(low).or_else(|| at("minimum")).or_else(|| at("exclusiveMinimum"));
            let high_at = at(high).or_else(|| at("maximum")).or_else(|| at("exclusiveMaximum"));
            let mut found = Diagnostic::new(Code::IMPOSSIBLE, format!("no value is within `{low}` and `{high}`"))
                .pointing(At::Value(high_at.unwrap_or(s.place)))
                .help("correct one of the two");
            if let Some(low_at) = low_at {
                found = found.related(At::Value(low_at), "the other bound");
            }
            self.builder.findings.push(found);
        }
    }
}
