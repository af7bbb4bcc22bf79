//! On a real PostgreSQL, and where events flow, on a real Apache Kafka: one binary, so that its tests share a server.
#![allow(clippy::unwrap_used)]

mod batch;
mod chaos;
mod conformance;
mod deadline;
mod inbox;
mod many;
