//! Writing dead letters, and what is tried again later: to the same partition of `<topic>.<group>.dlq` or `.retry.<n>`,
//! acknowledged by all replicas.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::consumer::dead_letter::{self, Circumstances};
use crate::consumer::engine::DeadLetterReason;
use crate::consumer::failure::{Failures, masked};
use crate::consumer::{retry_topic, side_topic};
use crate::kafka::admin::Admin;
use crate::kafka::dead_letters::DeadLettersError;
use crate::kafka::publisher::KafkaPublisher;
use crate::kafka::settings::KafkaSettings;
use crate::record::RawRecord;
use crate::telemetry::{Metrics, add};

/// A record that is to go to the dead-letter topic, and why.
pub(super) struct Undeliverable {
    pub(super) record: RawRecord,
    pub(super) handler: &'static str,
    pub(super) attempts: u32,
    pub(super) reason: DeadLetterReason,
    pub(super) failures: Option<Failures>,
    /// Whether later events of its key follow it.
    pub(super) ordered: bool,
    /// How many retry topics there are before it is given up.
    pub(super) retry_topics: usize,
}

impl Undeliverable {
    /// Which retry topic it goes to, if it is not given up.
    fn retry(&self, group: &str) -> Option<usize> {
        let record = &self.record;
        let was_in = match record.read_from() == record.topic() {
            true => 0,
            false => side_topic::retry_number(record.read_from(), group),
        };
        let is_tried = self.reason == DeadLetterReason::Exhausted && was_in < self.retry_topics;
        is_tried.then_some(was_in + 1)
    }

    fn code(&self) -> &'static str {
        match (&self.failures, self.reason) {
            (Some(failures), _) => failures.last.code.as_str(),
            (None, DeadLetterReason::Follows) => "follows",
            (None, _) => "rejected",
        }
    }
}

/// Writes dead letters.
pub(super) struct Letters {
    settings: KafkaSettings,
    group: String,
    /// Whether missing dead-letter topics are created.
    create: bool,
    metrics: Metrics,
    /// Most consumers never need one.
    publisher: OnceLock<KafkaPublisher>,
    /// How many partitions each dead-letter topic has, as far as that is known.
    partitions: Mutex<HashMap<String, i32>>,
}

impl Letters {
    pub(super) fn new(settings: &KafkaSettings, group: &str, create: bool, metrics: Metrics) -> Self {
        // A broker that does not answer is to be reported, not waited for.
        let settings = settings.clone().producer_property("message.timeout.ms", "30000");
        Self {
            settings,
            group: group.into(),
            create,
            metrics,
            publisher: OnceLock::new(),
            partitions: Mutex::default(),
        }
    }

    /// Writes one, and says whether it is safe. What went wrong is logged and counted here; the caller tries again.
    pub(super) async fn deliver(&self, letter: &Undeliverable) -> bool {
        let topic = letter.record.topic();
        let code = letter.code();
        match self.write(letter).await {
            Ok(to) => {
                let record = &letter.record;
                let reason = letter.failures.as_ref().map_or_else(String::new, |it| masked(&it.last.reason, record));
                let attempts = letter.attempts;
                if letter.retry(&self.group).is_some() {
                    self.metrics.of(topic, |topic| add(&topic.postponed, 1));
                    tracing::info!(?record, to, code, reason, attempts, "to be tried again later");
                } else {
                    self.metrics.of(topic, |topic| add(&topic.dead_lettered, 1));
                    tracing::warn!(?record, to, code, reason, attempts, "dead-lettered");
                }
                true
            }
            Err(error) => {
                self.metrics.of(topic, |topic| add(&topic.dead_letter_failures, 1));
                tracing::error!(
                    record = ?letter.record,
                    code,
                    "the dead letter cannot be written, the partition waits: {error}"
                );
                false
            }
        }
    }

    async fn write(&self, letter: &Undeliverable) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let record = &letter.record;
        let to = match letter.retry(&self.group) {
            Some(number) => retry_topic(record.topic(), &self.group, number),
            None => dead_letter::topic_name(record.topic(), &self.group),
        };
        let partitions = match self.known(&to) {
            Some(partitions) => partitions,
            None => {
                let partitions = self.prepare(&to, record.topic()).await?;
                self.remember(&to, Some(partitions));
                partitions
            }
        };
        let circumstances = Circumstances {
            group: &self.group,
            handler: letter.handler,
            attempts: letter.attempts,
            reason: letter.reason,
            failures: letter.failures.as_ref(),
            ordered: letter.ordered,
        };
        let message = dead_letter::letter(record, to.clone(), &circumstances);
        if letter.ordered && record.partition() >= partitions {
            self.remember(&to, None);
            let (topic, partition) = (to, record.partition());
            return Err(DeadLettersError::TooFewPartitions { topic, partitions, partition }.into());
        }
        // Fewer partitions than the topic has: by key, as any producer would.
        let partition = Some(record.partition()).filter(|partition| *partition < partitions);
        let sent = async { self.publisher()?.send_to(message, partition).await?.await.map_err(Into::into) }.await;
        if sent.is_err() {
            // The topic may have been removed.
            self.remember(&to, None);
        }
        sent.map(|_| to)
    }

    /// Sees to it that the dead-letter topic is there. Returns how many partitions it has.
    async fn prepare(&self, to: &str, from: &str) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
        let admin = Admin::new(&self.settings)?;
        if let Some((partitions, _)) = admin.shape(to).await? {
            return Ok(partitions);
        }
        if !self.create {
            return Err(format!("the topic {to} does not exist: create it, or let the consumer do so").into());
        }
        let (partitions, copies) =
            admin.shape(from).await?.ok_or_else(|| format!("the topic {from} is not there any more"))?;
        admin.create_one(to, partitions, copies, &[]).await?;
        match side_topic::retry_number(to, &self.group) {
            0 => tracing::info!(topic = to, partitions, copies, "created the dead-letter topic"),
            _ => tracing::info!(topic = to, partitions, copies, "created the retry topic"),
        }
        Ok(partitions)
    }

    fn publisher(&self) -> Result<&KafkaPublisher, crate::kafka::SettingsError> {
        if let Some(publisher) = self.publisher.get() {
            return Ok(publisher);
        }
        let publisher = KafkaPublisher::new(&self.settings)?;
        // Another task may have been faster; its publisher is used then.
        Ok(self.publisher.get_or_init(|| publisher))
    }

    fn known(&self, topic: &str) -> Option<i32> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner).get(topic).copied()
    }

    fn remember(&self, topic: &str, partitions: Option<i32>) {
        let mut known = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        match partitions {
            Some(partitions) => known.insert(topic.into(), partitions),
            None => known.remove(topic),
        };
    }
}
