//! Inboxes on a real PostgreSQL and a real Redis, and where events flow, on a real Apache Kafka: one binary, so that its tests
//! share servers.
#![allow(clippy::unwrap_used)]

mod batch;
mod chaos;
mod conformance;
mod deadline;
mod locks;
mod postgres;
mod redis;
mod retention;
mod without_id;
