//! The path of a fault: written down while the error returns, so that success pays nothing.
//!
//! serde's errors are of the reader's type and carry no path. Each level of a value that hands an error on leaves its
//! name in a stack of this thread, innermost first; whoever started the reading takes the names that came after its mark.

use std::cell::RefCell;
use std::fmt::Write as _;

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::wire::Wire;

#[derive(Clone)]
enum Step {
    Field(&'static str),
    Path(String),
    Index(usize),
    Entry(usize),
}

thread_local! {
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

#[cold]
#[inline(never)]
fn push(step: Step) {
    STEPS.with_borrow_mut(|steps| steps.push(step));
}

/// Hands an error on through a field.
#[cold]
pub(super) fn at_field<E>(error: E, name: &'static str) -> E {
    push(Step::Field(name));
    error
}

/// Hands an error on from a path that is known in full; it may be empty.
#[cold]
pub(super) fn at_path<E>(error: E, path: &str) -> E {
    if !path.is_empty() {
        push(Step::Path(path.to_owned()));
    }
    error
}

/// Hands an error on through an item of an array.
#[cold]
pub(super) fn at_index<E>(error: E, index: usize) -> E {
    push(Step::Index(index));
    error
}

/// Hands an error on through the property of a map that stands at that place.
#[cold]
pub(super) fn at_entry<E>(error: E, index: usize) -> E {
    push(Step::Entry(index));
    error
}

/// Where the stack stands now.
pub(super) fn mark() -> usize {
    STEPS.with_borrow(Vec::len)
}

/// Forgets what came after the mark: an attempt whose failure means nothing.
pub(super) fn forget(mark: usize) {
    STEPS.with_borrow_mut(|steps| steps.truncate(mark));
}

/// Runs a reading or a writing and gives its error together with the path.
pub(super) fn located<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, (String, E)> {
    let mark = mark();
    work().map_err(|error| (take(mark), error))
}

/// Reads for a stranger to this module.
#[inline]
pub fn read_foreign<'de, T: Wire, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    foreign(|| T::decode(reader))
}

/// Writes for a stranger to this module.
#[inline]
pub fn write_foreign<T: Wire, S: Serializer>(value: &T, writer: S) -> Result<S::Ok, S::Error> {
    foreign(|| value.encode(writer))
}

/// Runs a reading or a writing that a stranger to this module started: nobody will ask for the path.
#[inline]
fn foreign<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let mark = mark();
    work().inspect_err(|_| forget(mark))
}

#[cold]
fn take(mark: usize) -> String {
    let mut path = String::new();
    STEPS.with_borrow_mut(|steps| {
        for step in steps.drain(mark.min(steps.len())..).rev() {
            // Writing to a `String` cannot fail.
            let _ = match step {
                Step::Field(name) => write!(path, "{}{name}", if path.is_empty() { "" } else { "." }),
                // A path that starts with a place follows without a dot.
                Step::Path(rest) if rest.starts_with(['[', '{']) => write!(path, "{rest}"),
                Step::Path(rest) => write!(path, "{}{rest}", if path.is_empty() { "" } else { "." }),
                Step::Index(index) => write!(path, "[{index}]"),
                Step::Entry(index) => write!(path, "{{{index}}}"),
            };
        }
    });
    path
}
