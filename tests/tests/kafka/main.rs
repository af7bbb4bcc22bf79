//! On a real Apache Kafka: one binary, so that its tests share one broker.
#![allow(clippy::unwrap_used)]

mod addresses;
mod alerts;
mod cancellation;
mod chaos;
mod dead_letters;
mod dlq;
mod events;
mod failures;
mod health;
mod logs;
mod manifests;
mod ordered;
mod partitions;
mod redrive;
mod retry_topics;
mod secured;
mod service;
mod several;
mod topics;
mod window;
