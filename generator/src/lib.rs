//! Reads an AsyncAPI document and writes a typed Rust crate of its events.
