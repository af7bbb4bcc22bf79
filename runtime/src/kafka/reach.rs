//! Whether a cluster can be reached, and if not, why: librdkafka itself tries for ever and says so in its log alone.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client;
use super::settings::{KafkaSettings, SettingsError};

/// How long one question to the cluster may take.
const QUESTION: Duration = Duration::from_secs(1);

/// The cluster did not let us in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReachError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A broker refuses who we are, or we refuse it. It will not get better by waiting.
    #[error("{servers} does not let us in: {reason}")]
    Refused {
        /// The brokers' addresses.
        servers: String,
        /// What librdkafka says, and what to do.
        reason: String,
    },
    /// No broker answered in time.
    #[error("{servers} does not answer within {limit:?}: {reason}")]
    Away {
        /// The brokers' addresses.
        servers: String,
        /// For how long it was tried.
        limit: Duration,
        /// What librdkafka says, and what to do.
        reason: String,
    },
}

impl KafkaSettings {
    /// Connects, and asks for the brokers: for a service that would rather not start than wait for a cluster that will never
    /// let it in. `Ok` when one has answered.
    ///
    /// # Errors
    /// As soon as a broker refuses the certificate, the user or the password; after `limit` when none answers.
    pub async fn reach(&self, limit: Duration) -> Result<(), ReachError> {
        let config = self.admin_config()?;
        let servers = self.bootstrap_servers().to_owned();
        let asking = tokio::task::spawn_blocking(move || {
            let client: BaseConsumer<Heard> =
                config.create_with_context(Heard::default()).map_err(SettingsError::from_client)?;
            let end = Instant::now() + limit;
            loop {
                if client.fetch_metadata(None, QUESTION.min(limit)).is_ok() {
                    return Ok(());
                }
                // Lets it call back.
                let _ = client.poll(Duration::ZERO);
                let heard = client.context().heard();
                match heard {
                    Some((true, reason)) => return Err(ReachError::Refused { servers, reason }),
                    Some((false, reason)) if Instant::now() >= end => {
                        return Err(ReachError::Away { servers, limit, reason });
                    }
                    None if Instant::now() >= end => {
                        return Err(ReachError::Away { servers, limit, reason: "nothing was heard of it".into() });
                    }
                    _ => {}
                }
            }
        });
        match asking.await {
            Ok(answer) => answer,
            // The runtime shuts down: nobody waits for this any more.
            Err(error) => Err(SettingsError::Client { reason: error.to_string() }.into()),
        }
    }
}

/// What librdkafka complained of: whether it is final, and how it was said.
#[derive(Default)]
struct Heard(Mutex<Option<(bool, String)>>);

impl Heard {
    fn heard(&self) -> Option<(bool, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, is_final: bool, reason: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is final is not covered up by what follows from it.
        if is_final || !matches!(*heard, Some((true, _))) {
            *heard = Some((is_final, client::advised(reason)));
        }
    }
}

impl ClientContext for Heard {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let is_final = matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL | RDKafkaErrorCode::SaslAuthenticationFailed)
        );
        // Says no more than that there were other errors.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) || self.heard().is_none() {
            self.note(is_final, reason);
        }
    }
}

impl ConsumerContext for Heard {}
