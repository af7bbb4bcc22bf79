//! Reads an AsyncAPI document and writes a typed Rust crate of its events.
//!
//! Text becomes a [`document::Document`], that becomes an [`api::Api`], and that becomes a crate. [`load`] takes the first
//! two steps, without touching a disk; faults are collected as [`diagnostic::Diagnostic`]s.

pub mod api;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod diagnostic;
pub mod document;
mod lint;
mod load;
pub mod pattern;
mod resolve;
pub mod validate;

pub use document::Source;
pub use load::{Loaded, load};
