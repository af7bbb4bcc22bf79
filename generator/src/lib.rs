//! Reads an AsyncAPI document and writes a typed Rust crate of its events.
//!
//! Text becomes a [`document::Document`], that becomes an [`api::Api`], and that becomes a crate. [`load()`] takes the first
//! two steps, without touching a disk; faults are collected as [`diagnostic::Diagnostic`]s.

pub mod api;
mod builder;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod config;
mod configured;
pub mod diagnostic;
pub mod document;
mod emit;
mod envelope;
pub mod files;
mod generate;
mod inputs;
mod lint;
mod load;
pub mod naming;
mod overrides;
pub mod pattern;
pub mod reference;
pub mod render;
mod resolve;
mod tell;
pub mod topics;
mod types;
pub mod validate;

pub use builder::{BuildError, Builder};
pub use document::Source;
pub use generate::{CrateOptions, GenerateError, Runtime, check, generate_crate, generate_modules};
pub use load::{Loaded, load, load_with};
