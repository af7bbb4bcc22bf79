//! The engine against a world that checks every effect.

#![allow(clippy::unwrap_used)]

mod mutation;
mod schedule;
mod world;
