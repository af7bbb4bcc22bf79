//! Receiving: the engine that decides, and what is built around it.

pub mod engine;
