//! Partitions come and go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode};

use super::super::committer::Position;
use super::super::partitions::Partitions;
use super::super::rebalance::Rebalances;
use super::super::window::{Bounds, Progress};
use super::Core;
use crate::consumer::engine::{CircuitId, Input, PartitionId};
use crate::consumer::side_topic;
use crate::telemetry::add;

impl Core {
    /// The group gave us partitions, to be read within these bounds; those without bounds from what is committed on.
    pub(in super::super) fn assign(&mut self, list: &TopicPartitionList, bounds: &[Bounds]) {
        let mut handlers = HashMap::new();
        let elements = list.elements();
        for element in &elements {
            let (topic, number) = (element.topic(), element.partition());
            let whose = *handlers.entry(topic).or_insert_with_key(|topic| self.whose(topic));
            let Some((handler, source)) = whose else {
                // Nobody subscribed to it: the subscription's pattern is the one that handlers are looked up by.
                tracing::error!(topic, partition = number, "no handler is for this topic: what it holds is left alone");
                continue;
            };
            let address = self.handlers.get(handler as usize).map_or("", |handler| handler.topic);
            self.metrics.meet(source.unwrap_or(topic), address);
            let id = self.partitions.id(topic, number, || (handler, source));
            let epoch = Partitions::next_epoch();
            let turn = self.turn + 1;
            self.forget(id);
            let number = side_topic::retry_number(topic, &self.group);
            let delays = self.handlers.get(handler as usize).map(|handler| &handler.delays);
            let delay = delays.filter(|_| source.is_some()).and_then(|all| all.get(number.checked_sub(1)?).copied());
            if let Some(partition) = self.partitions.get_mut(id) {
                partition.delay = delay;
                partition.early = false;
                partition.epoch = Some(epoch);
                partition.lease = Arc::default();
                partition.since_turn = turn;
            }
            // A handler whose dependency is down must not stop the others.
            let circuit = CircuitId(self.partitions.get(id).map_or(0, |partition| partition.handler));
            self.engine.step(Input::Assigned { partition: id, epoch, circuit, position: None }, &mut self.effects);
        }
        self.bound(bounds);
    }

    /// Notes where partitions end, and commits where they begin: so that is decided once, whatever becomes of this member.
    fn bound(&mut self, bounds: &[Bounds]) {
        let mut begins = Vec::new();
        for it in bounds {
            let Some(id) = self.partitions.find(&it.topic, it.number) else { continue };
            let Some(partition) = self.partitions.get_mut(id) else { continue };
            partition.progress = Progress::until(it);
            if let (Some(epoch), Some(next)) = (partition.epoch, it.begin) {
                let (topic, number) = (partition.topic.clone(), it.number);
                begins.push(Position { topic, number, partition: id, epoch, next });
            }
        }
        if let Some(committer) = self.committer.as_ref().filter(|_| !begins.is_empty()) {
            committer.commit(begins);
        }
    }

    /// Whether a topic holds what was brought back to the group.
    pub(in super::super) fn is_beside(&self, topic: &str) -> bool {
        matches!(self.whose(topic), Some((_, Some(_))))
    }

    /// The handler of a topic, and the topic whose events it holds if that is another one.
    fn whose<'t>(&self, topic: &'t str) -> Option<(u32, Option<&'t str>)> {
        if let Some(handler) = self.handler_of(topic) {
            return Some((handler, None));
        }
        let source = side_topic::source(topic, &self.group)?;
        Some((self.handler_of(source)?, Some(source)))
    }

    /// The handler of a topic: the one for that name, else the one for an address of it.
    fn handler_of(&self, topic: &str) -> Option<u32> {
        let exact = self.handlers.iter().position(|it| it.route.is_none() && it.topic == topic);
        let found = exact.or_else(|| self.handlers.iter().position(|it| it.route.is_some_and(|at| (at.is_of)(topic))));
        found.and_then(|index| u32::try_from(index).ok())
    }

    /// Those of the partitions that librdkafka was told to pause.
    pub(in super::super) fn held(&self, ids: &[PartitionId]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in ids.iter().filter_map(|id| self.partitions.get(*id)).filter(|partition| partition.held) {
            list.add_partition(&partition.topic, partition.number);
        }
        list
    }

    /// The partitions are another's already.
    pub(in super::super) fn lose(&mut self, consumer: &BaseConsumer<Rebalances>, ids: &[PartitionId]) {
        for id in ids {
            self.forget(*id);
            self.engine.step(Input::Lost { partition: *id }, &mut self.effects);
        }
        self.carry_out(consumer, CommitMode::Async);
    }

    /// Gives partitions back: finishes what the lanes have begun, commits, forgets. Returns when all are drained, which the
    /// engine sees to.
    pub(in super::super) fn drain(&mut self, consumer: &BaseConsumer<Rebalances>, ids: &[PartitionId]) {
        self.draining.extend(ids);
        let now = self.now();
        self.engine.step(Input::Tick { now }, &mut self.effects);
        for id in ids {
            self.release_ahead(*id);
            self.engine.step(Input::Revoked { partition: *id }, &mut self.effects);
        }
        self.carry_out(consumer, CommitMode::Sync);
        self.give_back();
        loop {
            self.advance(consumer, CommitMode::Sync);
            if self.draining.is_empty() {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
        for id in ids {
            self.forget(*id);
        }
    }

    pub(super) fn drained(&mut self, id: PartitionId, abandoned: u32) {
        self.draining.retain(|draining| *draining != id);
        if let Some(partition) = self.partitions.get(id) {
            partition.lease.raise();
        }
        if abandoned > 0 {
            add(&self.metrics.counters().abandoned, abandoned.into());
            if let Some(partition) = self.partitions.get(id) {
                tracing::warn!(
                    topic = &*partition.topic,
                    partition = partition.number,
                    abandoned,
                    "handlers were still at work when the partition had to be given back: their events come again"
                );
            }
        }
    }

    /// Drops what was read of a partition and not given to the engine.
    fn release_ahead(&mut self, id: PartitionId) {
        let ahead = self.partitions.get_mut(id).map(|partition| partition.ahead.take_all());
        for arrival in ahead.unwrap_or_default() {
            self.store.release(arrival.token);
        }
    }

    fn forget(&mut self, id: PartitionId) {
        self.release_ahead(id);
        if let Some(partition) = self.partitions.get_mut(id) {
            partition.lease.raise();
            partition.epoch = None;
            partition.paused = None;
            partition.held = false;
            partition.progress = Progress::default();
        }
    }
}
