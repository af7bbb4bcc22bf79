//! Receiving: the engine that decides, and what is built around it.
//!
//! ```text
//!   librdkafka ─▶ shell (one thread) ─▶ pool ─▶ lanes (tokio tasks) ─▶ inbox, handler
//!                 │  ▲    ▲  └────────◀────────┘
//!                 ▼  │    └ dead letters
//!                engine
//! ```

#[cfg(feature = "kafka")]
mod batch;
#[cfg(feature = "kafka")]
mod builder;
#[cfg(feature = "kafka")]
pub mod dead_letter;
pub mod engine;
#[cfg(feature = "kafka")]
pub(crate) mod failure;
#[cfg(feature = "kafka")]
mod lane;
#[cfg(feature = "kafka")]
pub(crate) mod pool;
#[cfg(feature = "kafka")]
mod position;
#[cfg(feature = "kafka")]
mod shutdown;
#[cfg(feature = "kafka")]
pub(crate) mod side_topic;
#[cfg(feature = "kafka")]
mod without_id;

#[cfg(feature = "kafka")]
pub(crate) use self::side_topic::{redrive_pattern, retry_pattern};
#[cfg(feature = "kafka")]
pub use self::{
    builder::{Consumer, ConsumerError, Report},
    position::Position,
    shutdown::shutdown_signal,
    side_topic::{redrive_topic, retry_topic},
    without_id::WithoutId,
};
