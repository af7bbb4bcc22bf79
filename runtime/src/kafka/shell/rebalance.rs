//! What librdkafka calls back while it is polled: partitions given, asked back or lost, commits answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::core::Core;
use super::window::{Bounds, Window};
use crate::kafka::client;
use crate::telemetry::{Stage, add};

/// The consumer's context. Its callbacks run on the poll thread, inside `poll`.
pub(super) struct Rebalances {
    core: Mutex<Core>,
    /// How often partitions were given or taken.
    count: AtomicU64,
    window: Window,
    /// Why the consumer cannot go on.
    broken: OnceLock<String>,
}

impl Rebalances {
    pub(super) fn new(core: Core, window: Window) -> Self {
        Self { core: Mutex::new(core), count: AtomicU64::new(0), window, broken: OnceLock::new() }
    }

    /// Why the consumer cannot go on, if it cannot.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// Never held while librdkafka is polled: its callbacks need it.
    pub(super) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often partitions were given or taken. Changes inside `poll` alone.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn given(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let mut list = list.clone();
        let bounds = match self.window.find(consumer, &list, |topic| self.core().is_beside(topic)) {
            Ok(bounds) => bounds,
            Err(error) => {
                // To read from anywhere else would be to skip events, or to handle the wrong ones.
                let reason = format!("where its partitions begin and end cannot be found: {error}");
                let _ = self.broken.set(reason);
                list = TopicPartitionList::new();
                Vec::new()
            }
        };
        for Bounds { topic, number, begin, .. } in &bounds {
            if let Some(begin) = begin {
                list.set_partition_offset(topic, *number, Offset::Offset(*begin))?;
            }
        }
        self.core().assign(&list, &bounds);
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&list),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(&list),
        }
    }

    fn taken(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let mut core = self.core();
        let ids: Vec<_> = list
            .elements()
            .iter()
            .filter_map(|element| core.partitions.find(element.topic(), element.partition()))
            .filter(|id| core.partitions.get(*id).is_some_and(|partition| partition.epoch.is_some()))
            .collect();
        let held = core.held(&ids);
        if consumer.assignment_lost() {
            core.lose(consumer, &ids);
        } else {
            core.drain(consumer, &ids);
        }
        drop(core);
        // librdkafka would remember the pause when the partition comes back. To resume it then is no way: that makes it
        // forget where it was told to begin.
        if held.count() > 0 {
            consumer.resume(&held)?;
        }
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
        }
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }
    fn stats(&self, statistics: Statistics) {
        let mut core = self.core();
        core.partitions.hear(&statistics);
        core.observe(&statistics);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        client::error(&error, reason);
    }
}

impl ConsumerContext for Rebalances {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let gives = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let partitions = list.count();
        tracing::info!(partitions, lost = !gives && consumer.assignment_lost(), gives, "rebalance");
        self.count.fetch_add(1, Ordering::Relaxed);
        add(&self.core().metrics.counters().rebalances, 1);
        let done = if gives { self.given(consumer, list) } else { self.taken(consumer, list) };
        let mut core = self.core();
        core.gauge_assignment();
        core.metrics.enter(Stage::Member);
        drop(core);
        if let Err(error) = done {
            tracing::error!("librdkafka did not take the assignment: {error}");
        }
    }
}
