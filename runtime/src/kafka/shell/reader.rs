//! From librdkafka's messages to records that outlive them.

use std::sync::Arc;

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::partitions::Partitions;
use super::store::Store;
use crate::consumer::engine::{Arrival, PartitionId};
use crate::kafka::client;
use crate::kafka::key_hash::hash;
use crate::record::{BatchBuilder, Shelf};
use crate::telemetry::{Metrics, add};

/// What a record occupies besides its bytes, roughly.
const OVERHEAD: usize = 128;

/// Copies messages into batches.
#[derive(Default)]
pub(super) struct Reader {
    shelf: Arc<Shelf>,
    arrivals: Vec<(i64, Option<u64>, u32)>,
}

impl Reader {
    /// Takes messages in, each behind the others of its partition. Those of an assignment that is over are dropped: they
    /// are not committed, and so come again to whom the partition is given.
    pub(super) fn read(
        &mut self,
        messages: &mut Vec<BorrowedMessage<'_>>,
        partitions: &mut Partitions,
        store: &mut Store,
        metrics: &Metrics,
        turn: u64,
    ) {
        let mut messages = messages.drain(..).peekable();
        while let Some(message) = messages.next() {
            // Messages come in long stretches of one partition.
            let (topic, number) = (message.topic_ptr(), message.partition());
            let id = partitions.find(message.topic(), number);
            let id = id.filter(|id| {
                partitions.get(*id).is_some_and(|partition| partition.epoch.is_some() && partition.since_turn <= turn)
            });
            let Some(id) = id else { continue };
            let mut builder = self.start(partitions, id);
            let mut count = 0;
            self.push(&mut builder, &message);
            while let Some(message) =
                messages.next_if(|message| message.topic_ptr() == topic && message.partition() == number)
            {
                if builder.is_full(size(&message)) {
                    count += self.finish(builder, partitions, store, id);
                    builder = self.start(partitions, id);
                }
                self.push(&mut builder, &message);
            }
            count += self.finish(builder, partitions, store, id);
            if let Some(partition) = partitions.get(id) {
                metrics.of(partition.source(), |topic| add(&topic.consumed, count));
            }
        }
    }

    fn start(&self, partitions: &Partitions, id: PartitionId) -> BatchBuilder {
        let Some(partition) = partitions.get(id) else { return BatchBuilder::new(Arc::default(), 0) };
        let read_from = partition.source.is_some().then(|| Arc::clone(&partition.topic));
        BatchBuilder::from_shelf(Arc::clone(partition.source()), partition.number, &self.shelf)
            .read_from(read_from)
            .leased(Arc::clone(&partition.lease))
    }

    fn push(&mut self, builder: &mut BatchBuilder, message: &BorrowedMessage<'_>) {
        let (key, payload) = (message.key(), message.payload());
        let bytes = size(message);
        builder.push(message.offset(), message.timestamp().to_millis(), key, payload, client::headers(message));
        let occupied = u32::try_from(bytes + OVERHEAD).unwrap_or(u32::MAX);
        self.arrivals.push((message.offset(), key.map(hash), occupied));
    }

    /// Closes a batch. Returns how many records it has.
    fn finish(
        &mut self,
        builder: BatchBuilder,
        partitions: &mut Partitions,
        store: &mut Store,
        id: PartitionId,
    ) -> u64 {
        let count = self.arrivals.len() as u64;
        let Some(partition) = partitions.get_mut(id) else { return 0 };
        let mut arrivals = self.arrivals.iter();
        let offsets = self.arrivals.iter().map(|(offset, ..)| *offset);
        store.insert(builder.finish(), partition.number, partition.handler, offsets, |token| {
            if let Some(&(offset, key, bytes)) = arrivals.next() {
                partition.ahead.push(Arrival { offset, key, bytes, token });
            }
        });
        self.arrivals.clear();
        count
    }
}

fn size(message: &BorrowedMessage<'_>) -> usize {
    message.key_len() + message.payload_len()
}
