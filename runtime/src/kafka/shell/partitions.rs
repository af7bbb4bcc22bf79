//! The partitions the shell has met, and what was read of them and not yet given to the engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ahead::Ahead;
use super::window::Progress;
use crate::cancellation::Flag;
use crate::consumer::engine::{Epoch, Millis, PartitionId};

/// Epochs are unique in the process: an answer of one engine means nothing to another.
static NEXT_EPOCH: AtomicU64 = AtomicU64::new(1);

/// The partitions, numbered as the engine calls them.
#[derive(Default)]
pub(super) struct Partitions {
    all: Vec<Partition>,
    by_topic: HashMap<Arc<str>, HashMap<i32, PartitionId>>,
}

pub(super) struct Partition {
    pub(super) topic: Arc<str>,
    pub(super) number: i32,
    /// The topic whose events it holds, if that is another one: the partition is of a topic beside it.
    pub(super) source: Option<Arc<str>>,
    /// Which of the consumer's handlers its records are for.
    pub(super) handler: u32,
    /// The present assignment.
    pub(super) epoch: Option<Epoch>,
    /// Raised when that is over.
    pub(super) lease: Arc<Flag>,
    /// Records polled in an earlier turn belong to an earlier assignment.
    pub(super) since_turn: u64,
    /// Since when the engine wants no more of it.
    pub(super) paused: Option<Millis>,
    /// Whether librdkafka was told.
    pub(super) held: bool,
    /// For how long its events wait, if it is of a retry topic.
    pub(super) delay: Option<Duration>,
    /// Whether the next one was not due when it was looked at last.
    pub(super) early: bool,
    /// How far it is from where it is to end.
    pub(super) progress: Progress,
    /// Records read and not yet given to the engine, in order of offset.
    pub(super) ahead: Ahead,
}

impl Partition {
    /// The topic whose events it holds.
    pub(super) fn source(&self) -> &Arc<str> {
        self.source.as_ref().unwrap_or(&self.topic)
    }
}

impl Partitions {
    /// The partition's number; gives it one at the first time, and asks for its handler and its source then.
    pub(super) fn id<'t>(
        &mut self,
        topic: &'t str,
        number: i32,
        whose: impl FnOnce() -> (u32, Option<&'t str>),
    ) -> PartitionId {
        if let Some(id) = self.by_topic.get(topic).and_then(|numbers| numbers.get(&number)) {
            return *id;
        }
        // A group with 2^32 partitions does not fit into a broker.
        let id = PartitionId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let topic: Arc<str> = match self.by_topic.get_key_value(topic) {
            Some((topic, _)) => Arc::clone(topic),
            None => Arc::from(topic),
        };
        self.by_topic.entry(Arc::clone(&topic)).or_default().insert(number, id);
        let (handler, source) = whose();
        self.all.push(Partition {
            topic,
            number,
            source: source.map(Arc::from),
            handler,
            epoch: None,
            lease: Arc::default(),
            since_turn: 0,
            paused: None,
            held: false,
            delay: None,
            early: false,
            progress: Progress::default(),
            ahead: Ahead::default(),
        });
        id
    }

    pub(super) fn find(&self, topic: &str, number: i32) -> Option<PartitionId> {
        self.by_topic.get(topic)?.get(&number).copied()
    }

    pub(super) fn get(&self, id: PartitionId) -> Option<&Partition> {
        self.all.get(id.0 as usize)
    }

    pub(super) fn get_mut(&mut self, id: PartitionId) -> Option<&mut Partition> {
        self.all.get_mut(id.0 as usize)
    }

    /// Those that are assigned.
    pub(super) fn assigned(&self) -> impl Iterator<Item = (PartitionId, &Partition)> {
        (0..).map(PartitionId).zip(&self.all).filter(|(_, partition)| partition.epoch.is_some())
    }

    pub(super) fn assigned_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.all.iter_mut().filter(|partition| partition.epoch.is_some())
    }

    pub(super) fn next_epoch() -> Epoch {
        Epoch(NEXT_EPOCH.fetch_add(1, Ordering::Relaxed))
    }
}
