//! What can be wrong with settings, said without the values of secrets.

use rdkafka::error::KafkaError;

use super::BROKERS_VARIABLE;
use super::secret::is_secret;

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No address was given.
    #[error("no brokers: set {BROKERS_VARIABLE} to host:port, several separated by commas")]
    NoBrokers,
    /// An address that cannot be one.
    #[error("`{address}` is not a broker's address: {reason}")]
    Address {
        /// As given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A server of the contract that does not speak Kafka.
    #[error(
        "the contract's server `{server}` speaks `{protocol}`, not kafka: pick another or give its brokers yourself"
    )]
    Protocol {
        /// The server's name in the contract.
        server: String,
        /// What it speaks.
        protocol: String,
    },
    /// No server of that name.
    #[error("the contract has no server `{name}`; it has: {known}")]
    UnknownServer {
        /// As asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A consumer without a group.
    #[error("a consumer needs the name of its group")]
    NoGroup,
    /// A property that the runtime's promises rest on.
    #[error("`{property}` cannot be set to that: {reason}")]
    Reserved {
        /// The property.
        property: String,
        /// What would break.
        reason: String,
    },
    /// librdkafka refuses a property; the value is not shown where it may be a secret.
    #[error("librdkafka refuses `{property}`: {reason}")]
    Property {
        /// The property.
        property: String,
        /// What librdkafka says.
        reason: String,
    },
    /// librdkafka cannot make a client of these settings.
    #[error("no Kafka client can be made of these settings: {reason}")]
    Client {
        /// What librdkafka says.
        reason: String,
    },
}

impl SettingsError {
    pub(crate) fn from_client(error: KafkaError) -> Self {
        match error {
            KafkaError::ClientConfig(_, reason, property, _) => {
                // librdkafka quotes the value in what it says.
                let reason = if is_secret(&property) { "its value is not valid".into() } else { reason };
                // librdkafka knows the property and was built without what it needs.
                let reason = match reason.contains("not available at build time") {
                    true => format!("{reason}: give conecta-runtime the feature `ssl`, or `ssl-vendored`"),
                    false => reason,
                };
                Self::Property { property, reason }
            }
            KafkaError::ClientCreation(reason) => {
                // OpenSSL has no better word than its own numbers.
                let is_file = reason.starts_with("ssl.") && reason.contains(" failed: ");
                let advice = if is_file { "; is the file there, readable, and in PEM?" } else { "" };
                Self::Client { reason: format!("{reason}{advice}") }
            }
            other => Self::Client { reason: other.to_string() },
        }
    }
}
