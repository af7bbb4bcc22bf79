//! On a real Apache Kafka: one binary, so that its tests share one broker.
#![allow(clippy::unwrap_used)]

mod partitions;
mod service;
