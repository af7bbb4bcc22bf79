//! Writing objects, and showing them.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::read::NullableField;
use crate::codec::trace::{at_entry, at_field};
use crate::codec::wire::{Field, Item, WriteField, WriteItem};

/// Writes an object property by property, and keeps the first error for the end: so that what is expanded for a field is
/// one call and no branch.
pub struct ObjectWriter<S: Serializer> {
    state: Result<S::SerializeMap, S::Error>,
    written: usize,
}

impl<S: Serializer> ObjectWriter<S> {
    /// Starts the object.
    #[inline]
    pub fn new(writer: S) -> Self {
        Self { state: writer.serialize_map(None), written: 0 }
    }

    /// Writes a field that is present.
    #[inline]
    pub fn put<F: Field>(&mut self, name: &'static str, field: &F) {
        if field.is_present() {
            self.entry(name, &WriteField(field));
        }
    }

    /// Writes a field that is present and may be `null`.
    #[inline]
    pub fn put_nullable<F: NullableField>(&mut self, name: &'static str, field: &F) {
        if let Some(given) = field.given() {
            self.entry(name, &WriteItem(given));
        }
    }

    /// Writes a field, unless it has the value that its absence means.
    pub fn put_unless<F: Field + PartialEq>(&mut self, name: &'static str, field: &F, absent: impl FnOnce() -> F) {
        if *field != absent() {
            self.put(name, field);
        }
    }

    /// Writes a field that may be `null`, unless it has the value that its absence means.
    pub fn put_nullable_unless<F>(&mut self, name: &'static str, field: &F, absent: impl FnOnce() -> F)
    where
        F: NullableField + PartialEq,
    {
        if *field != absent() {
            self.put_nullable(name, field);
        }
    }

    /// Writes the properties that the contract does not name. One that bears the name of a field would be there twice.
    pub fn rest<T: Item>(&mut self, entries: &BTreeMap<String, T>, names: &[&str]) {
        for (index, (name, item)) in entries.iter().enumerate() {
            if let Ok(map) = &mut self.state {
                let put = if names.contains(&name.as_str()) {
                    Err(serde::ser::Error::custom("a further property bears the name of a field"))
                } else {
                    map.serialize_entry(name, &WriteItem(item))
                };
                match put {
                    Ok(()) => self.written += 1,
                    Err(error) => self.state = Err(at_entry(error, index)),
                }
            }
        }
    }

    /// Holds the number of properties that were written against its bounds.
    pub fn count(&mut self, min: Option<usize>, max: Option<usize>) {
        if self.state.is_ok()
            && let Err(error) = count(self.written, min, max, serde::ser::Error::custom)
        {
            self.state = Err(error);
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    /// The first one.
    #[inline]
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.state?.end()
    }

    #[inline]
    fn entry<T: Serialize>(&mut self, name: &'static str, value: &T) {
        if let Ok(map) = &mut self.state {
            match map.serialize_entry(name, value) {
                Ok(()) => self.written += 1,
                Err(error) => self.state = Err(at_field(error, name)),
            }
        }
    }
}

/// Holds the number of properties against its bounds.
pub fn count<E>(properties: usize, min: Option<usize>, max: Option<usize>, custom: fn(String) -> E) -> Result<(), E> {
    match (min, max) {
        (Some(min), _) if properties < min => Err(custom(format!("has fewer than {min} properties"))),
        (_, Some(max)) if properties > max => Err(custom(format!("has more than {max} properties"))),
        _ => Ok(()),
    }
}

/// How a field that may be seen appears in `Debug`.
pub const fn shown(field: &dyn fmt::Debug) -> &dyn fmt::Debug {
    field
}

/// How a sensitive field appears in `Debug`.
pub fn masked<T>(_: &T) -> &'static dyn fmt::Debug {
    &Masked
}

struct Masked;

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<masked>")
    }
}
