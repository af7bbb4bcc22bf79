//! Kafka, over librdkafka: [settings](KafkaSettings), [publisher](KafkaPublisher), [topics](Admin), and what was
//! [given up](DeadLetters).

mod admin;
mod client;
mod dead_letters;
mod key_hash;
mod positions;
mod publisher;
mod reach;
mod settings;
pub(crate) mod shell;

pub(crate) use admin::Retention;
pub use admin::{Admin, AdminError, Aspect, Difference, TopicSpec, TopicsPlan, TopicsReport};
pub use dead_letters::{Choice, DeadLetter, DeadLetters, DeadLettersError, Settled, Settlement, Step};
pub use positions::{RewindError, rewind};
pub use publisher::{DROP_DEADLINE, FlushError, KafkaPublisher};
pub use reach::ReachError;
pub use settings::{BROKERS_VARIABLE, KafkaSettings, PROPERTY_PREFIX, SettingsError};
#[cfg(feature = "settings")]
pub(crate) use settings::{Scope, names::PROPERTIES};
