//! What a contract says of a topic, and of the servers it lives on.

mod address;
mod overlap;
mod parameters;

pub use address::Address;
pub use parameters::Parameters;

/// What the macros and generated code call. No promise is made of it to anyone else.
#[doc(hidden)]
pub mod __private {
    pub use super::parameters::{located, read, write};
}

/// A topic as the contract and its topics file describe it; or all topics of an address with parameters, which are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The name on the broker; an address with parameters holds `{name}`.
    pub name: &'static str,
    /// Partitions, where the contract says.
    pub partitions: Option<i32>,
    /// Copies of each partition, where the contract says.
    pub replication_factor: Option<i16>,
    /// How long a record is kept, in milliseconds; -1 is for ever.
    pub retention_ms: Option<i64>,
    /// The path of the payload field that becomes the record's key, `datos.caso_id`.
    pub key: Option<&'static str>,
    /// Further broker configuration, `cleanup.policy` and the like.
    pub config: &'static [(&'static str, &'static str)],
}

impl Topic {
    /// A topic of which only the name is known.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self { name, partitions: None, replication_factor: None, retention_ms: None, key: None, config: &[] }
    }

    /// Whether its name is an address with parameters, which stands for any number of topics.
    #[must_use]
    pub const fn has_parameters(&self) -> bool {
        address::has_parameters(self.name)
    }

    /// Whether the topic of that name is this one, or one of its address, as far as the words between the parameters say.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        address::is_like(self.name, name)
    }
}

/// A server that the contract names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its key in the contract, `kafka-prod`.
    pub name: &'static str,
    /// Its address without a scheme, `kafka.example.org:9092`.
    pub address: &'static str,
    /// Its protocol, `kafka`.
    pub protocol: &'static str,
    /// What the contract says of it.
    pub description: &'static str,
}
