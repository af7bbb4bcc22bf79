//! Kafka, over librdkafka: [settings](KafkaSettings), [publisher](KafkaPublisher), [topics](Admin).

mod admin;
mod client;
mod publisher;
mod settings;
pub(crate) mod shell;

pub use admin::{Admin, AdminError, Difference, TopicsReport};
pub use publisher::{DROP_DEADLINE, FlushError, KafkaPublisher};
pub use settings::{BROKERS_VARIABLE, KafkaSettings, PROPERTY_PREFIX, SettingsError};
