//! What the end-to-end tests share: real services, and ways to look at them that owe nothing to the runtime.
//!
//! Everything here panics when it cannot do what it is asked: a test that has no broker has failed.
#![allow(clippy::unwrap_used)]

pub mod contract;
pub mod effects;
pub mod fault;
pub mod java;
pub mod kafka;
pub mod postgres;
pub mod proxy;
pub mod receiver;
pub mod redis;
mod service;
pub mod traces;
pub mod wire;
pub mod worker;

pub use kafka::KafkaService;
pub use postgres::PostgresService;
pub use redis::RedisService;

/// Compiles the README's code.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
