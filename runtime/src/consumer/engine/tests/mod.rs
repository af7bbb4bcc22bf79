//! The engine against a world that checks every effect.

#![allow(clippy::unwrap_used)]

mod cases;
mod mutation;
mod schedule;
mod world;
