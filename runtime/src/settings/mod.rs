//! The settings of a service: one struct, from a file and the environment.
//!
//! ```toml
//! # conecta.toml
//! [kafka]
//! brokers = "kafka-1.example.org:9093,kafka-2.example.org:9093"
//!
//! [kafka.properties]                  # of librdkafka, for every client
//! security.protocol = "sasl_ssl"
//! sasl.mechanism = "SCRAM-SHA-512"
//! sasl.username = "casos"             # sasl.password comes from CONECTA_KAFKA_SASL_PASSWORD
//!
//! [kafka.consumer]                    # for consumers alone; [kafka.producer] for publishers
//! group.protocol = "consumer"
//!
//! [consumer]
//! concurrency = 128
//! backoff.cap = "1 min"
//!
//! [alerts]                            # feature `webhook`; the secret comes from CONECTA_ALERTS_WEBHOOK_SECRET
//! webhook.url = "http://alerts.example.org/conecta"
//! ```
//!
//! What is set in several places counts as it stands in the last of these:
//! 1. what the runtime has without being told,
//! 2. the file,
//! 3. the environment: [`BROKERS`](crate::kafka::BROKERS_VARIABLE), `CONECTA_KAFKA_…` for librdkafka's properties, `CONECTA_CONSUMER_…` for the
//!    keys of `[consumer]` (`CONECTA_CONSUMER_BACKOFF_CAP`), `CONECTA_ALERTS_…` for those of `[alerts]`,
//! 4. what the service's code says afterwards, of [`KafkaSettings`] and of the [`Consumer`].

mod alerts;
mod faults;
mod keys;
mod read;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;
use std::time::Duration;

pub use self::alerts::AlertSettings;
pub use self::faults::{Fault, SettingsFaults};
use crate::consumer::Consumer;
use crate::kafka::KafkaSettings;

/// Names the file that [`Settings::from_env`] reads.
pub const FILE_VARIABLE: &str = "CONECTA_CONFIG";

/// Variables of this prefix are keys of `[consumer]`: `CONECTA_CONSUMER_MAX_IN_FLIGHT` is `consumer.max_in_flight`.
pub const CONSUMER_PREFIX: &str = "CONECTA_CONSUMER_";

/// Variables of this prefix are keys of `[alerts]`: `CONECTA_ALERTS_WEBHOOK_URL` is `alerts.webhook.url`.
pub const ALERTS_PREFIX: &str = "CONECTA_ALERTS_";

/// Everything about a service that changes from place to place. See the [module](self).
///
/// Values of secrets are shown neither by `Debug` nor in faults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How to reach the cluster.
    pub kafka: KafkaSettings,
    /// How consumers are to run.
    pub consumer: ConsumerSettings,
    /// What people are told of: [`Consumer::alerts`]`(settings.alerts.alerts())`.
    pub alerts: AlertSettings,
}

/// What can be set of a [`Consumer`]; the methods of the same names say what each means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerSettings {
    /// How many handlers may be at work at a time.
    pub concurrency: Option<usize>,
    /// How many events may be under way.
    pub max_in_flight: Option<u32>,
    /// How many bytes of records may be under way.
    pub max_in_flight_bytes: Option<u64>,
    /// How often a transient failure is tried again.
    pub retries: Option<u32>,
    /// How long to wait before a retry.
    pub backoff: Backoff,
    /// How often finished work is committed.
    pub commit_interval: Option<Duration>,
    /// How long handlers may take to finish at shutdown.
    pub drain_timeout: Option<Duration>,
    /// How long a handler may take for one try.
    pub handler_deadline: Option<Duration>,
    /// Whether missing dead-letter topics are created.
    pub create_dead_letter_topics: Option<bool>,
}

/// The wait before a retry: evenly between nothing and `base`, `base × factor`, `base × factor²` …, and never more than `cap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// Before the first retry at the most.
    pub base: Duration,
    /// How much longer before each further one.
    pub factor: u32,
    /// Before any at the most.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(200), factor: 2, cap: Duration::from_secs(30) }
    }
}

impl Settings {
    /// From the environment, and from the file that [`FILE_VARIABLE`] names in it, if it names one. Variables that are not
    /// UTF-8 are passed over.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn from_env() -> Result<Self, SettingsFaults> {
        let file = std::env::var_os(FILE_VARIABLE).filter(|file| !file.is_empty());
        Self::load(file.as_ref().map(Path::new))
    }

    /// From a file, where one is given, and from the environment.
    ///
    /// # Errors
    /// All that is wrong, at once; a file that cannot be read is.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsFaults> {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let Some(path) = file else { return Self::read(None, variables) };
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::read(Some((&name, &text)), variables),
            Err(error) => Err(SettingsFaults::one(name, None, format!("cannot be read: {error}"))),
        }
    }

    /// From the name and text of a file, where one is given, and from variables.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn read(
        file: Option<(&str, &str)>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsFaults> {
        read::read(file, variables)
    }
}

impl<C: Send + 'static, I> Consumer<C, I> {
    /// Sets what is set there; the rest stays as it is.
    pub fn settings(mut self, settings: &ConsumerSettings) -> Self {
        let ConsumerSettings {
            concurrency,
            max_in_flight,
            max_in_flight_bytes,
            retries,
            backoff: Backoff { base, factor, cap },
            commit_interval,
            drain_timeout,
            handler_deadline,
            create_dead_letter_topics,
        } = *settings;
        if settings.backoff != Backoff::default() {
            self = self.backoff(base, factor, cap);
        }
        self = set(self, concurrency, Self::concurrency);
        self = set(self, max_in_flight, Self::max_in_flight);
        self = set(self, max_in_flight_bytes, Self::max_in_flight_bytes);
        self = set(self, retries, Self::retries);
        self = set(self, commit_interval, Self::commit_interval);
        self = set(self, drain_timeout, Self::drain_timeout);
        self = set(self, handler_deadline, Self::handler_deadline);
        set(self, create_dead_letter_topics, Self::create_dead_letter_topics)
    }
}

fn set<S, V>(settled: S, value: Option<V>, set: impl FnOnce(S, V) -> S) -> S {
    match value {
        Some(value) => set(settled, value),
        None => settled,
    }
}
