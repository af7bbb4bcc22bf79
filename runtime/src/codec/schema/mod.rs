//! Rules that no struct can express, held against the JSON value itself.
//!
//! `not`, `if`, `oneOf`, `dependencies`, `contains`, `patternProperties` and their like say something of a value as a whole. A
//! type whose schema has such keywords carries them as JSON Schema text (`rules = "…"` in its macro), and is then read by
//! way of a [`Value`]: slower, so types without them know nothing of all this.
//!
//! The text is draft-07 with four restrictions, all seen to by the generator: patterns are in `regex-lite`'s syntax, a
//! `$ref` is `#/definitions/…` of the same text, `format` stands only where it is to be enforced, and there are no other
//! keywords than those that [`read`] knows. [`judge`] holds values against what was read.

mod judge;
mod number;
mod read;

use std::cell::Cell;
use std::sync::OnceLock;

use serde::de::{self, Deserializer};
use serde::ser;
use serde_json::Value;

use super::error::sentence;
use super::trace::at_path;
use super::wire::{Item, Wire, WriteItem};
use read::Schema;

/// The rules of one type, read at their first use.
#[derive(Debug)]
pub struct Rules {
    text: &'static str,
    read: OnceLock<Result<Schema, String>>,
}

impl Rules {
    /// Rules in JSON Schema's words.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { text, read: OnceLock::new() }
    }

    /// Holds a value against the rules.
    ///
    /// # Errors
    /// The path of the first fault, and a sentence that names the rule and not the value.
    pub(super) fn hold(&self, value: &Value) -> Result<(), (String, String)> {
        judge::judge(self.schema()?, value)
    }

    /// Holds a value of a union against its rules and says which of the alternatives it is.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub(super) fn choose(&self, value: &Value) -> Result<usize, (String, String)> {
        judge::choose(self.schema()?, value)
    }

    /// What is wrong with a value of a union by each of its alternatives.
    pub(super) fn faults(&self, value: &Value) -> Vec<Option<(String, String)>> {
        self.schema().map(|schema| judge::faults(schema, value)).unwrap_or_default()
    }

    fn schema(&self) -> Result<&Schema, (String, String)> {
        let read = self.read.get_or_init(|| read::schema(self.text)).as_ref();
        // The generator writes down only what can be read.
        read.map_err(|fault| (String::new(), format!("its rules cannot be read: {fault}")))
    }
}

/// Reads a value of a type that has rules: first as the type, whose faults say more, then by the rules.
///
/// # Errors
/// Those of the reader, of the type, and of the rules.
pub fn read_by_rules<'de, T, D: Deserializer<'de>>(
    rules: &Rules,
    reader: D,
    read: impl FnOnce(&Value) -> Result<T, serde_json::Error>,
) -> Result<T, D::Error> {
    let value = Value::decode(reader)?;
    let whole = read(&value).map_err(|error| de::Error::custom(sentence(&error)))?;
    match rules.hold(&value) {
        Ok(()) => Ok(whole),
        Err((path, message)) => Err(at_path(de::Error::custom(message), &path)),
    }
}

thread_local! {
    /// Whether a value is being written for its rules' sake.
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Holds a value that is about to be written against its rules.
///
/// What it is made of is held against its own rules when it is written in its turn, so it is not while this looks.
///
/// # Errors
/// Those of the type, and of the rules.
pub fn write_by_rules<T: Item, E: ser::Error>(rules: &Rules, item: &T) -> Result<(), E> {
    if WRITING.get() {
        return Ok(());
    }
    let value = {
        let _writing = Writing::start();
        serde_json::to_value(WriteItem(item)).map_err(|error| E::custom(sentence(&error)))?
    };
    match rules.hold(&value) {
        Ok(()) => Ok(()),
        Err((path, message)) => Err(at_path(E::custom(message), &path)),
    }
}

/// Ends with its scope, whichever way that is left.
struct Writing;

impl Writing {
    fn start() -> Self {
        WRITING.set(true);
        Self
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.set(false);
    }
}

#[cfg(test)]
mod tests;
