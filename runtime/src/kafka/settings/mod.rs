//! How to reach a cluster, and every property librdkafka has.

mod error;
#[cfg(feature = "settings")]
pub(crate) mod names;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use self::secret::Masked;
use crate::topic::Server;

pub use self::error::SettingsError;

/// What [`KafkaSettings::from_env`] reads the brokers' addresses from.
pub const BROKERS_VARIABLE: &str = "BROKERS";

/// Variables of this prefix are librdkafka properties: `CONECTA_KAFKA_SASL_PASSWORD` is `sasl.password`.
pub const PROPERTY_PREFIX: &str = "CONECTA_KAFKA_";

/// Which clients have a property.
#[cfg(feature = "settings")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    All,
    Producer,
    Consumer,
}

/// How to reach a Kafka cluster.
///
/// ```
/// use conecta_runtime::kafka::KafkaSettings;
///
/// let settings = KafkaSettings::new("kafka-1.example.org:9092,kafka-2.example.org:9092")?
///     .property("security.protocol", "sasl_plaintext")
///     .property("sasl.mechanism", "PLAIN")
///     .property("sasl.username", "casos")
///     .property("sasl.password", "hunter2")
///     .consumer_property("group.protocol", "consumer");
/// assert!(!format!("{settings:?}").contains("hunter2"));
/// # Ok::<(), conecta_runtime::kafka::SettingsError>(())
/// ```
///
/// Any [property of librdkafka] may be set; what the publisher and the consumer depend on for their promises
/// (`acks`, `enable.auto.commit`, …) is refused with the reason when a client is made.
///
/// [property of librdkafka]: https://github.com/confluentinc/librdkafka/blob/v2.12.1/CONFIGURATION.md
#[derive(Clone)]
pub struct KafkaSettings {
    servers: String,
    common: BTreeMap<String, String>,
    producer: BTreeMap<String, String>,
    consumer: BTreeMap<String, String>,
    replication_factor: Option<i16>,
    #[cfg(feature = "testing")]
    pub(crate) embedded: Option<crate::testing::EmbeddedTopics>,
}

impl KafkaSettings {
    /// Settings for the brokers at `host:port`, several separated by commas.
    ///
    /// # Errors
    /// When an address is empty or has no port.
    pub fn new(bootstrap_servers: impl Into<String>) -> Result<Self, SettingsError> {
        let servers = bootstrap_servers.into();
        for address in servers.split(',') {
            check_address(address.trim())?;
        }
        Ok(Self {
            servers,
            common: BTreeMap::new(),
            producer: BTreeMap::new(),
            consumer: BTreeMap::new(),
            replication_factor: None,
            #[cfg(feature = "testing")]
            embedded: None,
        })
    }

    /// Settings for a server that the contract names.
    ///
    /// # Errors
    /// When it does not speak Kafka or its address is not `host:port`.
    pub fn for_server(server: &Server) -> Result<Self, SettingsError> {
        match server.protocol {
            "kafka" => Self::new(server.address),
            "kafka-secure" => Ok(Self::new(server.address)?.property("security.protocol", "ssl")),
            protocol => Err(SettingsError::Protocol { server: server.name.into(), protocol: protocol.into() }),
        }
    }

