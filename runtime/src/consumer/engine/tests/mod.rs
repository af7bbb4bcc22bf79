//! The engine: each promise by name, and all of them against a world that checks every effect.

#![allow(clippy::unwrap_used)]

mod batch;
mod consumer;
mod failure;
mod mutation;
mod order;
mod outage;
mod parking;
mod rebalance;
mod schedule;
mod world;
