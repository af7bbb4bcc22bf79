//! What is looked for again and again while values are judged: patterns, and values of enumerations.

use std::collections::HashSet;

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

use crate::{
    pattern,
    resolve::schemas::{canonical, equal},
};

/// A pattern, and what it costs to match a sign of a text against it, at most.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    pub(super) cost: u64,
}

impl Pattern {
    /// Matching takes time by the size of the compiled pattern for each sign, so it is told how large that is, roughly: the first
    /// of these bytes that are enough, with the steps that a sign then costs. What needs more is not enforced.
    const SIZES: [(usize, u64); 5] = [(2 << 10, 1), (16 << 10, 8), (128 << 10, 64), (1 << 20, 512), (10 << 20, 5_120)];

    pub(super) fn compile(pattern: &str) -> Option<Self> {
        let pattern = pattern::translate(pattern).ok()?;
        Self::SIZES.iter().find_map(|(size, cost)| {
            let regex = RegexBuilder::new(&pattern).size_limit(*size).build().ok()?;
            Some(Self { regex, cost: *cost })
        })
    }
}

/// An enumeration that values were looked for in.
#[derive(Debug, Default)]
pub(super) struct Asked {
    times: u32,
    /// Its values, once it pays to have them so.
    values: Option<HashSet<String>>,
}

impl Asked {
    /// Whether a value is one of these, which are always the same. There may be thousands of both: one of its own is not searched
    /// for, and after a few questions none is.
    pub(super) fn has(&mut self, values: &[Value], value: &Value) -> bool {
        if values.as_ptr_range().contains(&std::ptr::from_ref(value)) {
            return true;
        }
        self.times += 1;
        if self.times < 16 || values.len() < 32 {
            return values.iter().any(|listed| equal(listed, value));
        }
        self.values.get_or_insert_with(|| values.iter().map(canonical).collect()).contains(&canonical(value))
    }
}