    /// Settings for the server called `name` among those that a generated crate lists as `SERVERS`.
    ///
    /// # Errors
    /// When there is none of that name, or as [`for_server`](Self::for_server).
    pub fn named(servers: &[Server], name: &str) -> Result<Self, SettingsError> {
        match servers.iter().find(|server| server.name == name) {
            Some(server) => Self::for_server(server),
            None => Err(SettingsError::UnknownServer {
                name: name.into(),
                known: servers.iter().map(|server| server.name).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// Settings from the environment: the brokers from [`BROKERS_VARIABLE`], properties from variables that begin with
    /// [`PROPERTY_PREFIX`]. Variables that are not UTF-8 are passed over.
    ///
    /// # Errors
    /// When `BROKERS` is not set, or as [`new`](Self::new).
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_vars(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// As [`from_env`](Self::from_env), from variables given.
    ///
    /// # Errors
    /// When `BROKERS` is not among them, or as [`new`](Self::new).
    pub fn from_vars(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let mut servers = None;
        let mut properties = BTreeMap::new();
        for (name, value) in variables {
            if name == BROKERS_VARIABLE {
                servers = Some(value);
            } else if let Some(property) = name.strip_prefix(PROPERTY_PREFIX) {
                properties.insert(property.to_ascii_lowercase().replace('_', "."), value);
            }
        }
        let mut settings = Self::new(servers.ok_or(SettingsError::NoBrokers)?)?;
        settings.common = properties;
        Ok(settings)
    }

    /// Sets a librdkafka property of every client.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.common.insert(name.into(), value.into());
        self
    }

    /// Sets a librdkafka property of publishers alone.
    #[must_use]
    pub fn producer_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.producer.insert(name.into(), value.into());
        self
    }

    /// Sets a librdkafka property of consumers alone.
    #[must_use]
    pub fn consumer_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.consumer.insert(name.into(), value.into());
        self
    }

    /// Sets a property of those clients.
    #[cfg(feature = "settings")]
    pub(crate) fn scoped(self, scope: Scope, name: &str, value: &str) -> Self {
        match scope {
            Scope::All => self.property(name, value),
            Scope::Producer => self.producer_property(name, value),
            Scope::Consumer => self.consumer_property(name, value),
        }
    }

    /// Whether those clients may have a property, whatever else is set.
    #[cfg(feature = "settings")]
    pub(crate) fn judge(scope: Scope, name: &str, value: &str) -> Result<(), SettingsError> {
        let alone = Self::new("localhost:9092")?.scoped(scope, name, value);
        if scope != Scope::Consumer {
            alone.producer_config()?;
        }
        if scope != Scope::Producer {
            alone.consumer_config("group")?;
        }
        Ok(())
    }

    /// Creates topics with this many copies of each partition, whatever the contract says. Without it a contract that
    /// asks for more copies than there are brokers is an error, never lowered in silence.
    #[must_use]
    pub fn replication_factor(mut self, copies: i16) -> Self {
        self.replication_factor = Some(copies);
        self
    }

    /// The brokers' addresses, separated by commas.
    #[must_use]
    pub fn bootstrap_servers(&self) -> &str {
        &self.servers
    }

    /// The explicit number of copies, where one was set.
    pub(crate) fn replication_override(&self) -> Option<i16> {
        self.replication_factor
    }

    /// The value of a consumer's property as the user set it.
    pub(crate) fn consumer_value(&self, name: &str) -> Option<&str> {
        self.consumer.get(name).or_else(|| self.common.get(name)).map(String::as_str)
    }

    /// A publisher's configuration, and the limits of its queue, which it keeps itself.
    pub(crate) fn producer_config(&self) -> Result<(ClientConfig, QueueLimits), SettingsError> {
        let defaults = [
            ("enable.idempotence", "true"),
            ("acks", "all"),
            // A record goes where the Java client would put it.
            ("partitioner", "murmur2_random"),
            ("linger.ms", "5"),
            // A missing topic is an error to report, not a topic to make with the broker's defaults.
            ("allow.auto.create.topics", "false"),
        ];
        let fixed = [
            ("enable.idempotence", &["true"][..], "a retry would write a message twice or out of order"),
            ("acks", &["all", "-1"], "an acknowledged message could be lost with one broker"),
            ("partitioner", &["murmur2_random", "murmur2"], "keys would go to other partitions than the Java client's"),
        ];
        let mut config = self.config(&defaults, &fixed, &self.producer)?;
        // librdkafka has checked that they are numbers.
        let limit =
            |name: &str| config.get(name).and_then(|value| value.parse::<u64>().ok()).filter(|limit| *limit > 0);
        let limits = QueueLimits {
            messages: limit(MAX_MESSAGES).unwrap_or(100_000),
            bytes: limit(MAX_KBYTES).map_or(64 << 20, |kbytes| kbytes << 10),
        };
        config.set(MAX_MESSAGES, "0").set(MAX_KBYTES, "2147483647");
        Ok((config, limits))
    }

    pub(crate) fn consumer_config(&self, group: &str) -> Result<ClientConfig, SettingsError> {
        if group.is_empty() {
            return Err(SettingsError::NoGroup);
        }
        if self.consumer_value("group.id").is_some() {
            return Err(SettingsError::Reserved {
                property: "group.id".into(),
                reason: "the group is the second argument of Consumer::new".into(),
            });
        }
        let mut defaults = vec![
            ("group.id", group),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "earliest"),
            ("isolation.level", "read_committed"),
            // librdkafka's default makes a fetcher whose queue is full sleep for a second: a third of the throughput.
            ("fetch.queue.backoff.ms", "5"),
            // What is fetched ahead; with `max_in_flight` it bounds the memory of a backlog.
            ("queued.max.messages.kbytes", "16384"),
            // How often the lag is asked for.
            ("statistics.interval.ms", "5000"),
            ("allow.auto.create.topics", "false"),
        ];
        if self.consumer_value("group.protocol") != Some("consumer") {
            defaults.push(("partition.assignment.strategy", "cooperative-sticky"));
        }
        let fixed = [
            ("enable.auto.commit", &["false"][..], "offsets would be committed before their events are handled"),
            ("enable.auto.offset.store", &["false"], "offsets would be committed before their events are handled"),
            ("enable.partition.eof", &["false"], "the consumer does not use it"),
        ];
        self.config(&defaults, &fixed, &self.consumer)
    }

    pub(crate) fn admin_config(&self) -> Result<ClientConfig, SettingsError> {
        self.config(&[], &[], &BTreeMap::new())
    }

    fn config(
        &self,
        defaults: &[(&str, &str)],
        fixed: &[(&str, &[&str], &str)],
        own: &BTreeMap<String, String>,
    ) -> Result<ClientConfig, SettingsError> {
        let mut config = ClientConfig::new();
        config.set_log_level(log_level());
        for (name, value) in defaults {
            config.set(*name, *value);
        }
        for (name, value) in self.common.iter().chain(own) {
            if let Some((_, _, reason)) =
                fixed.iter().find(|(fixed, allowed, _)| fixed == name && !allowed.contains(&value.as_str()))
            {
                return Err(SettingsError::Reserved { property: name.clone(), reason: (*reason).into() });
            }
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.servers);
        config.create_native_config().map_err(SettingsError::from_client)?;
        Ok(config)
    }
}

const MAX_MESSAGES: &str = "queue.buffering.max.messages";
const MAX_KBYTES: &str = "queue.buffering.max.kbytes";

/// How much a publisher may have under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueLimits {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// Properties that hold secrets are shown by name alone.
impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("bootstrap_servers", &self.servers)
            .field("properties", &Masked(&self.common))
            .field("producer_properties", &Masked(&self.producer))
            .field("consumer_properties", &Masked(&self.consumer))
            .field("replication_factor", &self.replication_factor)
            .finish_non_exhaustive()
    }
}

fn check_address(address: &str) -> Result<(), SettingsError> {
    let fail = |reason: &str| Err(SettingsError::Address { address: address.into(), reason: reason.into() });
    if address.is_empty() {
        return fail("it is empty");
    }
    if address.contains('{') {
        return fail(
            "a variable of the contract's server is not filled in: `servers` of the generated crate has a function for it",
        );
    }
    // librdkafka takes `plaintext://host:port` as well.
    let host_and_port = address.split_once("://").map_or(address, |(_, rest)| rest);
    match host_and_port.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() => match port.parse::<u16>() {
            Ok(_) => Ok(()),
            Err(_) => fail("what follows the last colon is not a port number"),
        },
        _ => fail("write it as host:port, as in localhost:9092"),
    }
}

/// As much as the program's subscriber would show.
fn log_level() -> RDKafkaLogLevel {
    if tracing::enabled!(target: "librdkafka", tracing::Level::DEBUG) {
        RDKafkaLogLevel::Debug
    } else {
        RDKafkaLogLevel::Info
    }
}
