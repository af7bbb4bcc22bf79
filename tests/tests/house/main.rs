//! The project's own rules, as tests: what it may depend on, and what may not stand in its files.
#![allow(clippy::unwrap_used)]

mod licences;
mod operations;
mod tree;
mod trees;
